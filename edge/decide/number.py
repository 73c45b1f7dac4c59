"""A number with its source, and what it is to a limit that it may be above or below of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

T = TypeVar("T")
Verdict = Literal["fits", "straddles", "misses"]


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value, where it comes from (`measured`, `published`, `estimated`), and what else is to be known of it.

    `low` and `high` are the ends of its interval: of the median at `level`, or, of an estimate, what nine of ten estimates
    of its kind were within. A number that is only printed has none.
    """

    value: float
    source: str
    low: float | None = None
    high: float | None = None
    level: float | None = None
    note: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """The interval's, or the value twice."""
        return (
            self.value if self.low is None else min(self.low, self.value),
            self.value if self.high is None else max(self.high, self.value),
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """At most, or at least (`most` False), `value`; `name` is the option that says so."""

    name: str
    value: float
    most: bool = True

    def verdict(self, of: Sourced) -> Verdict:
        """Whether the whole interval is within the limit, a part of it, or nothing."""
        low, high = of.ends
        best, worst = (low, high) if self.most else (high, low)
        if self._within(worst):
            return "fits"
        return "straddles" if self._within(best) else "misses"

    def missed_by(self, of: Sourced) -> float:
        """How far the value lies beyond the limit, in its unit; 0 or less within it."""
        return of.value - self.value if self.most else self.value - of.value

    def _within(self, value: float) -> bool:
        return value <= self.value if self.most else value >= self.value


def tiers(items: Iterable[T], number: Callable[[T], Sourced | None], *, descending: bool) -> list[list[T]]:
    """The items in the order of a number, those together that it does not tell apart; without one they come last.

    A tier begins with the best value left, and has all whose interval reaches that one's.
    """

    def span(item: T) -> tuple[float, float, float]:
        """Value, better end, worse end: the smaller the better."""
        of = number(item)
        assert of is not None
        low, high = of.ends
        return (-of.value, -high, -low) if descending else (of.value, low, high)

    told = list(items)
    made: list[list[T]] = []
    reach = 0.0
    for item in sorted((one for one in told if number(one) is not None), key=span):
        _, best, worst = span(item)
        if not made or best > reach:
            made.append([])
            reach = worst
        made[-1].append(item)
    unknown = [one for one in told if number(one) is None]
    return made + [unknown] * bool(unknown)
