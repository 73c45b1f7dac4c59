"""Tests against a real device: the one whose serial EDGEZOO_TEST_SERIAL gives, on the adb server of the environment."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def serial() -> str:
    found = os.environ.get("EDGEZOO_TEST_SERIAL")
    if not found:
        pytest.skip("EDGEZOO_TEST_SERIAL names no device")
    return found
