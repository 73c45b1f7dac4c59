"""The session's promises: what is measured, in which order, when it stops, and what trouble does to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from edge.bench.cell import Cell
from edge.bench.gate import Gate
from edge.bench.request import Job, Request
from edge.bench.session import NOT_LOOKED_AT, measure
from edge.cache.hashing import sha256_of
from edge.device.base import Completed, Thermal, Zone
from edge.device.retry import LINK_RETRIES
from edge.errors import (
    AbortedError,
    CommandTimeoutError,
    DeviceSpaceError,
    LinkLostError,
    RunnerError,
    TransferError,
    UsageError,
)
from edge.results.measurement import Measurement
from edge.results.probes import Probes
from edge.results.protocol import ROBUST, TABLE, Protocol, protocol, round_order
from edge.results.reasons import Code, Remark
from edge.results.store import Store
from edge.typed import convert
from tests.bench.examples import SUBJECT, launch
from tests.bench.phone import Noise, Phone, Weather
from tests.bench.scripted import RUNNER, ScriptedDevice, Silent

FEW = replace(ROBUST, launches_min=2, launches_max=2)


class Heard:
    """What the session said."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.launches_kept = 0

    def line(self, text: str) -> None:
        self.lines.append(text)

    error = line

    def now(self, text: str, done: int = 0, of: int = 0) -> None:
        pass

    def working(self, name: str) -> Callable[[str, int, int], None]:  # noqa: ARG002
        return lambda _what, _done, _of: None

    def kept(self) -> None:
        self.launches_kept += 1


def texts(remarks: Iterable[Remark]) -> tuple[str, ...]:
    return tuple(map(str, remarks))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "results.db") as opened:
        yield opened


def request(*names: str, threads: tuple[int, ...] = (1,), how: Protocol = FEW, **changes: Any) -> Request:
    jobs = [
        Job(Path(f"{name}.nb"), replace(SUBJECT, name=name, sha256=sha256_of(name.encode())))
        for name in names or ("A",)
    ]
    return Request(tuple(jobs), threads, how, seed=7, **changes)


def session(
    device: ScriptedDevice, asked: Request, store: Store, heard: Heard | None = None, pauses: list[float] | None = None
) -> list[Measurement]:
    slept = pauses if pauses is not None else []
    return measure(device, RUNNER, asked, store, heard or Heard(), sleep=slept.append)


def test_every_cell_is_measured_and_kept(store: Store) -> None:
    device = ScriptedDevice(lambda model, threads, _: {"A.nb": 10.0, "B.nb": 20.0}[model] / threads)
    cells = session(device, request("A", "B", threads=(1, 2)), store)
    assert [(cell.subject.name, cell.threads, cell.headline_ms) for cell in cells] == [
        ("A", 1, 10.0), ("A", 2, 5.0), ("B", 1, 20.0), ("B", 2, 10.0),
    ]  # fmt: skip
    assert all(cell.valid for cell in cells)
    launch = cells[0].launches[0]
    assert launch.samples_ms == (10.0,) * 30
    assert (launch.load_ms, launch.first_run_ms, launch.peak_rss_bytes) == (12.5, 30.0, 50_000_000)
    assert launch.environment is not None
    assert launch.environment["after"]["cores"][0]["governor"] == "schedutil"
    assert cells[0].device["prepared"] == {"fixed_performance": True, "stay_awake": True, "governor": None}
    assert not device.locked
    assert not device.is_prepared


def test_rounds_interleave_the_cells_in_a_seeded_order(store: Store) -> None:
    asked = request("A", "B", "C", how=replace(FEW, launches_min=3, launches_max=3))
    device = ScriptedDevice()
    session(device, asked, store)
    rounds = [device.launches[i : i + 3] for i in range(0, 9, 3)]
    assert all(len(set(one)) == 3 for one in rounds)
    again = ScriptedDevice()
    session(again, replace(asked, fresh=True), store)
    assert again.launches == device.launches


def test_an_order_is_a_permutation_that_depends_on_seed_and_round() -> None:
    cells = list(range(20))
    orders = {tuple(round_order(cells, seed, number)) for seed in (1, 2) for number in (0, 1)}
    assert len(orders) == 4
    assert all(sorted(order) == cells for order in orders)


