"""The cores a launch asks for are those edgebench's own tests name (android_runner/tests/test_cores.cpp)."""

from __future__ import annotations

import pytest

from edge.bench.cores import cores_asked
from edge.bench.launch import CoreState, LaunchSpec


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
