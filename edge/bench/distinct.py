"""One device under two names: over a cable and the network, by its address and its name in hosts.toml, as two places of a lab.

It can be measured once at a time only, and its results are those of one device.
"""

from __future__ import annotations

from dataclasses import asdict

from edge.device.base import Device
from edge.results.identity import DeviceIdentity


class Distinct:
    """Asked of each device in turn, knows those that were there before."""

    def __init__(self) -> None:
        self._known: dict[DeviceIdentity, tuple[str, Device]] = {}

    def twin(self, device: Device, name: str) -> str | None:
        """The name of a device before that tells the same serial number; None for a new one, or one that tells none.

        Raises `DeviceError` where it cannot be asked.
        """
        identity = DeviceIdentity.of(asdict(device.properties()))
        if identity.serialno is None:
            return None
        first, same = self._known.setdefault(identity, (name, device))
        return None if same is device else first


def sentence(name: str, first: str, device: Device) -> str:
    """What is said of a device that is left out."""
    number = device.properties().serialno
    return f"{name} and {first} are one device, with the serial number {number}: {name} is left out"
