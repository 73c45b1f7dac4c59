"""Run the fast tests on every other Python that can be had on this machine: found, or installed by uv. `scripts/test` calls it.

Says which ran, and why others did not; only tests that fail are a failure.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from edge.errors import InterpreterNotFoundError
from edge.toolchain.interpreter import find, uv

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
INSTALL_LIMIT = 60  # seconds that uv may take to fetch an interpreter


def interpreter(version: str) -> Path | None:
    """The interpreter, installed first if that is quick; None where it cannot be had."""
    for prepare in (None, [str(uv()), "python", "install", "--quiet", version]):
        if prepare is not None:
            try:
                subprocess.run(prepare, capture_output=True, timeout=INSTALL_LIMIT, check=False)
            except subprocess.TimeoutExpired:
                return None
        try:
            return find(version, install=False)
        except InterpreterNotFoundError:
            continue
    return None


def environment(version: str, python: Path) -> Path:
    """Its interpreter, with edgezoo and the pinned packages. Raises `CalledProcessError`."""
    place = ROOT / "build" / "python" / version
    own = place / "bin" / "python"
    if not own.exists():
        subprocess.run([uv(), "venv", "--quiet", "--clear", "--python", python, place], check=True)
    packages = ["--constraint", "constraints.txt", "--editable", ".[dev]"]
    subprocess.run([uv(), "pip", "install", "--quiet", "--python", own, *packages], cwd=ROOT, check=True)
    return own


def verdict(version: str) -> tuple[str, bool]:
    """What became of one version, and whether its tests failed."""
    python = interpreter(version)
    if python is None:
        return "not run: it is not on this machine, and uv cannot install it", False
    try:
        own = environment(version, python)
    except subprocess.CalledProcessError:
        return "not run: its packages cannot be installed", False
    began = time.monotonic()
    tests = ["-m", "pytest", "-n", "2", "-m", "not slow and not device", "-p", "no:cacheprovider"]
    failed = subprocess.run([own, *tests], cwd=ROOT, check=False).returncode != 0
    return f"fast tests {'failed' if failed else 'passed'} in {time.monotonic() - began:.0f} s", failed


def main() -> int:
    this = "{}.{}".format(*sys.version_info)
    verdicts = {version: verdict(version) for version in VERSIONS if version != this}
    for version, (sentence, _) in verdicts.items():
        print(f"Python {version}: {sentence}")
    return int(any(failed for _, failed in verdicts.values()))


if __name__ == "__main__":
    sys.exit(main())
