"""Packages that only reports need, which are installed apart: `edgezoo[report]`."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, requires

from edge.errors import OutputError


def needed(package: str, what: str) -> OutputError:
    """The error for a package that is not there: for what it is needed, and the command that installs it."""
    import shlex

    command = shlex.join([sys.executable, "-m", "pip", "install", requirement(package)])
    return OutputError(f"{what} needs the Python package {package}, which is not installed", hint=command)


def requirement(package: str) -> str:
    """The package with the version that edgezoo asks for, as its own metadata has it."""
    try:
        asked = requires("edgezoo") or []
    except PackageNotFoundError:
        asked = []
    for one in asked:
        specifier = one.partition(";")[0].strip()
        named = re.match(r"[\w.-]+", specifier)
        if named and named[0].lower() == package:
            return specifier
    return package
