"""What a legalising rule is, and how the rules are applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge.paddle.draft import Draft
from edge.paddle.program import Program


@dataclass(frozen=True, slots=True)
class Rule:
    """One incompatibility between what Paddle writes and what opt reads, and its cure.

    `ops`: operator types without which there is nothing to do (empty: look at every program); `engines`: the engine versions
    that need it, `precisions`: those of the recipes (None: all of them); `apply` changes the draft into an equivalent program
    and returns how many places it changed: nothing on a second run.
    """

    name: str
    reason: str
    apply: Callable[[Draft], int]
    ops: frozenset[str] = frozenset()
    engines: frozenset[str] | None = None
    precisions: frozenset[str] | None = None

    def concerns(self, op_types: frozenset[str], engine: str, precision: str) -> bool:
        if self.precisions is not None and precision not in self.precisions:
            return False
        return (self.engines is None or engine in self.engines) and (not self.ops or bool(self.ops & op_types))


@dataclass(frozen=True, slots=True)
class Applied:
    """One rule that changed a program, in `count` places; goes into the model's metadata."""

    rule: str
    count: int
    reason: str


def apply_rules(
    rules: Iterable[Rule], program: Program, engine: str, precision: str
) -> tuple[Program, tuple[Applied, ...]]:
    """Apply rules in order; the program itself comes back where none changed anything."""
    applied: list[Applied] = []
    draft = Draft.of(program)
    op_types = program.op_types
    for rule in rules:
        if rule.concerns(op_types, engine, precision) and (count := rule.apply(draft)):
            draft.flush()
            op_types = draft.op_types
            applied.append(Applied(rule.name, count, rule.reason))
    return (draft.build() if applied else program), tuple(applied)
