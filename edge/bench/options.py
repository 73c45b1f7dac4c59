"""What `edgezoo bench` is asked for, checked before anything is begun."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.bench import intel
from edge.bench.host_engines import ONNXRUNTIME, PADDLE_LITE, HostEngine
from edge.bench.subject import read_subject
from edge.bench.wanted import (
    Wanted,
    check_engine,
    check_names,
    check_program,
    check_target,
    check_threads,
    check_weights,
    is_file,
)
from edge.convert.recipe import choose
from edge.convert.shapes import check_size
from edge.convert.verify.asked import InputsAsked
from edge.device.discover import named_device
from edge.errors import UsageError
from edge.lab.ask import LabAsked, tags
from edge.results.database import check_file
from edge.results.protocol import Name, Protocol, protocol, sustained
from edge.source.weights import Weights
from edge.zoo.catalogue import selected

if TYPE_CHECKING:
    from edge.convert.calibrated import Calibration

MOST_CORES = 1024  # Linux counts them in masks of so many bits


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """The options of the command, as `edgezoo bench --help` explains them. Times in seconds, `tolerance` in percent.

    Raises `UsageError`, `UnknownModelError`, `RecipeError`, `BenchError`, or what `read_subject` raises of a file, for what
    can be refused without a device.
    """

    names: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    light: bool = False
    everything: bool = False
    spec: str | None = None
    adb_server: str | None = None
    threads: tuple[int, ...] | None = None  # those of the protocol
    protocol_name: Name = "robust"
    warmup: int | None = None
    repeats: int | None = None
    launches: int | None = None
    tolerance: float | None = None
    compare: bool = False
    max_launches: int | None = None
    sustained: float | None = None
    cooldown: float | None = None
    cool_limit: float = 300.0
    timeout: float = 600.0
    seed: int | None = None
    power_mode: int | None = None
    cores: tuple[int, ...] | None = None
    fill: str = "ones"
    shape: tuple[tuple[int, ...], ...] = ()
    weights: Weights = Weights("published")  # noqa: RUF009 - it is frozen
    precision: str | None = None
    calibrate: Path | None = None
    target: str | None = None
    engine: tuple[HostEngine, ...] | None = None
    runner: str | None = None
    runner_kind: str | None = None
    check_output: bool = False
    input_range: tuple[float, float] | None = None
    inputs: Path | None = None
    allow_synthetic: bool = False
    fresh: bool = False
    keep_invalid: bool = False
    db: Path | None = None
    plan: Path | None = None
    lab: str | None = None
    match: tuple[str, ...] = ()
    devices: int | None = None
    split: bool = False

    def __post_init__(self) -> None:
        self._check_results()
        if self.plan is not None:
            self._check_plan_alone()
            return
        _ = self.lab_asked
        self.protocol()
        for shape in self.shape:
            check_size(shape, "--shape")
        check_threads(self.thread_counts, None)
        self._check_intel()
        if not re.fullmatch(r"ones|seed:[0-9]{1,9}", self.fill):
            raise UsageError(f"--input {self.fill} is none", hint="ones, or seed:S with a number S")
        self._check_cores()
        if not self.check_output and (self.input_range or self.inputs):
            option = "--input-range" if self.input_range else "--inputs"
            raise UsageError(f"{option} is for the comparison with Paddle's outputs", hint="--check-output")
        _ = self.inputs_asked
        wanted = self.wanted
        self._check_mode(wanted)
        for one in self.each:
            check_names(one)
            self._check_engine(one)
        self._check_runner()
        named = [name for name in wanted.names if not is_file(name)]
        check_weights(self.weights, named)
        if not named and self.weights != Weights("published"):
            raise UsageError("--weights is for models of the catalogue, and only files are named")
        self._check_place()
        if self.shape and len(named) == len(wanted.names) and wanted.engine.model != "program":
            raise UsageError("--shape is for files: a model of the catalogue has its own", hint="leave --shape out")
        if not named and (self.precision or self.target):
            option = "--precision" if self.precision else "--target"
            raise UsageError(f"{option} is for models of the catalogue, and only files are named")
        if named and wanted.engine.model == "nb":
            self._check_target()
            choose(target=self._target, precision=self.precision, engine=wanted.engine.version)
        if wanted.engine.model != "program":
            self._check_files([Path(name) for name in wanted.names if is_file(name)])

    @property
    def wanted(self) -> Wanted:
        """The models. Raises `UsageError` if none is named."""
        names = selected(self.names, series=self.series, light=self.light, everything=self.everything)
        return Wanted(
            tuple(names),
            self.weights,
            precision=self.precision,
            target=self.target,
            engine=self.engines[0] if self.engines else PADDLE_LITE,
            shapes=self.shape or None,
            calibration=self._calibration,
        )

    @property
    def _calibration(self) -> Calibration | None:
        """What int8-static is calibrated with. Raises `UsageError`."""
        if (self.precision == "int8-static") != (self.calibrate is not None):
            if self.calibrate is not None:
                raise UsageError("--calibrate is for int8-static", hint="--precision int8-static")
            raise UsageError(
                "int8-static needs images to calibrate with", hint="name a folder of them: --calibrate DIR"
            )
        if self.calibrate is None:
            return None
        from edge.convert.calibrated import IMAGES, Calibration, images_below

        return Calibration(images_below(self.calibrate, IMAGES))

    @property
    def engines(self) -> tuple[HostEngine, ...]:
        """The engines that are named."""
        return self.engine or ()

    @property
    def each(self) -> tuple[Wanted, ...]:
        """The models for each of the engines. Raises as `wanted`."""
        wanted = self.wanted
        if self.protocol_name == "intel-table" and not self.engines:
            return (replace(wanted, engine=intel.engine_of(wanted.names)),)
        return tuple(replace(wanted, engine=one) for one in self.engines) or (wanted,)

    @property
    def apart(self) -> bool:
        """Whether each network is a session of its own: launches that are compared follow one another.

        In the Intel columns each has its own engine, too.
        """
        return len(self.engines) > 1 or self.protocol_name == "intel-table"

    @property
    def thread_counts(self) -> tuple[int, ...]:
        """The thread counts asked for, or the protocol's own."""
        if self.threads is not None:
            return self.threads
        return (intel.THREADS,) if self.protocol_name == "intel-table" else (1, 2, 4)

    @property
    def inputs_asked(self) -> InputsAsked:
        """What outputs are to be compared for."""
        return InputsAsked(self.input_range, self.inputs)

    @property
    def lab_asked(self) -> LabAsked | None:
        """The places of a lab, if any. Raises `UsageError`."""
        if self.lab is None:
            for option, given in (("--match", self.match), ("--devices", self.devices), ("--split", self.split)):
                if given:
                    raise UsageError(f"{option} is for the devices of a lab", hint="--lab HOST:PORT --match TAG=VALUE")
            return None
        if self.spec is not None or self.adb_server is not None:
            option = "--device" if self.spec is not None else "--adb-server"
            raise UsageError(f"--lab and {option} exclude each other", hint="leave one of them out")
        if self.split and self.devices in (None, 1):
            raise UsageError("--split deals the models out to several devices", hint="--devices 2")
        if self.split and self.compare:
            raise UsageError("--compare and --split exclude each other", hint="both models are measured on one device")
        return LabAsked(self.lab, tags(self.match), 1 if self.devices is None else self.devices)

    @property
    def order_seed(self) -> int:
        """The seed of the launches' order: a new one if none was given."""
        return secrets.randbits(32) if self.seed is None else self.seed

    def protocol(self) -> Protocol:
        """How a device measures: bound to its big cores where nothing else is asked."""
        mode = 0 if self.power_mode is None and self.cores is None else self.power_mode
        common = {
            "cooldown_s": self.cooldown or 0.0,
            "input": self.fill,
            "power_mode": mode,
            "cores": self.cores,
        }
        if self.sustained is not None:
            return sustained(self.sustained, **common)
        if self.max_launches is not None:
            common["launches_max"] = self.max_launches
        return protocol(
            "compare" if self.compare else self.protocol_name,
            warmup=self.warmup,
            repeats=self.repeats,
            launches=self.launches,
            tolerance=None if self.tolerance is None else self.tolerance / 100,
            **common,
        )

    def check_device(self, kind: str, cores: int | None = None, device: str = "") -> None:
        """Raises `UsageError` for what has no effect on that kind of device, "host" or "android", with so many cores."""
        if self.protocol_name == "intel-table":
            intel.check_threads(self.thread_counts, cores, device)
        check_threads(self.thread_counts, cores, device)
        names = selected(self.names, series=self.series, light=self.light, everything=self.everything)
        if kind != "host" and any(one.version for one in self.engines) and all(map(is_file, names)):
            raise UsageError(
                f"--engine {self.engines[0].version} is for models of the catalogue: a device has its own engine",
                hint="leave it out: only files are named",
            )
        if kind == "host" and self.power_mode and self.runner is None:
            raise UsageError(
                f"--power-mode {self.power_mode}: the engines of this machine have no power modes",
                hint="--cores binds them",
            )

    def _check_results(self) -> None:
        """What becomes of results: also a plan's."""
        if self.fresh and self.keep_invalid:
            raise UsageError("--fresh and --keep-invalid exclude each other", hint="leave one of them out")
        if self.db is not None:
            check_file(self.db)

    def _check_intel(self) -> None:
        if self.protocol_name == "intel-table" and self.spec != "host":
            raise UsageError("--protocol intel-table measures on this machine", hint="--device host")

    def _check_plan_alone(self) -> None:
        """Raises `UsageError` for what the plan itself says."""
        with_plan = (
            "plan",
            "db",
            "seed",
            "fresh",
            "keep_invalid",
            "allow_synthetic",
            "cool_limit",
            "timeout",
            "cooldown",
        )
        for field in fields(self):
            if field.name not in with_plan and getattr(self, field.name) != field.default:
                option = {"spec": "device", "protocol_name": "protocol", "fill": "input", "everything": "all"}
                name = option.get(field.name, field.name.replace("_", "-"))
                said = "names" if field.name == "names" else f"--{name}"
                raise UsageError(
                    f"--plan and {said} exclude each other", hint="the plan says what is measured, and where"
                )

    def _check_place(self) -> None:
        if self.spec is not None or self.adb_server is not None:
            named_device(self.spec, self.adb_server)
        if self.spec is not None:
            here = self.spec == "host"
            self.check_device("host" if here else "android", os.cpu_count() if here else None, "this machine")
        if self.protocol_name != "robust" and self.tolerance is not None:
            raise UsageError(
                f"--tolerance says when the robust protocol has enough launches: {self.protocol_name} counts them",
                hint="--launches N",
            )

    @property
    def _target(self) -> str:
        return self.target or ("x86" if self.spec == "host" else "arm")

    def _check_mode(self, wanted: Wanted) -> None:
        """--compare and --sustained say how it is measured: options that say otherwise are refused."""
        mode = "--compare" if self.compare else "--sustained"
        if self.max_launches is not None and not self.compare:
            raise UsageError("--max-launches belongs to --compare", hint="--launches N is the least number of them")
        if not self.compare and self.sustained is None:
            return
        others = {
            "--sustained": self.compare and self.sustained is not None,
            f"--protocol {self.protocol_name}": self.protocol_name != "robust",
            "--launches": self.launches is not None,
            "--tolerance": self.tolerance is not None,
            "--keep-invalid": self.compare and self.keep_invalid,
            "--engine with several engines": len(self.engines) > 1,
            "--warmup": not self.compare and self.warmup is not None,
            "--repeats": not self.compare and self.repeats is not None,
        }
        for option, given in others.items():
            if given:
                raise UsageError(f"{mode} and {option} exclude each other", hint="leave one of them out")
        if self.compare and len(wanted.names) != 2:
            raise UsageError(
                f"--compare is for two models, and {len(wanted.names)} are named",
                hint="edgezoo bench A.nb B.nb --compare",
            )

    def _check_target(self) -> None:
        if self.spec is not None and (self.spec == "host") != (self._target == "x86"):
            where = "this machine runs x86" if self.spec == "host" else "an Android device does not run x86"
            raise UsageError(f"--target {self.target}: {where}", hint="leave --target out: the device decides")

    def _check_files(self, files: Sequence[Path]) -> None:
        """They are models, their metadata is theirs, and the device, if it is named, runs such files."""
        for file in files:
            subject = read_subject(file, shapes=self.shape or None)
            if self.spec not in (None, "all"):
                check_target(file, subject.target, self.spec == "host", self.spec)

    def _check_cores(self) -> None:
        """Of this machine's cores; a device's are known when it is there."""
        if self.cores and max(self.cores) >= MOST_CORES:
            raise UsageError(f"--cores {max(self.cores)}: no device has it", hint="cores are counted from 0")
        here = os.sched_getaffinity(0)
        if self.spec == "host" and (missing := sorted(set(self.cores or ()) - here)):
            raise UsageError(
                f"--cores {','.join(map(str, missing))}: this machine has none, or edgezoo may not run there",
                hint="one or more of " + ",".join(map(str, sorted(here))),
            )

    def _check_engine(self, wanted: Wanted) -> None:
        engine = wanted.engine
        check_engine(engine, self.runner, self.spec)
        if engine.name == PADDLE_LITE.name:
            return
        known = (None, "fp32", *(("int8-static",) if engine.name == ONNXRUNTIME.name else ()))
        if self.precision not in known:
            runs = " or ".join(one for one in known if one)
            raise UsageError(f"--precision {self.precision} is not for {engine.name}", hint=f"it runs {runs}")
        if self.target not in (None, "x86") and PADDLE_LITE not in self.engines:
            raise UsageError(f"--target is for Paddle-Lite: {engine.name} runs the network in float32")

    def _check_runner(self) -> None:
        if self.runner in (None, "edgebench"):
            if self.runner_kind is not None:
                raise UsageError(
                    "--runner-kind says what the program at --runner PATH is", hint="name it: --runner PATH"
                )
        else:
            check_program(Path(str(self.runner)))
