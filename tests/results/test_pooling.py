"""Several sessions of one cell: a session is one value."""

from __future__ import annotations

from typing import Any

import pytest

from edge.results.pooling import pool, same_cell
from tests.bench.examples import launch, measurement


def test_sessions_are_pooled_by_their_medians() -> None:
    cells = [
        measurement(*(launch(i, ms) for i in range(6)), id=n, session=n) for n, ms in enumerate((10.0, 10.4, 11.0))
    ]
    pooled = pool(cells)
    assert pooled is not None
    assert (pooled.sessions, pooled.median_ms) == (3, 10.4)
    assert pooled.sentence == "median of 3 sessions' medians 10.400 ms (75 % interval over sessions 10.000 to 11.000)"


def test_what_is_not_valid_and_a_session_twice_do_not_count() -> None:
    one = measurement(launch(0, 10.0), id=1, session=1)
    again = measurement(launch(0, 11.0), id=2, session=1)
    spoiled = measurement(launch(0, 12.0), id=3, session=2, reasons=("hot",))
    assert pool([one, again, spoiled]) is None


@pytest.mark.parametrize("changes", [{"threads": 2}, {"device": {"serial": "other"}}])
def test_another_cell_is_not_pooled(changes: dict[str, Any]) -> None:
    assert same_cell(measurement(), measurement(id=2, session=2))
    assert not same_cell(measurement(), measurement(**changes))