def test_a_steady_cell_stops_early_and_a_noisy_one_at_the_limit(store: Store) -> None:
    def pace(model: str, _: int, before: int) -> float:
        return 10.0 if model == "steady.nb" else (20.0, 20.8, 19.4)[before % 3]

    device = ScriptedDevice(pace)
    steady, noisy = session(device, request("steady", "noisy", how=ROBUST), store)
    counts = Counter(model for model, _ in device.launches)
    assert len(noisy.launches) == counts["noisy.nb"] == ROBUST.launches_max
    assert texts(noisy.notes) == ("its launches do not show that the median holds within ±1.0%",)
    assert len(steady.launches) == counts["steady.nb"] == ROBUST.launches_min
    assert steady.notes == ()


@pytest.mark.parametrize("outlier", [10.5, 9.5], ids=["slower", "faster"])
def test_an_interval_that_is_wide_on_one_side_is_not_narrow(store: Store, outlier: float) -> None:
    """Two of three launches agree: on the side of the others the interval reaches beyond the tolerance."""
    device = ScriptedDevice(lambda _, __, before: (10.0, 10.0, outlier)[before % 3])
    (cell,) = session(device, request(how=replace(ROBUST, launches_min=6, launches_max=12)), store)
    assert len(cell.launches) == 12
    assert texts(cell.notes[-1:]) == ("its launches do not show that the median holds within ±1.0%",)


@pytest.mark.parametrize(
    ("seconds", "limit", "expected"),
    [
        (1.0, 600.0, [600.0, 60.0, 60.0]),  # once the pace is known, a minute is plenty
        (20.0, 600.0, [600.0, 200.0, 200.0]),  # or ten times the longest launch
        (20.0, 30.0, [30.0, 30.0, 30.0]),  # never more than the limit that was given
    ],
    ids=["a minute", "ten times", "the limit"],
)
def test_a_launch_may_take_the_limit_and_later_ones_many_times_the_pace(
    store: Store, seconds: float, limit: float, expected: list[float]
) -> None:
    device = ScriptedDevice(seconds * 10)  # it takes a tenth of its latency in ms, in seconds
    session(device, request(launch_timeout=limit, how=replace(FEW, launches_min=3, launches_max=3)), store)
    assert device.timeouts == expected


def test_the_longest_launch_tells_the_pace(store: Store) -> None:
    device = ScriptedDevice(lambda _, __, before: (200.0, 90.0, 100.0)[before])
    session(device, request(how=replace(FEW, launches_min=3, launches_max=3)), store)
    assert device.timeouts == [600.0, 200.0, 200.0]


def test_an_interval_that_is_narrow_by_luck_alone_does_not_stop_a_cell(store: Store) -> None:
    # ±0.9 % of 6 launches: within the tolerance, but a lone cell cannot tell that from luck
    (lone,) = session(ScriptedDevice(lambda _, __, before: 10 + 0.09 * (-1) ** before), request(how=ROBUST), store)
    assert len(lone.launches) == ROBUST.launches_max


def test_the_table_protocol_is_one_launch(store: Store) -> None:
    device = ScriptedDevice()
    (cell, _) = session(device, request("A", "B", how=TABLE), store)
    assert len(device.launches) == 2
    assert cell.notes == ()


def phone(weather: Weather, **changes: Any) -> Phone:
    return Phone(
        {"A": 5.0, "B": 10.0, "C": 20.0}, noise=Noise("normal", 0.003), weather=weather, expected=50.0, **changes
    )


def phone_session(device: Phone, store: Store, heard: Heard | None = None, **changes: Any) -> list[Measurement]:
    asked = request(*device.models, how=ROBUST, **changes)
    return measure(device, RUNNER, asked, store, heard or Heard(), sleep=device.pass_time, clock=device.clock)


def test_a_stretch_that_ran_slower_is_set_aside_and_measured_again(store: Store) -> None:
    heard = Heard()
    cells = phone_session(phone(Weather(slow=lambda t: 1.2 if 0.3 < t < 0.6 else 1.0)), store, heard)
    assert all(cell.valid for cell in cells)
    for cell, truth in zip(cells, (5, 10, 20), strict=True):
        assert cell.headline_ms == pytest.approx(truth, rel=0.01)
        slow = [launch for launch in cell.launches if launch.reasons]
        assert slow
        assert all(launch.level_ms > 1.1 * truth for launch in slow)
        assert len(cell.launches) - len(slow) >= ROBUST.launches_min
        assert any("launches are set aside" in str(note) for note in cell.notes)
    assert any("slower than the rest of the session" in line for line in heard.lines)


def test_a_second_session_repeats_nothing_valid(store: Store) -> None:
    first = session(ScriptedDevice(), request("A", "B"), store)
    device = ScriptedDevice()
    heard = Heard()
    again = session(device, request("B", "A", "C"), store, heard)
    assert {model for model, _ in device.launches} == {"C.nb"}
    assert [cell.id for cell in again[:2]] == [first[1].id, first[0].id]
    assert heard.lines == [
        "ab12: 2 of 3 cells are measured already",
        "ab12: C, 1 thread: 2 launches are enough",
        "ab12: C, 1 thread: 10.00 ms, 2 launches",
    ]


