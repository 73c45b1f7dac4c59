"""The cores a launch asks for are those edgebench's own tests name (android_runner/tests/test_cores.cpp)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.bench.cores import cores_asked, cores_there
from edge.bench.launch import CoreState, LaunchEnvironment, LaunchSpec


def states(*tops: int | None) -> list[CoreState]:
    return [CoreState(index, True, top, None, top, None, None, None) for index, top in enumerate(tops)]


SD855 = states(*[1_785_600] * 4, *[2_419_200] * 3, 2_841_600)


@pytest.mark.parametrize(
    ("mode", "threads", "cores", "asked"),
    [
        (0, 1, SD855, (7,)), (0, 2, SD855, (6, 7)), (0, 4, SD855, (4, 5, 6, 7)), (0, 8, SD855, (4, 5, 6, 7)),
        (None, 1, SD855, (7,)), (1, 2, SD855, (0, 1)), (2, 6, SD855, (0, 1, 4, 5, 6, 7)),
        (3, 4, SD855, None), (4, 1, SD855, None), (5, 1, SD855, None),
        (0, 1, states(None, None), (1,)), (1, 1, states(2000, 2000), (0,)), (0, 1, [], None),
    ],
)  # fmt: skip
def test_the_power_modes(mode: int | None, threads: int, cores: list[CoreState], asked: tuple[int, ...] | None) -> None:
    spec = LaunchSpec("m.nb", ((1,),), threads=threads, power_mode=mode)
    assert cores_asked(spec, "arm64-v8a", cores) == asked
    assert cores_asked(spec, "x86_64", cores) is None


def test_cores_given_by_hand() -> None:
    assert cores_asked(LaunchSpec("m.nb", ((1,),), cores=(7, 6)), "x86_64", []) == (6, 7)


@pytest.mark.parametrize(
    ("asked", "affinity", "there"),
    [
        pytest.param({"cores": (7, 6)}, (0, 1, 2, 3, 4, 5, 6, 7), 2, id="cores by hand"),
        pytest.param({"threads": 8}, (0, 7), 4, id="the big ones"),
        pytest.param({"power_mode": 3}, (0, 2), 2, id="where it may run"),
        pytest.param({"power_mode": 3}, (0, 1, 2), 2, id="one is offline"),
        pytest.param({"power_mode": 3}, None, None, id="not told"),
    ],
)
def test_how_many_cores_a_launch_has(
    asked: dict[str, Any], affinity: tuple[int, ...] | None, there: int | None
) -> None:
    cores = tuple(replace(core, online=core.index != 1) for core in SD855)
    before = LaunchEnvironment("before", cores, affinity, None)
    assert cores_there(LaunchSpec("m.nb", ((1,),), **asked), "arm64-v8a", before) == there
