"""One device under two names: over a cable and the network, by its address and its name in hosts.toml, as two places of a lab.

It can be measured once at a time only, and its results are those of one device. Two devices that tell the same number are
told apart by their starts: systems are copied with their machine id in them, and some phones have their maker's example.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import NamedTuple

from edge.device.base import Device, Properties
from edge.results.identity import DeviceIdentity, number_in_words

_CURE = (
    "`sudo systemd-machine-id-setup` gives a copied system its own, once /etc/machine-id and /var/lib/dbus/machine-id"
    " are removed"
)


class First(NamedTuple):
    """A device that was there before, and its name."""

    name: str
    device: Device


class Distinct:
    """Asked of each device in turn, knows those that were there before; `say` hears of those that share a number."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._known: dict[DeviceIdentity, list[tuple[str, Device, Properties]]] = {}

    def twin(self, device: Device, name: str) -> First | None:
        """The device before that is this one; None for a new one, or one that tells no number of its own.

        Devices that run at once, and were started at different times, are several, whatever number they tell: they are set
        apart. Raises `DeviceError` where it cannot be asked.
        """
        properties = device.properties()
        identity = DeviceIdentity.of(asdict(properties))
        if identity.serialno is None:
            return None
        alike = self._known.setdefault(identity, [])
        if any(one is device for _, one, _ in alike):
            return None
        for first, one, known in alike:
            if None in (known.boot_id, properties.boot_id) or known.boot_id == properties.boot_id:
                return First(first, one)
        alike.append((name, device, properties))
        if len(alike) > 1:
            self._say(_sentence_apart(name, alike[0][0], properties))
            for _, one, _ in alike:
                one.set_apart()
        return None


def sentence(name: str, first: str, device: Device) -> str:
    """What is said of a device that is left out."""
    properties = device.properties()
    number = number_in_words(asdict(properties))
    if properties.boot_id is None and properties.serialno_from == "machine-id":
        return f"{name} and {first} tell the same number, {number}, and are taken for one device: {name} is left out"
    return f"{name} and {first} are one device, with the {number}: {name} is left out"


def _sentence_apart(name: str, first: str, properties: Properties) -> str:
    cure = f"; {_CURE}" if properties.serialno_from == "machine-id" else ""
    return (
        f"{name} and {first} are two devices, for each had a start of its own, and tell the same"
        f" {number_in_words(asdict(properties))}: the results of each are kept by its address{cure}"
    )
