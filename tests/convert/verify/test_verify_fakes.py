"""Verification with engines that are made up: only what computes is, all that asks and judges is the real one."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.recipe import Precision, Recipe
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.convert.verify.judge import COARSE_NUDGES, Judgement
from edge.convert.verify.verify import Verification, verify
from edge.errors import WorkerCrashedError, WorkerRequestError
from edge.paddle.draft import AttrValue, NewOp
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.worker import Worker
from edge.zoo.model import Preprocessing
from tests.paddle.programs import program, write_params

Array = NDArray[np.float32]
SIZE, CLASSES = 48, 10
WEIGHT = np.random.default_rng(3).standard_normal((SIZE, CLASSES)).astype(np.float32)
DENSE = NewOp("mul", {"X": ["x"], "Y": ["w"]}, {"Out": ["logits"]}, {"x_num_col_dims": 1, "y_num_col_dims": 1})
WEIGHTS = {"w": WEIGHT, "xs": np.ones(1, np.float32), "ws": np.ones(CLASSES, np.float32)}
SOFTMAX = NewOp("softmax", {"X": ["logits"]}, {"Out": ["y"]}, {"axis": -1})


def network(*, softmax: bool = True) -> Program:
    ops, fetches = ((DENSE, SOFTMAX), ["y"]) if softmax else ((DENSE,), ["logits"])
    shapes = {"logits": (-1, CLASSES), "y": (-1, CLASSES)}
    return program(ops, {"x": (-1, 3, 4, 4)}, fetches, shapes, {"w": WEIGHT.shape})


def softmax(logits: Array) -> Array:
    e = np.exp(logits - logits.max())
    return np.asarray(e / e.sum(), np.float32)


def logits(sample: Array, weight: Array) -> Array:
    made: Array = sample.reshape(1, SIZE) @ weight
    return made


def noise(sample: Array) -> Array:
    """Other numbers for every input, however near it is."""
    return np.random.default_rng(zlib.crc32(sample.tobytes())).standard_normal((1, CLASSES)).astype(np.float32)


@dataclass
class Engines:
    """Paddle and the x86 engine; `paddle` and `lite` compute the logits of sample number N, `weight` are those in the file."""

    paddle: Callable[[int, Array, Array], Array] = lambda _, sample, weight: logits(sample, weight)
    lite: Callable[[int, Array, Array], Array] = lambda _, sample, weight: logits(sample, weight)
    trouble: dict[str, Exception] = field(default_factory=dict)  # by operation of the x86 engine
    opted: list[dict[str, Any]] = field(default_factory=list)
    fetched: list[tuple[str, list[str]]] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)

    def lend_paddle(self) -> Any:
        return self._lend(self._paddle_call)

    def lend_lite(self) -> Any:
        return self._lend(self._lite_call)

    @contextmanager
    def _lend(self, call: Callable[..., dict[str, Any]]) -> Iterator[Worker]:
        yield cast(Worker, type("Fake", (), {"call": staticmethod(call)}))

    def _paddle_call(self, op: str, *, timeout: float, **asked: Any) -> dict[str, Any]:
        assert op in ("run", "run_half")
        assert 600 <= timeout <= 3600  # seconds: the largest networks take minutes
        fetches = [spec.name for spec in Program.read(Path(asked["program"])).fetches]
        self._run("paddle", self.paddle, Path(asked["params"]), fetches, asked)
        return {}

    def _lite_call(self, op: str, *, timeout: float, **asked: Any) -> dict[str, Any]:
        assert 600 <= timeout <= 3600
        if op in self.trouble:
            raise self.trouble[op]
        if op == "run":
            assert asked["feeds"] == ["x"]
            self._run("lite", self.lite, Path(asked["nb"]), asked["fetches"], asked)
        else:
            self.opted.append({"op": op, **asked})
            Path(asked["out"]).write_bytes(Path(asked["params"]).read_bytes())
        return {}

    def _run(
        self, who: str, compute: Callable[[int, Array, Array], Array], params: Path, fetches: list[str], asked: Any
    ) -> None:
        self.fetched.append((who, fetches))
        made = {}
        with np.load(asked["inputs_npz"]) as inputs:
            dtype = inputs[inputs.files[0]].dtype  # float64: of the program, and of its parameters, too
            stored = params.read_bytes()[-WEIGHT.size * dtype.itemsize :]
            weight = np.frombuffer(stored, dtype).reshape(WEIGHT.shape)
            self.drawn.append(sum(len(inputs[name]) for name in inputs.files))
            for name in inputs.files:
                number, batch = name.partition("/")[0], inputs[name]
                first = int(number) * len(batch)  # of its samples, the x86 engine may be given several at once
                rows = [compute(first + k, sample[np.newaxis], weight) for k, sample in enumerate(batch)]
                made[f"{number}/logits"] = np.concatenate(rows)
                made[f"{number}/y"] = np.concatenate([softmax(row) for row in rows])
        np.savez(asked["outputs_npz"], **{k: a for k, a in made.items() if k.partition("/")[2] in fetches})  # type: ignore[arg-type]


def verified(
    folder: Path,
    engines: Engines,
    precision: Precision = "fp32",
    *,
    flops: int = 1,
    original: Program | None = None,
    asked: InputsAsked = NOTHING_ASKED,
    preprocessing: Preprocessing | None = Preprocessing(256, (4, 4)),  # noqa: B008 - it is frozen
) -> Verification:
    original = original or network()
    source = InferenceModel(folder, folder / "program", folder / "params", "", "", "own", flops=flops)
    source.program.write_bytes(original.serialize())
    write_params(source.params, {spec.name: WEIGHTS[spec.name] for spec in original.persistables})
    recipe = Recipe("test", "2.13rc0", precision=precision, sparse_threshold=0.5 if precision == "fp32" else None)
    scratch = folder / "scratch"
    scratch.mkdir()
    return verify(
        source,
        source.program,
        recipe,
        scratch,
        lend_engine=engines.lend_lite,
        lend_paddle=engines.lend_paddle,
        asked=asked,
        preprocessing=preprocessing,
    )


def test_a_right_network_passes(tmp_path: Path) -> None:
    engines = Engines()
    result = verified(tmp_path, engines)
    assert (result.status, result.reason) == ("passed", None)
    assert (result.engine, result.target, result.inputs, result.rounded) == ("paddlelite 2.13rc0", "x86", 8, None)
    assert result.cosine == pytest.approx(1)
    assert (result.max_abs_error, result.relative_error, result.argmax_agreement) == (0, 0, 1)
    assert result.spread is not None
    assert result.spread > 0.5
    assert [one["targets" if one["op"] == "opt" else "target"] for one in engines.opted] == ["x86"]
    assert not any(one.get("sparse_threshold") for one in engines.opted)  # kernels that ARM alone has
    assert engines.drawn == [8, 8]


def test_both_sides_fetch_the_logits(tmp_path: Path) -> None:
    engines = Engines()
    verified(tmp_path, engines)
    assert engines.fetched == [("lite", ["y", "logits"]), ("paddle", ["y", "logits"])]


def saturated(_: int, sample: Array, weight: Array) -> Array:
    return logits(sample, weight) + np.float32(2000) * np.eye(1, CLASSES, dtype=np.float32)


def test_wrong_logits_fail_though_the_probabilities_are_alike(tmp_path: Path) -> None:
    def wrong(number: int, sample: Array, weight: Array) -> Array:
        return saturated(number, sample, weight[:, ::-1])

    result = verified(tmp_path, Engines(paddle=saturated, lite=wrong))
    assert result.status == "failed"
    assert result.reason is not None
    assert "differ by" in result.reason


def test_right_logits_pass_though_the_probabilities_hardly_move(tmp_path: Path) -> None:
    assert verified(tmp_path, Engines(paddle=saturated, lite=saturated)).status == "passed"


def test_without_a_softmax_there_is_nothing_more_to_fetch(tmp_path: Path) -> None:
    engines = Engines()
    assert verified(tmp_path, engines, original=network(softmax=False)).status == "passed"
    assert engines.fetched == [("lite", ["logits"]), ("paddle", ["logits"])]


def test_a_wrong_network_fails(tmp_path: Path) -> None:
    result = verified(tmp_path, Engines(lite=lambda _, sample, weight: logits(sample, weight[::-1])))
    assert result.status == "failed"
    assert result.inputs == 8
    assert result.relative_error is not None
    assert result.relative_error > 0.5


def unsteady_at(*numbers: int) -> Callable[[int, Array, Array], Array]:
    return lambda number, sample, weight: logits(sample, weight) + (noise(sample) if number in numbers else 0)


def test_a_network_that_is_steady_at_some_inputs_is_judged_by_them_and_says_so(tmp_path: Path) -> None:
    result = verified(tmp_path, Engines(paddle=unsteady_at(0, 3, 5)))
    assert (result.status, result.inputs) == ("passed", 5)
    assert result.reason == "judged by 5 of 8 inputs: at the others rounding alone changes Paddle's own output"


def test_a_network_that_is_steady_nearly_nowhere_is_not_verified(tmp_path: Path) -> None:
    result = verified(tmp_path, Engines(paddle=unsteady_at(*range(1, 8))))
    assert result.status == "inconclusive"
    assert result.reason == "rounding alone changes Paddle's own output at 21 of 24 inputs"
    assert result.inputs == 3


def test_the_rounds_are_of_different_samples(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def lite(_: int, sample: Array, weight: Array) -> Array:
        seen.append(sample.tobytes())
        return logits(sample, weight)

    verified(tmp_path, Engines(paddle=unsteady_at(*range(1, 8)), lite=lite))
    assert len(seen) == len(set(seen)) == 24


@pytest.mark.parametrize(
    ("flops", "inputs"), [(3_999_999_999, 8), (4_000_000_000, 4), (29_999_999_999, 4), (30_000_000_000, 4)]
)
def test_large_networks_are_judged_by_half_as_many(tmp_path: Path, flops: int, inputs: int) -> None:
    engines = Engines()
    assert verified(tmp_path, engines, flops=flops).inputs == inputs
    assert engines.drawn == [inputs, inputs]


def test_where_half_of_the_inputs_leaves_anything_open_all_judge_and_none_runs_twice(tmp_path: Path) -> None:
    engines = Engines(lite=lambda _, sample, weight: logits(sample, weight) * np.float32(1.001))
    result = verified(tmp_path, engines, flops=5_000_000_000)
    assert (result.status, result.inputs) == ("passed", 8)
    assert engines.drawn == [4, 4, 4, 4]


def test_all_inputs_judge_what_float16_does_to_a_large_network(tmp_path: Path) -> None:
    assert verified(tmp_path, Engines(), "fp16", flops=5_000_000_000).inputs == 8


def test_inputs_of_the_user_all_judge_a_large_network(tmp_path: Path) -> None:
    given = tmp_path / "given.npz"
    np.savez(given, x=np.random.default_rng(0).standard_normal((8, 1, 3, 4, 4)).astype(np.float32))
    asked = InputsAsked(file=given)
    assert verified(tmp_path, Engines(), flops=5_000_000_000, asked=asked).inputs == 8


def test_the_twin_of_fp16_is_fp32_and_says_so(tmp_path: Path) -> None:
    engines = Engines()
    result = verified(tmp_path, engines, "fp16")
    assert result.status == "passed"
    assert result.reason is not None
    twin, moves = result.reason.split("; ")
    assert twin == "the twin is fp32: the x86 engine has no fp16 kernels"
    said = re.fullmatch(r"rounding to float16 moves Paddle's own output by (.*) of what tells inputs apart", moves)
    assert said
    assert 1e-5 < float(said[1]) < 1e-2  # the weights', which alone are rounded here
    assert not any(one.get("fp16") for one in engines.opted)


def test_fp16_has_no_wider_limits_for_its_fp32_twin(tmp_path: Path) -> None:
    def off(_: int, sample: Array, weight: Array) -> Array:
        return logits(sample, weight) * np.float32(1.02)

    assert verified(tmp_path, Engines(lite=off), "fp16").status == "failed"


def quantising(bits: int, steps: int | None = None) -> Callable[[int, Array, Array], Array]:
    """The logits with weights rounded as opt does it, or to so many steps."""
    steps = steps or 2 ** (bits - 1) - 1

    def lite(_: int, sample: Array, weight: Array) -> Array:
        scale = np.abs(weight).max(axis=0, keepdims=True) / steps
        return logits(sample, np.round(weight / scale) * scale)

    return lite


@pytest.mark.parametrize(("precision", "bits"), [("int8", 8), ("int16", 16)])
def test_rounded_weights_are_judged_by_rounded_weights_and_cost_what_they_cost(
    tmp_path: Path, precision: Precision, bits: int
) -> None:
    engines = Engines(lite=quantising(bits))
    result = verified(tmp_path, engines, precision)
    assert (result.status, result.reason) == ("passed", None)
    assert result.rounded is not None
    assert result.relative_error is not None
    assert result.rounded.relative_error < 1e-6 < result.relative_error
    assert result.rounded.samples == result.inputs == 8
    assert {one["quant"] for one in engines.opted if one["op"] == "opt"} <= {precision}


def test_weights_of_eight_bits_that_cost_too_much_are_told() -> None:
    from edge.convert.verify.compare import Comparison
    from edge.convert.verify.words import LOSSY, note

    for cosine, told in ((LOSSY - 1e-6, True), (LOSSY, False)):
        cost = Comparison(8, cosine, 0, 0, 1, 1)
        for precision in ("int8", "int16", "fp32"):
            recipe = Recipe("test", "2.13rc0", precision=precision)
            said = note(recipe, cost, Judgement("passed", None, ()), [], quantised=False)
            expected = f"converted as it should be, but {precision} weights change what this network computes"
            assert said == (expected if told and precision != "fp32" else None)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("opt", "its x86 twin: opt 2.13rc0 for x86: "),
        ("run", "the x86 engine cannot run it: "),
    ],
)
@pytest.mark.parametrize(
    "error",
    [WorkerCrashedError("lite_worker died (SIGABRT)", returncode=-6), WorkerRequestError("no kernel", kind="Error")],
    ids=["died", "refused"],
)
def test_an_engine_that_cannot_makes_it_unavailable(tmp_path: Path, op: str, message: str, error: Exception) -> None:
    trouble = {"opt_short": WorkerCrashedError("died", returncode=-6)} if op == "opt" else {}
    result = verified(tmp_path, Engines(trouble={op: error, **trouble}))
    assert (result.status, result.engine, result.target) == ("unavailable", "paddlelite 2.13rc0", "x86")
    assert result.reason is not None
    assert result.reason.startswith(message)
    assert len(result.reason) > len(message)
    assert result.inputs is None


def test_a_paddle_that_fails_is_no_verdict(tmp_path: Path) -> None:
    def broken(*_: object) -> Array:
        raise WorkerCrashedError("paddle_worker died (SIGKILL)", returncode=-9)

    with pytest.raises(WorkerCrashedError, match="SIGKILL"):
        verified(tmp_path, Engines(paddle=broken))


@pytest.mark.parametrize("trouble", [{}, {"run": WorkerCrashedError("lite_worker died (SIGABRT)", returncode=-6)}])
def test_a_model_that_paddle_itself_refuses_is_no_lack_of_the_engine(
    tmp_path: Path, trouble: dict[str, Exception]
) -> None:
    def refusing(*_: object) -> Array:
        raise WorkerRequestError("(InvalidArgument) Broadcast dimension mismatch.\n  [Hint: more]", kind="ValueError")

    says = (
        r"^Paddle 2\.6\.2 itself cannot run the model as it came: \(InvalidArgument\) Broadcast dimension mismatch\.$"
    )
    with pytest.raises(WorkerRequestError, match=says):
        verified(tmp_path, Engines(paddle=refusing, trouble=trouble))


# Programs that are quantised with their activations


def quantised() -> Program:
    to_int8: dict[str, AttrValue] = {"bit_length": 8, "is_test": True, "window_size": 10000, "round_type": 0}
    back: dict[str, AttrValue] = {"quant_bits": [8, 8], "quant_axis": 1, "x_num_col_dims": 1}
    ops = [
        NewOp(
            "fake_quantize_range_abs_max", {"X": ["x"], "InScale": ["xs"]}, {"Out": ["q"], "OutScale": ["xs"]}, to_int8
        ),
        NewOp("mul", {"X": ["q"], "Y": ["w"]}, {"Out": ["c"]}, {"x_num_col_dims": 1, "y_num_col_dims": 1}),
        NewOp("fake_channel_wise_dequantize_max_abs", {"X": ["c"], "Scales": ["ws", "xs"]}, {"Out": ["logits"]}, back),
        SOFTMAX,
    ]
    shapes = {"q": (-1, 3, 4, 4), "c": (-1, CLASSES), "logits": (-1, CLASSES), "y": (-1, CLASSES)}
    return program(ops, {"x": (-1, 3, 4, 4)}, ["y"], shapes, {name: array.shape for name, array in WEIGHTS.items()})


def noisy(share: float) -> Callable[[int, Array, Array], Array]:
    """The logits, off by a noise that depends on every bit of the input."""
    return lambda _, sample, __: logits(sample, WEIGHT) + np.float32(share) * noise(sample)


def test_steps_of_int8_activations_have_limits_of_their_own(tmp_path: Path) -> None:
    result = verified(tmp_path, Engines(paddle=noisy(0), lite=noisy(0.1)), original=quantised())
    assert (result.status, result.inputs) == ("passed", 8)
    assert result.rounded is None
    assert result.reason == (
        f"its error beside Paddle's int8 simulation is {result.relative_error:.2g} of what tells inputs apart, within the "
        "limit of 0.2; both with weights of 7 bits: the x86 engine cannot count with 8"
    )
    assert result.relative_error is not None
    assert 2e-3 < result.relative_error < 0.2


def test_a_quantised_network_whose_own_output_moves_in_steps_is_judged_by_all_inputs(tmp_path: Path) -> None:
    engines = Engines(paddle=noisy(0.6), lite=noisy(0))
    result = verified(tmp_path, engines, original=quantised())
    assert (result.status, result.inputs) == ("passed", 8)
    assert engines.drawn == [8] * (2 + COARSE_NUDGES)  # both, and Paddle with nudged inputs


def test_a_wrong_quantised_network_fails(tmp_path: Path) -> None:
    wrong = Engines(paddle=noisy(0), lite=lambda _, sample, __: logits(sample, WEIGHT[::-1]))
    assert verified(tmp_path, wrong, original=quantised()).status == "failed"


# Inputs


def test_the_result_names_the_range_of_the_preprocessing(tmp_path: Path) -> None:
    assert verified(tmp_path, Engines()).input_ranges == ("-2.1 to 2.6",)


def test_without_a_preprocessing_several_ranges_are_tried_and_named(tmp_path: Path) -> None:
    engines = Engines()
    result = verified(tmp_path, engines, preprocessing=None)
    assert result.input_ranges == ("-2.1 to 2.6", "0 to 1", "-1 to 1", "0 to 255")
    assert (result.status, result.inputs, engines.drawn) == ("passed", 20, [8, 8, 4, 4, 4, 4, 4, 4])


def above(limit: float) -> Callable[[int, Array, Array], Array]:
    """A network that only sees what is above a limit."""
    return lambda _, sample, weight: logits(np.maximum(sample, np.float32(limit)), weight)


def test_ranges_to_which_the_network_does_not_react_do_not_judge(tmp_path: Path) -> None:
    result = verified(tmp_path, Engines(paddle=above(20), lite=above(20)), preprocessing=None)
    assert (result.status, result.input_ranges, result.inputs) == ("passed", ("0 to 255",), 4)


def test_a_fault_in_one_range_is_a_fault(tmp_path: Path) -> None:
    broken: Callable[[int, Array, Array], Array] = lambda _, s, w: logits(np.where(s > 128, np.nan, s), w)  # noqa: E731
    result = verified(tmp_path, Engines(lite=broken), preprocessing=None)
    assert (result.status, result.input_ranges) == ("failed", ("0 to 255",))
    assert result.reason == "with inputs 0 to 255: the outputs are not finite numbers"


def test_a_network_that_reacts_to_nothing_is_inconclusive(tmp_path: Path) -> None:
    result = verified(tmp_path, Engines(paddle=above(1e4), lite=above(1e4)), preprocessing=None)
    assert (result.status, result.input_ranges) == ("inconclusive", ("-2.1 to 2.6",))
    assert "hardly depend on the input" in str(result.reason)


def test_samples_of_the_users_own(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", x=np.random.default_rng(0).standard_normal((6, 3, 4, 4)))
    engines = Engines()
    result = verified(tmp_path, engines, asked=InputsAsked(file=tmp_path / "mine.npz"))
    assert (result.status, result.inputs, result.input_ranges, engines.drawn) == ("passed", 6, None, [6, 6])
    assert result.samples_sha256 is not None


def test_no_more_samples_than_the_users_own_are_drawn(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", x=np.random.default_rng(0).standard_normal((6, 3, 4, 4)))
    result = verified(tmp_path, Engines(paddle=unsteady_at(0, 1, 2, 3)), asked=InputsAsked(file=tmp_path / "mine.npz"))
    assert (result.status, result.inputs) == ("inconclusive", 2)
    assert result.reason == "rounding alone changes Paddle's own output at 4 of 6 inputs"


def test_a_paddle_that_is_no_number_at_some_inputs_is_judged_by_the_others(tmp_path: Path) -> None:
    def paddle(number: int, sample: Array, weight: Array) -> Array:
        return logits(sample, weight) * np.float32(np.nan if number < 3 else 1)

    result = verified(tmp_path, Engines(paddle=paddle, lite=paddle))
    assert (result.status, result.inputs) == ("passed", 5)
    assert result.reason == "judged by 5 of 8 inputs: at the others Paddle's own outputs are not finite numbers"


def test_a_paddle_that_is_no_number_anywhere_is_inconclusive(tmp_path: Path) -> None:
    nothing: Callable[[int, Array, Array], Array] = lambda _, s, w: logits(s, w) * np.float32(np.nan)  # noqa: E731
    result = verified(tmp_path, Engines(paddle=nothing, lite=nothing))
    assert (result.status, result.reason) == ("inconclusive", "Paddle's own outputs are not finite numbers")


def test_a_network_whose_only_output_is_a_choice_is_inconclusive_and_runs_nowhere(tmp_path: Path) -> None:
    arg_max = NewOp("arg_max", {"X": ["x"]}, {"Out": ["y"]}, {"axis": -1})
    engines = Engines()
    result = verified(
        tmp_path, engines, original=program((arg_max,), {"x": (-1, 3, 4, 4)}, ["y"], {"y": (-1, 3, 4)}, {})
    )
    assert (result.status, result.engine, result.target) == ("inconclusive", "paddlelite 2.13rc0", "x86")
    assert result.reason == "all of its outputs lie behind arg_max, and nothing before can be compared"
    assert (engines.opted, engines.fetched) == ([], [])


@pytest.mark.parametrize(
    ("telling", "expected"),
    [
        ((True, True), []),
        ((False, True), []),  # its logits tell inputs apart
        ((False, False), ["y hardly depends on the input: only its size was compared"]),
    ],
)
def test_an_output_that_tells_nothing_is_named_unless_its_logits_tell(
    telling: tuple[bool, ...], expected: list[str]
) -> None:
    from edge.convert.verify.compare import Comparison
    from edge.convert.verify.judge import Judgement, Verdict
    from edge.convert.verify.points import Points
    from edge.convert.verify.words import remarks

    verdict = Verdict([], [], Comparison(8, 1, 0, 0, 1, 1), None, 8, telling=telling)
    assert remarks(Judgement("passed", None, (("", verdict),)), Points(("y",), {"y": "logits"})) == expected


def test_what_was_not_compared_is_said() -> None:
    from edge.convert.verify.compare import Comparison
    from edge.convert.verify.judge import Judgement, Verdict
    from edge.convert.verify.points import Points
    from edge.convert.verify.words import remarks

    verdict = Verdict(
        [], [], Comparison(5, 1, 0, 0, 1, 1), None, 8, left_out=("it is odd", "it is even"), telling=(True,)
    )
    assert remarks(Judgement("passed", None, (("", verdict),)), Points(("y",), {}, ("boxes",), ("nms",))) == [
        "judged by 5 of 8 inputs: at the others it is odd or it is even",
        "judged before nms: boxes behind it was not compared",
    ]
