"""Fixtures: a real adb server of the tests' own, with no device at it."""

from __future__ import annotations

from tests.device_layer.conftest import adb_server, make_phone, phone, shared_adb_server  # noqa: F401
