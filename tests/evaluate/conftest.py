"""The benchmark programs and small networks of tests/android_runner, and the simulated phone of tests/device_layer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.android_runner.conftest import build, edgebench, environment, models  # noqa: F401
from tests.device_layer.conftest import adb_server, make_phone, phone, shared_adb_server  # noqa: F401


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The benchmark program of this host that pretends to compute."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    return build(tmp_path_factory.mktemp("synthetic"), "--for", "host", "--engine", "synthetic")
