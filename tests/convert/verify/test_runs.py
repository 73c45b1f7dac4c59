"""How far a verification is, and how many inputs fit into a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edge.convert.verify import runs as module
from edge.convert.verify.compare import Outputs
from edge.convert.verify.inputs import Sample
from edge.convert.verify.judge import Domain, Run
from edge.convert.verify.runs import Runs, fewer, within


def domain(name: str, count: int) -> Domain:
    given = [{"x": np.array([number])} for number in range(count)]
    return Domain(name, lambda _round: given)


KINDS = [domain("a", 8), domain("b", 4), domain("c", 4)]


def counts(domains: Sequence[Domain]) -> list[tuple[str, int]]:
    assert all(not one.draw(1) for one in domains)  # no more are drawn
    return [(one.name, len(one.draw(0))) for one in domains]


@pytest.mark.parametrize(
    ("most", "left"),
    [
        (12, [("a", 8), ("b", 2), ("c", 2)]),
        (7, [("a", 3), ("b", 2), ("c", 2)]),
        (6, [("a", 2), ("b", 2), ("c", 2)]),
        (5, [("a", 5)]),
        (0, [("a", 2)]),
        (-3, [("a", 2)]),
    ],
)
def test_fewer_inputs_are_shared_out_among_the_kinds(most: int, left: list[tuple[str, int]]) -> None:
    assert counts(fewer(KINDS, most)) == left


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "left"),
    [(1000, [("a", 8), ("b", 4), ("c", 4)]), (92, [("a", 3), ("b", 2), ("c", 2)]), (1, [("a", 2)])],
)
def test_as_many_inputs_as_fit_into_the_time(
    seconds: float, left: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading (5 s each) is not counted among what an input takes: 7 and 3 s."""
    clock, told = Clock(), list[tuple[str, int, int]]()
    monkeypatch.setattr(module, "time", clock)
    runs = Runs(lambda what, done, of: told.append((what, done, of)), 32)

    def engine(name: str, takes: float) -> Run:
        def run(given: Sequence[Sample]) -> Outputs:
            heard = runs.of(name, len(given))
            clock.now += 5
            for done in range(len(given) + 1):
                clock.now += takes if done else 0
                heard(done, len(given))
            return []

        return run

    chosen = within(seconds, KINDS, engine("one", 7), engine("other", 3), runs)
    assert [(one.name, len(one.draw(0))) for one in chosen] == left
    assert runs.seconds == {"one": 7, "other": 3}
    assert told == [
        ("verify: one", 0, 32), ("verify: one", 1, 32), ("verify: other", 1, 32), ("verify: other", 2, 32),
    ]  # fmt: skip
