"""Finding a Python interpreter of a given minor version: named, on PATH, pyenv's, uv's, or installed by uv."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from edge.errors import InterpreterNotFoundError

_PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"


def find(version: str, *, install: bool = True) -> Path:
    """An interpreter whose minor version is `version` ("3.10").

    Looks at EDGEZOO_PYTHON_3_10 first, then `python3.10` on PATH (tried, since a shim of pyenv may be there without
    working), pyenv's versions, and uv's own; at last uv is asked to install one. Raises `InterpreterNotFoundError`.
    """
    variable = "EDGEZOO_PYTHON_" + version.replace(".", "_")
    if named := os.environ.get(variable):
        if _is(Path(named), version):
            return Path(named)
        raise InterpreterNotFoundError(
            f"{variable} names {named}, which is no Python {version}", hint="name another interpreter, or unset it"
        )
    for candidate in _candidates(version):
        if _is(candidate, version):
            return candidate
    found, reason = _uv_find(version), ""
    if found is None and install:
        reason = _uv_install(version)
        found = _uv_find(version)
    if found is None:
        raise InterpreterNotFoundError(
            f"no Python {version} was found on this machine" + (f", and uv installed none: {reason}" if reason else ""),
            hint=f"install one (`uv python install {version}`, pyenv or your distribution) or name one in {variable}",
        )
    return found


def _candidates(version: str) -> Iterator[Path]:
    seen = set()
    for place in os.get_exec_path():
        path = Path(place) / f"python{version}"
        if path not in seen and _is_file(path):
            seen.add(path)
            yield path
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    versions = [p for p in _inside(root) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})*", p.name)]
    matching = [p for p in versions if p.name.startswith(f"{version}.")]
    for folder in sorted(matching, key=lambda p: [int(n) for n in p.name.split(".")], reverse=True):
        if _is_file(folder / "bin" / f"python{version}"):
            yield folder / "bin" / f"python{version}"


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # there is none, or it is another user's
        return []


def _is_file(path: Path) -> bool:
    """False also below a folder that only another user may enter."""
    try:
        return path.is_file()
    except OSError:
        return False


def _is(path: Path, version: str) -> bool:
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE], capture_output=True, text=True, errors="replace", timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def uv() -> Path:
    """The uv program: the package's own, else the one on PATH. Raises `InterpreterNotFoundError`."""
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        pass
    found = shutil.which("uv")
    if found is None:
        raise InterpreterNotFoundError("the program uv is not installed", hint="pip install uv")
    return Path(found)


def _uv_find(version: str) -> Path | None:
    return _first_line(["python", "find", "--managed-python", "--no-project", version])


def _uv_install(version: str) -> str:
    """Have uv install one; returns why it did not, as uv says it, or ""."""
    try:
        done = subprocess.run(
            [uv(), "python", "install", version], capture_output=True, text=True, timeout=900, check=False
        )
    except subprocess.TimeoutExpired:
        return "it did not end within 15 minutes"
    if done.returncode == 0:
        return ""
    lines = [
        re.sub(r"^(error|caused by|cause): ", "", line.strip(), flags=re.IGNORECASE)
        for line in done.stderr.splitlines()
        if line.strip()
    ]
    return ": ".join(lines[-3:])[:300] or f"it ended with {done.returncode}"


def _first_line(arguments: list[str]) -> Path | None:
    command: list[str | Path] = [uv(), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    line = done.stdout.strip().splitlines()[:1]
    return Path(line[0]) if done.returncode == 0 and line else None
