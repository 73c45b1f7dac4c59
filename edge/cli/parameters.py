"""Types of options that click does not have: text becomes a value, or a `UsageError`, before a command begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edge.bench.host_engines import HostEngine
    from edge.source.weights import Weights


class Numbers(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """`1,2,4` as a tuple of whole numbers of at least `least`, and `most` of them; each once if they are `distinct`."""

    name = "numbers"

    def __init__(self, example: str, *, least: int = 1, distinct: bool = True, most: int | None = None) -> None:
        self._example, self._least, self._distinct, self._most = example, least, distinct, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:  # noqa: ARG002
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).split(",")]
        if len(parts) > (self._most or len(parts)) or not all(
            part.isascii() and part.isdecimal() and len(part) < 10 and int(part) >= self._least for part in parts
        ):
            least = f" of at least {self._least}" if self._least else ""
            raise _refused(
                param, value, f"is no list of numbers{least}", f"for instance {_name(param)} {self._example}"
            )
        numbers = tuple(map(int, parts))
        return tuple(dict.fromkeys(numbers)) if self._distinct else numbers


class NamedShape(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """`1,3,320,320` or `NAME=1,3,320,320`: a name, or none (''), and a shape."""

    name = "shape"
    _shape = Numbers("1,3,320,320, or image=1,3,320,320", distinct=False)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[int, ...]]:
        name, separator, shape = str(value).rpartition("=")
        if separator and not name:
            raise _refused(param, value, "has no name before the =", "for instance --input-shape image=1,3,320,320")
        return name, self._shape.convert(shape, param, ctx)


class Finite(click.FloatRange):
    """A number in a range: not NaN, which is in every range, and not infinity, with which nothing would end."""

    def _describe_range(self) -> str:
        return "" if self.min is None and self.max is None else super()._describe_range()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from math import isfinite

        if not isfinite(click.FLOAT.convert(value, param, ctx)):
            raise _refused(param, value, "is no number", "a finite number")
        return super().convert(value, param, ctx)


class ChannelNumbers(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """`0.5,0.5,0.5`: a number for each channel, or one for all; none of them 0 where that has no meaning."""

    name = "numbers"

    def __init__(self, *, zero: bool = True) -> None:
        self._zero = zero

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,  # noqa: ARG002
    ) -> tuple[float, ...]:
        from math import isfinite

        try:
            numbers = tuple(float(part) for part in str(value).split(","))
            if len(numbers) not in (1, 3) or not all(map(isfinite, numbers)) or (not self._zero and 0 in numbers):
                raise ValueError
        except ValueError:
            raise _refused(param, value, "is none", "three numbers, for instance 0.5,0.5,0.5, or one") from None
        return numbers


class TwoNumbers(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """`0,255`: a range."""

    name = "two numbers"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,  # noqa: ARG002
    ) -> tuple[float, float]:
        try:
            low, high = (float(part) for part in str(value).split(","))
        except ValueError:
            raise _refused(param, value, "is no range", "two numbers, for instance 0,255") from None
        return low, high


class Parsed(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 takes no argument there
    """What a library's own parser makes of the text."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name, self._parse = name, parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        if not isinstance(value, str):
            return value
        from edge.errors import refusals

        with refusals():
            return self._parse(value)


def _weights(text: str) -> Weights:
    from edge.source.weights import Weights

    return Weights.parse(text)


def _host_engine(text: str) -> HostEngine:
    from edge.bench.host_engines import host_engine

    return host_engine(text)


def _host_engines(text: str) -> tuple[HostEngine, ...]:
    from edge.bench.host_engines import host_engines

    return host_engines(text)


def _duration(text: str) -> float:
    return _time(text, {"s": 1, "m": 60, "h": 3600}, "90s, 10m, 1h")


def _age(text: str) -> float:
    return _time(text, {"h": 3600, "d": 86400, "w": 7 * 86400}, "12h, 30d, 8w")


def _time(text: str, units: dict[str, int], examples: str) -> float:
    import re

    from edge.errors import UsageError

    found = re.fullmatch(rf"(\d{{1,6}}(?:\.\d+)?)\s*([{''.join(units)}])", text.strip())
    if found is None:
        raise UsageError(f"{text} is no length of time", hint=f"for instance {examples}")
    return float(found[1]) * units[found[2]]


ID = click.IntRange(1, 2**63 - 1)  # SQLite's
SEED = click.IntRange(0, 2**32 - 1)  # numpy's
COUNT = 1_000_000  # of runs, which a launch keeps in memory
DAY = 86_400.0  # seconds
WEIGHTS = Parsed("weights", _weights)
DURATION = Parsed("duration", _duration)
AGE = Parsed("age", _age)
HOST_ENGINE = Parsed("engine", _host_engine)
HOST_ENGINES = Parsed("engines", _host_engines)


def _name(param: click.Parameter | None) -> str:
    return param.opts[0] if param is not None else ""


def _refused(param: click.Parameter | None, value: object, why: str, hint: str) -> Exception:
    from edge.errors import UsageError

    return UsageError(f"{_name(param)} {value} {why}", hint=hint)


class FileOrFolder(click.Path):
    """A path to write to; with a slash at its end, a folder that is there: `Path` alone would forget the slash."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value).endswith("/") and not Path(value).is_dir():
            self.fail(f"{value}: there is no such folder; make it first, or leave out the slash", param, ctx)
        return super().convert(value, param, ctx)
