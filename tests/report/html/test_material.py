"""Which measurement of several a figure shows."""

from __future__ import annotations

from edge.report.html.material import newest_of
from tests.report.html.cells import RANDOM, cell


def test_the_newest_is_the_latest_in_time_whatever_its_number() -> None:
    merged_later = cell(9, RANDOM, 3.0, begin=1.7e9)
    newest = cell(2, RANDOM, 2.0, begin=1.7e9 + 60)
    assert newest_of([newest, merged_later], lambda one: one.threads) == [newest]
    assert newest_of([newest, merged_later], lambda one: one.id) == [merged_later, newest]
