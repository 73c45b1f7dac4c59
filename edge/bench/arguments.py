"""What Python code passes to `edge.bench_models` and `edge.bench_plan`: of the types that they take, or refused.

The command line's options are parsed; these are not, and a wrong one would be refused later as something else, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import TypeGuard

from edge.errors import UsageError
from edge.results.protocol import Protocol
from edge.untrusted.guard import brief

MOST_SEED = 2**32 - 1  # numpy's


def check_arguments(**given: object) -> None:
    """Raises `UsageError` for the first that is of another type than its name stands for."""
    for name, value in given.items():
        fits, words = _KINDS[name]
        if not fits(value):
            raise UsageError(f"{name}={brief(repr(value))}: {name} is {words}", hint="see docs/reference/python-api.md")


def _of(*kinds: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kinds)


def _or_none(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or fits(value)


def _each(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, Sequence) and not isinstance(value, str | bytes) and all(map(fits, value))


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _seed(value: object) -> bool:
    return _whole(value) and 0 <= value <= MOST_SEED


def _tags(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for pair in value.items() for one in pair)


_TEXT = (_or_none(_of(str)), "a text, or None")
_FLAG = (_of(bool), "True or False")
_KINDS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "names": (_each(_of(str, Path)), "a list of names and paths"),
    "plan": (_of(str, Path), "a path"),
    "device": _TEXT,
    "lab": _TEXT,
    "match": (_or_none(_tags), 'a mapping of texts such as {"soc": "sd855"}, or None'),
    "devices": (_or_none(_whole), "a whole number, or None"),
    "threads": (_each(_whole), "a list of whole numbers"),
    "protocol": (_of(str, Protocol), '"robust", "table" or a Protocol'),
    "weights": (_of(str, Path), '"published", "random" or a path'),
    "precision": _TEXT,
    "engine": _TEXT,
    "runner": (_or_none(_of(str, Path)), '"edgebench", a path, or None'),
    "seed": (_or_none(_seed), f"a whole number from 0 to {MOST_SEED}, or None"),
    "fresh": _FLAG,
    "keep_invalid": _FLAG,
    "db": (_or_none(_of(Path)), "a pathlib.Path, or None"),
    "say": (callable, "a function of one text"),
}
