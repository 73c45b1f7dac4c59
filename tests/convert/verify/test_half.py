"""A network in float16, in the steps of ARM's kernels: what is rounded where, and that faults stand out from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.verify.compare import Limits, Outputs, judge
from edge.convert.verify.engines import load, save
from edge.convert.verify.half import as_half, half_params, in_half, what_half_does
from edge.convert.verify.inputs import Sample
from edge.convert.verify.judge import HALF_ORDERS, Judgement, Verdict, judge_half
from edge.errors import WorkerRequestError
from edge.paddle.draft import AttrValue, NewOp
from edge.paddle.program import Program
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import Worker
from tests.convert.legalise.rule_cases import CONV, POOL
from tests.paddle.programs import program, write_params

Weights = dict[str, NDArray[Any]]
WIDTHS = {"a": (3, 24), "b": (24, 96), "d": (96, 96), "c": (96, 24)}
SIZE = 10
LIMITS = Limits(relative_error=1e-4, cosine=0.999999, agreement=0.0)  # nothing is right without being judged as float16


def convolution(name: str, x: str, **attrs: AttrValue) -> list[NewOp]:
    kind = "depthwise_conv2d" if "groups" in attrs else "conv2d"
    statistics = {
        "Scale": [f"{name}.scale"],
        "Bias": [f"{name}.shift"],
        "Mean": [f"{name}.mean"],
        "Variance": [f"{name}.var"],
    }
    made = {
        "MeanOut": [f"{name}.mean"], "VarianceOut": [f"{name}.var"],
        "SavedMean": [f"{name}.m"], "SavedVariance": [f"{name}.v"],
    }  # fmt: skip
    return [
        NewOp(kind, {"Input": [x], "Filter": [f"{name}.w"]}, {"Output": [f"{name}.sum"]}, CONV | attrs),
        NewOp(
            "batch_norm",
            {"X": [f"{name}.sum"], **statistics},
            {"Y": [name], **made},
            {"epsilon": 1e-5, "is_test": True},
        ),
    ]


def biased(name: str, x: str, out: str) -> list[NewOp]:
    shaped = {"Out": [f"{name}.shaped"], "XShape": [f"{name}.xs"]}
    return [
        NewOp("conv2d", {"Input": [x], "Filter": [f"{name}.w"]}, {"Output": [f"{name}.sum"]}, CONV),
        NewOp("reshape2", {"X": [f"{name}.bias"]}, shaped, {"shape": [1, -1, 1, 1]}),
        NewOp("elementwise_add", {"X": [f"{name}.sum"], "Y": [f"{name}.shaped"]}, {"Out": [out]}, {"axis": -1}),
    ]  # fmt: skip


SHAPES: dict[str, tuple[int, ...]] = {
    **{name: (1, out, SIZE, SIZE) for name, (_, out) in WIDTHS.items()},
    "a6": (1, 24, SIZE, SIZE), "b6": (1, 96, SIZE, SIZE), "d6": (1, 96, SIZE, SIZE), "sum": (1, 24, SIZE, SIZE),
    "mean": (1, 24, 1, 1), "s.sum": (1, 8, 1, 1), "s.shaped": (1, 8, 1, 1), "s": (1, 8, 1, 1), "sr": (1, 8, 1, 1),
    "e.sum": (1, 24, 1, 1), "e.shaped": (1, 24, 1, 1), "e": (1, 24, 1, 1), "gate": (1, 24, 1, 1), "scaled": (1, 24, SIZE, SIZE),
    "last": (1, 24, 1, 1), "flat": (1, 24), "product": (1, 12), "y": (1, 12), "s.xs": (0, 8), "e.xs": (0, 24),
    "flat.xs": (0, 1, 24, 1, 1),
}  # fmt: skip
SHAPES |= {f"{name}.sum": SHAPES[name] for name in WIDTHS}
SHAPES |= {f"{name}.{one}": (out,) for name, (_, out) in WIDTHS.items() for one in "mv"}


def network(*, relu: str = "relu6") -> Program:
    """A block of MobileNetV2 and one of squeeze and excitation; each family's kernels once."""
    ops = [
        *convolution("a", "x", strides=[2, 2], paddings=[1, 1]),
        NewOp("relu6", {"X": ["a"]}, {"Out": ["a6"]}, {"threshold": 6.0}),
        *convolution("b", "a6"),
        NewOp("relu6", {"X": ["b"]}, {"Out": ["b6"]}, {"threshold": 6.0}),
        *convolution("d", "b6", groups=96, paddings=[1, 1]),
        NewOp(relu, {"X": ["d"]}, {"Out": ["d6"]}, {"threshold": 6.0} if relu == "relu6" else {}),
        *convolution("c", "d6"),
        NewOp("elementwise_add", {"X": ["a6"], "Y": ["c"]}, {"Out": ["sum"]}, {"axis": -1}),
        NewOp("pool2d", {"X": ["sum"]}, {"Out": ["mean"]}, POOL),
        *biased("s", "mean", "s"),
        NewOp("relu", {"X": ["s"]}, {"Out": ["sr"]}),
        *biased("e", "sr", "e"),
        NewOp("hard_sigmoid", {"X": ["e"]}, {"Out": ["gate"]}, {"slope": 0.2, "offset": 0.5}),
        NewOp("elementwise_mul", {"X": ["sum"], "Y": ["gate"]}, {"Out": ["scaled"]}, {"axis": -1}),
        NewOp("pool2d", {"X": ["scaled"]}, {"Out": ["last"]}, POOL),
        NewOp("reshape2", {"X": ["last"]}, {"Out": ["flat"], "XShape": ["flat.xs"]}, {"shape": [1, 24]}),
        NewOp("matmul_v2", {"X": ["flat"], "Y": ["f.w"]}, {"Out": ["product"]}, {"trans_x": False, "trans_y": False}),
        NewOp("elementwise_add", {"X": ["product"], "Y": ["f.bias"]}, {"Out": ["y"]}, {"axis": -1}),
    ]
    return program(
        ops, {"x": (1, 3, 2 * SIZE, 2 * SIZE)}, ["y"], SHAPES, {name: array.shape for name, array in weights().items()}
    )


