"""The protocol of the table's Intel columns: which engine, how many threads, what is refused."""

from __future__ import annotations

import pytest

from edge.bench.intel import engine_of
from edge.bench.options import BenchOptions
from edge.errors import UsageError
from edge.source.weights import Weights


@pytest.mark.parametrize(
    ("name", "engine"), [("PPLCNet_x1_0", "paddle"), ("PPLCNetV2_base", "openvino"), ("MobileNetV1", "paddle")]
)
def test_each_column_was_measured_in_its_own_engine(name: str, engine: str) -> None:
    assert engine_of([name]).name == engine


def options(**changes: object) -> BenchOptions:
    values = {"names": ("PPLCNet_x1_0",), "spec": "host", "protocol_name": "intel-table", "weights": Weights("random")}
    return BenchOptions(**{**values, **changes})  # type: ignore[arg-type]


def test_ten_threads_where_there_are_as_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert options().thread_counts == (10,)
    assert options().protocol().base == "intel-table"
    assert [one.engine.name for one in options().each] == ["paddle"]


def test_more_threads_than_cores_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with pytest.raises(UsageError, match="with 10 threads, and this machine has 2 cores") as raised:
        options()
    assert "--threads 2" in raised.value.hint
    assert options(threads=(2,)).thread_counts == (2,)
    with pytest.raises(UsageError, match="--threads 4: this machine has 2 cores"):
        options(threads=(4,))


def test_it_is_for_this_machine() -> None:
    with pytest.raises(UsageError, match="on this machine"):
        options(spec=None)
