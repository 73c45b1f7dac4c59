"""Where a network can be judged: at which of its variables two engines must agree.

At its outputs; at the input of the softmax or sigmoid that ends one, too, because what is saturated looks alike whatever the
network computes; and, of an output behind an operator that chooses (boxes that survive, the greatest class), at what goes into
that operator: the number of boxes depends on the data, and one that hardly survives on rounding.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from edge.paddle.by_data import CHOOSING
from edge.paddle.cut import cut
from edge.paddle.draft import with_fetch
from edge.paddle.program import Program


@dataclass(frozen=True, slots=True)
class Points:
    """`values`: the variables that are compared; `logits`: of some of them, what the closing softmax or sigmoid is taken of,
    compared as well; `behind`: outputs that are not compared themselves, because of the operators `by`; `lost`: what the other
    form of the network does not have."""

    values: tuple[str, ...]
    logits: dict[str, str]
    behind: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All variables that are compared."""
        return tuple(dict.fromkeys([*self.values, *self.logits.values()]))

    @property
    def remark(self) -> str | None:
        """What was not compared, in words."""
        parts = []
        if self.behind:
            parts.append(f"judged before {', '.join(self.by)}: {', '.join(self.behind)} behind it {_were(self.behind)}")
        if self.lost:
            parts.append(f"{', '.join(self.lost)} {_were(self.lost)}: the converted network has no such variable")
        return "; ".join(parts) or None

    def among(self, made: Collection[str]) -> Points:
        """Those that another form of the network has, too."""
        values = tuple(name for name in self.values if name in made)
        lost = tuple(name for name in self.values if name not in made)
        logits = {k: v for k, v in self.logits.items() if k in values and v in made}
        return Points(values, logits, self.behind, self.by, lost)


def _were(names: Sequence[str]) -> str:
    return f"{'was' if len(names) == 1 else 'were'} not compared"


def points_of(program: Program) -> Points:
    """Where to judge this program. Without any `values` there is nothing that it can be judged by."""
    chosen: set[str] = set()  # what depends on a choice
    entries: dict[str, None] = {}
    by: dict[str, None] = {}
    given = {spec.name for spec in (*program.feeds, *program.persistables)}
    for op in program.ops():
        if op.type in ("feed", "fetch"):
            continue
        behind = any(name in chosen for name in op.reads)
        if op.type in CHOOSING and not behind:
            by[op.type] = None
            entries.update(dict.fromkeys(name for name in op.reads if name not in given and _is_float(program, name)))
        if behind or op.type in CHOOSING:
            chosen.update(name for names in op.outputs.values() for name in names)
    own = [spec.name for spec in program.fetches]
    hidden = tuple(name for name in own if name in chosen)
    values = tuple(dict.fromkeys([*(name for name in own if name not in chosen), *(entries if hidden else ())]))
    logits = {name: found for name in values if (found := program.logits(name)) is not None}
    return Points(values, logits, hidden, tuple(by) if hidden else ())


def at_points(program: Program, points: Points) -> Program:
    """The network with the points as its outputs: cut where an output is not compared itself."""
    if points.behind:
        return cut(program, points.names)
    for name in points.names:
        program = with_fetch(program, name)
    return program


def makes(program: Program) -> frozenset[str]:
    """The variables that a program's operators make."""
    return frozenset(name for op in program.ops() for names in op.outputs.values() for name in names)


def _is_float(program: Program, name: str) -> bool:
    spec = program.tensor(name)
    return spec is not None and spec.dtype in ("float32", "float64", "float16")
