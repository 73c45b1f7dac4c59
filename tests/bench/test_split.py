"""Models dealt out to equal devices: each once, and what a lost device leaves goes to the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.bench.fleet import DeviceRequest, DeviceResult, measure_everywhere
from edge.bench.split import measure_split
from edge.device.base import Core, Properties, State, Thermal
from edge.errors import BenchError, DeviceBusyError, DeviceUnavailableError, LinkLostError
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


class SplitBoard(ScriptedDevice):
    """A board over ssh, of which a session finds these clocks, and this governor once it is prepared."""

    def __init__(self, serialno: str, *, governor: str | None = "ondemand", khz: int | None = 1_800_000) -> None:
        super().__init__()
        self.serial = f"ssh:pi@{serialno}"
        self.cores = tuple(Core(number, True, khz, 600_000, governor) for number in range(4))
        self.itself = {"serialno": serialno, "kind": "linux", "build": "Linux 6.6.20", "soc": "bcm2711",
                       "model": "Raspberry Pi 4 Model B Rev 1.4"}  # fmt: skip

    def properties(self) -> Properties:
        return replace(super().properties(), cores=self.cores)

    def state(self) -> State:
        assert self.is_prepared
        return State(None, (), self.cores, None, None)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"model": "Raspberry Pi 400 Rev 1.0"}, "the model is another (Xiaomi Raspberry Pi 4 Model B Rev 1.4; Xiaomi"),
        ({"build": "Linux 6.1.21-v8+"}, "the system is another (Linux 6.6.20; Linux 6.1.21-v8+)"),
        ({"abis": ("armeabi-v7a",)}, "the ABI is another (arm64-v8a; armeabi-v7a)"),
        ({"khz": 600_000}, "the maximum clock is another (4 x 1.8 GHz; 4 x 0.6 GHz)"),
        ({"governor": "performance"}, "the governor is another (4 x ondemand; 4 x performance)"),
        ({"khz": None}, "are not known to be equal: the maximum clock of ssh:pi@2 cannot be read"),
        ({"governor": None}, "are not known to be equal: the governor of ssh:pi@2 cannot be read"),
        ({"model": ""}, "are not known to be equal: the model of ssh:pi@2 cannot be read"),
    ],
)
def test_boards_that_are_not_equal(tmp_path: Path, other: dict[str, Any], said: str) -> None:
    """Neither are models dealt out to both, nor does one's number stand for the other's."""
    ways = {key: other[key] for key in ("governor", "khz") if key in other}
    db, one, unlike = tmp_path / "r.db", SplitBoard("1"), SplitBoard("2", **ways)
    unlike.itself |= {key: value for key, value in other.items() if key not in ways}
    with pytest.raises(BenchError) as refused:
        split(db, [one, unlike], MODELS[:1])
    assert said in str(refused.value)
    assert one.launches == unlike.launches == []
    for board in (one, unlike, SplitBoard("3")):
        split(db, [board], MODELS[:1])
    assert measured(split(db, [SplitBoard("4")], MODELS[:1])) == [("A", "1")]
    assert len(one.launches) == len(unlike.launches) > 0


def test_boards_whose_clocks_nobody_knows_equal_none(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="the maximum clock of both of them cannot be read"):
        split(tmp_path / "r.db", [SplitBoard("1", khz=None), SplitBoard("2", khz=None)])


def test_a_device_that_cannot_be_prepared_leaves_the_models_to_the_others(tmp_path: Path) -> None:
    class Busy(ScriptedDevice):
        @contextmanager
        def lock(self) -> Iterator[None]:
            raise DeviceBusyError("2 is in use")
            yield

    busy, heard = Busy(), Heard()
    busy.serial, busy.itself = "2", phone("2").itself
    assert measured(split(tmp_path / "r.db", [busy, phone("1")], heard=heard)) == [(name, "1") for name in MODELS]
    assert "2 is lost: 2 is in use" in heard.lines
    (result,) = split(tmp_path / "other.db", [busy])
    assert isinstance(result.error, DeviceBusyError)


def test_programs_that_are_not_equal(tmp_path: Path) -> None:
    places = [DeviceRequest(phone(str(one)), replace(RUNNER, program=replace(RUNNER.program, sha256=f"{one}" * 64)),
                            request("A")) for one in (1, 2)]  # fmt: skip
    with Store(tmp_path / "r.db") as store, pytest.raises(BenchError, match="program is another"):
        measure_split(places, store, Heard(), lambda _: [])
