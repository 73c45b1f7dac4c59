"""Verification with the real engines: a right network passes, and every small change to it fails."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.legalise import legalise
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Recipe
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.convert.verify.itself import Itself
from edge.convert.verify.verify import Verification, verify
from edge.errors import OptError
from edge.nb.x86 import X86_KERNELS
from edge.paddle.draft import AttrValue, Draft, NewOp
from edge.paddle.program import Program
from edge.paddle.rewritten import turned
from edge.source.model import InferenceModel
from edge.toolchain.toolbox import Toolbox
from tests.paddle.programs import program, write_params

pytestmark = pytest.mark.slow

ENGINE = "2.13rc0"
RECIPE = Recipe("test", ENGINE)
CHANNELS, CLASSES = 8, 10
HALF, QUARTER = (1, CHANNELS, 16, 16), (1, CHANNELS, 8, 8)
CONV: dict[str, AttrValue] = {
    "strides": [2, 2], "paddings": [1, 1], "dilations": [1, 1], "groups": 1, "padding_algorithm": "EXPLICIT",
    "data_format": "NCHW",
}  # fmt: skip
NORM: dict[str, AttrValue] = {
    "epsilon": 1e-5, "momentum": 0.9, "is_test": True, "data_layout": "NCHW", "use_global_stats": False,
    "trainable_statistics": False,
}  # fmt: skip
POOL: dict[str, AttrValue] = {
    "pooling_type": "avg", "ksize": [1, 1], "strides": [1, 1], "paddings": [0, 0], "global_pooling": True, "adaptive": False,
    "exclusive": True, "ceil_mode": False, "padding_algorithm": "EXPLICIT", "data_format": "NCHW",
}  # fmt: skip
LAYERS = (
    NewOp("conv2d", {"Input": ["x"], "Filter": ["w1"]}, {"Output": ["c1"]}, CONV),
    NewOp("batch_norm", {"X": ["c1"], "Scale": ["scale"], "Bias": ["bias"], "Mean": ["mean"], "Variance": ["variance"]},
          {"Y": ["n1"], "MeanOut": ["mean"], "VarianceOut": ["variance"], "SavedMean": ["sm"], "SavedVariance": ["sv"]}, NORM),
    NewOp("hard_swish", {"X": ["n1"]}, {"Out": ["a1"]}, {"threshold": 6.0, "scale": 6.0, "offset": 3.0}),
    NewOp("conv2d", {"Input": ["a1"], "Filter": ["w2"]}, {"Output": ["c2"]}, CONV),
    NewOp("relu", {"X": ["c2"]}, {"Out": ["a2"]}),
    NewOp("pool2d", {"X": ["a2"]}, {"Out": ["p"]}, POOL),
    NewOp("flatten_contiguous_range", {"X": ["p"]}, {"Out": ["f"]}, {"start_axis": 1, "stop_axis": 3}),
    NewOp("matmul_v2", {"X": ["f"], "Y": ["w3"]}, {"Out": ["m"]}, {"trans_x": False, "trans_y": False}),
    NewOp("elementwise_add", {"X": ["m"], "Y": ["b3"]}, {"Out": ["logits"]}, {"axis": 1}),
    NewOp("softmax", {"X": ["logits"]}, {"Out": ["y"]}, {"axis": -1}),
)  # fmt: skip
SHAPES = {
    "c1": HALF, "n1": HALF, "a1": HALF, "sm": (CHANNELS,), "sv": (CHANNELS,), "c2": QUARTER, "a2": QUARTER,
    "p": (1, CHANNELS, 1, 1), "f": (1, CHANNELS), "m": (1, CLASSES), "logits": (1, CLASSES), "y": (1, CLASSES),
}  # fmt: skip


def weights() -> dict[str, NDArray[np.float32]]:
    """The parameters, and some that the network does not use: slightly changed ones, which a mutation puts in their place."""
    generator = np.random.default_rng(5)
    drawn = {
        "w1": generator.standard_normal((CHANNELS, 3, 3, 3)) / 3,
        "scale": generator.uniform(0.5, 1.5, CHANNELS),
        "bias": generator.standard_normal(CHANNELS) / 3,
        "mean": generator.standard_normal(CHANNELS) / 3,
        "variance": generator.uniform(0.5, 2, CHANNELS),
        "w2": generator.standard_normal((CHANNELS, CHANNELS, 3, 3)) / 6,
        "w3": generator.standard_normal((CHANNELS, CLASSES)),
        "b3": generator.standard_normal(CLASSES),
    }
    drawn["w2.one"] = drawn["w2"].copy()
    drawn["w2.one"][3, 2, 1, 1] += 0.2
    drawn["w2.larger"] = drawn["w2"] * 1.01
    drawn["mean.shifted"] = drawn["mean"] + 0.02
    drawn["variance.shifted"] = drawn["variance"] * 1.02
    drawn["w3.two columns"] = drawn["w3"][:, [1, 0, *range(2, CLASSES)]]
    return {name: array.astype(np.float32) for name, array in drawn.items()}


def network() -> Program:
    return program(LAYERS, {"x": (1, 3, 32, 32)}, ["y"], SHAPES, {name: a.shape for name, a in weights().items()})


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as tools:
        yield tools


Verdict = Callable[..., Verification]


@pytest.fixture
def verdict(tmp_path: Path, tools: Toolbox) -> Verdict:
    def verdict(
        mutate: Callable[[Draft], object] = lambda _: None,
        *,
        recipe: Recipe = RECIPE,
        original: Program | None = None,
        asked: InputsAsked = NOTHING_ASKED,
        flops: int | None = None,
    ) -> Verification:
        """Verify the network converted by `recipe`, after a mutation of its legalised program."""
        original = original or network()
        source = InferenceModel(tmp_path, tmp_path / "program", tmp_path / "params", "", "", "own", flops=flops)
        source.program.write_bytes(original.serialize())
        write_params(source.params, weights())
        draft = Draft.of(legalise(original, engine=ENGINE, precision=recipe.precision)[0])
        mutate(draft)
        legal = tmp_path / "legal"
        legal.write_bytes(draft.build().serialize())
        scratch = tmp_path / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        nb = tmp_path / "made.nb"
        with contextlib.suppress(OptError), tools.lend("paddlelite", ENGINE) as worker:
            made = Program.read(legal)
            optimise(worker, made, turned(original, made, source.params, tmp_path / "turned"), nb, recipe)
        return verify(source, legal, recipe, scratch, nb=nb, lend_engine=lambda: tools.lend("paddlelite", ENGINE),
                      lend_paddle=lambda: tools.lend("paddle"), asked=asked)  # fmt: skip

    return verdict


def swap(kind: str, slot: str, name: str) -> Callable[[Draft], object]:
    """Another parameter for the last operator of that type."""
    return lambda draft: list(draft.ops(kind))[-1].set_input(slot, [name])


def turn(kind: str, **attrs: AttrValue) -> Callable[[Draft], object]:
    """Other attributes for every operator of that type."""

    def change(draft: Draft) -> None:
        for op in draft.ops(kind):
            for name, value in attrs.items():
                op.set_attr(name, value)

    return change


def leave_out(kind: str) -> Callable[[Draft], object]:
    """Every operator of that type does nothing any more."""

    def change(draft: Draft) -> None:
        for op in draft.ops(kind):
            same: dict[str, AttrValue] = {"scale": 1.0, "bias": 0.0, "bias_after_scale": True}
            draft.replace(op, NewOp("scale", {"X": [op.input("X") or ""]}, {"Out": [op.output("Out") or ""]}, same))

    return change


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int16", "int8"])
def test_a_right_network_passes(verdict: Verdict, precision: str) -> None:
    result = verdict(recipe=Recipe("test", ENGINE, precision=precision))  # type: ignore[arg-type]
    assert result.status == "passed", result.reason
    assert (result.inputs, result.input_ranges) == (20, ("-2.1 to 2.6", "0 to 1", "-1 to 1", "0 to 255"))
    assert result.cosine is not None
    assert result.cosine > (0.95 if precision == "int8" else 0.9999)
    assert (result.rounded is not None) == (precision in ("int8", "int16"))
    assert (result.target, result.ran) == ("x86", "twin" if precision == "fp16" else "file")


@pytest.mark.parametrize("lack", ["no such kernel", "a kernel that computes something else"])
def test_what_the_file_fails_by_on_x86_kernels_is_left_to_its_twin(
    verdict: Verdict, monkeypatch: pytest.MonkeyPatch, lack: str
) -> None:
    if lack == "no such kernel":
        monkeypatch.setitem(X86_KERNELS, "conv2d/def/4/1/1", "conv2d/xyz/2/1/1")
    else:
        run = Itself.run
        monkeypatch.setattr(Itself, "run", lambda self, given: [output * 1.01 for output in run(self, given)])
    result = verdict()
    assert (result.status, result.ran) == ("passed", "twin")


def test_with_a_limit_of_time_the_twin_is_judged_at_once(verdict: Verdict) -> None:
    result = verdict(asked=InputsAsked(seconds=100))
    assert (result.status, result.ran) == ("passed", "twin")


FINITE = "rounding to float16 moves Paddle's own output by"
INFINITE = "in float16 Paddle's own output is no finite number"


@pytest.mark.parametrize(
    ("large", "times", "status", "reason"),
    [
        ("w3", 1e5, "inconclusive", f"{INFINITE}: use another precision"),
        ("scale", 300, "passed", f"{INFINITE} with inputs 0 to 255"),
        ("scale", 1e6, "inconclusive", "of what tells inputs apart, as far as wrong networks do"),  # relu(nan) is 0
        ("scale", 1, "passed", FINITE),
    ],
)
def test_what_float16_does_to_a_network_is_said(
    verdict: Verdict, monkeypatch: pytest.MonkeyPatch, large: str, times: float, status: str, reason: str
) -> None:
    drawn = weights()
    drawn[large] *= np.float32(times)
    monkeypatch.setattr(f"{__name__}.weights", lambda: drawn)
    assert verdict(recipe=Recipe("test", ENGINE)).status == "passed"
    result = verdict(recipe=Recipe("test", ENGINE, precision="fp16"))
    assert (result.status, reason in (result.reason or "")) == (status, True), result.reason


MUTATIONS: dict[str, Callable[[Draft], object]] = {
    "one weight of 576": swap("conv2d", "Filter", "w2.one"),
    "a convolution's weights 1 % greater": swap("conv2d", "Filter", "w2.larger"),
    "batch norm's mean shifted by 0.02": swap("batch_norm", "Mean", "mean.shifted"),
    "batch norm's variance 2 % greater": swap("batch_norm", "Variance", "variance.shifted"),
    "batch norm's epsilon": turn("batch_norm", epsilon=1e-2),
    "two classes exchanged": swap("mul", "Y", "w3.two columns"),
    "no activation": leave_out("relu"),
    "another activation": lambda draft: [op.set_type("relu6") or op.set_attr("threshold", 0.5) for op in draft.ops("relu")],  # type: ignore[func-returns-value]
    "hard swish a bit off": turn("hard_swish", offset=2.9),
    "max instead of average": turn("pool2d", pooling_type="max"),
    "padding moved": turn("conv2d", paddings=[0, 2, 0, 2]),
    "no bias": leave_out("elementwise_add"),
    "no softmax, though the logits are right": leave_out("softmax"),
}  # fmt: skip


@pytest.mark.parametrize(("flops", "inputs"), [(3_999_999_999, 8), (4_000_000_000, 4)])
def test_a_right_network_passes_by_half_of_the_inputs_if_it_is_large(verdict: Verdict, flops: int, inputs: int) -> None:
    result = verdict(asked=InputsAsked(bounds=(-2.1, 2.6)), flops=flops)
    assert (result.status, result.inputs, result.ran) == ("passed", inputs, "file")


@pytest.mark.parametrize("flops", [None, 5_000_000_000], ids=["all inputs", "half of the inputs"])
@pytest.mark.parametrize("mutate", MUTATIONS.values(), ids=MUTATIONS.keys())
def test_every_mutation_fails(verdict: Verdict, mutate: Callable[[Draft], object], flops: int | None) -> None:
    result = verdict(mutate, flops=flops, asked=InputsAsked(bounds=(-2.1, 2.6)) if flops else NOTHING_ASKED)
    assert result.status == "failed"
    assert result.reason is not None
    assert "differ by" in result.reason or "top class" in result.reason


@pytest.mark.parametrize("precision", ["int8", "int16"])
@pytest.mark.parametrize(
    "name", ["one weight of 576", "batch norm's mean shifted by 0.02", "two classes exchanged", "hard swish a bit off"]
)
def test_small_mutations_fail_with_rounded_weights_too(verdict: Verdict, name: str, precision: str) -> None:
    result = verdict(MUTATIONS[name], recipe=Recipe("test", ENGINE, precision=precision))  # type: ignore[arg-type]
    assert result.status == "failed", result.rounded


def test_outputs_that_do_not_depend_on_the_input_are_no_proof(verdict: Verdict) -> None:
    # Every input is multiplied by nothing: both engines agree perfectly, and it proves nothing.
    ignoring = [NewOp("scale", {"X": ["x"]}, {"Out": ["x0"]}, {"scale": 0.0, "bias": 0.5, "bias_after_scale": True})]
    layers = [*ignoring, NewOp("conv2d", {"Input": ["x0"], "Filter": ["w1"]}, {"Output": ["c1"]}, CONV), *LAYERS[1:]]
    blind = program(layers, {"x": (1, 3, 32, 32)}, ["y"], {**SHAPES, "x0": (1, 3, 32, 32)},
                    {name: a.shape for name, a in weights().items()})  # fmt: skip
    result = verdict(original=blind)
    assert result.status == "inconclusive"
    assert "hardly depend on the input" in str(result.reason)


def test_a_missing_kernel_is_unavailable_with_its_reason(verdict: Verdict) -> None:
    result = verdict(lambda draft: [op.set_type("frobnicate") for op in draft.ops("relu")])
    assert result.status == "unavailable"
    assert result.reason is not None
    assert "no kernel for: frobnicate" in result.reason


def test_a_crash_of_the_x86_engine_is_unavailable_with_its_reason(verdict: Verdict) -> None:
    # Without its shape input described, the reshape asks for more elements than there are: the engine's check ends it.
    def misshape(draft: Draft) -> None:
        for op in draft.ops("flatten_contiguous_range"):
            x, out = op.input("X") or "", op.output("Out") or ""
            scratch = draft.new_tensor(x, "float32", (0, 1, CHANNELS, 1, 1))
            draft.replace(op, NewOp("reshape2", {"X": [x]}, {"Out": [out], "XShape": [scratch]}, {"shape": [3, 5]}))

    result = verdict(misshape)
    assert result.status == "unavailable"
    assert result.reason is not None
    assert "the x86 engine cannot run it: died (SIGABRT)" in result.reason
