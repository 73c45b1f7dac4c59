"""Where a place's device is, as exporters tell it: whatever they tell, no wrong address comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labgrid.remote.common import Place, ResourceEntry, ResourceMatch  # type: ignore[import-untyped]

from edge.lab.lease import address_of
from edge.lab.places import device_of, matching

ADB = {"host": "rig1", "port": 5037, "serialno": "8a1b"}
SSH = {"address": "10.0.0.7", "username": "pi", "port": 2222}


def place(**tags: str) -> Any:
    return Place("phone1", tags=tags, matches=[ResourceMatch("rig1", "phone1", "*")])


def told(cls: str, params: dict[str, Any], *, group: str = "phone1", avail: bool = True) -> Any:
    return {"rig1": {group: {"it": ResourceEntry({"cls": cls, "params": dict(params), "avail": avail})}}}


@pytest.mark.parametrize(
    ("cls", "params", "address"),
    [
        ("NetworkADBDevice", ADB, ("8a1b", "rig1:5037")),
        ("RemoteUSBADBDevice", {**ADB, "port": "5038"}, ("8a1b", "rig1:5038")),
        ("NetworkADBDevice", {"host": "10.0.0.5", "port": 5555}, ("10.0.0.5:5555", None)),
        ("NetworkADBDevice", {**ADB, "host": "fe80::1"}, ("8a1b", "[fe80::1]:5037")),
        ("NetworkService", SSH, ("ssh:pi@10.0.0.7:2222", None)),
        ("NetworkService", {"address": "rig", "username": "pi"}, ("ssh:pi@rig:22", None)),
    ],
)
def test_where_the_device_is(cls: str, params: dict[str, Any], address: tuple[str, str | None]) -> None:
    found = device_of("phone1", place(), told(cls, params))
    assert found is not None
    assert address_of(found) == address


@pytest.mark.parametrize(
    "resources",
    [
        told("NetworkADBDevice", ADB, avail=False),
        told("NetworkADBDevice", ADB, group="another"),
        told("NetworkSerialPort", ADB),
        told("NetworkADBDevice", {**ADB, "port": None}),
        told("NetworkADBDevice", {**ADB, "port": 70000}),
        told("NetworkADBDevice", {**ADB, "host": ""}),
        told("NetworkService", {"address": "rig", "username": None}),
        {},
    ],
)
def test_where_none_is(resources: Any) -> None:
    assert device_of("phone1", place(), resources) is None


VALUES = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=8), st.booleans())


@given(st.sampled_from(["NetworkADBDevice", "NetworkService"]), st.dictionaries(st.sampled_from(
    ["host", "port", "serialno", "address", "username", "extra"]), VALUES))  # fmt: skip
def test_whatever_an_exporter_tells(cls: str, params: dict[str, Any]) -> None:
    found = device_of("phone1", place(), told(cls, params))
    assert found is None or (found.host and 0 < found.port < 65536)


def test_tags_and_the_name_match() -> None:
    places = {"one": place(soc="sd855", ram="6g"), "two": place(soc="sd855"), "three": place(soc="sd865")}
    assert matching(places, {"soc": "sd855"}) == ["one", "two"]
    assert matching(places, {"soc": "sd855", "ram": "6g"}) == ["one"]
    assert matching(places, {"name": "three"}) == ["three"]
    assert matching(places, {"soc": "none"}) == []