def test_fresh_measures_again_and_keeps_the_old(store: Store) -> None:
    session(ScriptedDevice(10.0), request(), store)
    (cell,) = session(ScriptedDevice(12.0), request(fresh=True), store)
    assert cell.headline_ms == 12.0
    assert len(store.ids(model="A")) == 2


@pytest.mark.parametrize(
    "changes",
    [{"threads": (4,)}, {"how": TABLE}, {"how": replace(FEW, input="seed:1")}],
    ids=["threads", "protocol", "input"],
)
def test_another_key_is_another_measurement(changes: dict[str, Any], store: Store) -> None:
    session(ScriptedDevice(), request(), store)
    device = ScriptedDevice()
    session(device, request(**changes), store)
    assert device.launches


def job(name: str, **changes: Any) -> Job:
    return Job(Path(f"{name}.nb"), replace(SUBJECT, name=name, sha256="5a" * 32, **changes))


def test_the_same_weights_at_another_input_shape_are_measured_apart(store: Store) -> None:
    small, large = job("hw32", shapes=((1, 3, 32, 32),)), job("hw512", shapes=((1, 3, 512, 512),))
    device = ScriptedDevice(lambda model, _, __: {"hw32.nb": 0.01, "hw512.nb": 7.15}[model])
    asked = replace(request(), jobs=(small, large))
    cells = session(device, asked, store)
    assert [(cell.subject.name, cell.headline_ms) for cell in cells] == [("hw32", 0.01), ("hw512", 7.15)]
    again = session(ScriptedDevice(), replace(asked, jobs=(large, small)), store)
    assert [(cell.subject.name, cell.headline_ms) for cell in again] == [("hw512", 7.15), ("hw32", 0.01)]


def test_a_renamed_copy_is_found_and_shown_under_the_name_asked_for(store: Store) -> None:
    (first,) = session(ScriptedDevice(), replace(request(), jobs=(job("A"),)), store)
    device = ScriptedDevice()
    (copy,) = session(device, replace(request(), jobs=(job("copy", precision=None, target=None),)), store)
    assert device.launches == []
    assert (copy.id, copy.subject.name, copy.subject.precision) == (first.id, "copy", "fp32")


def test_two_copies_asked_for_at_once_are_measured_once_and_both_shown(store: Store) -> None:
    device = ScriptedDevice()
    cells = session(device, replace(request(), jobs=(job("A"), job("B", precision=None))), store)
    assert len(device.launches) == 2
    assert [(cell.subject.name, cell.id) for cell in cells] == [("A", cells[0].id), ("B", cells[0].id)]


@pytest.mark.parametrize(
    "change", [{"serialno": "bb"}, {"build": "later"}, {"soc": "kona"}], ids=lambda one: next(iter(one))
)
def test_another_phone_at_the_same_address_is_measured_itself(change: dict[str, str], store: Store) -> None:
    first = ScriptedDevice()
    first.itself = {"serialno": "aa", "build": "Xiaomi/cepheus"}
    session(first, request(), store)
    again, other = ScriptedDevice(), ScriptedDevice(20.0)
    again.serial = "192.168.1.7:5555"  # the same phone, reached otherwise
    again.itself = first.itself
    other.itself = {**first.itself, **change}
    session(again, request(), store)
    assert again.launches == []
    (cell,) = session(other, request(), store)
    assert cell.headline_ms == 20.0


def test_another_contract_of_the_program_is_another_measurement(store: Store) -> None:
    session(ScriptedDevice(), request(), store)
    device = ScriptedDevice()
    newer = replace(RUNNER, program=replace(RUNNER.program, contract=99))
    measure(device, newer, request(), store, Heard(), sleep=lambda _: None)
    assert device.launches


def test_nothing_to_do_does_not_touch_the_device(store: Store) -> None:
    session(ScriptedDevice(), request(), store)
    device = ScriptedDevice()
    device.lock = None  # type: ignore[method-assign,assignment]
    heard = Heard()
    assert len(session(device, request(), store, heard)) == 1
    assert heard.lines == ["ab12: 1 of 1 cells are measured already"]


def test_a_device_that_became_slower_for_good_makes_its_cells_invalid(store: Store) -> None:
    cells = phone_session(phone(Weather(slow=lambda t: 1.2 if t > 0.4 else 1.0)), store)
    assert not any(cell.valid for cell in cells)
    assert all("slower than the rest of the session" in str(cell.reasons[-1]) for cell in cells)


