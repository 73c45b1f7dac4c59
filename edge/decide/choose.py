"""Which networks fit, best first: `choose` is a pure function of candidates and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from edge.decide.candidates import Contender
from edge.decide.number import Limit, Sourced, Verdict, tiers

NEAREST = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """A network that fits, or nearly. `rank` counts from 1, and is the same for those that the intervals do not tell apart.

    `pareto`: no other of the chosen ones is both faster and more accurate; "perhaps": one is, and their intervals overlap.
    `straddling` and `missed` name the limits that cut its intervals, and by how much (in the limit's unit) it misses others.
    """

    candidate: Contender
    rank: int
    tied: bool
    pareto: str  # "yes", "perhaps", "no"
    straddling: tuple[str, ...] = ()
    missed: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What fits, best first; `nearest` only where nothing does. `unknown`: of how many a number asked for is not known."""

    fitting: tuple[Choice, ...]
    nearest: tuple[Choice, ...]
    unknown: int


def choose(candidates: Sequence[Contender], limits: Sequence[Limit], *, fastest_first: bool) -> Decision:
    """The candidates whose numbers are within all limits, those that an interval's end speaks against after the others.

    The most accurate is the best, or (`fastest_first`) the fastest; what its intervals do not tell apart is ordered by the
    other of the two, then by size. Nothing without a latency is chosen.
    """
    judged: dict[int, list[tuple[Limit, Verdict]]] = {}
    known, unknown = [], 0
    for one in candidates:
        verdicts = [(limit, limit.verdict(of)) for limit in limits if (of := number(one, limit.name)) is not None]
        if len(verdicts) < len(limits) or one.latency is None:
            unknown += 1
            continue
        known.append(one)
        judged[id(one)] = verdicts

    def having(one: Contender, verdict: Verdict) -> tuple[str, ...]:
        return tuple(limit.name for limit, found in judged[id(one)] if found == verdict)

    chosen = [one for one in known if not having(one, "misses")]
    sure = [one for one in chosen if not having(one, "straddles")]
    unsure = [one for one in chosen if having(one, "straddles")]
    made: list[Choice] = []
    for group in (sure, unsure):
        for tier in _order(group, fastest_first=fastest_first):
            rank = len(made) + 1
            made += [Choice(one, rank, len(tier) > 1, pareto(one, chosen), having(one, "straddles")) for one in tier]
    nearest = [] if chosen else sorted(known, key=lambda one: _distance(one, limits))[:NEAREST]
    return Decision(
        tuple(made),
        tuple(
            Choice(one, place, False, "no", having(one, "straddles"), _missed(one, limits, having(one, "misses")))
            for place, one in enumerate(nearest, 1)
        ),
        unknown,
    )


def number(one: Contender, limit: str) -> Sourced | None:
    """Of what the limit is."""
    return {"--max-ms": one.latency, "--min-top1": one.top1, "--max-mb": one.mb}[limit]


def pareto(one: Contender, others: Sequence[Contender]) -> str:
    """Whether none of the others is at least as fast and as accurate, and better in one of the two.

    "perhaps" where every one that is so is faster by its value, and not by the intervals of both.
    """
    if one.latency is None or one.top1 is None:
        return "no"
    before = [other for other in others if _before(other, one)]
    if not before:
        return "yes"
    return "no" if any(_surely_before(other, one) for other in before) else "perhaps"


def _before(one: Contender, other: Contender) -> bool:
    if not (one.latency and one.top1 and other.latency and other.top1):
        return False
    faster, better = other.latency.value - one.latency.value, one.top1.value - other.top1.value
    return faster >= 0 and better >= 0 and faster + better > 0


def _surely_before(one: Contender, other: Contender) -> bool:
    """Its latency's upper end is not beyond the other's lower one; accuracies are of the same images, and told by value."""
    assert one.latency
    assert other.latency
    same = one.latency == other.latency  # that of one network with other weights
    return same or one.latency.ends[1] <= other.latency.ends[0]


def _order(group: Sequence[Contender], *, fastest_first: bool) -> list[list[Contender]]:
    """In tiers that neither latency nor accuracy nor size tells apart, the best one first.

    Accuracies are all of the same images, so that networks are told apart by less than their intervals: by value.
    """
    orders = (
        [("--max-ms", False), ("--min-top1", True)] if fastest_first else [("--min-top1", True), ("--max-ms", False)]
    )
    made = [list(group)]
    for name, descending in (*orders, ("--max-mb", False)):
        made = [smaller for tier in made for smaller in tiers(tier, partial(_ordering, name), descending=descending)]
    return made


def _ordering(name: str, one: Contender) -> Sourced | None:
    of = number(one, name)
    return of if of is None or name != "--min-top1" else Sourced(of.value, of.source)


def _missed(one: Contender, limits: Sequence[Limit], names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    missing = [(limit, number(one, limit.name)) for limit in limits if limit.name in names]
    return tuple((limit.name, limit.missed_by(of)) for limit, of in missing if of is not None)


def _distance(one: Contender, limits: Sequence[Limit]) -> float:
    """The farthest that it misses any limit, in shares of the limit."""
    found = [(limit, number(one, limit.name)) for limit in limits]
    return max(max(0.0, limit.missed_by(of)) / limit.value for limit, of in found if of is not None)
