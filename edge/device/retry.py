"""Another try after a dropped link or a failed transfer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from edge.cache.retry import Remedy, retry
from edge.device.base import Device
from edge.errors import DeviceUnavailableError, LinkLostError, TransferError

T = TypeVar("T")

LINK_RETRIES = 3
TRANSFER_RETRIES = 1


def with_retries(
    device: Device,
    operation: Callable[[], T],
    *remedies: Remedy[Any],
    recover_limit: float = 90.0,
    say: Callable[[str], None] = lambda _: None,
) -> T:
    """Do `operation`, and again after the device came back, a transfer failed, or another of the `remedies` fits.

    `operation` should push what it needs itself: after a restart it may be gone. `say` hears why there is another try.
    Raises the last error, or DeviceUnavailableError when the device does not come back within `recover_limit` seconds.
    """

    def come_back(error: LinkLostError) -> None:
        say(f"{error.message}; waiting for the device")
        deadline = time.monotonic() + recover_limit

        def left() -> float:
            return max(0.0, deadline - time.monotonic())

        dropped = Remedy((LinkLostError,), LINK_RETRIES, when=lambda _: left() > 0)  # again, when it was hardly back
        try:
            restarted = retry(lambda: device.recover(limit=left()), dropped)
        except LinkLostError as gone:
            again = "connect it again and run the same command: what is finished is not done again"
            raise DeviceUnavailableError(gone.message, hint=again) from gone
        say(f"the device is back{' after a restart' if restarted else ''}; once more")

    return retry(
        operation,
        Remedy((LinkLostError,), LINK_RETRIES, come_back),
        Remedy((TransferError,), TRANSFER_RETRIES, lambda error: say(f"{error.message}; once more")),
        *remedies,
    )
