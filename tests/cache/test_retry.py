from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cache.retry import Remedy, retry

KINDS: tuple[type[Exception], ...] = (KeyError, ValueError, OSError)


@given(st.lists(st.sampled_from(KINDS), max_size=8), st.integers(0, 3), st.integers(0, 3))
def test_each_kind_of_failure_has_tries_of_its_own(
    failures: list[type[Exception]], for_keys: int, for_values: int
) -> None:
    """OSError has no remedy."""
    left = {KeyError: for_keys, ValueError: for_values, OSError: 0}
    expected: list[type[Exception]] = []
    for kind in failures:
        expected.append(kind)
        if not left[kind]:
            break
        left[kind] -= 1
    counts = [failures.count(kind) for kind in KINDS]
    ends_well = all(count <= allowed for count, allowed in zip(counts, (for_keys, for_values, 0), strict=True))
    coming, mended = iter(failures), list[type[Exception]]()

    def operation() -> str:
        for kind in coming:
            raise kind
        return "done"

    remedies = (
        Remedy((KeyError,), for_keys, lambda error: mended.append(type(error))),
        Remedy((ValueError,), for_values, lambda error: mended.append(type(error))),
    )
    if ends_well:
        assert retry(operation, *remedies) == "done"
        assert mended == failures
    else:
        with pytest.raises(expected[-1]):
            retry(operation, *remedies)
        assert mended == expected[:-1]


def test_the_first_remedy_that_fits_is_taken_and_a_condition_counts() -> None:
    def operation() -> None:
        raise ValueError("no")

    taken: list[str] = []
    refused = Remedy((ValueError,), 5, lambda _: taken.append("refused"), when=lambda error: str(error) == "yes")
    fits = Remedy((ValueError,), 1, lambda _: taken.append("fits"))
    with pytest.raises(ValueError, match="no"):
        retry(operation, refused, fits)
    assert taken == ["fits"]


def test_what_a_remedy_raises_ends_it() -> None:
    def gone(_: ValueError) -> None:
        raise LookupError

    def operation() -> None:
        raise ValueError

    with pytest.raises(LookupError):
        retry(operation, Remedy((ValueError,), 2, gone))
