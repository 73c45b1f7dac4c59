"""Several devices at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.bench import fleet
from edge.bench.check_output import OutputCheck
from edge.bench.checks import kept_check
from edge.bench.fleet import DeviceRequest, measure_everywhere, sentence_of
from edge.bench.gate import Gate
from edge.bench.programs import Runner
from edge.bench.resuming import going_on
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.convert.verify.asked import InputsAsked
from edge.convert.verify.compare import Comparison
from edge.device.base import AppliedSettings, Completed, Thermal, Zone
from edge.errors import AbortedError, BugError, DeviceBusyError, LinkLostError, SettingsLeftError
from edge.results.protocol import COMPARE, SUSTAINED, Protocol
from edge.results.store import Store
from tests.bench.scripted import RUNNER, ScriptedDevice
from tests.bench.test_session import FEW, Heard, request


def device(serial: str) -> ScriptedDevice:
    made = ScriptedDevice()
    made.serial = serial
    return made


def test_every_device_has_its_session(tmp_path: Path) -> None:
    places = [DeviceRequest(device(serial), RUNNER, request("A", "B")) for serial in ("one", "two")]
    outcomes = measure_everywhere(places, tmp_path / "results.db", Heard())
    assert [len(outcome.cells) for outcome in outcomes] == [2, 2]
    with Store(tmp_path / "results.db") as store:
        assert len(store.ids(device="one")) == len(store.ids(device="two")) == 2


@pytest.mark.parametrize("moment", ["thermal", "lock", "prepared", "state"])
def test_a_link_that_drops_before_the_first_launch_begins_it_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    one, whole, heard = device("one"), getattr(ScriptedDevice, moment), Heard()
    drops = [LinkLostError("the link to one dropped")]

    def dropping(self: ScriptedDevice) -> Any:
        if drops:
            raise drops.pop()
        return whole(self)

    monkeypatch.setattr(ScriptedDevice, moment, dropping)
    (outcome,) = measure_everywhere([DeviceRequest(one, RUNNER, request("A"))], tmp_path / "results.db", heard)
    assert not drops
    assert outcome.error is None
    assert [cell.valid for cell in outcome.cells] == [True]
    assert heard.lines[:2] == [
        "one: the link to one dropped; waiting for the device",
        "one: the device is back; once more",
    ]


def test_trouble_with_one_device_leaves_the_others_alone(tmp_path: Path) -> None:
    busy = device("busy")

    def lock() -> None:
        raise DeviceBusyError("another edgezoo measures on busy")

    busy.lock = lock  # type: ignore[method-assign,assignment]
    outcomes = measure_everywhere(
        [DeviceRequest(busy, RUNNER, request()), DeviceRequest(device("free"), RUNNER, request())],
        tmp_path / "results.db",
        Heard(),
    )
    assert isinstance(outcomes[0].error, DeviceBusyError)
    assert outcomes[1].cells[0].valid


def test_a_bug_met_with_one_device_is_its_own_outcome(tmp_path: Path) -> None:
    class Buggy(ScriptedDevice):
        def thermal(self) -> Thermal:
            raise ZeroDivisionError("met with this one")

    outcomes = measure_everywhere(
        [DeviceRequest(Buggy(), RUNNER, request()), DeviceRequest(device("free"), RUNNER, request())],
        tmp_path / "results.db",
        Heard(),
    )
    assert isinstance(outcomes[0].error, BugError)
    assert isinstance(outcomes[0].error.__cause__, ZeroDivisionError)
    assert outcomes[1].cells[0].valid


def test_an_interrupt_ends_all(tmp_path: Path) -> None:
    running, aborted = threading.Event(), threading.Event()

    class Endless(ScriptedDevice):
        def run(self, *_: object, **__: object) -> Completed:
            running.set()
            aborted.wait(60)
            raise AbortedError("ended on request")

        def abort(self) -> None:
            aborted.set()

    ended, endless = device("ended"), Endless()

    def interrupt(_: int) -> None:
        running.wait(60)
        raise KeyboardInterrupt

    ended.trouble = interrupt
    ended.abort = lambda: None  # type: ignore[method-assign]
    heard = Heard()
    with pytest.raises(KeyboardInterrupt):
        measure_everywhere(
            [DeviceRequest(ended, RUNNER, request()), DeviceRequest(endless, RUNNER, request())],
            tmp_path / "results.db",
            heard,
        )
    assert aborted.is_set()
    assert not endless.locked  # unwound, not dropped
    assert heard.lines[-1] == "ending; the same command goes on"


class Stubborn(ScriptedDevice):
    """Its settings cannot be put back."""

    @contextmanager
    def prepared(self) -> Iterator[AppliedSettings]:
        try:
            with super().prepared() as applied:
                yield applied
        finally:
            raise SettingsLeftError("the governor could not be put back", hint="restart it")


@pytest.mark.parametrize(
    "how", [FEW, replace(SUSTAINED, duration_s=0.0), replace(COMPARE, launches_min=2, launches_max=4)]
)
def test_settings_that_could_not_be_put_back_take_nothing_that_was_measured(tmp_path: Path, how: Protocol) -> None:
    asked = request("A", "B", how=how)
    (outcome,) = measure_everywhere([DeviceRequest(Stubborn(), RUNNER, asked)], tmp_path / "results.db", Heard())
    assert isinstance(outcome.error, SettingsLeftError)
    assert [cell.status for cell in outcome.cells] == ["measured"] * 2


def test_settings_that_could_not_be_put_back_are_said_of_what_failed_or_was_interrupted(tmp_path: Path) -> None:
    def gone(_: int) -> None:
        raise AbortedError("ended on request")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    ended, endless = Stubborn(), device("interrupted")
    ended.trouble, endless.trouble = gone, interrupt
    ended.abort = endless.abort = lambda: None  # type: ignore[method-assign]
    (outcome,) = measure_everywhere([DeviceRequest(ended, RUNNER, request())], tmp_path / "results.db", Heard())
    assert isinstance(outcome.error, SettingsLeftError)
    heard, places = Heard(), [DeviceRequest(one, RUNNER, request()) for one in (endless, ended)]
    with pytest.raises(KeyboardInterrupt):
        measure_everywhere(places, tmp_path / "results.db", heard)
    assert heard.lines[-1] == "the governor could not be put back (restart it)"


def test_two_models_that_are_compared_begin_anew() -> None:
    """Their launches belong together (see `measure`)."""
    assert (
        going_on("compare", fresh=False)
        == going_on("compare", fresh=True)
        == "the same command begins both models anew"
    )


def test_what_is_cool_is_read_on_each_device_before_its_outputs_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparing warms a device; were it its own measure of cool, no launch would wait."""

    class Warmed(ScriptedDevice):
        """32 °C until the outputs were compared, then hotter, and slowly cool again."""

        compared = False

        def thermal(self) -> Thermal:
            self.read_thermals += 1
            warm = max(0, 60_000 - 20_000 * self.read_thermals) if self.compared else 0
            return Thermal(0, (Zone("cpu-1-7", "cpu", 32_000 + warm), Zone("skin", "skin", 32_000 + warm // 4)))

    order: dict[str, list[str]] = {}

    def compared(device: Warmed, *_: object, **__: object) -> OutputCheck:
        order.setdefault(device.serial, []).append(f"compared after {device.read_thermals} readings")
        device.compared = True
        return OutputCheck(None, "nothing to compare it with")

    monkeypatch.setattr(fleet, "check_output", compared)
    places = []
    for serial in ("one", "two"):
        warmed = Warmed()
        warmed.serial = serial
        places.append(DeviceRequest(warmed, RUNNER, request("A")))
    outcomes = measure_everywhere(places, tmp_path / "results.db", Heard(), check_outputs=True)
    assert order == {serial: ["compared after 1 readings"] for serial in ("one", "two")}
    for outcome in outcomes:
        first = outcome.cells[0].launches[0].state
        assert first is not None
        zones = {zone["kind"]: zone["millicelsius"] for zone in first["before"]["zones"]}
        assert zones["cpu"] <= 32_000 + Gate().cpu_margin_millicelsius  # it waited for what was cool before
        assert zones["skin"] <= 32_000 + Gate().margin_millicelsius
        assert first["waited_seconds"] > 0


def test_outputs_are_compared_at_every_thread_count_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one thread count that is wrong is named, and spoils the network."""
    asked: list[int] = []

    def check(*_: object, threads: int, **__: object) -> OutputCheck:
        asked.append(threads)
        return OutputCheck(threads != 4, "it differs" if threads == 4 else "it is Paddle's")

    monkeypatch.setattr("edge.bench.fleet.check_output", check)
    heard = Heard()
    wanted = replace(request("A"), threads=(1, 2, 4))
    place = DeviceRequest(device("one"), RUNNER, wanted)
    [outcome] = measure_everywhere([place], tmp_path / "results.db", heard, check_outputs=True)
    assert asked == [1, 2, 4]
    assert outcome.differ == ("A",)
    assert all("with 4 threads: it differs" in map(str, cell.reasons) for cell in outcome.cells)
    ignoring = replace(RUNNER, program=replace(RUNNER.program, threads_honoured=False))
    asked.clear()
    [outcome] = measure_everywhere([replace(place, runner=ignoring)], tmp_path / "other.db", heard, check_outputs=True)
    assert asked == [1]  # it runs with one whatever is asked
    assert outcome.differ == ()


@pytest.mark.parametrize(
    ("passed", "valid"), [(True, True), (False, False), (None, True)], ids=["right", "wrong", "inconclusive"]
)
def test_what_was_measured_before_is_told_what_its_comparison_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: bool | None, valid: bool
) -> None:
    """No latency of a network whose output is wrong stands as a valid one, in the database neither."""
    place, db = DeviceRequest(device("one"), RUNNER, request("A")), tmp_path / "results.db"
    [before] = measure_everywhere([place], db, Heard())
    assert all(cell.valid for cell in before.cells)
    monkeypatch.setattr("edge.bench.fleet.check_output", lambda *_, **__: OutputCheck(passed, "so it is"))
    [after] = measure_everywhere([place], db, Heard(), check_outputs=True)
    with Store(db) as store:
        kept = [store.get(cell) for cell in store.ids()]
        assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells] == store.ids()
    for cell in (*after.cells, *kept):
        assert (cell.valid, cell.status) == (valid, "measured")
        assert [str(one) for one in (*cell.reasons, *cell.notes)].count("so it is") == 1
        assert cell.launches == before.cells[0].launches
    measure_everywhere([place], db, Heard(), check_outputs=True)
    with Store(db) as store:
        assert [store.get(cell.id) for cell in kept] == kept  # the same again is no change


@pytest.mark.usefixtures("private_cache")
def test_what_a_device_got_right_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def check(*_: object, threads: int, **__: object) -> OutputCheck:
        asked.append(threads)
        figures = Comparison(8, 0.999, 1e-6, 2e-5, 1.0, 0.5)
        return OutputCheck(threads != 4, "said", figures, "onnxruntime 1.22.1", {"input_ranges": ("0 to 1",)})

    monkeypatch.setattr("edge.bench.fleet.check_output", check)

    def compared(runner: Runner = RUNNER, bounds: tuple[float, float] | None = None, **more: Any) -> list[int]:
        asked.clear()
        place = DeviceRequest(device("one"), runner, replace(request("A"), threads=(1, 4), **more))
        inputs = InputsAsked(bounds)
        [outcome] = measure_everywhere([place], tmp_path / "results.db", Heard(), check_outputs=True, inputs=inputs)
        assert outcome.error is None
        assert "said" in str(outcome.cells[0].remarks + outcome.cells[0].reasons)
        return list(asked)

    assert compared() == [1, 4]
    assert compared() == [4]  # what was wrong is
    assert compared(fresh=True) == [1, 4]
    assert compared(bounds=(0, 1)) == [1, 4]
    assert compared(runner=replace(RUNNER, program=replace(RUNNER.program, sha256="ef" * 32))) == [1, 4]
    entry = next(Cache(cache_dir() / "device-checks").entries())
    found = kept_check(entry.folder.name)
    assert found is not None
    assert (found.passed, found.inputs, found.comparison) == (
        True,
        {"input_ranges": ("0 to 1",)},
        Comparison(8, 0.999, 1e-6, 2e-5, 1.0, 0.5),
    )


def test_what_is_alike_at_several_thread_counts_is_said_once() -> None:
    right, wrong = OutputCheck(True, "right"), OutputCheck(False, "wrong")
    assert sentence_of({1: right}, several=False) == "right"
    assert sentence_of({1: right, 2: right, 4: right}, several=True) == "with 1 and 2 and 4 threads: right"
    assert sentence_of({1: right, 4: wrong}, several=True) == "with 1 thread: right; with 4 threads: wrong"
