"""One form of a version wherever a user reads it, and that form is what `--engine` and `--where` take."""

from __future__ import annotations

import pytest

from edge.results.columns import Condition, matches
from edge.results.versions import as_named, engine_named
from edge.toolchain.engines import engines
from tests.bench.examples import launch, measurement


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("v2.13-rc", "2.13rc0"), ("v2.14-rc1", "2.14rc1"), ("v2.12", "2.12"), ("2.13rc0", "2.13rc0"), ("1.23.2", "1.23.2"),
        ("v2.12-rc-310-g5a1b2c3", "v2.12-rc-310-g5a1b2c3"), ("2025.3.0", "2025.3.0"), ("unknown", "unknown"), ("", ""),
    ],
)  # fmt: skip
def test_versions(told: str, shown: str) -> None:
    assert as_named(told) == shown
    assert as_named(shown) == shown


def test_what_is_shown_is_what_engines_are_called() -> None:
    assert all(as_named(one.version) == one.version for one in engines())
    assert engine_named("paddle-lite", "v2.13-rc") == engine_named("paddle-lite v2.13-rc") == "paddle-lite 2.13rc0"
    assert engine_named(None, None) == ""


@pytest.mark.parametrize("column", ["opt", "engine_version"])
def test_both_forms_can_be_asked_for(column: str) -> None:
    one = measurement(launch(0, 9.0, engine="paddle-lite", engine_version="v2.13-rc"))
    for form in ("v2.13-rc", "2.13rc0"):
        assert matches(one, [Condition(column, form)])
    assert not matches(one, [Condition(column, "2.12")])
