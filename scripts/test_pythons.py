"""Run the fast tests on other Pythons that can be had on this machine: found, or installed by uv. `scripts/test` calls it.

All of them on the newest, with coverage, which costs nothing there (sys.monitoring); on those between it and this one a few
that touch every room, or with --all the same. Says which ran, and why others did not; only tests that fail are a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from edge.errors import InterpreterNotFoundError
from edge.toolchain.interpreter import find, uv

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
INSTALL_LIMIT = 60  # seconds that uv may take to fetch an interpreter
FEW = (
    "tests/test_api.py",
    "tests/test_house.py",
    "tests/test_typed.py",
    "tests/cli/test_every_option.py",
    "tests/results",
)


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


def verdict(version: str, python: Path, tests: Sequence[str], **environ: str) -> tuple[str, bool]:
    """What became of one version, and whether its tests failed."""
    try:
        own = environment(version, python)
    except subprocess.CalledProcessError:
        return "not run: its packages cannot be installed", False
    began = time.monotonic()
    how = ["-m", "pytest", "-n", "2", "-m", "not slow and not device", "-p", "no:cacheprovider", *tests]
    failed = subprocess.run([own, *how], cwd=ROOT, check=False, env={**os.environ, **environ}).returncode != 0
    what = "a few fast tests" if tests == FEW else "fast tests"
    return f"{what} {'failed' if failed else 'passed'} in {time.monotonic() - began:.0f} s", failed


def main() -> int:
    this = "{}.{}".format(*sys.version_info)
    pythons = {version: interpreter(version) for version in VERSIONS if version != this}
    there = {version: python for version, python in pythons.items() if python is not None}
    newest, failed = next(reversed(there), None), False
    for version, python in there.items():
        if version == newest:
            sentence, wrong = verdict(version, python, ["--cov", "--cov-report="], COVERAGE_CORE="sysmon")
        else:
            sentence, wrong = verdict(version, python, () if "--all" in sys.argv else FEW)
        print(f"Python {version}: {sentence}", flush=True)
        failed = failed or wrong
    for version in pythons.keys() - there.keys():
        print(f"Python {version}: not run: it is not on this machine, and uv cannot install it")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
