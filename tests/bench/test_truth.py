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
    hits, of = found["covers"]
    assert hits / of > 0.85
    assert found["alarm"][0] <= 2


@pytest.mark.parametrize("name", ["step (no probe sees it)", "hardware limiter", "a core lost", "load on the cores"])
def test_faults_are_found(truth: ModuleType, name: str) -> None:
    strength = truth.FAULTS[name][1][1]
    found = truth.fault(2, 5, name, strength)
    assert found["found"][0] >= 4
    assert found["valid and off by 5 %"][0] == 0


def test_equal_files_are_not_called_different(truth: ModuleType) -> None:
    answers = truth.comparing(3, 10, 0.0, 10, 0.01, False, 0.02)
    assert answers["faster"][0] + answers["slower"][0] <= 1


def test_the_light_set_is_measured_within_forty_minutes(truth: ModuleType) -> None:
    found = truth.light(1)
    assert found["seconds"][0] < 40 * 60
    assert found["valid"][0] >= 0.95 * 165
