"""Paddle's outputs in the cache: run once for what cannot change them, and again for all that can."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from edge.convert.verify.compare import Outputs, stacked
from edge.convert.verify.inputs import Sample
from edge.convert.verify.references import digest, kept_outputs, reference_outputs_key
from edge.source.model import InferenceModel

pytestmark = pytest.mark.usefixtures("private_cache")


def sample(number: int = 0) -> Sample:
    return {"x": np.full((1, 3), number, np.float32), "y": np.zeros(2, np.int64)}


@dataclass
class Engine:
    outputs: Outputs
    runs: int = 0

    def __call__(self) -> Outputs:
        self.runs += 1
        return self.outputs


def source(folder: Path) -> InferenceModel:
    (folder / "program").write_bytes(b"program")
    return InferenceModel(folder, folder / "program", folder / "params", "p" * 64, "q" * 64, "own", "2.6.2")


def test_outputs_are_run_once() -> None:
    engine = Engine([np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((2, 1), np.int64)])
    for _ in range(2):
        told = kept_outputs("key", ["b", "a"], engine)
        assert [one.dtype for one in told] == [np.float32, np.int64]
        assert all(np.array_equal(one, other) for one, other in zip(told, engine.outputs, strict=True))
    assert engine.runs == 1
    kept_outputs("another", ["b", "a"], engine)
    assert engine.runs == 2


def test_a_damaged_file_is_no_reference(private_cache: Path) -> None:
    engine = Engine([np.zeros((2, 3), np.float32)])
    kept_outputs("key", ["a"], engine)
    [file] = private_cache.glob("references/key/outputs.npz")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    kept_outputs("key", ["a"], engine)
    assert engine.runs == 2


@pytest.mark.parametrize(
    "outputs",
    [
        [stacked([np.zeros((n, 6), np.float32) for n in (1, 2)])],
        [np.zeros((2, 1 << 20), np.float64), np.zeros(1, np.float32)],
    ],
    ids=["another shape for every sample", "more than 16 MiB"],
)
def test_what_is_not_kept(private_cache: Path, outputs: Outputs) -> None:
    engine = Engine(outputs)
    for _ in range(2):
        kept_outputs("key", ["a", "b"][: len(outputs)], engine)
    assert engine.runs == 2
    assert not list(private_cache.glob("references/key"))


def test_everything_that_can_change_them_is_in_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, given = source(tmp_path), [sample()]
    other = tmp_path / "other"
    other.write_bytes(b"another program")
    keys = [
        reference_outputs_key(one, one.program, "1" * 64, ["y"], given),
        reference_outputs_key(one, other, "1" * 64, ["y"], given),
        reference_outputs_key(one, one.program, "2" * 64, ["y"], given),
        reference_outputs_key(one, one.program, "1" * 64, ["z"], given),
        reference_outputs_key(one, one.program, "1" * 64, ["y"], [sample(), sample()]),
        reference_outputs_key(replace(one, pir=other), one.program, "1" * 64, ["y"], given),
    ]
    monkeypatch.setattr("edge.convert.verify.references.code_version", lambda *_: "another code")
    keys.append(reference_outputs_key(one, one.program, "1" * 64, ["y"], given))
    assert len(set(keys)) == len(keys)


def test_the_digest_tells_names_types_shapes_values_and_order() -> None:
    x = np.arange(6, dtype=np.float32)
    lists: list[list[Sample]] = [
        [{"x": x}],
        [{"y": x}],
        [{"x": x.astype(np.float64)}],
        [{"x": x.view(np.int32)}],
        [{"x": x.reshape(2, 3)}],
        [{"x": x + np.float32(1e-6)}],
        [{"x": x}, {"x": x[::-1]}],
        [{"x": x[::-1]}, {"x": x}],
        [],
    ]
    assert len({digest(one) for one in lists}) == len(lists)
    assert digest([{"x": x, "y": x}]) == digest([{"y": x, "x": x.copy()}])
