"""Which device it was: the thing itself, not how it was reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """The device itself and the system on it, however it was reached. What is unknown is None.

    `serialno` is ro.serialno, of a board its maker's number, else, as of a host, a hash of its machine id, which is no serial
    number and is called none; `build` the
    fingerprint of an Android system; `soc` the chip, of a host its CPU. `address` is set only where the device does not tell
    its serial number: then nothing else tells two of one model apart.
    """

    kind: str
    serialno: str | None
    build: str | None
    soc: str | None
    address: str | None = None

    @staticmethod
    def of(properties: Mapping[str, Any]) -> DeviceIdentity:
        """From the JSON form of `edge.device.base.Properties`. The kernel of a host or a board is not its identity."""
        kind, serialno = str(properties.get("kind") or "unknown"), _text(properties.get("serialno"))
        return DeviceIdentity(
            kind=kind,
            serialno=serialno,
            build=None if kind in ("host", "linux") else _text(properties.get("build")),
            soc=_text(properties.get("soc_model") or properties.get("soc")),
            address=None if serialno else _text(properties.get("serial")),
        )

    @property
    def known_as(self) -> str:
        """What names it in the filters of every command: the serial number, else the address."""
        return self.serialno or self.address or ""

    @property
    def is_sd855(self) -> bool:
        """Whether it is what the published latencies were measured on: a Snapdragon 855 (SM8150, msmnile)."""
        return self.soc == "msmnile" or (self.soc or "").startswith("SM8150")


def number_in_words(device: Mapping[str, Any]) -> str:
    """What the device's number is, and the number, for the JSON form of `edge.device.base.Properties`."""
    source = device.get("serialno_from") or {"android": "maker", "host": "machine-id"}.get(str(device.get("kind")))
    if source == "maker":
        return f"serial number {device.get('serialno')}"
    return f"id {device.get('serialno')}" + (" (a hash of its machine id)" if source == "machine-id" else "")


def _text(value: object) -> str | None:
    return str(value) if value else None
