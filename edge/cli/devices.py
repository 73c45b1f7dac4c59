"""`edgezoo devices`: what adb sees, and the configured hosts."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from edge.cli import once, options
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge.device.adb.address import ServerAddress
    from edge.device.adb.server import Listed
    from edge.device.base import Core, Device
    from edge.device.ssh.destination import Destination
    from edge.report.view import View

_KEYS = ("serial", "device", "soc", "cores", "abi", "android", "thermal", "battery")


@once.command()
@options.device("spec", metavar="SERIAL|ssh:HOST|NAME", says="This device only, also a board that no file names.")
@options.adb_server
@tabular(*_KEYS)
@options.quiet
@options.as_json
def command(spec: str | None, adb_server: str | None, quiet: bool, as_json: bool, view: View) -> None:
    """List the Android devices that adb sees and the hosts of hosts.toml, with what matters for a measurement.

    The adb server is found as adb itself finds it (ADB_SERVER_SOCKET, ANDROID_ADB_SERVER_ADDRESS,
    ANDROID_ADB_SERVER_PORT), and started if it is this machine's; another one, which --adb-server names, must run. What
    cannot be read is shown as "-". Hosts are reached over
    ssh; hosts.toml is in edgezoo's configuration (~/.config/edgezoo), or where EDGEZOO_HOSTS says.
    """
    from edge.device.adb.address import resolve_address
    from edge.device.discover import list_devices, named_device, unavailable
    from edge.device.hosts import read_hosts
    from edge.device.ssh.destination import Destination
    from edge.errors import AdbNotFoundError, NoDeviceError

    hosts = {name: host for name, host in read_hosts().items() if spec in (None, name, host.spec)}
    seen: list[tuple[ServerAddress, Listed]] = []
    if spec is not None and named_device(spec, adb_server)[0] == "ssh":  # no adb is asked
        hosts = hosts or {"": Destination.parse(spec)}
    else:
        address = resolve_address(adb_server)
        try:
            seen = [(address, one) for one in list_devices(address) if spec in (None, one.serial)]
        except AdbNotFoundError:  # who has boards only needs no adb
            if not hosts or adb_server is not None:
                raise
    if spec is not None and not seen and not hosts:
        raise NoDeviceError(
            f"there is no device {spec}",
            hint="`edgezoo devices` lists those that adb sees, and the hosts of hosts.toml",
        )
    boards = _boards(hosts)
    found = [*(_look(*one) for one in seen), *boards]
    if as_json:
        from edge.cli.output import print_json

        print_json(found)
        return
    from edge.cli.output import say

    if not found:
        if quiet:
            return
        say('No Android device is connected. Hint: enable "USB debugging" in the device\'s developer options.')
        return
    from edge.report.grid import Column, text

    columns = [
        *(Column("serial", False, 0), Column("device", False, 0), Column("SoC", False, 1, "soc")),
        *(
            Column("cores, MHz", False, 3, "cores"),
            Column("ABI", False, 3, "abi"),
            Column("Android", False, 2, "android"),
        ),
        *(Column("thermal", False, 1), Column("battery", False, 1)),
    ]
    click.echo(text(columns, list(map(_row, found)), view))
    for board in boards:
        if "error" in board:
            say(f"{board['name']}: {board['error']}" if "name" in board else board["error"])
    for (_, one), fields in zip(seen, found[: len(seen)], strict=True):
        if one.state != "device":
            error = unavailable(one)
            if not quiet:
                say(f"{error.message}. Hint: {error.hint}")
        elif "error" in fields:
            say(f"{one.serial}: {fields['error']}")


def _look(address: ServerAddress, one: Listed) -> dict[str, Any]:
    """One device as --json shows it; `properties` and `now` only if it can be used."""
    from edge.device.adb.android import AndroidDevice

    fields: dict[str, Any] = {"serial": one.serial, "state": one.state}
    if one.state != "device":
        return fields
    return _asked(AndroidDevice(address, one.serial), fields)


def _boards(hosts: Mapping[str, Destination]) -> list[dict[str, Any]]:
    """Hosts by name, "" for none, asked all at once: one that is switched off takes its time."""
    from concurrent.futures import ThreadPoolExecutor

    from edge.device.ssh.board import SshDevice

    def ask(name: str) -> dict[str, Any]:
        named = {"name": name} if name else {}
        fields = _asked(SshDevice(hosts[name]), {"serial": hosts[name].spec, **named, "state": "device"})
        return {**fields, "state": "offline"} if "error" in fields else fields

    with ThreadPoolExecutor(max(1, len(hosts))) as pool:
        return list(pool.map(ask, hosts))


def _asked(device: Device, fields: dict[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict

    from edge.errors import DeviceError

    try:
        return {**fields, "properties": asdict(device.properties()), "now": asdict(device.state())}
    except DeviceError as error:
        return {**fields, "error": error.message}


def _row(fields: dict[str, Any]) -> tuple[str, ...]:
    if "properties" not in fields:
        return (fields.get("name", fields["serial"]), f"({fields['state']})", "-", "-", "-", "-", "-", "-")
    from edge.bench.gate import STATUS_NAMES
    from edge.device.base import Core

    known, now = fields["properties"], fields["now"]
    status, battery = now["thermal_status"], now["battery"] or {}
    name = " ".join(word for word in (known["manufacturer"], known["model"]) if word)
    level = "-" if battery.get("percent") is None else f"{battery['percent']} %"
    if battery.get("millicelsius") is not None:
        level += f", {battery['millicelsius'] / 1000:.0f} °C"
    return (
        fields.get("name", fields["serial"]),
        name or "-",
        known["soc_model"] or known["soc"] or "-",
        _cores([Core(**core) for core in now["cores"] or known["cores"]]),
        known["abis"][0] if known["abis"] else "-",
        "-" if known["sdk"] is None else f"{known['android_release']} (API {known['sdk']})",
        ", ".join(now["limits"] or ()) or "-" if status is None else STATUS_NAMES[min(status, len(STATUS_NAMES) - 1)],
        level + (", charging" if battery.get("charging") else "") + (", saver" if now.get("battery_saver") else ""),
    )


def _cores(cores: Sequence[Core]) -> str:
    """`4x1786+3x2419+1x2842`, in the order of the cores; a cluster that may not run at its top says so (`1x2842<1613`)."""

    def kind(core: Core) -> str:
        if not core.online:
            return "offline"
        if core.max_khz is None:
            return "?"
        limited = core.scaling_max_khz is not None and core.scaling_max_khz < core.max_khz
        top = f"{core.max_khz / 1000:.0f}"
        return f"{top}<{core.scaling_max_khz / 1000:.0f}" if limited and core.scaling_max_khz else top

    return "+".join(f"{len(list(group))}x{name}" for name, group in groupby(map(kind, cores))) or "-"
