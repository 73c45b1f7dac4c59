"""The command that is printed asks `edgezoo bench` for the very protocol, networks and thread counts."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from edge.bench.host_engines import DEVICE_ENGINES, PADDLE_PLAIN, known_engines
from edge.bench.options import BenchOptions
from edge.cli.bench import command
from edge.report.html.repeat import commands
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
    [
        *((HOST, engine) for engine in (*known_engines(), PADDLE_PLAIN.name, "2.12")),
        *((device, engine) for device in (PHONE, BOARD) for engine in (*DEVICE_ENGINES, "2.12", "synthetic")),
    ],
    ids=lambda one: one if isinstance(one, str) else one["serial"],
)
def test_the_engine_comes_back_on_every_device(device: dict[str, Any], engine: str) -> None:
    """Without it Paddle-Lite would be measured instead, in the version that is the default."""
    old, made_up = engine == "2.12", engine == "synthetic"
    subject = replace(RANDOM, target=None, opt_version="v2.12" if old else "v2.13-rc")
    if engine == "litert":
        ((batch, channels, height, width),) = subject.shapes
        subject = replace(subject, shapes=((batch, height, width, channels),))
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


def test_own_files_are_named_as_files_and_odd_names_stay_one_word() -> None:
    odd = replace(SUBJECT, name="my net'; rm -rf ~", weights="own", metadata=None)
    (line,) = commands([cell(5, odd, 2.0, engine=LITE)], 1)
    assert shlex.split(line)[2] == "my net'; rm -rf ~.nb"


def test_different_thread_counts_make_different_commands() -> None:
    lines = commands([cell(1, RANDOM, 2.0, threads=1), cell(2, INT8, 2.0, threads=4)], 1)
    assert [options(line).threads for line in lines] == [(1,), (4,)]
