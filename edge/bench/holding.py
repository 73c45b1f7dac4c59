"""A device held for measuring: locked, its settings changed, and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from edge.device.base import AppliedSettings, Device, Properties, State
from edge.errors import EdgezooError, SettingsLeftError


@contextmanager
def held(device: Device, wrong: Callable[[EdgezooError], None]) -> Iterator[AppliedSettings]:
    """The device, locked and prepared.

    `wrong` hears of settings that could not be put back after all else went well: what was measured is no less true. Raises
    SettingsLeftError where it did not, or where those of an earlier run still cannot be put back.
    """
    whole = False
    try:
        with device.lock(), device.prepared() as prepared:
            yield prepared
            whole = True
    except SettingsLeftError as left:
        if not whole:
            raise
        wrong(left)


def described(properties: Properties, prepared: AppliedSettings, state: State) -> dict[str, Any]:
    """The device as a session keeps it, in JSON values."""
    return {**asdict(properties), "prepared": asdict(prepared), "state": asdict(state)}