def test_a_calm_session_is_valid_and_nothing_is_measured_again(store: Store) -> None:
    device = phone(Weather())
    cells = phone_session(device, store)
    assert all(cell.valid for cell in cells)
    assert device.count == 3 * ROBUST.launches_min


def test_a_hidden_limiter_is_seen_in_fixed_performance_mode(store: Store) -> None:
    limited = phone(Weather(clock=lambda t: 0.8 if 0.3 < t < 0.6 else 1.0), fixed_performance=True)
    cells = phone_session(limited, store)
    marked = [launch for cell in cells for launch in cell.launches if launch.reasons]
    assert marked
    assert all("core 7 ran at" in str(launch.reasons[0]) for launch in marked)
    assert phone_session(phone(Weather(), fixed_performance=True), store, fresh=True)[0].valid


def test_a_hot_phone_is_no_baseline_of_its_own(store: Store) -> None:
    phone_session(phone(Weather()), store)
    hot = phone(Weather(heat=lambda t: max(0.0, 12 - 12 * t)))  # cools within its first minute
    cells = phone_session(hot, store, fresh=True)
    waited = [launch.state["waited_seconds"] for cell in cells for launch in cell.launches if launch.state]
    assert max(waited) > 10
    assert all(cell.valid for cell in cells)


def test_a_warm_room_is_said_and_does_not_stop_the_measurement(store: Store) -> None:
    phone_session(phone(Weather()), store)
    cells = phone_session(phone(Weather(heat=lambda _: 8.0)), store, fresh=True)
    assert all(cell.valid for cell in cells)
    assert any("it cools no further: skin at 4" in str(note) for cell in cells for note in cell.notes)


def test_a_resumed_cell_says_that_it_is_two_sessions_data(store: Store) -> None:
    device = ScriptedDevice()

    def cut(launches: int) -> None:
        if launches == 3:
            raise KeyboardInterrupt

    device.trouble = cut
    with pytest.raises(KeyboardInterrupt):
        session(device, request(how=ROBUST), store)
    (cell,) = session(ScriptedDevice(), request(how=ROBUST), store)
    assert "3 of 6 launches are from earlier sessions: the interval spans sessions" in texts(cell.notes)


def test_a_resumed_cell_of_which_the_earlier_launches_are_set_aside_is_of_one_session(store: Store) -> None:
    device = ScriptedDevice()
    device.thermals = lambda reading: zones(30_000, 1 if reading % 2 == 0 else 0)  # after each launch

    def cut(launches: int) -> None:
        if launches == 3:
            raise KeyboardInterrupt

    device.trouble = cut
    with pytest.raises(KeyboardInterrupt):
        session(device, request(how=ROBUST, gate=Gate(limit_seconds=0)), store)
    (cell,) = session(ScriptedDevice(), request(how=ROBUST), store)
    assert (len(cell.counted), len(cell.launches), cell.sessions) == (6, 9, 1)
    assert not any("sessions" in text for text in texts((*cell.notes, *cell.remarks)))
    (summary,), _ = store.summaries()
    assert (len(summary.counted), summary.sessions) == (6, 1)


def test_a_session_that_is_cut_off_goes_on_where_it_stopped(store: Store) -> None:
    device = ScriptedDevice()

    def cut(launches: int) -> None:
        if launches == 3:
            raise KeyboardInterrupt

    device.trouble = cut
    with pytest.raises(KeyboardInterrupt):
        session(device, request("A", "B"), store)
    after = ScriptedDevice()
    cells = session(after, request("A", "B"), store)
    assert len(after.launches) == 1  # of four
    assert [len(cell.launches) for cell in cells] == [2, 2]
    assert all(cell.valid for cell in cells)


def test_a_session_that_is_cut_off_says_so_of_what_it_finished(store: Store) -> None:
    device = ScriptedDevice(lambda model, _, before: 10.0 if model == "A.nb" else 20.0 + before % 3)

    def cut(launches: int) -> None:
        if launches == 13:
            raise KeyboardInterrupt

    device.trouble = cut
    with pytest.raises(KeyboardInterrupt):
        session(device, request("A", "B", how=ROBUST), store)
    notes = {store.get(id).status: store.get(id).notes for id in store.ids()}
    assert notes == {"measured": (NOT_LOOKED_AT,), "unfinished": ()}


def once(error: Exception, *, at: int = 1) -> Any:
    """Raise the error at that launch, the first time."""
    raised: list[Exception] = []

    def trouble(launches: int) -> None:
        if launches == at and not raised:
            raised.append(error)
            raise error

    return trouble


