"""The file for ARM on x86 kernels computes, bit for bit, what opt's own conversion for x86 does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from edge.convert.legalise import legalise
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Precision, Recipe
from edge.convert.verify.engines import Twin
from edge.convert.verify.inputs import samples
from edge.convert.verify.itself import Itself, itself_of
from edge.convert.verify.points import at_points, points_of
from edge.convert.verify.runs import Runs
from edge.nb.header import read_header
from edge.nb.program import parse_ops, topology_of
from edge.nb.x86 import X86_KERNELS
from edge.paddle.draft import AttrValue, NewOp
from edge.paddle.program import Program
from edge.paddle.rewritten import turned
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import Worker
from tests.convert.verify.test_verify import CONV, ENGINE, NORM, POOL
from tests.paddle.programs import program, write_params

pytestmark = pytest.mark.slow

IMAGE, HALF = (1, 3, 32, 32), (1, 8, 16, 16)
WEIGHTS = {
    "w": (8, 3, 3, 3), "depthwise": (8, 1, 3, 3), "next": (8, 8, 3, 3), "matrix": (8, 10), "bias": (10,),
    **dict.fromkeys(("scale", "shift", "mean", "variance"), (8,)), "columns": (16,), "lift": (16,),
}  # fmt: skip
NORMED = {"X": ["c"], "Scale": ["scale"], "Bias": ["shift"], "Mean": ["mean"], "Variance": ["variance"]}
NORMS = {"Y": ["y"], "MeanOut": ["mean"], "VarianceOut": ["variance"], "SavedMean": ["sm"], "SavedVariance": ["sv"]}
ROWS = {"X": ["c"], "Scale": ["columns"], "Bias": ["lift"]}


SMALL: dict[str, AttrValue] = {
    "global_pooling": False, "pooling_type": "max", "ksize": [3, 3], "strides": [1, 1], "paddings": [1, 1],
}  # fmt: skip
TURN = NewOp("transpose2", {"X": ["c"]}, {"Out": ["t"]}, {"axis": [0, 1, 3, 2]})


def one(kind: str, slot: str = "X", **attrs: AttrValue) -> list[NewOp]:
    return [NewOp(kind, {slot: ["c"]}, {"Out": ["y"]}, attrs)]


def behind(before: str, kind: str, **attrs: AttrValue) -> list[NewOp]:
    """Of another operator's output, so that opt does not fuse it with the convolution."""
    first: dict[str, AttrValue] = {**POOL, **SMALL} if before == "pool2d" else {"axis": -1}
    return [NewOp(before, {"X": ["c"]}, {"Out": ["s"]}, first), NewOp(kind, {"X": ["s"]}, {"Out": ["y"]}, attrs)]


def two(kind: str, **attrs: AttrValue) -> list[NewOp]:
    """Of a tensor and its transposition."""
    return [TURN, NewOp(kind, {"X": ["c"], "Y": ["t"]}, {"Out": ["y"]}, attrs)]


