"""Tests against a real device: the one whose serial EDGEZOO_TEST_SERIAL gives, on the adb server of the environment."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def serial() -> str:
    found = os.environ.get("EDGEZOO_TEST_SERIAL")
    if not found:
        pytest.skip("EDGEZOO_TEST_SERIAL names no device")
    return found


@pytest.fixture(autouse=True)
def _alone(serial: str) -> Iterator[None]:
    """One test at a time on the device, whichever process runs it: each begins and ends with nothing of edgezoo's there."""
    with (Path(tempfile.gettempdir()) / f"edgezoo-tests-{serial}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
