"""What is computed once, with the engines: Paddle's outputs stay, and opt's file for ARM has fewer operators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.cli.main import run
from edge.convert.fold import VALUES, compute, fold
from edge.convert.legalise import legalise
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Recipe
from edge.errors import WorkerRequestError
from edge.metadata.file import read
from edge.nb.header import read_header
from edge.nb.program import read_ops
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import Worker
from tests.convert.legalise.rule_cases import CONV, POOL
from tests.paddle.programs import program, write_params

RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Net:
    network: Program
    weights: dict[str, NDArray[Any]]
    arm: str  # the operators of opt's file, folded


def _typed(network: Program, **dtypes: int) -> Program:
    message = network.copy_message()
    for var in message.blocks[0].vars:
        if var.name in dtypes:
            var.type.lod_tensor.tensor.data_type = dtypes[var.name]
    return Program(message)


INT32, INT64 = 2, 3  # framework.proto's VarType.Type

# LeViT's biases: rows of a table, one by one, put together and turned.
GATHERED = Net(
    _typed(
        program(
            [
                NewOp("transpose2", {"X": ["table"]}, {"Out": ["columns"], "XShape": ["a"]}, {"axis": [1, 0]}),
                NewOp("gather", {"X": ["columns"], "Index": ["index"]}, {"Out": ["rows"]}, {"axis": 0}),
                NewOp("transpose2", {"X": ["rows"]}, {"Out": ["turned"], "XShape": ["b"]}, {"axis": [1, 0]}),
                NewOp("reshape2", {"X": ["turned"]}, {"Out": ["bias"], "XShape": ["c"]}, {"shape": [1, 2, 3, 3]}),
                NewOp("elementwise_add", {"X": ["x"], "Y": ["bias"]}, {"Out": ["h"]}, {"axis": -1}),
                NewOp("softmax", {"X": ["h"]}, {"Out": ["y"]}, {"axis": -1}),
            ],
            {"x": (1, 2, 3, 3)},
            ["y"],
            {"columns": (5, 2), "rows": (9, 2), "turned": (2, 9), "bias": (1, 2, 3, 3), "h": (1, 2, 3, 3), "y": (1, 2, 3, 3),
             "a": (0, 2, 5), "b": (0, 9, 2), "c": (0, 2, 9)},
            {"table": (2, 5), "index": (9,)},
        ),
        index=INT64,
    ),
    {"table": RNG.normal(size=(2, 5)).astype("float32"), "index": RNG.integers(0, 5, 9)},
    "elementwise_add softmax",
)  # fmt: skip
# CSWin's shapes, each number of which is a tensor: what computes them reads no parameter.
SHAPED = Net(
    _typed(
        program(
            [
                NewOp("fill_constant", {}, {"Out": ["one"]}, {"shape": [1], "value": 1.0, "dtype": INT32}),
                NewOp("fill_constant", {}, {"Out": ["all"]}, {"shape": [1], "value": -1.0, "dtype": INT32}),
                NewOp("reshape2", {"X": ["x"], "ShapeTensor": ["one", "all"]}, {"Out": ["h"], "XShape": ["a"]},
                      {"shape": [-1, -1]}),
                NewOp("elementwise_add", {"X": ["h"], "Y": ["w"]}, {"Out": ["y"]}, {"axis": -1}),
            ],
            {"x": (1, 2, 3, 3)},
            ["y"],
            {"one": (1,), "all": (1,), "h": (1, 18), "y": (1, 18), "a": (0, 1, 2, 3, 3)},
            {"w": (18,)},
        ),
        one=INT32,
        all=INT32,
    ),
    {"w": RNG.normal(size=18).astype("float32")},
    "reshape2 elementwise_add",
)  # fmt: skip
# A number without a dimension, as Paddle writes `x + 0.5 * w.mean()`.
NUMBER = Net(
    program(
        [
            NewOp("reduce_mean", {"X": ["w"]}, {"Out": ["mean"]}, {"dim": [0], "keep_dim": False, "reduce_all": True}),
            NewOp("scale", {"X": ["mean"]}, {"Out": ["half"]}, {"scale": 0.5, "bias": 0.0, "bias_after_scale": True}),
            NewOp("elementwise_add", {"X": ["x"], "Y": ["half"]}, {"Out": ["h"]}, {"axis": -1}),
            NewOp("softmax", {"X": ["h"]}, {"Out": ["y"]}, {"axis": -1}),
        ],
        {"x": (1, 2, 3, 3)},
        ["y"],
        {"mean": (), "half": (), "h": (1, 2, 3, 3), "y": (1, 2, 3, 3)},
        {"w": (7,)},
    ),
    {"w": RNG.normal(size=7).astype("float32")},
    "elementwise_add softmax",
)
# A filter standardised at each inference; the table that it is made of is a filter, too, and a number read of it an output.
COMPUTED = program(
    [
        NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["c"]}, {**CONV, "paddings": [1, 1]}),
        NewOp("relu", {"X": ["c"]}, {"Out": ["r"]}),
        NewOp("scale", {"X": ["f"]}, {"Out": ["g"]}, {"scale": 0.5, "bias": 0.1, "bias_after_scale": True}),
        NewOp("tanh", {"X": ["g"]}, {"Out": ["k"]}),
        NewOp("conv2d", {"Input": ["r"], "Filter": ["k"]}, {"Output": ["h"]}, CONV),
        NewOp("pool2d", {"X": ["h"]}, {"Out": ["y"]}, POOL),
    ],
    {"x": (1, 4, 6, 6)},
    ["y"],
    {"c": (1, 4, 6, 6), "r": (1, 4, 6, 6), "g": (4, 4, 3, 3), "k": (4, 4, 3, 3), "h": (1, 4, 4, 4), "y": (1, 4, 1, 1)},
    {"f": (4, 4, 3, 3)},
)
NETS = pytest.mark.parametrize("net", [GATHERED, SHAPED, NUMBER], ids=["gathered", "shaped", "number"])


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as tools:
        yield tools


@pytest.mark.slow
@NETS
def test_paddle_computes_the_same_to_the_last_bit(tmp_path: Path, tools: Toolbox, net: Net) -> None:
    params, x = tmp_path / "params", RNG.normal(size=(1, 2, 3, 3)).astype("float32")
    write_params(params, net.weights)
    np.savez(tmp_path / "given.npz", **{"0/x": x})  # type: ignore[arg-type]

    def outputs(network: Program, read: Path) -> NDArray[Any]:
        (tmp_path / "program").write_bytes(network.serialize())
        with tools.lend("paddle") as worker:
            worker.call("run", program=str(tmp_path / "program"), params=str(read), inputs_npz=str(tmp_path / "given.npz"),
                        outputs_npz=str(tmp_path / "out.npz"))  # fmt: skip
        with np.load(tmp_path / "out.npz") as made:
            return np.array(made["0/y"])

    [applied] = compute(net.network, params, tmp_path, lambda: tools.lend("paddle"))
    assert applied.count == sum(op.type not in ("feed", "fetch") for op in net.network.ops()) - len(net.arm.split())
    folded, read = fold(net.network, params, tmp_path, tmp_path / "folded")
    expected = outputs(net.network, params)
    assert (outputs(folded, read) == expected).all()
    legal, _ = legalise(folded, engine="2.13rc0")
    made = tmp_path / "made.nb"
    with tools.lend("paddlelite", "2.13rc0") as worker:
        optimise(worker, legal, read, made, Recipe("x86", "2.13rc0", target="x86", abi="x86_64"))
        worker.call("run", nb=str(made), inputs_npz=str(tmp_path / "given.npz"), outputs_npz=str(tmp_path / "out.npz"),
                    feeds=["x"], fetches=["y"])  # fmt: skip
        with np.load(tmp_path / "out.npz") as computed:
            assert np.abs(computed["0/y"] - expected).max() < 1e-6
        optimise(worker, legal, read, made, Recipe("arm", "2.13rc0"))
    assert " ".join(op.type for op in read_ops(made, read_header(made))) == net.arm


@NETS
def test_what_paddle_cannot_compute_stays(tmp_path: Path, net: Net) -> None:
    @contextmanager
    def lend() -> Iterator[Worker]:
        raise WorkerRequestError("no kernel for gather", kind="NotFoundError")
        yield

    params = tmp_path / "params"
    write_params(params, net.weights)
    assert compute(net.network, params, tmp_path, lend) == ()
    assert not (tmp_path / VALUES).exists()
    assert fold(net.network, params, tmp_path, tmp_path / "folded") == (net.network, params)


@pytest.mark.slow
@pytest.mark.parametrize("computes", [True, False])
@pytest.mark.parametrize("precision", ["fp32", "int8", "int16"])
def test_a_weight_that_was_computed_is_judged_as_it_is_rounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str, computes: bool
) -> None:
    """And where Paddle could not compute it, as it is in the file then: not rounded."""
    if not computes:
        monkeypatch.setattr("edge.convert.conversion.compute", lambda *_: ())
    weights = np.random.default_rng(computes).normal(size=(4, 4, 3, 3)).astype("float32")  # two networks in the cache
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "inference.pdmodel").write_bytes(COMPUTED.serialize())
    write_params(tmp_path / "net" / "inference.pdiparams", {"f": weights})
    command = ["convert", "--model-dir", str(tmp_path / "net"), "--name", "mine", "--precision", precision]
    assert run([*command, "-o", str(tmp_path)]) == 0
    made = read(tmp_path / "mine.json")
    assert made.verification is not None
    assert made.verification.status == "passed"
    assert any(one.rule == "constants-computed" for one in made.legalised) is computes
    if precision != "fp32":
        assert made.verification.rounded
        assert (made.verification.rounded.relative_error or 0) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_network_of_the_catalogue_is_right_with_a_fifth_of_its_operators(tmp_path: Path, precision: str) -> None:
    """LeViT_128S: 1,500 slices and gathers for its biases. Its file for int8 is judged beside the weights that are in it."""
    command = ["convert", "LeViT_128S", "--weights", "random", "--precision", precision, "-o", str(tmp_path)]
    assert run(command) == 0
    made = read(tmp_path / "LeViT_128S.json")
    assert made.verification is not None
    assert made.verification.status == "passed"
    [done] = [one for one in made.legalised if one.rule == "constants-computed"]
    ops = read_ops(tmp_path / "LeViT_128S.nb", read_header(tmp_path / "LeViT_128S.nb"))
    assert not {"gather", "slice"} & {op.type for op in ops}
    assert len(ops) < 0.25 * (len(ops) + done.count)
