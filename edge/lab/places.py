"""A lab's places as labgrid has them: which have some tags, and where the device of one is.

An exporter tells the resources: `NetworkADBDevice` or `RemoteUSBADBDevice` with `host`, `port` and `serialno` is a device of
the adb server there; without `serialno` host and port are adb's own of a device on the network. `NetworkService` is a host
with ssh. Of several the first in that order is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from edge.lab.words import Found

_ADB = ("NetworkADBDevice", "RemoteUSBADBDevice")
_SSH = "NetworkService"
SSH_PORT = 22


class TaggedPlace(Protocol):
    """The part of labgrid's `Place` that is used."""

    tags: Mapping[str, str]

    def hasmatch(self, resource_path: tuple[str, str, str, str]) -> bool: ...


def matching(places: Mapping[str, TaggedPlace], match: Mapping[str, str]) -> list[str]:
    """The names of the places whose tags have all of `match`; `name` is a tag of every place, as for labgrid itself."""
    return [name for name, place in places.items() if match.items() <= {**place.tags, "name": name}.items()]


def device_of(name: str, place: TaggedPlace, resources: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Found | None:
    """Where the place's device is, as the exporters tell it; None where none of them does."""
    found = list(_resources(place, resources))
    for classes, make in ((_ADB, _adb), ((_SSH,), _ssh)):
        for cls, params in found:
            if cls in classes and (device := make(name, params)) is not None:
                return device
    return None


def _resources(
    place: TaggedPlace, resources: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for exporter, groups in sorted(resources.items()):
        for group, entries in sorted(groups.items()):
            for resource, entry in sorted(entries.items()):
                if entry.data.get("cls") and entry.avail and place.hasmatch((exporter, group, entry.cls, resource)):
                    yield entry.cls, entry.params


def _adb(place: str, params: Mapping[str, Any]) -> Found | None:
    host, port, serialno = params.get("host"), params.get("port"), params.get("serialno")
    if not isinstance(host, str) or not host or not _is_port(port):
        return None
    if serialno is None:
        return Found(place, "network", host, int(str(port)))
    return Found(place, "adb", host, int(str(port)), serialno=str(serialno))


def _ssh(place: str, params: Mapping[str, Any]) -> Found | None:
    host, user, port = params.get("address"), params.get("username"), params.get("port", SSH_PORT)
    if not isinstance(host, str) or not host or not isinstance(user, str) or not user or not _is_port(port):
        return None
    return Found(place, "ssh", host, int(str(port)), user=user)


def _is_port(value: object) -> bool:
    return str(value).isdigit() and 0 < int(str(value)) < 65536