def weights() -> Weights:
    generator = np.random.default_rng(0)

    def normal(*shape: int, size: float = 1.0, around: float = 0.0) -> NDArray[np.float32]:
        return (around + size * generator.standard_normal(shape)).astype(np.float32)

    made: Weights = {}
    for name, (inputs, outputs) in WIDTHS.items():
        shape = (outputs, 1 if name == "d" else inputs, *((3, 3) if name in "ad" else (1, 1)))
        made |= {
            f"{name}.w": normal(*shape, size=float(np.prod(shape[1:])) ** -0.5),
            f"{name}.scale": normal(outputs, size=0.2, around=1), f"{name}.shift": normal(outputs, size=0.3),
            f"{name}.mean": normal(outputs, size=0.3), f"{name}.var": normal(outputs, size=0.1, around=1) ** 2,
        }  # fmt: skip
    for name, (inputs, outputs) in {"s": (24, 8), "e": (8, 24)}.items():
        made |= {
            f"{name}.w": normal(outputs, inputs, 1, 1, size=inputs**-0.5),
            f"{name}.bias": normal(outputs, size=0.3),
        }
    return made | {"f.w": normal(24, 12, size=0.2), "f.bias": normal(12)}


def types(made: Program) -> list[str]:
    return [op.type for op in made.ops() if op.type not in ("feed", "fetch", "assign_value")]


def test_what_a_kernel_puts_out_is_rounded_and_nothing_inside() -> None:
    made = in_half(network())
    rounded = {op.output("Out") for op in made.ops("py_func")}
    kernels = ["a6", "b6", "d6", "c", "sum", "mean", "sr", "gate", "scaled", "last", "flat", "y"]
    assert rounded >= set(kernels)
    assert not rounded & {"a", "a.sum", "b", "d", "c.sum", "s", "s.sum", "e.sum", "product"}
    assert [op.output("X") for op in made.ops("fetch")] == [op.output("X") for op in network().ops("fetch")]
    assert made.persistables == network().persistables


def test_the_kernels_steps_take_batch_norms_and_biases_in() -> None:
    made = in_half(network(), 0)
    assert not set(types(made)) & {"conv2d", "depthwise_conv2d", "batch_norm", "matmul_v2", "pool2d", "hard_sigmoid"}
    sums = {op.output("Out"): op.inputs["X"] for op in made.ops("py_func")}
    assert sums["c"][:3] == ("d6", "c.w", "c.shift")
    assert sums["s"][:3] == ("mean", "s.w", "s.bias")
    orders = [[op.attr("fp32_values")[1] for op in in_half(network(), n).ops("assign_value")
               if len(op.attr("fp32_values")) == 11] for n in (0, 3)]  # fmt: skip
    assert orders == [[0.0] * 6, [3.0] * 6]


def test_weights_are_folded_before_they_are_rounded(tmp_path: Path) -> None:
    from edge.paddle.params import tensors

    given = weights()
    write_params(tmp_path / "params", given)
    made = half_params(network(), tmp_path / "params", tmp_path / "half", folds=network())
    found = {spec.name: values for spec, values in tensors(made, network().persistables)}
    factor = given["b.scale"] / np.sqrt(given["b.var"] + np.float32(1e-5))
    assert np.allclose(found["b.w"], as_half(given["b.w"] * factor[:, None, None, None]), rtol=2**-10)
    assert np.allclose(found["b.shift"], as_half(given["b.shift"] - given["b.mean"] * factor), rtol=2**-9, atol=1e-4)
    assert all(np.array_equal(found[name], as_half(found[name])) for name in ("b.w", "b.shift", "e.bias", "f.w"))
    half_params(network(), tmp_path / "params", tmp_path / "plain")
    plain = {spec.name: values for spec, values in tensors(tmp_path / "plain", network().persistables)}
    assert np.array_equal(plain["b.w"], as_half(given["b.w"]))
    assert np.array_equal(plain["b.shift"], given["b.shift"])


