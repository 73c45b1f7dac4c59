"""Where a place's device is, as exporters tell it: whatever they tell, no wrong address comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labgrid.remote.common import Place, ResourceEntry, ResourceMatch  # type: ignore[import-untyped]

from edge.errors import LabError
from edge.lab.places import address_of, device_of, matching

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
    ("resources", "said"),
    [
        (told("NetworkADBDevice", ADB, avail=False), "its exporter says that its NetworkADBDevice is not there"),
        (told("NetworkADBDevice", ADB, group="another"), "no exporter tells of a resource rig1/phone1/*"),
        ({}, "no exporter tells of a resource rig1/phone1/*"),
        (told("NetworkSerialPort", ADB), "it has NetworkSerialPort, and neither an adb device nor an ssh service"),
        (told("NetworkADBDevice", {**ADB, "port": None}), "its NetworkADBDevice has no port"),
        (told("NetworkADBDevice", {**ADB, "port": 70000}), 'its NetworkADBDevice has "70000" as port'),
        (told("NetworkADBDevice", {**ADB, "port": "\u00b2"}), "as port"),
        (told("NetworkADBDevice", {**ADB, "host": ""}), "its NetworkADBDevice has an empty host"),
        (told("NetworkADBDevice", {**ADB, "host": "-x"}), 'its NetworkADBDevice has "-x:5037" as address'),
        (told("NetworkADBDevice", {**ADB, "host": "a b\n"}), "as address"),
        (told("NetworkADBDevice", {**ADB, "serialno": ""}), "its NetworkADBDevice has an empty serialno"),
        (told("NetworkADBDevice", {**ADB, "serialno": "8a 1b"}), 'its NetworkADBDevice has "8a 1b" as serialno'),
        (told("NetworkADBDevice", {"host": "ssh:x", "port": 1}), "as address"),
        (told("NetworkService", {"address": "rig", "username": None}), "its NetworkService has no username"),
        (told("NetworkService", {**SSH, "username": "-oProxyCommand=reboot"}), "as address"),
        (told("NetworkService", {**SSH, "address": "rig;reboot"}), 'has "ssh:pi@rig;reboot:2222" as address'),
    ],
)
def test_where_none_is_it_is_said_what_is_known(resources: Any, said: str) -> None:
    with pytest.raises(LabError) as caught:
        device_of("phone1", place(), resources)
    assert said in caught.value.message
    assert caught.value.hint
    asks = "is the exporter" in caught.value.hint
    assert asks == ("no exporter tells" in said)  # where one told something, it runs


def test_a_second_resource_that_is_right_is_taken() -> None:
    both = told("NetworkADBDevice", {**ADB, "port": 0})
    both["rig1"]["phone1"]["other"] = ResourceEntry({"cls": "NetworkService", "params": dict(SSH), "avail": True})
    assert device_of("phone1", place(), both).kind == "ssh"


VALUES = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=8), st.booleans(), st.lists(st.integers()))


@given(st.sampled_from(["NetworkADBDevice", "NetworkService"]), st.dictionaries(st.sampled_from(
    ["host", "port", "serialno", "address", "username", "extra"]), VALUES))  # fmt: skip
def test_whatever_an_exporter_tells(cls: str, params: dict[str, Any]) -> None:
    try:
        found = device_of("phone1", place(), told(cls, params))
    except LabError:
        return
    assert found.host
    assert 0 < found.port < 65536


def test_tags_and_the_name_match() -> None:
    places = {"one": place(soc="sd855", ram="6g"), "two": place(soc="sd855"), "three": place(soc="sd865")}
    assert matching(places, {"soc": "sd855"}) == ["one", "two"]
    assert matching(places, {"soc": "sd855", "ram": "6g"}) == ["one"]
    assert matching(places, {"name": "three"}) == ["three"]
    assert matching(places, {"soc": "none"}) == []
