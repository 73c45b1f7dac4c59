"""Models dealt out to equal devices: each once, and what a lost device leaves goes to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from edge.bench.fleet import DeviceRequest, DeviceResult, measure_everywhere
from edge.bench.split import measure_split
from edge.device.base import Thermal
from edge.errors import BenchError, DeviceUnavailableError, LinkLostError
from edge.results.store import Store
from tests.bench.scripted import RUNNER, ScriptedDevice
from tests.bench.test_session import Heard, request

MODELS = ("A", "B", "C", "D")


def phone(serialno: str, **itself: str) -> ScriptedDevice:
    made = ScriptedDevice()
    made.serial = serialno
    made.itself = {"serialno": serialno, "build": "one", **itself}
    return made


def split(
    db: Path, devices: Sequence[ScriptedDevice], models: Sequence[str] = MODELS, heard: Heard | None = None
) -> list[DeviceResult]:
    places = [DeviceRequest(device, RUNNER, request(*models)) for device in devices]
    listener = heard or Heard()
    with Store(db) as store:
        return measure_split(places, store, listener, lambda some: measure_everywhere(some, db, listener))


def measured(results: Sequence[DeviceResult]) -> list[tuple[str, str | None]]:
    return sorted((cell.subject.name, cell.identity.serialno) for one in results for cell in one.cells)


def test_each_model_is_measured_once(tmp_path: Path) -> None:
    results = split(tmp_path / "r.db", [phone("1"), phone("2")])
    assert measured(results) == [("A", "1"), ("B", "2"), ("C", "1"), ("D", "2")]


def test_what_is_measured_on_an_equal_device_is_not_measured_again(tmp_path: Path) -> None:
    split(tmp_path / "r.db", [phone("1"), phone("2")], MODELS[:2])
    third, fourth = phone("3"), phone("4")
    results = split(tmp_path / "r.db", [third, fourth])
    assert measured(results) == [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4")]
    other = phone("5", soc="sm8250")
    assert measured(split(tmp_path / "r.db", [other], MODELS[:1])) == [("A", "5")]


def lose(device: ScriptedDevice, after: int) -> None:
    """It is gone for good after so many launches."""

    def trouble(launch: int) -> None:
        if launch >= after:
            device.thermals = gone
            raise DeviceUnavailableError(f"the device {device.serial} is gone")

    def gone(_: int) -> Thermal:
        raise LinkLostError(f"{device.serial} does not answer")

    device.trouble = trouble


@pytest.mark.parametrize("after", [0, 1])
def test_what_a_lost_device_leaves_goes_to_the_others(tmp_path: Path, after: int) -> None:
    lost, heard = phone("2"), Heard()
    lose(lost, after)
    results = split(tmp_path / "r.db", [phone("1"), lost], heard=heard)
    assert measured(results) == [(name, "1") for name in MODELS]
    assert all(one.error is None for one in results)
    assert any("2 is lost" in line for line in heard.lines)


def test_when_all_are_lost_it_ends(tmp_path: Path) -> None:
    both = [phone("1"), phone("2")]
    for one in both:
        lose(one, 0)
    results = split(tmp_path / "r.db", both)
    assert {cell.status for one in results for cell in one.cells} <= {"failed"}
    assert any(one.error is not None or one.cells for one in results)


@pytest.mark.parametrize(("field", "what"), [("soc", "chip"), ("build", "system")])
def test_devices_that_are_not_equal(tmp_path: Path, field: str, what: str) -> None:
    with pytest.raises(BenchError, match=f"the {what} is another"):
        split(tmp_path / "r.db", [phone("1"), phone("2", **{field: "other"})])


def test_programs_that_are_not_equal(tmp_path: Path) -> None:
    places = [DeviceRequest(phone(str(one)), replace(RUNNER, program=replace(RUNNER.program, sha256=f"{one}" * 64)),
                            request("A")) for one in (1, 2)]  # fmt: skip
    with Store(tmp_path / "r.db") as store, pytest.raises(BenchError, match="program is another"):
        measure_split(places, store, Heard(), lambda _: [])
