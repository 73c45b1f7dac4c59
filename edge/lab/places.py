"""A lab's places as labgrid has them: which have some tags, and where the device of one is.

An exporter tells the resources: `NetworkADBDevice` or `RemoteUSBADBDevice` with `host`, `port` and `serialno` is a device of
the adb server there; without `serialno` host and port are adb's own of a device on the network. `NetworkService` is a host
with ssh. Of several the first in that order is taken. What they tell may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import Any, Protocol

from edge.device.adb.address import resolve_address
from edge.device.ssh.destination import Destination
from edge.errors import EdgezooError, LabError
from edge.lab.words import Found
from edge.untrusted.guard import brief, guarded, one_line

_ADB = ("NetworkADBDevice", "RemoteUSBADBDevice")
_SSH = "NetworkService"
SSH_PORT = 22
_SERIAL = re.compile(r"[!-~]{1,128}")
_FILE = "its exporter's file"
_MOST_SHOWN = 5  # matches and resources in a sentence


class TaggedPlace(Protocol):
    """The part of labgrid's `Place` that is used."""

    tags: Mapping[str, str]
    matches: Sequence[object]

    def hasmatch(self, resource_path: tuple[str, str, str, str]) -> bool: ...


def matching(places: Mapping[str, TaggedPlace], match: Mapping[str, str]) -> list[str]:
    """The names of the places whose tags have all of `match`; `name` is a tag of every place, as for labgrid itself."""
    return [name for name, place in places.items() if match.items() <= {**place.tags, "name": name}.items()]


def device_of(name: str, place: TaggedPlace, resources: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Found:
    """Where the place's device is, as the exporters tell it. Raises `LabError`, which says what they tell instead."""
    with guarded(LabError, "what its exporter tells cannot be read"):
        return _device_of(name, place, resources)


def address_of(found: Found) -> tuple[str, str | None]:
    """How the device is called, and its adb server (None: this machine's)."""
    host = f"[{found.host}]" if ":" in found.host else found.host
    if found.kind == "adb":
        return found.serialno, f"{host}:{found.port}"
    if found.kind == "network":
        return f"{host}:{found.port}", None
    return f"ssh:{found.user}@{host}:{found.port}", None


def _device_of(name: str, place: TaggedPlace, resources: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Found:
    matched = list(_resources(place, resources))
    usable = [(cls, entry) for cls, entry in matched if cls in (*_ADB, _SSH)]
    wrong: list[LabError] = []
    for cls, entry in sorted(usable, key=lambda one: one[0] == _SSH):
        try:
            if not entry.avail:
                raise LabError(
                    f"its exporter says that its {cls} is not there at the moment",
                    hint="is the device connected there?",
                )
            found = (_ssh if cls == _SSH else _adb)(name, entry.params, cls)
            _check_address(found, cls)
            return found
        except LabError as error:
            wrong.append(error)
    if wrong:
        raise wrong[0]
    if matched:
        told = ", ".join(sorted({brief(cls) for cls, _ in matched})[:_MOST_SHOWN])
        raise LabError(
            f"it has {told}, and neither an adb device nor an ssh service",
            hint=f"such as {_ADB[0]} or {_SSH}, in {_FILE}",
        )
    matches = ", ".join(brief(one) for one in place.matches[:_MOST_SHOWN])
    if not matches:
        raise LabError(
            "it matches no resource", hint=f"labgrid-client -p {quote(one_line(name))} add-match EXPORTER/GROUP/*"
        )
    raise LabError(
        f"no exporter tells of a resource {matches}",
        hint="is the exporter of its host running? `labgrid-client resources` lists what there is",
    )


def _resources(
    place: TaggedPlace, resources: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> Iterator[tuple[str, Any]]:
    """The classes and entries of those that the place matches."""
    for exporter, groups in sorted(resources.items()):
        for group, entries in sorted(groups.items()):
            for resource, entry in sorted(entries.items(), key=lambda one: one[0]):
                cls = entry.data.get("cls")
                if cls and place.hasmatch((exporter, group, cls, resource)):
                    yield cls, entry


def _adb(place: str, params: Mapping[str, Any], cls: str) -> Found:
    serialno = params.get("serialno")
    host, port = _text(params, "host", cls), _port(params.get("port"), cls)
    if serialno is None:
        return Found(place, "network", host, port)
    if not _SERIAL.fullmatch(str(serialno)):
        raise _none(cls, "serialno", serialno)
    return Found(place, "adb", host, port, serialno=str(serialno))


def _ssh(place: str, params: Mapping[str, Any], cls: str) -> Found:
    host, user = _text(params, "address", cls), _text(params, "username", cls)
    return Found(place, "ssh", host, _port(params.get("port", SSH_PORT), cls), user=user)


def _text(params: Mapping[str, Any], name: str, cls: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise _none(cls, name, value)
    return value


def _port(value: object, cls: str) -> int:
    text = str(value)
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise _none(cls, "port", value)
    return int(text)


def _check_address(found: Found, cls: str) -> None:
    """It becomes part of commands and requests."""
    device, server = address_of(found)
    try:
        Destination.parse(device) if found.kind == "ssh" else resolve_address(server or device)
    except EdgezooError:
        raise _none(cls, "address", device if server is None else server) from None


def _none(cls: str, what: str, value: object) -> LabError:
    said = "no" if value is None else f'"{brief(value)}" as'
    said = "an empty" if value == "" else said
    return LabError(f"its {cls} has {said} {what}", hint=f"correct it in {_FILE}, and start the exporter again")
