"""Files that are no Python but belong to edgezoo: in the wheel below `edge/_data`, in a checkout beside `edge`."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """The folder or file `name` (such as "opt_configs")."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.exists() else _PACKAGE.parent / name
