"""A stretch of a session at another speed: found wherever it lies, and not where there is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge.bench.stretch import Stretch, find_stretch


def look(
    speed: Callable[[float], float], *, spread: float = 0.01, cells: int = 4, rounds: int = 6, seed: int = 0
) -> Stretch | None:
    random = np.random.default_rng(seed)
    order = [int(cell) for _ in range(rounds) for cell in random.permutation(cells)]
    levels = [
        5.0 * 2**cell * speed(place / len(order)) * float(np.exp(spread * random.standard_normal()))
        for place, cell in enumerate(order)
    ]
    return find_stretch(order, levels)


@pytest.mark.parametrize(
    ("speed", "first", "last"),
    [
        (lambda t: 1.1 if t < 0.3 else 1.0, 0.0, 0.3),
        (lambda t: 1.1 if 0.3 <= t < 0.7 else 1.0, 0.3, 0.7),
        (lambda t: 1.1 if t >= 0.7 else 1.0, 0.7, 1.0),
        (lambda t: 1.1 if t >= 0.25 else 1.0, 0.25, 1.0),
        (lambda t: 0.9 if 0.5 <= t < 0.75 else 1.0, 0.5, 0.75),
    ],
    ids=["slow start", "slow middle", "slow end", "slow but for its start", "fast for a while"],
)
def test_it_is_found_with_the_launches_it_concerns(speed: Callable[[float], float], first: float, last: float) -> None:
    found = look(speed)
    assert found is not None
    truly = {place for place in range(24) if first <= place / 24 < last}
    assert len(truly ^ set(found.concerned)) <= 2
    assert abs(found.shift) == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("spread", [0.003, 0.03])
def test_a_calm_session_has_none(spread: float) -> None:
    assert sum(look(lambda _: 1.0, spread=spread, seed=seed) is not None for seed in range(40)) <= 2


def test_what_is_too_small_to_matter_is_left() -> None:
    assert look(lambda t: 1.01 if t > 0.5 else 1.0, spread=0.0005) is None


@pytest.mark.parametrize("cells", [[1] * 5, [1, 2] * 3, list(range(20))], ids=["five", "two cells", "a launch a cell"])
def test_too_few_launches_tell_nothing(cells: list[int]) -> None:
    assert find_stretch(cells, [10.0 + 5 * (place > 2) for place in range(len(cells))]) is None


def test_launches_that_are_all_equal_have_none() -> None:
    assert find_stretch([1, 2] * 10, [3.0, 4.0] * 10) is None
