"""What the command line names to be measured: its limits."""

from __future__ import annotations

import pytest

from edge.bench.wanted import check_threads
from edge.errors import UsageError


@pytest.mark.parametrize(
    ("threads", "cores", "hint"),
    [
        pytest.param(8, 2, "2 or fewer; up to 4, of which the table tells, are measured and marked", id="two cores"),
        pytest.param(9, 8, "8 or fewer", id="eight cores"),
    ],
)
def test_more_threads_than_cores_are_refused_with_the_number_of_cores(threads: int, cores: int, hint: str) -> None:
    with pytest.raises(UsageError, match=rf"--threads {threads}: this machine has {cores} cores") as caught:
        check_threads((1, threads), cores, "this machine")
    assert caught.value.hint == hint


def test_the_tables_counts_are_measured_everywhere() -> None:
    check_threads((1, 2, 4), 1, "this machine")
    check_threads((256,), None)
