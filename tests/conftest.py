"""Shared by all tests: measurements never go to the user's database; engines are installed once a machine."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _private_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own that still uses the engines installed in the user's."""
    from edge.toolchain.paths import cache_dir

    engines = cache_dir() / "engines"
    engines.mkdir(parents=True, exist_ok=True)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "engines").symlink_to(engines)
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(cache))
    return cache
