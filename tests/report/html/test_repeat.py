"""The command that is printed asks `edgezoo bench` for the very protocol, networks and thread counts."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.bench.host_engines import DEVICE_ENGINES, host_engine
from edge.bench.options import BenchOptions
from edge.bench.wanted import engine_of
from edge.cli.bench import command
from edge.report.html.repeat import commands
from edge.results.measurement import Measurement, RunnerProgram
from edge.results.protocol import Protocol, protocol, sustained
from tests.bench.examples import PHONE, SUBJECT
from tests.report.html.cells import HOST, INT8, LITE, ORT, RANDOM, cell

POWER = {"power_mode": 0}
PROTOCOLS = [
    protocol("robust", **POWER), protocol("table", **POWER), protocol("robust", warmup=3, repeats=7, **POWER),
    protocol("robust", launches=8, tolerance=0.025, **POWER), protocol("robust", cooldown_s=2.5, input="seed:7", cores=(7, 6)),
    protocol("robust", power_mode=3), protocol("compare", launches_max=50, **POWER), sustained(90, **POWER),
]  # fmt: skip


def options(line: str) -> BenchOptions:
    """What the command line makes of it."""
    words = shlex.split(line)
    assert words[:2] == ["edgezoo", "bench"]
    given: dict[str, Any] = command.make_context("bench", words[2:]).params
    from dataclasses import fields

    return BenchOptions(**{one.name: given[one.name] for one in fields(BenchOptions)})


@pytest.mark.parametrize("how", PROTOCOLS, ids=lambda how: how.name)
def test_the_protocol_comes_back(how: Protocol) -> None:
    pair = [
        cell(1, RANDOM, 2.0, protocol=how),
        cell(
            2, replace(RANDOM, name="PPLCNet_x0_25", metadata={"model": {"name": "PPLCNet_x0_25"}}), 2.0, protocol=how
        ),
    ]
    (line,) = commands(pair, 77)
    asked = options(line)
    assert asked.protocol() == how
    assert set(asked.names) == {"MobileNetV3_small_x0_35", "PPLCNet_x0_25"}
    assert (asked.spec, asked.seed, asked.fresh) == ("ab12", 77, True)
    assert asked.weights.kind == "random"


def test_threads_precision_and_engine_come_back() -> None:
    here = [cell(3, RANDOM, 2.0, device=HOST, engine=ORT, threads=count, protocol=PROTOCOLS[0]) for count in (1, 2)]
    (line,) = commands([replace(one, subject=replace(one.subject, target=None)) for one in here], None)
    asked = options(line)
    assert asked.spec == "host"
    assert [one.name for one in asked.engines] == ["onnxruntime"]
    assert asked.threads == (1, 2)
    (line,) = commands([cell(4, INT8, 2.0, protocol=PROTOCOLS[0])], None)
    assert options(line).precision == "int8"


BOARD = {**PHONE, "serial": "ssh:pi@board", "kind": "linux"}


@pytest.mark.parametrize(
    ("device", "engine"),
    [(device, engine) for device in (PHONE, BOARD) for engine in (*DEVICE_ENGINES, "2.12", "synthetic")],
    ids=lambda one: one if isinstance(one, str) else one["serial"],
)
def test_the_engine_comes_back_on_every_device(device: dict[str, Any], engine: str) -> None:
    """Without it Paddle-Lite would be measured instead, in the version that is the default."""
    old, made_up = engine == "2.12", engine == "synthetic"
    subject = replace(RANDOM, target=None, opt_version="v2.12" if old else "v2.13-rc")
    told = {
        "engine": "paddle-lite" if old else engine,
        "engine_version": "v2.12" if old else "v2.13-rc",
        "synthetic": made_up,
    }
    (line,) = commands([cell(3, subject, 2.0, device=device, engine=told, protocol=PROTOCOLS[0])], None)
    asked = options(line)
    (found,) = asked.each
    assert (found.engine.name, found.engine.version) == {
        "2.12": ("paddle-lite", "2.12"),
        "synthetic": ("paddle-lite", None),
    }.get(engine, (engine, None))
    assert asked.allow_synthetic is made_up
    assert asked.names == (RANDOM.name,)
    assert asked.spec == device["serial"]


NETWORK = replace(
    SUBJECT, name="PPLCNet_x0_25", metadata={"model": {"name": "PPLCNet_x0_25"}}, target=None, opt_version=None
)
LITERT = replace(NETWORK, shapes=((1, 224, 224, 3),))  # its channels are last
BROUGHT = [("paddle-lite", "v2.13-rc"), ("openvino", "2026.4.1"), ("ncnn", "1.0"), ("mnn", "3.6.1"), ("litert", "2.3.0"),
           ("paddle", "2.6.2"), ("paddle-plain", "2.6.2")]  # fmt: skip


def here(id: int, name: str, version: str, **changes: Any) -> Measurement:
    """A cell of this machine, in that engine."""
    subject = changes.pop("subject", LITERT if name == "litert" else NETWORK)
    told = {"engine": name, "engine_version": version}
    program = RunnerProgram(host_engine(name).program.stem, "ee" * 32)
    return cell(id, subject, 2.0, device=HOST, engine=told, program=program, **{"protocol": PROTOCOLS[0], **changes})


def test_several_engines_are_one_command_in_their_order() -> None:
    (line,) = commands([here(id, *brought, threads=count) for id, brought in enumerate(BROUGHT) for count in (1, 2)], 5)
    asked = options(line)
    assert [one.name for one in asked.engines] == [name for name, _ in BROUGHT]
    assert (asked.names, asked.threads, asked.spec) == (("PPLCNet_x0_25",), (1, 2), "host")


@pytest.mark.parametrize("brought", BROUGHT, ids=lambda brought: brought[0])
def test_each_engine_comes_back_with_a_name_and_with_a_file(brought: tuple[str, str]) -> None:
    (line,) = commands([here(1, *brought)], None)
    asked = options(line)
    assert (asked.names, asked.weights.kind) == (("PPLCNet_x0_25",), "random")
    assert [one.name for one in asked.engines] == ([] if brought[0] == "paddle-lite" else [brought[0]])
    own = replace(SUBJECT, name="mine", weights="own", metadata={"engine": {"name": brought[0], "version": "1"}})
    (line,) = commands([here(1, *brought, subject=own)], None)
    words = shlex.split(line)
    file = Path(words[2])
    assert engine_of(file, brought[0]) == brought[0]
    assert file.name.startswith("mine")
    assert (file.suffix == "") == (brought[0] in ("paddle", "paddle-plain"))  # which run a folder
    assert ("--engine" in words) == (brought[0] != "paddle-lite")


def test_another_version_of_paddle_lite_comes_back() -> None:
    (line,) = commands([here(1, "paddle-lite", "v2.12")], None)
    (engine,) = options(line).engines
    assert (engine.name, engine.version) == ("paddle-lite", "2.12")
    made = replace(RANDOM, opt_version="v2.12")  # on a device it is the one that converts
    (line,) = commands([cell(1, made, 2.0, protocol=PROTOCOLS[0])], None)
    assert [one.version for one in options(line).engines] == ["2.12"]


def test_the_engine_of_a_device_and_the_intel_protocol_come_back() -> None:
    (line,) = commands([cell(1, replace(RANDOM, target=None), 2.0, engine=ORT, protocol=PROTOCOLS[0])], None)
    assert [one.name for one in options(line).engines] == ["onnxruntime"]
    how = protocol("intel-table", **POWER)
    (line,) = commands([here(1, "paddle", "2.6.2", protocol=how)], None)
    assert options(line).protocol() == how


def test_where_a_synthetic_engine_ran_it_is_allowed_again() -> None:
    plain = replace(RANDOM, target=None)
    pretended = cell(1, plain, 2.0, engine={**LITE, "engine": "synthetic", "synthetic": True}, protocol=PROTOCOLS[0])
    (line,) = commands([pretended, cell(2, plain, 2.0, engine=ORT, protocol=PROTOCOLS[0])], 1)
    asked = options(line)
    assert [one.name for one in asked.engines] == ["paddle-lite", "onnxruntime"]
    assert asked.allow_synthetic
    (line,) = commands([cell(2, plain, 2.0, engine=ORT, protocol=PROTOCOLS[0])], 1)
    assert not options(line).allow_synthetic


def test_a_file_without_metadata_is_given_its_shape() -> None:
    subject = replace(SUBJECT, name="mine.ncnn", metadata=None, weights=None, shapes=((1, 3, 96, 128),))
    (line,) = commands([here(1, "ncnn", "1.0", subject=subject)], None)
    words = shlex.split(line)
    assert words[2] == "mine.ncnn.param"
    assert words[words.index("--shape") + 1] == "1,3,96,128"


def test_own_files_are_named_as_files_and_odd_names_stay_one_word() -> None:
    odd = replace(SUBJECT, name="my net'; rm -rf ~", weights="own", metadata=None)
    (line,) = commands([cell(5, odd, 2.0, engine=LITE)], 1)
    assert shlex.split(line)[2] == "my net'; rm -rf ~.nb"


def test_different_thread_counts_make_different_commands() -> None:
    lines = commands([cell(1, RANDOM, 2.0, threads=1), cell(2, INT8, 2.0, threads=4)], 1)
    assert [options(line).threads for line in lines] == [(1,), (4,)]