@pytest.mark.parametrize(
    "error",
    [
        LinkLostError("the connection to ab12 dropped"),
        TransferError("A.nb arrived damaged"),
        RunnerError("the benchmark program died of SIGKILL", kind="crash"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_passing_trouble_is_tried_again(error: Exception, store: Store) -> None:
    device = ScriptedDevice()
    device.trouble = once(error)
    heard = Heard()
    (cell,) = session(device, request(), store, heard)
    assert cell.valid
    assert str(error) in heard.lines[0]
    assert len(device.pushes) == 2  # what was pushed before the trouble is asked for again
    told = [note for note in map(str, cell.notes) if "started again" in note]
    count = len(cell.launches)
    crash = f"the benchmark program died of SIGKILL, and was started again (in 1 of {count} launches)"
    assert told == ([crash] if isinstance(error, RunnerError) else [])


def test_a_crash_in_a_launch_that_is_set_aside_is_told() -> None:
    crashed = launch(
        0, 10.0, notes=(Code.STARTED_AGAIN(ending="it died of SIGSEGV"),), reasons=(Code.CORE_WENT_OFFLINE(core=7),)
    )
    sound = [launch(number, 10.0) for number in range(1, 11)]
    cell = Cell(1, request().jobs[0], 1, request().protocol, [crashed, *sound], earlier=0)
    assert "it died of SIGSEGV, and was started again (in 1 of 11 launches)" in map(str, cell.notes)


@pytest.mark.parametrize(
    ("asked", "busy", "honoured", "said"),
    [
        (4, 4, True, "more threads (4) than cores (2): they waited for one another"),
        (2, 2, True, "other work had its cores for more than 25% of the time"),
        (2, 3, True, "more threads (3) than cores (2): they waited for one another"),
        (4, 1, False, "other work had its cores for more than 25% of the time"),
    ],
    ids=["asked", "as many", "computed", "an engine with one thread"],
)
def test_threads_that_wait_for_one_another_are_no_other_work(
    asked: int, busy: int, honoured: bool, said: str, store: Store
) -> None:
    device = ScriptedDevice()
    device.message = {"threads": 2, "busy": busy, "delay": 0.4}
    runner = replace(RUNNER, program=replace(RUNNER.program, threads_honoured=honoured))
    (cell,) = measure(device, runner, request(threads=(asked,)), store, Silent(), sleep=lambda _: None)
    assert not cell.valid
    assert [reason.text for reason in cell.reasons if "threads" in reason.text or "other work" in reason.text] == [said]


def test_another_file_than_was_meant_is_looked_at_again(store: Store) -> None:
    device = ScriptedDevice()
    device.message = {"opt": "v2.10"}
    asked = request()
    meant = replace(asked.jobs[0], subject=replace(asked.jobs[0].subject, opt_version="v2.13-rc"))
    (cell,) = session(device, replace(asked, jobs=(meant,)), store)
    assert cell.status == "failed"
    assert "loaded a model of opt v2.10, and A.nb is of opt v2.13-rc" in str(cell.error)
    assert device.rechecks == 1


def always(error: Exception, *, model: str = "A.nb") -> Any:
    def pace(launched: str, _: int, __: int) -> float:
        if launched == model:
            raise error
        return 10.0

    return pace


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (RunnerError("the model is no .nb", kind="model_invalid"), 1),
        (RunnerError("died of SIGSEGV", kind="crash"), 2),
        (CommandTimeoutError("edgebench did not end within 600 s", code=124), 1),
        (DeviceSpaceError("no room left on ab12"), 1),
        (LinkLostError("the connection to ab12 dropped"), 4),
        (TransferError("A.nb arrived damaged"), 2),
        (ZeroDivisionError("nobody foresaw it"), 1),
    ],
    ids=["invalid model", "crash", "hang", "no space", "link", "transfer", "bug"],
)
def test_lasting_trouble_fails_its_cell_alone(error: Exception, attempts: int, store: Store) -> None:
    tried: list[str] = []

    def pace(model: str, threads: int, before: int) -> float:
        tried.append(model)
        return float(always(error)(model, threads, before))

    failed, fine = session(ScriptedDevice(pace), request("A", "B"), store)
    assert failed.status == "failed"
    assert failed.error is not None
    assert str(error) in failed.error
    assert fine.valid
    assert tried.count("A.nb") == attempts


def test_a_link_that_drops_again_while_the_device_comes_back(store: Store) -> None:
    """When its identity is asked, its lock looked at, its settings made again: all of that is done once more."""
    device = ScriptedDevice()
    device.trouble = once(LinkLostError("the connection to ab12 dropped"), at=2)
    outcomes: list[bool | LinkLostError] = [
        True,
        LinkLostError("the connection to ab12 dropped"),
        LinkLostError("the connection to ab12 dropped"),
    ]

    def back() -> bool:
        if isinstance(outcome := outcomes.pop(), LinkLostError):
            raise outcome
        return outcome

    device.on_recover = back
    assert [cell.valid for cell in session(device, request("A", "B"), store)] == [True, True]
    assert not outcomes


def test_a_device_that_does_not_come_back_ends_the_session_at_once(store: Store) -> None:
    device = ScriptedDevice()
    device.trouble = once(LinkLostError("the connection to ab12 dropped"), at=2)
    recoveries: list[int] = []

    def gone() -> bool:
        recoveries.append(1)
        raise LinkLostError("ab12 is not there")

    device.on_recover = gone
    cells = session(device, request("A", "B", "C"), store)
    assert [cell.status for cell in cells] == ["failed"] * 3
    assert all((cell.error or "").startswith("ab12 is not there (connect it again") for cell in cells)
    assert len(recoveries) == 1 + LINK_RETRIES
    back = ScriptedDevice()
    cells = session(back, request("A", "B", "C"), store)
    assert all(cell.valid for cell in cells)
    assert [len(cell.launches) for cell in cells] >= [2, 2, 2]
    assert len(back.launches) < 3 * 2  # the two launches from before count


def test_an_abort_ends_the_session(store: Store) -> None:
    device = ScriptedDevice()
    device.trouble = once(AbortedError("ended on request"))
    with pytest.raises(AbortedError):
        session(device, request("A", "B"), store)


def test_synthetic_numbers_are_refused_unless_asked_for(store: Store) -> None:
    (refused,) = session(ScriptedDevice(synthetic=True), request(), store)
    assert refused.status == "failed"
    assert refused.error is not None
    assert "synthetic engine" in refused.error
    assert "`edgezoo runner build` makes a real one" in refused.error
    board = ScriptedDevice(synthetic=True)
    board.itself = {"kind": "linux", "serialno": "another"}
    (refused,) = session(board, request(), store)
    assert "`edgezoo runner build --for linux-arm64` makes a real one" in str(refused.error)
    assert refused.launches == ()
    (kept,) = session(ScriptedDevice(synthetic=True), request(synthetic_allowed=True), store)
    assert kept.launches[0].synthetic


def zones(millicelsius: int, status: int | None = 0) -> Thermal:
    return Thermal(status, (Zone("cpu-1-7", "cpu", millicelsius),))


def test_a_hot_device_is_waited_for(store: Store) -> None:
    device = ScriptedDevice()
    device.thermals = lambda reading: zones(60_000) if 1 < reading < 5 else zones(30_000)
    pauses: list[float] = []
    (cell,) = session(device, request(), store, pauses=pauses)
    assert pauses == [1.0] * 3
    assert cell.valid


def test_a_device_that_stays_hot_is_measured_and_marked(store: Store) -> None:
    device = ScriptedDevice()
    device.thermals = lambda reading: zones(30_000) if reading == 1 else zones(60_000)
    (cell,) = session(device, request(gate=Gate(limit_seconds=0)), store)
    assert cell.status == "measured"
    assert not cell.valid
    assert texts(cell.reasons) == (
        "measured hot: hottest CPU zone at 60.0 °C, 30.0 °C above its coolest (in 2 of 3 launches)",
    )


def test_a_status_that_rises_in_mid_run_makes_the_cell_invalid(store: Store) -> None:
    device = ScriptedDevice()
    device.thermals = lambda reading: zones(30_000, 1 if reading % 2 == 0 else 0)  # after each launch
    (cell,) = session(device, request(gate=Gate(limit_seconds=0)), store)
    assert "thermal status rose from NONE to LIGHT" in str(cell.reasons[0])


def test_a_board_that_its_firmware_slows_in_mid_run_makes_the_launch_again(store: Store) -> None:
    device = ScriptedDevice()
    slowed, free = (replace(zones(30_000, None), limits=limits) for limits in (("under-voltage",), ()))
    device.thermals = lambda reading: slowed if reading == 2 else free  # after the first launch
    (cell,) = session(device, request(), store)
    assert cell.valid
    assert [bool(launch.reasons) for launch in cell.launches] == [True, False, False]
    assert texts(cell.notes) == (
        "1 of 3 launches are set aside and were made again: under-voltage: the board's power supply was too weak, and its "
        "firmware may have held the clocks down (under-voltage)",
    )


def test_a_launch_with_a_reason_is_made_again_and_told_apart(store: Store) -> None:
    device = ScriptedDevice()
    device.thermals = lambda reading: zones(30_000, 1 if reading == 2 else 0)  # after the first launch
    (cell,) = session(device, request(), store)
    assert cell.valid
    assert [bool(launch.reasons) for launch in cell.launches] == [True, False, False]
    assert texts(cell.notes) == (
        "1 of 3 launches are set aside and were made again: thermal status rose from NONE to LIGHT",
    )
    assert cell.statistics is not None
    assert cell.statistics.launches == 2


@pytest.mark.parametrize(
    ("made", "spoiled", "within", "how", "told"),
    [
        (6, 0, True, ROBUST, "6 launches are enough"),
        (7, 1, True, ROBUST, "7 launches are enough"),
        (10, 0, False, ROBUST, "10 launches, the most there may be"),
        (12, 2, True, ROBUST, "12 launches are enough"),
        (6, 6, False, ROBUST, "6 launches, all spoiled: no more are made"),
        (11, 6, False, ROBUST, "11 launches, 6 of them spoiled: no more are made"),
        (1, 0, False, TABLE, "1 launch is enough"),
        (1, 1, False, TABLE, "1 launch, spoiled: no more are made"),
        (2, 0, False, FEW, "2 launches are enough"),
    ],
)
def test_why_a_cell_ends_is_said(made: int, spoiled: int, within: bool, how: Protocol, told: str) -> None:
    bad = (Code.LOAD_ON_CORES(share=0.25),)
    launches = [launch(number, 10.0, reasons=bad if number < spoiled else ()) for number in range(made)]
    cell = Cell(1, job("A"), 1, how, launches, earlier=0, within=within)
    assert cell.ended
    assert cell.ending == told


def test_an_unreadable_sensor_is_noted_and_not_held_against_it(store: Store) -> None:
    device = ScriptedDevice()
    device.thermals = lambda _: Thermal(None, ())
    (cell,) = session(device, request(), store)
    assert cell.valid
    assert texts(cell.notes) == ("thermal status unknown", "CPU temperature unknown")


def test_what_was_invalid_is_measured_again_next_time(store: Store) -> None:
    hot = ScriptedDevice()
    hot.thermals = lambda reading: zones(30_000, 1 if reading > 1 else 0)
    (first,) = session(hot, request(gate=Gate(limit_seconds=0)), store)
    (second,) = session(ScriptedDevice(), request(), store)
    assert second.id != first.id
    assert second.valid


def test_what_was_invalid_can_be_kept(store: Store) -> None:
    hot = ScriptedDevice()
    hot.thermals = lambda reading: zones(30_000, 1 if reading > 1 else 0)
    (first,) = session(hot, request(gate=Gate(limit_seconds=0)), store)
    (second,) = session(ScriptedDevice(), request(keep_invalid=True), store)
    assert second.id == first.id


def test_the_device_cools_down_between_launches(store: Store) -> None:
    pauses: list[float] = []
    session(ScriptedDevice(), request(how=replace(FEW, cooldown_s=1.5)), store, pauses=pauses)
    assert pauses == [1.5]


def test_files_are_pushed_once(store: Store) -> None:
    device = ScriptedDevice()
    session(device, request("A", "B", how=replace(FEW, launches_min=3, launches_max=3)), store)
    pushed = [path.name for files in device.pushes for path in files]
    assert sorted(pushed) == ["A.nb", "B.nb", "true"]


def test_protocol_numbers_given_by_hand_replace_times() -> None:
    asked = protocol("robust", warmup=2, repeats=5, launches=12)
    assert (asked.warmup_runs, asked.warmup_ms, asked.repeats, asked.repeats_ms) == (2, 0, 5, 0)
    assert (asked.launches_min, asked.launches_max) == (12, 12)
    assert protocol("table", launches=3).launches_max == 3
    assert protocol("robust").warmup_ms == 500


@pytest.mark.parametrize("numbers", [{"repeats": 0}, {"warmup": -1}, {"launches": 0}])
def test_senseless_numbers_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        protocol("robust", **numbers)


def test_a_power_mode_and_cores_exclude_each_other() -> None:
    with pytest.raises(UsageError):
        protocol("robust", power_mode=0, cores=(7,))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"delay": 0.4}, "other work had its cores for more than 25% of the time"),
        ({"ghz": 2.4192}, "core 7 ran at 2.4 GHz where 2.8 GHz were expected"),
        ({"seen": (3,)}, "it ran on core 3, not only on core 7"),
        ({"last": "fnv1a64:fedcba9876543210"}, "its outputs changed between the first and the last run"),
    ],
    ids=["load", "clock", "cores", "outputs"],
)
def test_what_the_probes_say_makes_the_cell_invalid(message: dict[str, Any], reason: str, store: Store) -> None:
    device = ScriptedDevice()
    device.message = message
    (cell,) = session(device, request(), store)
    assert tuple(map(str, cell.reasons)) == (f"{reason} (in 2 of 2 launches)",)


