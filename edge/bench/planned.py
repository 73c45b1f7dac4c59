"""A plan of measurements as a file: models, engines, precisions, thread counts and devices, every one with every other.

The same plan measures what is still missing, on any host that has the results: a device is known by its serial number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from edge.bench.host_engines import host_engine
from edge.bench.options import BenchOptions
from edge.bench.plan_words import field_meant, retold
from edge.bench.wanted import check_threads, check_weights, is_file
from edge.device.discover import named_device
from edge.device.hosts import read_hosts
from edge.errors import EdgezooError, PlanError
from edge.lab.ask import check_coordinator
from edge.source.weights import Weights
from edge.typed import convert
from edge.untrusted.files import read_text
from edge.untrusted.toml import toml_table
from edge.untrusted.toml_lines import path_of, place_of
from edge.zoo.catalogue import lookup, selected

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
    runner_kind: Literal["edgebench", "benchmark_bin", "benchmark_bin_v8"] | None = None


class PlanFile(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in a plan; paths are relative to its folder."""

    models: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    light: bool = False
    weights: str = "published"
    engines: tuple[str, ...] = ("paddle-lite",)
    precisions: tuple[Precision, ...] = ("fp32",)
    threads: tuple[int, ...] = (1, 2, 4)
    protocol: Literal["robust", "table", "intel-table"] = "robust"
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
        self._values = toml_table(self._text, f"the plan {path}", error=PlanError)
        try:
            self._plan = convert(self._values, PlanFile, str(path), error=PlanError)
        except PlanError as error:
            message = error.message.removeprefix(str(path))
            raise PlanError(
                f"{self._at(error.field)}{message}", hint=_known(error, self._values), field=error.field
            ) from None
        if any(one.serial for one in self._plan.device):
            read_hosts()  # what is wrong in that file is not the plan's

    def rounds(self) -> list[Round]:
        plan = self._plan
        self._check_lists()
        self._check_devices()
        names = self._names()
        files = [name for name in names if is_file(name)]
        models = [name for name in names if not is_file(name)]
        self._check_files_alone(models)
        with self._wrong_is("threads"):
            check_threads(plan.threads, None)
        weights = self._weights(models)
        made = []
        for engine in plan.engines:
            with self._wrong_is("engines", engine):
                known = host_engine(engine)
            common: dict[str, Any] = {
                "engine": None if engine == "paddle-lite" else (known,),
                "threads": tuple(plan.threads),
                "protocol_name": plan.protocol,
            }
            for precision in plan.precisions if models else ():
                of_names = {"names": tuple(models), "weights": weights, "precision": precision, **common}
                made.append(Round(f"{engine}, {precision}", self._on_devices(of_names)))
            if files:  # their precision is their own
                of_files = {"names": tuple(files), **common}
                made.append(Round(f"{engine}, files as they are", self._on_devices(of_files)))
        return made

    def _check_lists(self) -> None:
        plan = self._plan
        for field in ("engines", "precisions", "threads", "device"):
            values: Sequence[object] = getattr(plan, field)
            if not values:
                what = "names no device: [[device]] with serial or match" if field == "device" else "is empty"
                raise PlanError(f"{self._at(field)}: `{field}` {what}", field=field)
            if field != "device" and (twice := next((one for n, one in enumerate(values) if one in values[:n]), None)):
                raise PlanError(f"{self._at(field)}: `{field}` has {twice} twice", field=field)
        if len(plan.engines) * len(plan.precisions) > _MOST_ROUNDS:
            raise PlanError(f"{self._path}: more than {_MOST_ROUNDS} engines and precisions", field="engines")
        if plan.lab is not None:
            with self._wrong_is("lab"):
                check_coordinator(plan.lab)

    def _check_devices(self) -> None:
        """Each says where it is, and no device is named twice, under whichever names."""
        known: dict[object, int] = {}
        for number, one in enumerate(self._plan.device):
            self._check_device(number, one)
            if one.serial is not None:
                with self._wrong_is(f"device[{number}].serial"):
                    named_device(one.serial)
                with self._wrong_is(f"device[{number}].adb_server"):
                    named: object = named_device(one.serial, one.adb_server)
                what = f'"{one.serial}"'
            else:
                named, what = (*sorted(one.match.items()), one.split, one.runner), "places of a lab"
            if (first := known.setdefault(named, number)) != number:
                other = self._plan.device[first]
                same = f'"{other.serial}"' if other.serial is not None else what
                raise PlanError(
                    f"{self._at(f'device[{number}]')}: `device[{number}]` is {what}, the same as `device[{first}]`"
                    + (f", {same}" if same != what else ""),
                    hint="leave one of them out" if one.serial is not None else f"count = {one.count + other.count}",
                    field=f"device[{number}]",
                )

    def _check_device(self, number: int, one: PlannedDevice) -> None:
        field = f"device[{number}]"
        if (one.serial is None) == (not one.match):
            what = "both, serial and match" if one.match else "neither serial nor match"
            raise PlanError(
                f"{self._at(field)}: `{field}` has {what}",
                hint='serial = "..." or match = { soc = "..." }',
                field=field,
            )
        if one.match and self._plan.lab is None:
            where = self._at(f"{field}.match")
            raise PlanError(
                f"{where}: `{field}.match` is for the places of a lab", hint='lab = "HOST:PORT"', field=field
            )
        for name in ("count", "split") if one.serial is not None else ("adb_server",):
            if name in self._values["device"][number]:
                what = "of a lab" if one.serial is not None else "that adb sees: of a place the lab tells it"
                whose = "places" if one.serial is not None else "devices"
                raise PlanError(
                    f"{self._at(f'{field}.{name}')}: `{field}.{name}` is for the {whose} {what}",
                    hint="leave it out",
                    field=f"{field}.{name}",
                )

    def _check_files_alone(self, models: Sequence[str]) -> None:
        """Where only files are named, nothing is said of how models of the catalogue are converted."""
        for field in ("precisions", "weights") if not models else ():
            if field in self._values:
                raise PlanError(
                    f"{self._at(field)}: `{field}` is for models of the catalogue, and only files are named",
                    hint="leave it out: a file is measured as it is; `edgezoo convert NAME --precision int8` makes others"
                    if field == "precisions"
                    else "leave it out",
                    field=field,
                )

    def _names(self) -> list[str]:
        plan, folder = self._plan, self._path.parent
        for name in plan.models:
            with self._wrong_is("models", name):
                selected((name,), series=(), light=False, everything=False)
                if not is_file(name):
                    lookup(name)
        for name in plan.series:
            with self._wrong_is("series", name):
                selected((), series=(name,), light=False, everything=False)
        with self._wrong_is("models"):
            found = selected(plan.models, series=tuple(plan.series), light=plan.light, everything=False)
        return [str(folder / name) if is_file(name) else name for name in found]

    def _weights(self, models: Sequence[str]) -> Weights:
        text = self._plan.weights
        known = text in ("published", "random")
        with self._wrong_is("weights"):
            weights = Weights.parse(text if known else str(self._path.parent / text), seed=0)
            check_weights(weights, models)
        return weights

    def _on_devices(self, common: Mapping[str, Any]) -> tuple[BenchOptions, ...]:
        """The options of each device. Raises `PlanError` for the first field with which they make no sense."""
        devices = []
        for number in range(len(self._plan.device)):
            where = self._of_device(number)
            options = {key: value for step, _ in where for key, value in step.items()}
            try:
                devices.append(replace(self._given, plan=None, **common, **options))
            except EdgezooError as error:
                self._blame(common, where)
                raise self._error(f"device[{number}]", None, error) from error
        return tuple(devices)

    def _of_device(self, number: int) -> list[tuple[dict[str, Any], str]]:
        """The options that say where it is, by the fields that they are from."""
        one, runner = self._plan.device[number], self._plan.device[number].runner
        if runner not in (None, "edgebench"):
            runner = str(self._path.parent / str(runner))
        where: list[tuple[dict[str, Any], str]] = [
            ({"spec": one.serial}, "serial"),
            ({"adb_server": one.adb_server}, "adb_server"),
        ]
        if one.match:
            words = tuple(f"{key}={value}" for key, value in one.match.items())
            where = [({"lab": self._plan.lab, "match": words}, "match"), ({"devices": one.count}, "count"),
                     ({"split": one.split}, "split")]  # fmt: skip
        where += [({"runner": runner}, "runner"), ({"runner_kind": one.runner_kind}, "runner_kind")]
        return [(step, f"device[{number}].{field}") for step, field in where]

    def _blame(self, common: Mapping[str, Any], where: Sequence[tuple[dict[str, Any], str]]) -> None:
        """Add field after field, and raise `PlanError` for the one with which it is refused."""
        tried: dict[str, Any] = {"plan": None, "engine": common["engine"]}
        for name in common["names"]:
            with self._wrong_is("models", os.path.relpath(name, self._path.parent) if is_file(name) else name):
                weights = Weights("published") if is_file(name) else Weights("random")
                replace(self._given, **tried, names=(name,), weights=weights)
        for step, field in (
            ({"names": common["names"], "weights": common.get("weights", Weights("published"))}, "weights"),
            *where,
            ({"precision": common.get("precision")}, "precisions"),
            ({"threads": common["threads"]}, "threads"),
            ({"protocol_name": common["protocol_name"]}, "protocol"),
        ):
            tried |= step
            with self._wrong_is(field):
                replace(self._given, **tried)

    @contextmanager
    def _wrong_is(self, field: str, value: str | None = None) -> Iterator[None]:
        """What is raised within is about that field."""
        try:
            yield
        except PlanError:
            raise
        except EdgezooError as error:
            raise self._error(field, value, error) from error

    def _error(self, field: str, value: str | None, error: EdgezooError) -> PlanError:
        message, hint = retold(error)
        if (meant := field_meant(error)) is not None and meant != field:
            field, value = meant, None
        return PlanError(f"{self._at(field, value)}: {message}", hint=hint, field=field)

    def _at(self, field: str, value: str | None = None) -> str:
        """The file, and the line of a field such as `device[1].count`, or where `value` stands in it."""
        return place_of(self._path, self._text, path_of(field), value)


def _known(error: PlanError, values: Mapping[str, object]) -> str:
    """What helps against a field that is none, or a device that is written otherwise."""
    if "there is no such field" in error.message:
        of_device = error.field.startswith("device[")
        return "fields there: " + ", ".join((PlannedDevice if of_device else PlanFile).__struct_fields__)
    if error.field == "device" and isinstance(values.get("device"), Mapping):
        return "[[device]], in two brackets: there may be several"
    return ""
