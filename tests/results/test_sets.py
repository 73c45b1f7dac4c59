"""Sets of measurements, and one cell over time, with simulated launches."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.results.comparison import over
from edge.results.history import history
from edge.results.measurement import Measurement
from edge.results.reasons import Code
from edge.results.sets import compare_sets, geometric_mean
from tests.bench.examples import PHONE, SUBJECT, launch, measurement


def cell(id: int, ms: float, *, name: str = "A", session: int = 1, noise: float = 0.002, **changes: Any) -> Measurement:
    random = Random(id)
    launches = [launch(number, *[ms * random.gauss(1, noise)] * 3) for number in range(8)]
    return measurement(
        *launches, id=id, session=session, subject=replace(SUBJECT, name=name), started=1e9 + id, **changes
    )


def test_each_cell_is_compared_with_its_own() -> None:
    before = [cell(1, 10.0), cell(2, 20.0, name="B"), cell(3, 5.0, name="C")]
    now = [cell(4, 22.0, name="B", session=2), cell(5, 10.0, session=2), cell(6, 1.0, name="D", session=2)]
    made = compare_sets(before, now)
    assert [(pair.first, pair.second, pair.comparison.answer) for pair in made.pairs] == [
        (1, 5, "undecided"),  # the same as far as can be told: from session to session a device may change by itself
        (2, 4, "slower"),
    ]
    assert (made.only_first, made.only_second) == ((3,), (6,))
    assert made.geometric_mean == pytest.approx(math.sqrt(1.1), rel=0.01)
    slower = made.pairs[1].comparison
    assert over(slower, 0.05)
    assert not over(slower, 0.2)
    assert not over(made.pairs[0].comparison, 0.0)


def test_the_newest_valid_one_of_a_cell_counts() -> None:
    hot = cell(3, 30.0, reasons=(Code.CORE_WENT_OFFLINE(core=7),))
    made = compare_sets([cell(1, 10.0), cell(2, 20.0), hot], [cell(4, 10.0, session=2)])
    assert made.pairs[0].first == 2


def test_a_cell_without_launches_is_compared_with_nothing() -> None:
    failed = measurement(id=2, session=2, status="failed", subject=replace(SUBJECT, name="A"))
    made = compare_sets([cell(1, 10.0)], [failed])
    assert (made.pairs, made.geometric_mean, made.only_first, made.only_second) == ((), None, (1,), (2,))


def test_across_a_column() -> None:
    int8 = replace(cell(2, 5.0, session=2), subject=replace(SUBJECT, name="A", precision="int8"))
    assert compare_sets([cell(1, 10.0)], [int8]).pairs == ()
    (pair,) = compare_sets([cell(1, 10.0)], [int8], across=["precision"]).pairs
    assert pair.comparison.answer == "faster"
    assert "precision" not in dict(pair.key)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_the_geometric_mean_is_the_same_from_either_side(ratios: list[float]) -> None:
    there, back = geometric_mean(ratios), geometric_mean([1 / ratio for ratio in ratios])
    assert there is not None
    assert back is not None
    assert there * back == pytest.approx(1)
    assert min(ratios) <= there * (1 + 1e-9)
    assert there <= max(ratios) * (1 + 1e-9)


def test_a_change_is_called_and_what_was_renewed_is_told() -> None:
    renewed = replace(SUBJECT, name="A", opt_version="v2.14", sha256="00" * 32)
    cells = [
        cell(1, 10.0),
        cell(2, 10.02, session=2),
        replace(cell(3, 12.0, session=3, labels=("new opt",)), subject=renewed),
        replace(cell(4, 12.01, session=4), subject=renewed),
    ]
    (series,) = history(list(reversed(cells)))
    assert [point.id for point in series.points] == [1, 2, 3, 4]
    assert [point.answer for point in series.points] == [None, "undecided", "slower", "undecided"]
    assert series.points[2].ratio == pytest.approx(1.2, rel=0.01)
    assert [point.renewed for point in series.points] == [(), (), ("sha256", "opt"), ()]
    assert series.points[2].labels == ("new opt",)
    assert series.points[0].interval is not None
    assert series.points[0].ms == pytest.approx(10, rel=0.005)


def test_what_is_not_valid_is_shown_and_compared_with_nothing() -> None:
    hot = cell(2, 20.0, session=2, reasons=(Code.CORE_WENT_OFFLINE(core=7),))
    failed = measurement(id=3, session=3, status="failed", started=1e9 + 3, subject=replace(SUBJECT, name="A"))
    engine = [cell(1, 10.0), hot, failed, cell(4, 10.0, session=4)]
    (series,) = history(engine)
    assert [(point.status, point.answer) for point in series.points] == [
        ("valid", None),
        ("not valid", None),
        ("failed", None),
        ("valid", "undecided"),  # with 1
    ]
    assert series.points[2].ms is None


def test_other_devices_and_thread_counts_are_series_of_their_own() -> None:
    cells = [cell(1, 10.0), cell(2, 5.0, threads=4), cell(3, 8.0, device={**PHONE, "serial": "cd34"})]
    assert [len(series.points) for series in history(cells)] == [1, 1, 1]


def test_equal_sessions_are_seldom_called_changed() -> None:
    """Twenty sessions with 1 % between their levels and 1 % between launches: no change may be called."""
    random = Random(5)
    cells = [cell(id, 10.0 * random.gauss(1, 0.01), session=id, noise=0.01) for id in range(1, 201)]
    (series,) = history(cells)
    called = [point for point in series.points if point.answer in ("faster", "slower")]
    assert len(called) <= 0.05 * len(cells)
