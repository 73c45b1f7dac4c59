"""What is asked of a lab: addresses, tags, counts."""

from __future__ import annotations

import pytest

from edge.cli.main import run
from edge.errors import UsageError
from edge.lab.ask import LabAsked, tags

SD855 = {"soc": "sd855"}


@pytest.mark.parametrize(
    ("address", "coordinator"),
    [("rig", "rig:20408"), ("rig.example:1234", "rig.example:1234"), ("[::1]:5", "[::1]:5"), ("[::1]", "[::1]:20408")],
)
def test_addresses(address: str, coordinator: str) -> None:
    assert LabAsked(address, SD855).coordinator == coordinator


@pytest.mark.parametrize(
    "address", ["", ":1", "rig:", "rig:0", "rig:65536", "a b", "http://rig:1", "::1", "-x", "-rig:1"]
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError, match="is no address"):
        LabAsked(address, SD855)


def test_tags() -> None:
    assert tags(("soc=sd855", "ram=6g", "soc=sd855")) == {"soc": "sd855", "ram": "6g"}


@pytest.mark.parametrize("word", ["soc", "=sd855", "soc=", "SOC=sd855", "s=1", "soc=a b", "so-c=1"])
def test_what_is_no_tag(word: str) -> None:
    with pytest.raises(UsageError, match="is no tag"):
        tags((word,))


def test_no_place_has_two_values_of_a_tag() -> None:
    with pytest.raises(UsageError, match="no place has both"):
        tags(("soc=a", "soc=b"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--match", "soc=sd855"], "--match is for the devices of a lab"),
        (["--devices", "2"], "--devices is for the devices of a lab"),
        (["--split"], "--split is for the devices of a lab"),
        (["--lab", "rig"], "--lab without --match"),
        (["--lab", "rig", "--match", "soc=sd855", "-s", "ab12"], "--lab and --device exclude each other"),
        (["--lab", "rig", "--match", "soc=sd855", "--adb-server", "x:1"], "--lab and --adb-server exclude"),
        (["--lab", "rig", "--match", "soc=sd855", "--split"], "--split deals the models out"),
    ],
)
def test_options_that_do_not_go_together(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "PPLCNet_x1_0", "--weights", "random", *words]) == 2
    assert said in capsys.readouterr().err
