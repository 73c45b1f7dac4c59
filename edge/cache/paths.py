"""Where edgezoo keeps what it makes: the cache (may be deleted at any time) and the user's data (measurements)."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Engines, downloads, exported and converted models. EDGEZOO_CACHE_DIR overrides the platform's place."""
    return _place("EDGEZOO_CACHE_DIR", "user_cache_path")


def data_dir() -> Path:
    """The results database. EDGEZOO_DATA_DIR overrides the platform's place."""
    return _place("EDGEZOO_DATA_DIR", "user_data_path")


def config_dir() -> Path:
    """The user's settings: below XDG_CONFIG_HOME."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "edgezoo"


def results_database() -> Path:
    """The user's results database, where none is named."""
    return data_dir() / "results.db"


def _place(variable: str, function: str) -> Path:
    given = os.environ.get(variable)
    if given:
        return Path(given).expanduser().absolute()
    import platformdirs

    path: Path = getattr(platformdirs, function)("edgezoo")
    return path