BY_KERNEL: dict[str, list[NewOp]] = {
    "conv2d": [NewOp("conv2d", {"Input": ["c"], "Filter": ["next"]}, {"Output": ["y"]}, {**CONV, "strides": [1, 1]})],
    "depthwise_conv2d": [NewOp("depthwise_conv2d", {"Input": ["c"], "Filter": ["depthwise"]}, {"Output": ["y"]},
                               {**CONV, "strides": [1, 1], "groups": 8})],
    "fc": [NewOp("pool2d", {"X": ["c"]}, {"Out": ["p"]}, POOL),
           NewOp("flatten_contiguous_range", {"X": ["p"]}, {"Out": ["f"]}, {"start_axis": 1, "stop_axis": 3}),
           NewOp("matmul_v2", {"X": ["f"], "Y": ["matrix"]}, {"Out": ["m"]}, {"trans_x": False, "trans_y": False}),
           NewOp("elementwise_add", {"X": ["m"], "Y": ["bias"]}, {"Out": ["y"]}, {"axis": 1})],
    "pool2d": [NewOp("pool2d", {"X": ["c"]}, {"Out": ["y"]}, {**POOL, **SMALL})],
    "elementwise_add": two("elementwise_add", axis=-1),
    "elementwise_mul": two("elementwise_mul", axis=-1),
    "matmul_v2": two("matmul_v2", trans_x=False, trans_y=False),
    "concat": [TURN, NewOp("concat", {"X": ["c", "t"]}, {"Out": ["y"]}, {"axis": 1})],
    "softmax": behind("softmax", "scale", scale=3.0, bias=0.5, bias_after_scale=True),
    "scale": one("scale", scale=3.0, bias=0.5, bias_after_scale=True),
    "dropout": one("dropout", dropout_prob=0.2, dropout_implementation="downgrade_in_infer", is_test=True),
    "hard_swish": behind("pool2d", "hard_swish", threshold=6.0, scale=6.0, offset=3.0),
    "hard_sigmoid": one("hard_sigmoid", slope=0.2, offset=0.5),
    "swish": one("swish", beta=1.0),
    "fusion_elementwise_add_activation": [
        TURN, NewOp("elementwise_add", {"X": ["c"], "Y": ["t"]}, {"Out": ["s"]}, {"axis": -1}),
        NewOp("relu", {"X": ["s"]}, {"Out": ["y"]}),
    ],
    **{kind: behind("pool2d", kind) for kind in ("relu", "tanh", "square", "abs")},
    **{kind: behind("softmax", kind) for kind in ("sqrt", "rsqrt", "exp")},
    **{kind: two(kind, axis=-1) for kind in ("elementwise_sub", "elementwise_div", "elementwise_max")},
    "relu6": behind("pool2d", "relu6", threshold=6.0),
    "leaky_relu": behind("pool2d", "leaky_relu", alpha=0.1),
    "gelu": behind("pool2d", "gelu", approximate=False),
    "matmul": two("matmul", transpose_X=False, transpose_Y=False, alpha=1.0),
    "sigmoid": behind("pool2d", "sigmoid"),
    "clip": one("clip", min=-0.5, max=0.5),
    "reduce_mean": one("reduce_mean", dim=[2, 3], keep_dim=True, reduce_all=False),
    "reduce_max": one("reduce_max", dim=[2, 3], keep_dim=True, reduce_all=False),
    "reduce_sum": one("reduce_sum", dim=[2, 3], keep_dim=True, reduce_all=False),
    **{f"{how}_interp_v2": one(f"{how}_interp_v2", interp_method=how, out_h=32, out_w=32, out_d=-1, scale=[2.0, 2.0],
                               align_corners=False, align_mode=1, data_layout="NCHW") for how in ("nearest", "bilinear")},
    "pad2d": one("pad2d", paddings=[1, 1, 1, 1], mode="constant", pad_value=0.0, data_format="NCHW"),
    "group_norm": [NewOp("group_norm", {**ROWS, "Scale": ["scale"], "Bias": ["shift"]},
                         {"Y": ["y"], "Mean": ["lm"], "Variance": ["lv"]},
                         {"epsilon": 1e-5, "groups": 4, "data_layout": "NCHW"})],
    "transpose2": one("transpose2", axis=[0, 2, 3, 1]),
    "slice": one("slice", "Input", axes=[1], starts=[2], ends=[6], decrease_axis=[], infer_flags=[1]),
    "batch_norm": [NewOp("relu", {"X": ["c"]}, {"Out": ["r"]}), NewOp("batch_norm", {**NORMED, "X": ["r"]}, NORMS, NORM)],
    "layer_norm": [NewOp("layer_norm", ROWS, {"Y": ["y"], "Mean": ["lm"], "Variance": ["lv"]},
                         {"begin_norm_axis": 3, "epsilon": 1e-5})],
}  # fmt: skip
SHAPES = {
    **dict.fromkeys("ctsr", HALF), "p": (1, 8, 1, 1), "f": (1, 8), **dict.fromkeys("mz", (1, 10)),
    **dict.fromkeys(("sm", "sv"), (8,)), **dict.fromkeys(("lm", "lv"), (128,)),
}  # fmt: skip
MADE = {
    "fc": (1, 10), "concat": (1, 16, 16, 16), "transpose2": (1, 16, 16, 8), "slice": (1, 4, 16, 16), "pad2d": (1, 8, 18, 18),
    **dict.fromkeys(("reduce_mean", "reduce_max", "reduce_sum"), (1, 8, 1, 1)),
    **dict.fromkeys(("nearest_interp_v2", "bilinear_interp_v2"), (1, 8, 32, 32)),
}  # fmt: skip


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as tools:
        yield tools


