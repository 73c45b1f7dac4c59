"""Outputs on a device beside Paddle's: what is compared, what is said. The two engines are functions; the rest is real."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bench import check_output as checking
from edge.bench.check_output import OutputCheck, channels_first, check_output
from edge.bench.request import Job
from edge.cache.hashing import sha256_of
from edge.cli.main import run
from edge.convert.recipe import Precision
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.device.base import Completed
from edge.errors import CommandTimeoutError, LinkLostError, RunnerError
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from edge.results.measurement import Subject
from edge.toolchain.worker import Worker
from tests.bench.scripted import RUNNER, ScriptedDevice
from tests.convert.verify.test_telling import words
from tests.paddle.programs import program, write_params

pytestmark = pytest.mark.usefixtures("private_cache")  # Paddle's outputs are kept

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
def launches() -> list[int]:
    """How many samples each launch was given."""
    return []


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launches: list[int]) -> Callable[..., OutputCheck]:
    def check(
        made: Program,
        device: dict[str, Callable[[Array], Array]] = VALUES,
        asked: InputsAsked = NOTHING_ASKED,
        *,
        trouble: Callable[[int], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
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

        def there(
            _d: object, _r: object, _j: object, _t: int, samples: Sequence[Sequence[Array]], *_: object
        ) -> list[list[Array]]:
            launches.append(len(samples))
            trouble(len(launches))
            return [[device[spec.name](inputs[0]) for spec in made.fetches] for inputs in samples]

        monkeypatch.setattr(checking, "_on_device", there)
        return check_output(
            ScriptedDevice(),
            RUNNER,
            Job(tmp_path / "mine.nb", subject),
            lambda _: paddle(),
            timeout=60,
            asked=asked,
            say=say,
        )

    return check


Check = Callable[..., OutputCheck]


def test_a_link_that_drops_repeats_one_launch(check: Check, launches: list[int]) -> None:
    def drop(number: int) -> None:
        if number == 2:
            raise LinkLostError("the link to ab12 dropped")

    said: list[str] = []
    assert check(network(NMS, ["h"]), trouble=drop, say=said.append).passed
    assert launches == [8, 4, 4, 4, 4]
    assert said == ["the link to ab12 dropped; waiting for the device", "the device is back; once more"]


def test_outputs_that_are_the_same(check: Check, launches: list[int]) -> None:
    found = check(network(NMS, ["h"]))
    assert launches == [8, 4, 4, 4]  # of each range
    assert found.passed
    assert found.sentence.startswith("its output on the device is Paddle's: cosine 1.000000")
    assert found.sentence.endswith("over 20 inputs -2.1 to 2.6 and 0 to 1 and -1 to 1 and 0 to 255")
    assert found.inputs == {"input_ranges": ("-2.1 to 2.6", "0 to 1", "-1 to 1", "0 to 255")}


@pytest.mark.parametrize(
    ("precision", "loosened", "said"),
    [
        ("fp32", False, "is Paddle's"),
        ("int16", False, "is Paddle's"),
        (
            "int8-static",
            False,
            "agrees with Paddle's within the limits for int8-static (relative error 0.013 of 0.2, cosine from 0.9)",
        ),
        ("fp16", True, "agrees with Paddle's within the limits for fp16"),
    ],
)
def test_only_what_was_established_is_said(precision: Precision, loosened: bool, said: str) -> None:
    assert checking.established("Paddle's", precision, 0.0134, loosened=loosened) == said


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


class Sent(Exception):  # noqa: N818
    """What a device was given, as the numbers that the contract's program makes of it."""


class Recorder(ScriptedDevice):
    def push(self, files: Sequence[Path]) -> dict[Path, PurePosixPath]:
        return {path: PurePosixPath(path) for path in files}

    @contextmanager
    def temporary(self, files: Sequence[Path]) -> Iterator[dict[Path, PurePosixPath]]:
        raise Sent(*(np.fromfile(path, "<f4") for path in files))
        yield {}


