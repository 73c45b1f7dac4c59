"""Non-negative least squares, costs, calibration: what was put in comes out."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls as scipy_nnls  # type: ignore[import-untyped]  # scipy has no types of its own

from edge.decide.calibration import calibrated
from edge.decide.costs import Costs, fit, refined
from edge.decide.features import COSTS, Feature, Features
from edge.decide.nnls import nnls

KINDS = [Feature(kind, cost) for kind in ("pointwise", "addition", "vector") for cost in COSTS]


@given(st.integers(1, 12), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_least_squares_as_scipy_solves_them(rows: int, columns: int, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    a, b = numbers.normal(size=(rows, columns)), numbers.normal(size=rows)
    ours = nnls(a, b)
    theirs, norm = scipy_nnls(a, b)
    assert (ours >= 0).all()
    assert np.linalg.norm(a @ ours - b) == pytest.approx(norm, abs=1e-7)
    if rows >= columns:
        assert ours == pytest.approx(theirs, abs=1e-6)


def network(seed: int) -> Features:
    random = Random(seed)
    return {feature: random.randrange(1, 10**6) for feature in KINDS}


TRUE = Costs({cost: 1e-6 * (1 + place) for place, cost in enumerate(COSTS)}, {})


def rows(costs: Costs, count: int, *, fine: bool = False) -> list[tuple[Features, float]]:
    return [(network(seed), costs.predict(network(seed), fine=fine)) for seed in range(count)]


def test_costs_that_made_the_latencies_are_found() -> None:
    found = fit(rows(TRUE, 20))
    assert found.coarse == pytest.approx(dict(TRUE.coarse), rel=1e-6)
    other = network(99)
    assert found.predict(other, fine=True) == pytest.approx(TRUE.predict(other, fine=True), rel=1e-6)


def test_a_kind_that_costs_more_is_told_by_the_fine_costs_alone() -> None:
    dear = Feature("vector", "macs")
    true = Costs(TRUE.coarse, {dear: 3 * TRUE.coarse["macs"]})
    measured = rows(true, 30, fine=True)
    found = fit(measured)
    assert found.fine[dear] > 2 * found.fine[Feature("pointwise", "macs")]
    fine, coarse = (max(abs(found.predict(row, fine=fine) / ms - 1) for row, ms in measured) for fine in (True, False))
    assert fine < coarse / 2


def test_what_no_row_tells_of_costs_what_its_unit_costs() -> None:
    found = fit(rows(TRUE, 20))
    unseen = Feature("unfold", "moved")
    assert found.predict({unseen: 1000}, fine=True) == pytest.approx(1000 * found.coarse["moved"])


def test_no_cost_is_negative() -> None:
    noisy = [(row, ms * (1 + 0.3 * (-1) ** place)) for place, (row, ms) in enumerate(rows(TRUE, 20))]
    found = fit(noisy)
    assert min([*found.coarse.values(), *found.fine.values()]) >= 0


@given(st.floats(0.2, 8), st.integers(1, 6), st.booleans())
def test_a_device_so_many_times_slower_is_found_from_what_was_measured_there(
    factor: float, count: int, fine: bool
) -> None:
    costs = fit(rows(TRUE, 20))
    there = calibrated(costs, [(row, ms * factor) for row, ms in rows(TRUE, count)], fine=fine)
    other = network(77)
    assert there.predict(other, fine=True) == pytest.approx(factor * TRUE.predict(other, fine=True), rel=1e-4)


def test_more_measurements_tell_what_scaling_cannot() -> None:
    """A device on which one kind is slower than the rest."""
    slow = Costs({**TRUE.coarse, "ops": 20 * TRUE.coarse["ops"]}, {})
    costs, other = fit(rows(TRUE, 20)), network(50)
    errors = [
        abs(
            calibrated(costs, rows(slow, count), fine=True).predict(other, fine=True) / slow.predict(other, fine=True)
            - 1
        )
        for count in (1, 12)
    ]
    assert errors[1] < errors[0] / 2


def test_without_news_nothing_changes() -> None:
    measured = rows(TRUE, 5)
    assert refined(TRUE, measured).predict(network(9), fine=True) == pytest.approx(TRUE.predict(network(9), fine=True))
