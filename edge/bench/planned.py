"""A plan of measurements as a file: models, engines, precisions, thread counts and devices, every one with every other.

The same plan measures what is still missing, on any host that has the results: a device is known by its serial number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from edge.bench.host_engines import host_engine
from edge.bench.options import BenchOptions
from edge.bench.wanted import check_threads, is_file
from edge.errors import EdgezooError, PlanError
from edge.results.protocol import Name
from edge.source.weights import Weights
from edge.typed import convert
from edge.untrusted.files import read_text
from edge.untrusted.toml import toml_table
from edge.zoo.catalogue import selected

_MOST_BYTES = 1 << 20
_MOST_ROUNDS = 1000  # engines times precisions

Precision = Literal["fp32", "fp16", "int8", "int16"]


class PlannedDevice(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[device]]`: by `serial` (with `adb_server`, if it is not this machine's), or `count` places of the lab.

    These have the tags `match`; each measures everything, or with `split` a part.
    """

    serial: str | None = None
    adb_server: str | None = None
    match: dict[str, str] = {}
    count: int = 1
    split: bool = False
    runner: str | None = None


class PlanFile(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in a plan; paths are relative to its folder."""

    models: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    light: bool = False
    weights: str = "published"
    engines: tuple[str, ...] = ("paddle-lite",)
    precisions: tuple[Precision, ...] = ("fp32",)
    threads: tuple[int, ...] = (1, 2, 4)
    protocol: Name = "robust"
    lab: str | None = None
    device: tuple[PlannedDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """What is measured at once: one engine and precision, with the options of each device."""

    name: str
    devices: tuple[BenchOptions, ...]


def rounds(options: BenchOptions) -> list[Round]:
    """The plan `options.plan`, of which everything was checked; or the options themselves: one round, or one a network.

    Raises `PlanError`, which names the file and, where there is one, the line.
    """
    if options.plan is None:
        names = options.wanted.names if options.apart else ()
        each = (replace(options, names=(one,), series=(), light=False, everything=False) for one in names)
        return [Round("", (one,)) for one in (each if len(names) > 1 else (options,))]
    return _Plan(options.plan, options).rounds()


class _Plan:
    def __init__(self, path: Path, given: BenchOptions) -> None:
        self._path, self._given = path, given
        self._text = read_text(path, _MOST_BYTES, f"the plan {path}", error=PlanError)
        values = toml_table(self._text, f"the plan {path}", error=PlanError)
        try:
            self._plan = convert(values, PlanFile, str(path), error=PlanError)
        except PlanError as error:
            message = error.message.removeprefix(str(path))
            known = ", ".join(
                PlannedDevice.__struct_fields__ if error.field.startswith("device[") else PlanFile.__struct_fields__
            )
            hint = f"fields there: {known}" if "there is no such field" in message else ""
            raise PlanError(f"{self._at(error.field)}{message}", hint=hint, field=error.field) from None

    def rounds(self) -> list[Round]:
        plan = self._plan
        self._check_lists()
        names = self._names()
        with self._wrong_is("threads"):
            check_threads(plan.threads, None)
        with self._wrong_is("weights"):
            weights = self._weights()
        made = []
        for engine in plan.engines:
            with self._wrong_is("engines", engine):
                known = host_engine(engine)
            for precision in plan.precisions:
                common: dict[str, Any] = {
                    "plan": None,
                    "names": tuple(names),
                    "weights": weights,
                    "engine": None if engine == "paddle-lite" else (known,),
                    "precision": None if all(map(is_file, names)) else precision,
                    "threads": tuple(plan.threads),
                    "protocol_name": plan.protocol,
                }
                devices = tuple(self._of_device(number, common) for number in range(len(plan.device)))
                made.append(Round(f"{engine}, {precision}", devices))
        return made

    def _check_lists(self) -> None:
        plan = self._plan
        for field in ("engines", "precisions", "threads", "device"):
            values: Sequence[object] = getattr(plan, field)
            if not values:
                what = "names no device: [[device]] with serial or match" if field == "device" else "is empty"
                raise PlanError(f"{self._at(field)}: `{field}` {what}", field=field)
            if twice := next((one for place, one in enumerate(values) if one in values[:place]), None):
                raise PlanError(f"{self._at(field)}: `{field}` has {twice} twice", field=field)
        if len(plan.engines) * len(plan.precisions) > _MOST_ROUNDS:
            raise PlanError(f"{self._path}: more than {_MOST_ROUNDS} engines and precisions", field="engines")

    def _names(self) -> list[str]:
        plan, folder = self._plan, self._path.parent
        with self._wrong_is("models" if plan.models else "series"):
            found = selected(plan.models, series=tuple(plan.series), light=plan.light, everything=False)
        for name in plan.models:
            with self._wrong_is("models", name):
                BenchOptions(
                    names=(self._path_of(name, folder),),
                    weights=Weights("random") if not is_file(name) else Weights("published"),
                )
        return [self._path_of(name, folder) for name in found]

    @staticmethod
    def _path_of(name: str, folder: Path) -> str:
        return str(folder / name) if is_file(name) else name

    def _weights(self) -> Weights:
        text = self._plan.weights
        known = text in ("published", "random")
        return Weights.parse(text if known else str(self._path.parent / text), seed=0)

    def _of_device(self, number: int, common: Mapping[str, Any]) -> BenchOptions:
        one = self._plan.device[number]
        field = f"device[{number}]"
        if (one.serial is None) == (not one.match):
            what = "both, serial and match" if one.match else "neither serial nor match"
            raise PlanError(
                f"{self._at(field)}: `{field}` has {what}",
                hint='serial = "..." or match = { soc = "..." }',
                field=field,
            )
        if one.match and self._plan.lab is None:
            where_ = self._at(f"{field}.match")
            raise PlanError(
                f"{where_}: `{field}.match` is for the places of a lab", hint='lab = "HOST:PORT"', field=field
            )
        for name in ("count", "split") if one.serial is not None else ():
            if getattr(one, name) != PlannedDevice.__struct_defaults__[PlannedDevice.__struct_fields__.index(name)]:
                raise PlanError(
                    f"{self._at(f'{field}.{name}')}: `{field}.{name}` is for the places of a lab",
                    field=f"{field}.{name}",
                )
        runner = one.runner
        if runner is not None and "/" in runner:
            runner = str(self._path.parent / runner)
        where: dict[str, Any] = {"spec": one.serial, "adb_server": one.adb_server, "runner": runner}
        if one.match:
            words = tuple(f"{key}={value}" for key, value in one.match.items())
            where |= {"lab": self._plan.lab, "match": words, "devices": one.count, "split": one.split}
        with self._wrong_is(field):
            return replace(self._given, **common, **where)

    @contextmanager
    def _wrong_is(self, field: str, value: str | None = None) -> Iterator[None]:
        """What is raised within is about that field."""
        try:
            yield
        except PlanError:
            raise
        except EdgezooError as error:
            raise PlanError(f"{self._at(field, value)}: {error.message}", hint=error.hint, field=field) from error

    def _at(self, field: str, value: str | None = None) -> str:
        """The file, and the line of a field such as `device[1].count`, or where `value` stands."""
        keys = re.split(r"[.\[]", field)
        section, wanted = -1, int(keys[1].rstrip("]")) if keys[0] == "device" and len(keys) > 1 else -1
        key = keys[2] if wanted >= 0 and len(keys) > 2 else "" if wanted >= 0 else keys[0]
        for number, line in enumerate(self._text.splitlines(), 1):
            if re.match(r"\s*\[\[\s*device\s*\]\]", line):
                section += 1
                if section == wanted and not key:
                    return f"{self._path}, line {number}"
            named = re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line) if key else None
            if section == wanted and (named if value is None else f'"{value}"' in line or f"'{value}'" in line):
                return f"{self._path}, line {number}"
        return str(self._path) if value is None else self._at(field)
