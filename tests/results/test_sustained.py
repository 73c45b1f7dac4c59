"""Windows of minutes: the start, the steady value, the order of models at both ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.report.sustained import as_json, render, windows
from edge.results.comparison import compare
from edge.results.measurement import Launch, Measurement
from edge.results.probes import Probes
from edge.results.protocol import sustained as protocol_of
from edge.results.sustained import of_launches, ranking, sustained
from edge.typed import convert
from tests.bench.examples import SUBJECT, launch, measurement

USED: dict[str, Any] = {
    "wall_ms": 1.0, "cpu_ms": 1.0, "involuntary_switches": 0, "thread_cpu_ms": 1.0, "thread_switches": 0, "cores": [7],
    "threads": None,
}  # fmt: skip


def window(at: float, ms: float, *, ghz: float = 2.84, celsius: float = 40.0) -> Launch:
    """Ten seconds of runs."""
    reading = [{"core": 7, "hz": round(ghz * 1e9), "runs": None}]
    probes = {"measured": USED, "launch": USED, "clocks": {"before": None, "between": None, "after": reading}}
    zones = [
        {"name": "cpu-1-7", "kind": "cpu", "millicelsius": celsius * 1000},
        {"name": "battery", "kind": "battery", "millicelsius": 31_000},
    ]
    made = launch(
        int(at // 10), *[ms] * round(9000 / ms), probes=convert(probes, Probes, ""), state={"after": {"zones": zones}}
    )
    return replace(made, started=1e9 + at, seconds=10.0)


def run(id: int, name: str, first: float, last: float) -> Measurement:
    """Ten minutes: two at `first`, then in a line down to `last`, which is reached after six."""
    made = []
    for at in range(0, 600, 10):
        share = min(1.0, max(0.0, (at - 120) / 240))
        made.append(window(at, first + (last - first) * share, ghz=2.84 - share, celsius=40 + 30 * share))
    return measurement(*made, id=id, protocol=protocol_of(600), subject=replace(SUBJECT, name=name))


HOT, COOL = run(1, "hot", 10.0, 15.0), run(2, "cool", 11.0, 12.0)


def test_the_steady_value_against_the_first_minute() -> None:
    found = sustained(HOT)
    assert found is not None
    assert (found.first_ms, found.steady_ms, found.ratio, found.steady) == (10.0, 15.0, 1.5, True)
    assert len(found.windows) == 60
    last = found.windows[-1]
    assert (last.at_s, last.clock_ghz, last.cpu_celsius, last.battery_celsius) == (590.0, 1.84, 70.0, 31.0)
    assert last.busy == pytest.approx(0.9)


def test_what_still_changes_is_not_steady() -> None:
    found = of_launches([window(at, 10 + at / 60) for at in range(0, 600, 10)])
    assert found is not None
    assert not found.steady
    assert found.change == pytest.approx(0.07, abs=0.02)


def test_a_short_run_begins_with_its_first_quarter() -> None:
    found = of_launches(
        [replace(window(at, 10.0 if at < 5 else 12.0), seconds=2.5) for at in (0, 2.5, 5, 7.5, 10, 12.5, 15, 17.5)]
    )
    assert found is not None
    assert (found.first_ms, found.steady_ms) == (10.0, 12.0)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_windows_say_nothing(count: int) -> None:
    assert of_launches([window(0, 10.0)] * count) is None


def test_the_order_at_the_end_is_beside_the_one_at_the_start() -> None:
    (group,) = ranking([HOT, COOL])
    assert [(rank.id, rank.at_start, rank.at_end) for rank in group] == [(2, 2, 1), (1, 1, 2)]
    assert ranking([HOT]) == []
    assert ranking([HOT, replace(COOL, threads=4)]) == []


def test_the_report_says_it() -> None:
    message = render([HOT, COOL])
    words = "1 hot 1 9.8 10.00 15.00 1.500 2.84 -> 1.84 40 -> 70 1 -> 2 valid"
    assert words in [" ".join(line.split()) for line in message.splitlines()]
    assert "Fastest first, 1 thread: at the start hot, cool; at the end: cool, hot." in message
    shown = windows(HOT)
    assert shown is not None
    assert len(shown.splitlines()) == 62
    values = as_json(HOT)
    assert values is not None
    assert (values["ratio"], len(values["windows"])) == (1.5, 60)
    assert as_json(measurement(launch(0, 1.0))) is None


def test_windows_are_no_independent_launches() -> None:
    assert HOT.statistics is not None
    assert HOT.statistics.ci95 is None
    made = compare(HOT, replace(COOL, session=1))
    assert made.answer == "undecided"
    assert any("windows of a sustained measurement" in remark for remark in made.remarks)