@pytest.fixture(scope="module")
def paddle() -> Iterator[Worker]:
    with Toolbox() as tools, tools.lend("paddle") as worker:
        yield worker


def samples() -> Sequence[Sample]:
    generator = np.random.default_rng(5)
    drawn = [size * generator.standard_normal((1, 3, 2 * SIZE, 2 * SIZE)) for size in (0.5, 1, 2, 4)]
    return [{"x": as_half(one.astype(np.float32))} for one in drawn]


def run(
    worker: Worker, folder: Path, order: int | None = None, *, half: bool = True, made: Program | None = None,
    changed: Mapping[str, NDArray[Any]] = {},
) -> Outputs:  # fmt: skip
    """Of the network, or of another with other weights: in float32, or in float16."""
    made = made or network()
    write_params(folder / "params", weights() | dict(changed))
    params = folder / "params"
    if half:
        params = half_params(made, params, folder / "half", folds=made if order is not None else None)
        made = in_half(made, order)
    (folder / "program").write_bytes(made.serialize())
    save(folder / "in.npz", samples(), ["x"])
    worker.call("run_half" if half else "run", program=str(folder / "program"), params=str(params),
                inputs_npz=str(folder / "in.npz"), outputs_npz=str(folder / "out.npz"))  # fmt: skip
    return load(folder / "out.npz", ["y"], len(samples()))


def faults() -> dict[str, dict[str, Any]]:
    """What another network would be: none of these is rounding."""
    own = weights()

    def changed(name: str, index: Any, value: Any) -> dict[str, Any]:
        array = own[name].copy()
        array[index] = value
        return {"changed": {name: array}}

    return {
        "two channels for one another": changed("c.w", np.s_[:, [3, 4]], own["c.w"][:, [4, 3]]),
        "a channel that is 0": changed("b.w", 7, 0),
        "a bias shifted by one channel": {"changed": {"a.shift": np.roll(own["a.shift"], 1)}},
        "a bias too large": changed("f.bias", 3, own["f.bias"][3] + 0.1),
        "gemv's last channel, 0 behind a hard_sigmoid": changed("e.bias", -1, -100),
        "a kernel's column lost": changed("d.w", np.s_[..., 2], 0),
        "another activation": {"made": network(relu="relu")},
    }


@pytest.mark.slow
def test_a_tensor_may_have_any_first_dimension(paddle: Worker, tmp_path: Path) -> None:
    """Paddle takes what a function returns for as many outputs as it is long: queries, keys and values in front."""
    size = 2 * SIZE
    turned = program(
        [
            NewOp("transpose2", {"X": ["x"]}, {"Out": ["t"]}, {"axis": [1, 0, 2, 3]}),
            NewOp("relu", {"X": ["t"]}, {"Out": ["y"]}),
        ],
        {"x": (1, 3, size, size)}, ["y"], dict.fromkeys("ty", (3, 1, size, size)),
        {name: array.shape for name, array in weights().items()},
    )  # fmt: skip
    given = np.stack([one["x"] for one in samples()])
    assert np.array_equal(run(paddle, tmp_path, made=turned)[0], np.maximum(given.swapaxes(1, 2), 0))


def test_arithmetic_that_cannot_be_followed_is_told_and_refuses_nothing() -> None:
    """What float16 would do is only a remark on a network that is right."""
    outputs = [np.arange(8.0, dtype=np.float32).reshape(2, 1, 4)]
    verdict = Verdict(samples(), outputs, judge(outputs, outputs, LIMITS).comparison, None, 2)

    def half(_: Sequence[Sample]) -> Outputs:
        raise WorkerRequestError("Paddle cannot", kind="RuntimeError")

    undecided, told = what_half_does(Judgement("passed", None, (("0 to 1", verdict),)), lambda _: outputs, half)
    assert undecided is None
    assert told == ["how far rounding to float16 moves Paddle's own output is not known: Paddle cannot"]


@pytest.mark.slow
def test_right_is_told_from_wrong(paddle: Worker, tmp_path: Path) -> None:
    exact = run(paddle, tmp_path, half=False)
    orders = [run(paddle, tmp_path, order) for order in range(HALF_ORDERS)]

    def judged(made: Outputs) -> Verdict:
        return judge_half(lambda _: samples(), lambda _: made, lambda _: exact, lambda _, order: orders[order], LIMITS)

    def apart(made: Outputs) -> float:
        return judge(exact, made, LIMITS).comparison.relative_error

    for order in (7, 8, 9):  # an engine that adds up otherwise
        right = judged(run(paddle, tmp_path, order))
        assert right.status == "passed", right.problem
        assert right.comparison.relative_error > LIMITS.relative_error
    rounding = run(paddle, tmp_path)
    assert np.array_equal(rounding[0], as_half(rounding[0]))
    assert 2**-13 < apart(rounding) < apart(orders[0])  # sums add to what rounding does
    for name, fault in faults().items():
        found = judged(run(paddle, tmp_path, 7, **fault))
        assert found.status == "failed", f"{name}: {found.comparison.relative_error:.4f} within {found.swing}"
