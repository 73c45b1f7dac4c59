"""A small part of scripts/truth.py, with wide limits."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.bench.phone import Noise

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def truth() -> Iterator[ModuleType]:
    path = Path(__file__).resolve().parents[2] / "scripts" / "truth.py"
    specification = importlib.util.spec_from_file_location("truth", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["truth"] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules["truth"]


@pytest.mark.parametrize("kind", ["normal", "heavy-tailed"])
def test_intervals_hold_the_truth(truth: ModuleType, kind: str) -> None:
    found = truth.coverage(1, 15, Noise(kind, 0.01), 6)
    assert found["covers"].hits / found["covers"].of > 0.85
    assert found["alarm"].hits <= 2


@pytest.mark.parametrize("name", ["step (no probe sees it)", "hardware limiter", "a core lost", "load on the cores"])
def test_faults_are_found(truth: ModuleType, name: str) -> None:
    strength = truth.FAULTS[name][1][1]
    found = truth.fault(2, 5, name, strength)
    assert found["found"].hits >= 4
    assert found["valid and off by 5 %"].hits == 0


def test_equal_files_are_not_called_different(truth: ModuleType) -> None:
    answers = truth.comparing(3, 10, 0.0, 10, 0.01, False, 0.02)
    assert answers["faster"].hits + answers["slower"].hits <= 1


def test_equal_files_on_a_restless_device_are_not_called_different_however_often_it_is_looked(
    truth: ModuleType,
) -> None:
    answers = truth.duel(3, 8, 0.0, Noise("normal", 0.01), 0.04)
    assert answers["faster"].hits + answers["slower"].hits <= 1


def test_the_standard_error_is_that_of_sessions(truth: ModuleType) -> None:
    alike, apart = truth.Share(), truth.Share()
    for number in range(40):
        alike.add(*[number % 2 == 0] * 6)  # the cells of a session say the same: 40 trials
        apart.add(*(cell % 2 == 0 for cell in range(6)))  # no session differs
    assert alike.error == pytest.approx((0.25 / 40) ** 0.5, rel=0.02)
    assert apart.error < 0.01


def test_the_light_set_is_measured_within_forty_minutes(truth: ModuleType) -> None:
    found = truth.light(1, 1)
    assert found["within 40 min"].hits == 1
    assert found["valid"].hits >= 0.95 * 165
