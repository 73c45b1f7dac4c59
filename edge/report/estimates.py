"""What `edgezoo estimate` prints: a table of estimates, the table of their errors, and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from edge.decide.estimate import Estimate
from edge.decide.fitted import ExpectedError, Fitted, LeftOut
from edge.report.grid import Column, text
from edge.report.view import PLAIN, View

WAYS: Mapping[str, Callable[[LeftOut], Sequence[float]]] = {
    "the network": lambda one: (one.alone,),
    "its whole family": lambda one: (one.family_out,),
    "its family but one": lambda one: one.one_measured,
    "its family, by FLOPs": lambda one: (one.flops_alone,),
}
"""What was left out when an error was found."""


def render(estimates: Sequence[Estimate], device: str | None, view: View = PLAIN) -> str:
    """A row a network, of which `estimates` has one at every thread count; below what the numbers are.

    `device`: what calibrated them, None for a Snapdragon 855.
    """
    threads = list(dict.fromkeys(one.threads for one in estimates))
    networks = [estimates[place : place + len(threads)] for place in range(0, len(estimates), len(threads))]
    columns = [Column("Model", False, rank=0), Column("Case", False, rank=1)]
    columns += [Column(f"{count}T ms", False, rank=0, key="ms") for count in threads]
    rows = [[made[0].name, made[0].case, *map(_cell, made)] for made in networks]
    where = device or "a Snapdragon 855"
    lines = [
        f"Estimated, not measured: on {where}, float32, as the published latencies are measured.",
    ]
    if device is None:
        lines.append(
            "± what nine of ten estimates of that case were within, each made without the network it is of, or (near) without "
            "its whole family. `edgezoo estimate --evaluate` shows how that was found."
        )
    else:
        lines.append("± what nine of ten networks measured there were within, each estimated from the others.")
    for made in networks:  # of one network, usually the same at every thread count
        lines += dict.fromkeys(f"{one.name}: {one.case}: {one.reason}." for one in made)
    if device is not None:
        counts = [f"{made.references} at {made.threads} thread{'s' * (made.threads > 1)}" for made in networks[0]]
        lines.append(f"Calibrated by networks measured on {device}: {', '.join(counts)}.")
        if any(one.ms is not None and one.error is None for one in estimates):
            lines.append("Without ±: too few are measured there to tell how far an estimate is off.")
    return "\n".join([text(columns, rows, view), "", *view.prose(lines)]) + "\n"


def as_dict(one: Estimate) -> dict[str, Any]:
    """The JSON object of one network at one thread count; times in ms, errors relative."""
    interval = one.interval
    return {
        "name": one.name,
        "threads": one.threads,
        "source": "estimated",
        "ms": one.ms,
        "low": interval and interval[0],
        "high": interval and interval[1],
        "case": one.case,
        "reason": one.reason,
        "expected_error": one.error and asdict(one.error),
        "calibrated_by": one.references,
    }


def evaluation(made: Mapping[int, Fitted], view: View = PLAIN) -> str:
    """The errors of networks that were left out, by what was left out and by family."""
    columns = [
        Column("Estimated without", False, rank=0, key="without"),
        *(
            Column(title, rank=0, key=key)
            for count in made
            for title, key in ((f"{count}T mean", "mean"), ("9 of 10", "nine"))
        ),
    ]
    rows = [[way, *(cell for one in made.values() for cell in _error(errors(one.left_out, way)))] for way in WAYS]
    families = list(dict.fromkeys(one.family for one in next(iter(made.values())).left_out))
    by_family = [Column("Family left out", False, rank=0, key="without"), Column("Networks", rank=2)]
    by_family += [Column(f"{count}T mean", rank=0, key="mean") for count in made]
    family_rows = []
    for family in families:
        members = [[one for one in fitted.left_out if one.family == family] for fitted in made.values()]
        means = [f"{errors(group, 'its whole family').mean:.1%}" for group in members]
        family_rows.append([family, str(len(members[0])), *means])
    count = len(next(iter(made.values())).left_out)
    return "\n".join([
        text(columns, rows, view),
        "",
        text(by_family, family_rows, view),
        "",
        *view.prose([
            f"Relative errors of {count} published networks on a Snapdragon 855, none of which the estimate was fitted to.",
            "Their family but one: one member measured, and the others estimated from it.",
        ]),
    ]) + "\n"  # fmt: skip


def evaluation_as_dict(made: Mapping[int, Fitted]) -> dict[str, Any]:
    """The JSON object: errors by what was left out and thread count, and every network."""
    return {
        "errors": {way: {str(count): asdict(errors(one.left_out, way)) for count, one in made.items()} for way in WAYS},
        "networks": {str(count): [asdict(each) for each in one.left_out] for count, one in made.items()},
        "coarse_ms": {str(count): dict(one.costs.coarse) for count, one in made.items()},
        "fine_ms": {str(count): {str(k): v for k, v in one.costs.fine.items()} for count, one in made.items()},
    }


def errors(left_out: Sequence[LeftOut], way: str) -> ExpectedError:
    """Of all that were left out in that way."""
    return ExpectedError.of([ms / one.ms - 1 for one in left_out for ms in WAYS[way](one)])


def _error(of: ExpectedError) -> tuple[str, str]:
    return f"{of.mean:.1%}", f"{of.nine_of_ten:.1%}"


def _cell(one: Estimate) -> str:
    if one.ms is None:
        return "-"
    return f"{one.ms:6.2f}" + (f" ±{one.error.nine_of_ten:.0%}" if one.error else "")