def test_the_probes_are_kept_with_the_launch(store: Store) -> None:
    device = ScriptedDevice()
    device.message = {"delay": 0.25, "settled": False}
    (cell,) = session(device, request(), store)
    launch = cell.launches[0]
    assert launch.warmup_settled is False
    assert "the warm-up ended at its limit while the runs still became faster" in map(str, cell.notes)
    assert launch.last_digests == launch.digests != ()
    assert launch.environment is not None
    assert launch.environment["begin"]["cores"][0]["index"] == 7
    assert launch.probes is not None
    assert launch.probes.measured.wall_ms == 300
    assert launch.probes.measured.threads is not None
    assert launch.probes.measured.threads[0].delay_ms == 75
    assert launch.probes.clocks.between is not None
    assert launch.probes.clocks.between[0].runs == 9
    assert convert(json.loads(json.dumps(asdict(launch.probes))), Probes, "") == launch.probes


def test_a_protocol_that_counts_is_kept_to_the_count(store: Store) -> None:
    """The published table's 10 and 30 runs are neither extended nor cut short; times have a bound."""
    asked: list[dict[str, str]] = []

    class Listening(ScriptedDevice):
        def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
            asked.append(dict(zip(command[1::2], command[2::2], strict=False)))
            return super().run(command, timeout=timeout, cwd=cwd)

    session(Listening(), request(how=TABLE), store)
    session(Listening(), request(how=FEW), store)
    counted, timed = asked[0], asked[-1]
    assert (counted["--warmup-max-ms"], counted["--repeats-max-ms"]) == ("0", "0")
    assert (timed["--warmup-ms"], timed["--warmup-max-ms"]) == ("500", "5000")
    assert (timed["--repeats-ms"], timed["--repeats-max-ms"]) == ("1000", "10000")


