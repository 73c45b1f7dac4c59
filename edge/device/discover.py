"""Which devices a command is to use."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence

from edge.device.adb import server
from edge.device.adb.address import ServerAddress, resolve_address
from edge.device.adb.android import AndroidDevice
from edge.device.adb.server import Listed
from edge.device.base import Device
from edge.device.host import HostDevice
from edge.device.hosts import read_hosts
from edge.device.ssh.board import SshDevice
from edge.device.ssh.destination import PREFIX, Destination
from edge.errors import DeviceError, DeviceUnavailableError, NoDeviceError, UsageError
from edge.untrusted.guard import brief

_PASSING = ("authorizing", "connecting")  # for a moment, while the server and a device greet each other
_SETTLE_LOOKS = 20
_SETTLE_PAUSE = 0.1  # seconds

_ADVICE = {
    "unauthorized": 'unlock it and confirm "Allow USB debugging", then try again',
    "authorizing": "try again in a moment",
    "connecting": "try again in a moment",
    "offline": "unplug it and plug it in again, or: adb reconnect",
    "no permissions": "install the udev rules (Debian: apt install android-sdk-platform-tools-common) and join plugdev",
}


def open_device(spec: str | None = None, adb_server: str | None = None) -> list[Device]:
    """The devices that `spec` means: "host" (this machine), "ssh:USER@HOST:PORT" or the name of a configured
    host, a serial, "all" that adb sees, or None for the only one of these.

    `adb_server`: HOST:PORT, else the environment decides (see edge.device.adb.address.resolve_address). Raises NoDeviceError,
    DeviceUnavailableError, AdbNotFoundError, UsageError.
    """
    if named_device(spec) == ("host",):
        return [HostDevice()]
    if spec is not None and (destination := named_board(spec)) is not None:
        return [SshDevice(destination)]
    address = resolve_address(adb_server)
    listed = list_devices(address)
    if spec == "all":
        usable = [one for one in listed if one.state == "device"]
        if not usable:
            raise _why_none(listed, read_hosts())
        return [AndroidDevice(address, one.serial) for one in usable]
    serial = spec or os.environ.get("ANDROID_SERIAL")
    if serial:
        return [AndroidDevice(address, _by_serial(address, listed, serial, read_hosts()).serial)]
    usable = [one for one in listed if one.state == "device"]
    if len(usable) > 1:
        raise NoDeviceError(
            f"{len(usable)} devices are connected: {', '.join(one.serial for one in usable)}",
            hint="choose one with -s SERIAL, or all of them with --device all",
        )
    if not usable:
        raise _why_none(listed, read_hosts())
    return [AndroidDevice(address, usable[0].serial)]


def open_adb(serial: str, adb_server: str | None = None) -> Device:
    """The device of that serial number, or HOST:PORT, whatever else goes by that name. Raises as `open_device`."""
    address = resolve_address(adb_server)
    return AndroidDevice(address, _by_serial(address, list_devices(address), serial).serial)


def named_device(spec: str | None, adb_server: str | None = None) -> tuple[str, ...]:
    """What is named, without asking it: the same for two names that mean one device for certain.

    Raises UsageError for what names no device, or an adb server beside a device that no adb sees; FormatError for a
    hosts.toml that is wrong.
    """
    if spec == "":
        raise UsageError("--device names no device", hint="host, a serial number, ssh:USER@HOST, or all")
    if spec == "host":
        if adb_server is not None:
            raise UsageError("--adb-server is for devices, and --device host is this machine")
        return ("host",)
    if spec is not None and (board := named_board(spec)) is not None:
        if adb_server is not None:
            raise UsageError(f"--adb-server is for devices that adb sees, and {spec} is reached over ssh")
        return ("ssh", board.spec)
    return ("adb", spec or "", resolve_address(adb_server).spec)


def named_board(spec: str) -> Destination | None:
    """The machine that is meant, if it is one reached over ssh. Raises UsageError, FormatError."""
    if spec.startswith(PREFIX):
        return Destination.parse(spec)
    return read_hosts().get(spec)


def list_devices(address: ServerAddress) -> tuple[Listed, ...]:
    """Everything that the adb server sees, once it has settled; the server is started if need be.

    Raises AdbNotFoundError.
    """
    server.ensure_running(address)
    for _ in range(_SETTLE_LOOKS):
        listed = server.devices(address)
        if not any(one.state in _PASSING for one in listed):
            break
        time.sleep(_SETTLE_PAUSE)
    return listed


def unavailable(one: Listed) -> DeviceUnavailableError:
    """Why a listed device cannot be used, and what to do."""
    return DeviceUnavailableError(
        f"the device {one.serial} is {one.state}" + (f" ({one.detail})" if one.state == "no permissions" else ""),
        hint=_ADVICE.get(one.state, "start Android on it, then try again"),
    )


def _by_serial(address: ServerAddress, listed: Sequence[Listed], serial: str, hosts: Iterable[str] = ()) -> Listed:
    """`hosts`: other names that could have been meant."""
    said = ""
    found = next((one for one in listed if one.serial == serial), None)
    if found is None and re.fullmatch(r".+:\d+", serial):  # a device on the network that the server does not know yet
        said = server.connect(address, serial).strip()
        listed = list_devices(address)
        found = next((one for one in listed if one.serial == serial), None)
    if found is None:
        there = ", ".join(one.serial for one in listed) or "none"
        names = ", ".join(hosts)
        named = f"; of hosts.toml: {names}" if names else ""
        where = "" if address.own else f" at the adb server {address.spec}"
        raise NoDeviceError(
            f"there is no device {brief(serial)}{where}" + (f": adb says: {brief(said)}" if said else ""),
            hint=f"connected devices: {there}{named}",
        )
    if found.state != "device":
        raise unavailable(found)
    return found


def _why_none(listed: Sequence[Listed], hosts: Iterable[str]) -> DeviceError:
    """`hosts`: those of hosts.toml, which are measured only where they are named."""
    boards = "; of hosts.toml, one at a time: " + ", ".join(f"--device {name}" for name in hosts) if any(hosts) else ""
    if len(listed) == 1:
        one = unavailable(listed[0])
        return DeviceUnavailableError(one.message, hint=one.hint + boards)
    if listed:
        states = ", ".join(f"{one.serial} {one.state}" for one in listed)
        return NoDeviceError(f"no connected device can be used: {states}", hint=unavailable(listed[0]).hint + boards)
    return NoDeviceError(
        "no Android device is connected",
        hint='connect one and enable "USB debugging" in its developer options; or use --device host' + boards,
    )