def both(
    tools: Toolbox, folder: Path, layers: Sequence[NewOp], made: Sequence[int], precision: Precision = "fp32"
) -> tuple[Itself, Twin, Path, Program]:
    """The network converted for ARM, to be run itself, and its twin."""
    first = NewOp("conv2d", {"Input": ["x"], "Filter": ["w"]}, {"Output": ["c"]}, CONV)
    original = program([first, *layers], {"x": IMAGE}, ["y"], {**SHAPES, "y": made}, WEIGHTS)
    generator = np.random.default_rng(0)
    write_params(folder / "params", {n: generator.uniform(0.1, 0.4, s).astype(np.float32) for n, s in WEIGHTS.items()})
    recipe = Recipe("test", ENGINE, precision=precision)
    legal, _ = legalise(original, engine=ENGINE, precision=precision)
    params = turned(original, legal, folder / "params", folder / "turned")
    with tools.lend("paddlelite", ENGINE) as worker:
        optimise(worker, legal, params, folder / "made.nb", recipe)
    points = points_of(original)

    def lend() -> AbstractContextManager[Worker]:
        return tools.lend("paddlelite", ENGINE)

    own = itself_of(lend, folder / "made.nb", recipe, legal, points, folder, Runs())
    assert own is not None
    x86 = Recipe("twin", ENGINE, precision=precision, target="x86", abi="x86_64")
    return own, Twin(lend, at_points(legal, points), params, x86, folder), folder / "made.nb", original


@pytest.mark.parametrize("kind", BY_KERNEL)
def test_each_kernel_computes_the_same_bits(tools: Toolbox, tmp_path: Path, kind: str) -> None:
    own, twin, nb, original = both(tools, tmp_path, BY_KERNEL[kind], MADE.get(kind, HALF))
    kernels = {op.type for op in parse_ops(topology_of(nb, read_header(nb))) if op.target == "arm"}
    assert kind in kernels
    given = samples(original.feeds, [IMAGE], 4)
    for mine, other in zip(own.run(given), twin.run(given), strict=True):
        assert np.isfinite(mine).all()
        assert mine.std() > 0
        np.testing.assert_array_equal(mine, other)


def test_each_kernel_is_tried() -> None:
    assert {kernel.split("/")[0] for kernel in X86_KERNELS} == set(BY_KERNEL)


@pytest.mark.parametrize("precision", ["fp32", "int8", "int16"])
@pytest.mark.parametrize("closing", ["softmax", "sigmoid"])
def test_the_logits_are_those_of_the_twin(tools: Toolbox, tmp_path: Path, closing: str, precision: Precision) -> None:
    layers = [*BY_KERNEL["fc"][:-1], NewOp("elementwise_add", {"X": ["m"], "Y": ["bias"]}, {"Out": ["z"]}, {"axis": 1}),
              NewOp(closing, {"X": ["z"]}, {"Out": ["y"]}, {"axis": -1} if closing == "softmax" else {})]  # fmt: skip
    own, twin, _, original = both(tools, tmp_path, layers, (1, 10), precision)
    given = samples(original.feeds, [IMAGE], 4)
    mine, other = own.run(given), twin.run(given)
    assert len(mine) == len(other) == 2
    for a, b in zip(mine, other, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(mine[1] - mine[0]).max() > 0.1
