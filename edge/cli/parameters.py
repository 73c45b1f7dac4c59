"""Types of options that click does not have: text becomes a value, or a `UsageError`, before a command begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edge.bench.host_engines import HostEngine
    from edge.source.weights import Weights


class Numbers(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """`1,2,4` as a tuple of whole numbers of at least `least`; each once if they are `distinct`."""

    name = "numbers"

    def __init__(self, example: str, *, least: int = 1, distinct: bool = True) -> None:
        self._example, self._least, self._distinct = example, least, distinct

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:  # noqa: ARG002
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).split(",")]
        if not all(part.isascii() and part.isdecimal() and int(part) >= self._least for part in parts):
            raise _refused(param, value, "is no list of numbers", f"for instance {_name(param)} {self._example}")
        numbers = tuple(map(int, parts))
        return tuple(dict.fromkeys(numbers)) if self._distinct else numbers


class Finite(click.FloatRange):
    """A number in a range: not NaN, which is in every range, and not infinity, with which nothing would end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from math import isfinite

        number = super().convert(value, param, ctx)
        if not isfinite(number):
            raise _refused(param, value, "is no number", "a finite number")
        return number


class ThreeNumbers(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """`0.5,0.5,0.5`: a number for each channel; none of them 0 where that has no meaning."""

    name = "three numbers"

    def __init__(self, *, zero: bool = True) -> None:
        self._zero = zero

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,  # noqa: ARG002
    ) -> tuple[float, float, float]:
        from math import isfinite

        try:
            first, second, third = (float(part) for part in str(value).split(","))
            if not all(map(isfinite, (first, second, third))) or (not self._zero and 0 in (first, second, third)):
                raise ValueError
        except ValueError:
            raise _refused(param, value, "is none", "three numbers, for instance 0.5,0.5,0.5") from None
        return first, second, third


class Parsed(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """What a library's own parser makes of the text."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name, self._parse = name, parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        return self._parse(value) if isinstance(value, str) else value


def _weights(text: str) -> Weights:
    from edge.source.weights import Weights

    return Weights.parse(text)


def _host_engine(text: str) -> HostEngine:
    from edge.bench.host_engines import host_engine

    return host_engine(text)


WEIGHTS = Parsed("weights", _weights)
HOST_ENGINE = Parsed("engine", _host_engine)


def _name(param: click.Parameter | None) -> str:
    return param.opts[0] if param is not None else ""


def _refused(param: click.Parameter | None, value: object, why: str, hint: str) -> Exception:
    from edge.errors import UsageError

    return UsageError(f"{_name(param)} {value} {why}", hint=hint)
