"""Outputs on a device beside Paddle's: what is compared, what is said. The two engines are functions; the rest is real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bench import check_output as checking
from edge.bench.check_output import OutputCheck, check_output
from edge.bench.request import Job
from edge.cache.hashing import sha256_of
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from edge.results.measurement import Subject
from edge.toolchain.worker import Worker
from tests.bench.scripted import RUNNER, ScriptedDevice
from tests.paddle.programs import program, write_params

SHAPE = (1, 3, 4, 4)
Array = NDArray[Any]


def boxes(x: Array) -> Array:
    """As many as there are pixels above 1."""
    return np.ones((int((x > 1).sum()), 6), np.float32)


VALUES: dict[str, Callable[[Array], Array]] = {"h": lambda x: x * 2, "y": boxes}
NMS = NewOp("multiclass_nms3", {"BBoxes": ["h"], "Scores": ["h"]}, {"Out": ["y"]})
RAGGED = NewOp("newer_nms", {"X": ["h"]}, {"Out": ["y"]})


def network(choose: NewOp, fetches: list[str]) -> Program:
    ops = [NewOp("relu", {"X": ["x"]}, {"Out": ["h"]}), choose]
    return program(ops, {"x": SHAPE}, fetches, {"h": SHAPE, "y": (-1, 6)}, {"w": (1,)})


@contextmanager
def paddle() -> Iterator[Worker]:
    def call(op: str, **asked: Any) -> dict[str, Any]:
        assert op == "run"
        fetches = [spec.name for spec in Program.read(Path(asked["program"])).fetches]
        with np.load(asked["inputs_npz"]) as given:
            made = {
                f"{key.partition('/')[0]}/{name}": VALUES[name](given[key]) for key in given.files for name in fetches
            }
        np.savez(asked["outputs_npz"], **made)  # type: ignore[arg-type]
        return {}

    yield cast(Worker, type("Fake", (), {"call": staticmethod(call)}))


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., OutputCheck]:
    def check(
        made: Program, device: dict[str, Callable[[Array], Array]] = VALUES, asked: InputsAsked = NOTHING_ASKED
    ) -> OutputCheck:
        place = tmp_path / "model"
        place.mkdir()
        (place / "inference.pdmodel").write_bytes(made.serialize())
        write_params(place / "inference.pdiparams", {"w": np.ones(1, np.float32)})
        hashes = {
            "program_sha256": sha256_of(place / "inference.pdmodel"),
            "params_sha256": sha256_of(place / "inference.pdiparams"),
        }
        metadata = {
            "name": "mine",
            "engine": {"name": "paddlelite", "version": "2.13rc0"},
            "source": {"kind": "own", "path": str(place), **hashes},
        }
        subject = Subject("mine", "ab" * 32, 1, (SHAPE,), precision="fp32", metadata=metadata)

        def there(_d: object, _r: object, _j: object, inputs: Sequence[Array], *_: object) -> list[Array]:
            return [device[spec.name](inputs[0]) for spec in made.fetches]

        monkeypatch.setattr(checking, "_on_device", there)
        return check_output(
            ScriptedDevice(), RUNNER, Job(tmp_path / "mine.nb", subject), paddle, timeout=60, asked=asked
        )

    return check


Check = Callable[..., OutputCheck]


def test_outputs_that_are_the_same(check: Check) -> None:
    found = check(network(NMS, ["h"]))
    assert found.passed
    assert found.sentence.startswith("its output on the device is Paddle's: cosine 1.000000")
    assert found.sentence.endswith("over 20 inputs -2.1 to 2.6 and 0 to 1 and -1 to 1 and 0 to 255")
    assert found.inputs == {"input_ranges": ("-2.1 to 2.6", "0 to 1", "-1 to 1", "0 to 255")}


def test_outputs_that_differ(check: Check) -> None:
    found = check(network(NMS, ["h"]), {"h": lambda x: x * 2 + (x > 200) * 9})
    assert found.passed is False
    assert "with inputs 0 to 255: outputs differ by" in found.sentence


def test_only_boxes_that_survived_prove_nothing(check: Check) -> None:
    found = check(network(NMS, ["y"]))
    assert found == OutputCheck(
        None, "inconclusive: what it puts out lies behind multiclass_nms3, and is not compared on a device"
    )


def test_an_output_beside_the_boxes_is_compared(check: Check) -> None:
    found = check(network(NMS, ["y", "h"]))
    assert found.passed
    assert found.sentence.endswith("; judged before multiclass_nms3: y behind it was not compared")


def test_sizes_that_nobody_foresaw_prove_nothing_and_end_nothing(check: Check) -> None:
    found = check(network(RAGGED, ["y"]))
    assert found.passed is None
    assert found.sentence == "inconclusive: with inputs -2.1 to 2.6: the size of the outputs depends on the input"


def test_the_range_that_is_asked_for(check: Check) -> None:
    assert check(network(NMS, ["h"]), asked=InputsAsked((0, 7))).sentence.endswith("over 8 inputs 0 to 7")


def test_the_file_of_samples_is_named_by_its_content(check: Check, tmp_path: Path) -> None:
    np.savez(tmp_path / "real.npz", x=np.random.default_rng(0).uniform(0, 255, (3, *SHAPE)).astype(np.float32))
    found = check(network(NMS, ["h"]), asked=InputsAsked(file=tmp_path / "real.npz"))
    assert found.sentence.endswith("over 3 inputs of real.npz")
    assert found.inputs == {"samples_sha256": sha256_of(tmp_path / "real.npz")}