def test_fewer_runs_than_asked_for_are_said(store: Store) -> None:
    """A network that takes seconds need not make 41 runs; the program ends at its bound."""
    (cell,) = session(ScriptedDevice(2000.0), request(how=replace(FEW, repeats=31)), store)
    assert cell.valid
    assert "fewer than 31 runs a launch: they take long" in map(str, cell.notes)


def test_each_engine_of_a_session_is_its_own_program(store: Store) -> None:
    other = replace(
        RUNNER, program=replace(RUNNER.program, name="mnn_program", sha256="ee" * 32), path=Path("/bin/false")
    )
    asked = request("A", "A")
    first, second = asked.jobs
    asked = replace(asked, jobs=(replace(first, engine="onnxruntime"), replace(second, runner=other, engine="mnn")))
    device, heard = ScriptedDevice(), Heard()
    cells = session(device, asked, store, heard)
    assert [cell.program.name for cell in cells] == ["edgebench", "mnn_program"]
    assert len({cell.id for cell in cells}) == 2
    assert len({cell.session for cell in cells}) == 1
    assert {path.name for files in device.pushes for path in files} == {"A.nb", "true", "false"}
    assert any("A, mnn, 1 thread" in line for line in heard.lines)
    again = session(device, asked, store, heard)
    assert [cell.id for cell in again] == [cell.id for cell in cells]


def test_another_precision_makes_the_cell_invalid(store: Store) -> None:
    device = ScriptedDevice()
    device.message = {"load": {"precision": "bf16"}}
    (cell,) = session(device, request(), store)
    assert texts(cell.reasons) == ("the engine computes in bf16, not in fp32 (in 2 of 2 launches)",)
    device.message = {"load": {"precision": "fp32"}}
    (cell,) = session(device, request(fresh=True), store)
    assert cell.valid


@pytest.mark.parametrize(
    ("threads", "busy", "said"),
    [(1, 1, None), (4, 4, None), (4, 2, "of 4 threads 2 computed"), (1, 2, "2 threads computed, 1 were asked for")],
)
def test_how_many_threads_computed_is_said(threads: int, busy: int, said: str | None, store: Store) -> None:
    device = ScriptedDevice()
    device.message = {"busy": busy}
    (cell,) = session(device, request(threads=(threads,)), store)
    assert [text for text in texts(cell.notes) if "computed" in text] == ([said] if said else [])
