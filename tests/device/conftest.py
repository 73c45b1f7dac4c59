"""Tests against a real device: the one whose serial EDGEZOO_TEST_SERIAL gives, on the adb server of the environment."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cache.locks import exclusive_now
from edge.device.adb.address import resolve_address
from edge.device.discover import open_device
from tests.android_runner.conftest import build
from tests.device.test_scenarios import RealSubject
from tests.device_layer.places import BASE

_LONGEST_WAIT = 500  # seconds; the tests there are short, and pytest ends one after 600


@pytest.fixture(scope="session")
def serial() -> str:
    found = os.environ.get("EDGEZOO_TEST_SERIAL")
    if not found:
        pytest.skip("EDGEZOO_TEST_SERIAL names no device")
    return found


@pytest.fixture(autouse=True)
def _alone(serial: str) -> Iterator[None]:
    """One test at a time on the device, whichever process runs it: each begins and ends with nothing of edgezoo's there."""
    lock = Path(tempfile.gettempdir()) / f"edgezoo-tests-{serial}.lock"
    deadline = time.monotonic() + _LONGEST_WAIT
    while True:
        with exclusive_now(lock) as ours:
            if ours:
                yield
                return
        assert time.monotonic() < deadline, f"{lock} was held by another process for {_LONGEST_WAIT} s"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """edgebench with an engine that pretends to compute."""
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    return build(tmp_path_factory.mktemp("aarch64"), "--for", "linux-arm64", "--engine", "synthetic")


@pytest.fixture
def subject(serial: str) -> Iterator[RealSubject]:
    """The device, with nothing of edgezoo's on it, left like that."""
    (device,) = open_device(serial)
    subject = RealSubject(resolve_address(), device.serial)
    subject.shell(f"rm -rf {BASE}")
    yield subject
    subject.shell(f"rm -rf {BASE}")