@pytest.mark.parametrize(
    "given",
    [np.arange(256, dtype=np.uint8), np.arange(-128, 128, dtype=np.int8), np.array([0, 40_001, 2**24], np.int64)],
    ids=["uint8", "int8", "ids"],
)
def test_whole_numbers_reach_the_device_as_they_are(given: Array, tmp_path: Path) -> None:
    job = Job(tmp_path / "mine.nb", Subject("mine", "ab" * 32, 1, (given.shape,)))
    with pytest.raises(Sent) as sent:
        checking._on_device(Recorder(), RUNNER, job, 1, [[given]], tmp_path, 60, set())
    assert np.array_equal(sent.value.args[0].astype(given.dtype), given)


def test_whole_numbers_that_float32_cannot_carry_are_refused(tmp_path: Path) -> None:
    given = np.array([2**24 + 1], np.int64)
    job = Job(tmp_path / "mine.nb", Subject("mine", "ab" * 32, 1, (given.shape,)))
    with pytest.raises(RunnerError, match="an input has whole numbers that float32 cannot carry"):
        checking._on_device(Recorder(), RUNNER, job, 1, [[given]], tmp_path, 60, set())


@pytest.mark.parametrize(("wide", "at_once"), [(1000, 8), (100_000, 2), (-1, 1)], ids=["classes", "maps", "unknown"])
def test_a_launch_tells_no_more_than_fits(check: Check, launches: list[int], wide: int, at_once: int) -> None:
    made = program([NewOp("relu", {"X": ["x"]}, {"Out": ["h"]})], {"x": SHAPE}, ["h"], {"h": (1, wide)}, {"w": (1,)})
    assert check(made, asked=InputsAsked((0, 7))).passed
    assert launches == [at_once] * (8 // at_once)


class Hangs(Recorder):
    @contextmanager
    def temporary(self, files: Sequence[Path]) -> Iterator[dict[Path, PurePosixPath]]:
        yield {path: PurePosixPath(path) for path in files}

    def run(self, *_: object, **__: object) -> Completed:
        raise CommandTimeoutError("edgebench did not end within 60 s", code=124)


def test_a_launch_that_hangs_is_the_programs_failure_and_not_the_devices(tmp_path: Path) -> None:
    job = Job(tmp_path / "mine.nb", Subject("mine", "ab" * 32, 1, ((1, 3),)))
    with pytest.raises(RunnerError) as raised:
        checking._on_device(Hangs(), RUNNER, job, 1, [[np.ones((1, 3), np.float32)]], tmp_path, 60, set())
    assert raised.value.kind == "timeout"


@pytest.mark.slow
@pytest.mark.usefixtures("private_cache")
def test_ids_over_a_whole_embedding_are_compared_on_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows of chance: other ids than the reference's would give other rows."""
    place = tmp_path / "words"
    place.mkdir()
    (place / "inference.pdmodel").write_bytes(words().serialize())
    tables = np.random.default_rng(0).standard_normal((2, 500, 4)).astype(np.float32)
    write_params(place / "inference.pdiparams", {"table": tables[0], "table.end": tables[1]})
    assert run(["convert", "--model-dir", str(place), "--name", "words", "--target", "x86", "-o", str(tmp_path)]) == 0
    bench = ["bench", str(tmp_path / "words.nb"), "--device", "host", "--protocol", "table", "--threads", "1"]
    assert run([*bench, "--check-output"]) == 0
    assert "its output on the device is Paddle's: cosine 1.000000" in capsys.readouterr().err
    (proof,) = json.loads((tmp_path / "words.json").read_text())["proofs"]
    assert (proof["passed"], proof["max_abs_error"], proof["input_ranges"]) == (True, 0, ["of whole numbers 0 to 499"])


@pytest.mark.parametrize(
    ("shape", "own", "found"),
    [
        ((1, 224, 224, 3), (-1, 3, 224, 224), (1, 3, 224, 224)),
        ((1, 3, 224, 224), (-1, 3, 224, 224), (1, 3, 224, 224)),
        ((1, 3, 96, 96), (-1, 3, -1, -1), (1, 3, 96, 96)),
        ((2, 7), (-1, 7), (2, 7)),
    ],
)
def test_the_channels_come_first_in_the_program(
    shape: tuple[int, ...], own: tuple[int, ...], found: tuple[int, ...]
) -> None:
    assert channels_first(shape, own) == found
