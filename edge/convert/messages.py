"""What opt prints before it ends, and what it means: a table of known messages."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """Why opt failed, in words, and what the user can do."""

    sentence: str
    advice: str


_OTHER_ENGINE = "another engine version may do: --engine 2.14rc0 (`edgezoo doctor` lists them)"

# (what is looked for, the sentence, the advice); the first that matches is taken. Groups fill the sentence.
_KNOWN: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"No attributes called (\w+) found for (\w+)"),
        "it wants the attribute {0} of the operator {1}, which this model's Paddle no longer writes",
        "this is a gap in edgezoo's legaliser: please report the model and the Paddle version",
    ),
    (
        re.compile(
            r"This model is not supported, because \d+ ops are not supported on '(\w+)'.*?are: '([^\n]*?)'\.?\s*$",
            re.S | re.M,
        ),
        "the target {0} has no kernel for: {1}",
        _OTHER_ENGINE,
    ),
    (
        re.compile(r"kernel for '(\w+)' is not supported"),
        "there is no kernel for the operator {0} on this target",
        _OTHER_ENGINE,
    ),
    (
        re.compile(r"No space left on device"),
        "no room was left on the disk",
        "free some space, then run it again",
    ),
)


def explain(log: str, how: str) -> Cause:
    """The cause in opt's own words where they are known, else its last fatal line, else `how` it ended."""
    for pattern, sentence, advice in _KNOWN:
        if found := pattern.search(log):
            return Cause(sentence.format(*found.groups()), advice)
    fatal = re.findall(r"^\[F [^\]]*\] ?(.*)$", log, re.M)
    if fatal:
        return Cause(f"{how}: {fatal[-1].strip()}", _OTHER_ENGINE)
    return Cause(f"it {how} without a word" if "died" in how else how, _OTHER_ENGINE)
