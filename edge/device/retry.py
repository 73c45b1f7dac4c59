"""Another try after a dropped link, a bounded number of times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from edge.device.base import Device
from edge.errors import DeviceError, LinkLostError, TransferError

T = TypeVar("T")


def with_retries(
    device: Device,
    operation: Callable[[], T],
    *,
    attempts: int = 3,
    recovery_seconds: float = 90.0,
    on_retry: Callable[[DeviceError, bool], None] | None = None,
) -> T:
    """Do `operation`, and again after the device came back, at most `attempts` times in all.

    Only what another try can mend is tried again: LinkLostError and TransferError. `on_retry(error, restarted)` is
    called before each further try. `operation` should push what it needs itself: after a restart it may be gone. Raises
    the last error, or LinkLostError when the device does not come back within `recovery_seconds`.
    """
    for left in range(attempts - 1, -1, -1):
        try:
            return operation()
        except (LinkLostError, TransferError) as error:
            if not left:
                raise
            restarted = device.recover(limit=recovery_seconds)
            if on_retry is not None:
                on_retry(error, restarted)
    raise AssertionError("attempts must be at least 1")
