"""Shared by all tests: measurements never go to the user's database; engines are installed once a machine."""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Always the same examples: what a change did shall not be a matter of luck. 200 ms each is one of who else uses the machine.
settings.register_profile("edgezoo", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)  # pytest --hypothesis-profile explore
settings.load_profile("edgezoo")


@pytest.fixture(scope="session", autouse=True)
def _modules() -> None:
    """All are imported before a test puts another function into one: who took its functions meanwhile would keep that one."""
    import edge

    for module in pkgutil.walk_packages(edge.__path__, "edge."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


@pytest.fixture(autouse=True)
def _private_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path_factory.mktemp("data")))
    monkeypatch.setenv("EDGEZOO_CONFIG", "")  # no edgezoo.toml of the machine
    for variable in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(variable, raising=False)


def cache_at(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """An empty cache that still uses the engines installed in the machine's own."""
    from edge.cache.paths import cache_dir

    engines = cache_dir() / "engines"
    engines.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    (folder / "engines").symlink_to(engines)
    patch.setenv("EDGEZOO_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    return cache_at(tmp_path / "cache", monkeypatch)


@pytest.fixture(scope="module")
def module_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that a module's tests share."""
    with pytest.MonkeyPatch.context() as patch:
        yield cache_at(tmp_path_factory.mktemp("cache"), patch)


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Every descriptor below 1100 is taken: what is opened now lies where select() does not reach."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with contextlib.ExitStack() as taken:
        taken.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while taken.enter_context(Path(os.devnull).open("rb")).fileno() < 1100:
            pass
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The seed of the order, which `-q` hides: a failure that depends on it can be had again."""
    seed = config.getoption("randomly_seed", None)
    if seed is not None and config.getoption("randomly_reorganize", False):
        terminalreporter.write_line(f"in random order; the same again: --randomly-seed={seed}")
