"""What opt may leave out, and with the real opt: the files are the same as if it had left out nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.convert.legalise import legalise
from edge.convert.opt.optimise import optimise
from edge.convert.opt.optimise import optimise as opt
from edge.convert.opt.shortcut import shortcut
from edge.convert.recipe import Recipe, choose
from edge.errors import OptError
from edge.nb.header import canonicalise, read_header
from edge.nb.program import read_ops
from edge.paddle.draft import Draft, NewOp
from edge.paddle.program import Program
from edge.source.exported import export
from edge.source.weights import Weights
from edge.toolchain.toolbox import Toolbox
from edge.zoo.catalogue import lookup
from tests.convert.legalise.rule_cases import CONV, X
from tests.paddle.programs import program, write_params

ARM = choose()
CONV2D = NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["c"]}, CONV)
WEIGHTS = {"f": (5, 4, 1, 1), "b": (5,)}


def net(*ops: NewOp, shapes: dict[str, tuple[int, ...]] | None = None) -> Program:
    made = {name: (1, 5, 6, 6) for op in ops for names in op.outputs.values() for name in names}
    return program(ops, {"x": X}, ["y"], {**made, **(shapes or {})}, WEIGHTS)


def left_out(network: Program) -> set[str]:
    short = shortcut(network, ARM)
    assert short is not None
    return set(short.discard)


def test_what_only_other_programs_need_is_left_out() -> None:
    plain = left_out(net(CONV2D, NewOp("relu", {"X": ["c"]}, {"Out": ["y"]})))
    assert "lite_conv_bn_fuse_pass" in plain
    assert "identity_dropout_eliminate_pass" in plain
    assert "lite_conv_activation_fuse_pass" not in plain


@pytest.mark.parametrize(
    ("attrs", "needed"),
    [({"scale": 1.0, "bias": 0.0}, False), ({"scale": 2.0, "bias": 0.0}, True), ({"scale": 1.0, "bias": 0.5}, True)],
    ids=["by 1", "by 2", "a half more"],
)
def test_a_scale_that_changes_something_is_fused(attrs: dict[str, Any], needed: bool) -> None:
    discard = left_out(net(CONV2D, NewOp("scale", {"X": ["c"]}, {"Out": ["y"]}, attrs)))
    assert ("lite_conv_scale_fuse_pass" not in discard) == needed
    assert "identity_scale_eliminate_pass" not in discard


def test_passes_see_past_what_is_fused_away() -> None:
    norm = NewOp(
        "batch_norm", {"X": ["c"], "Scale": ["b"], "Bias": ["b"], "Mean": ["b"], "Variance": ["b"]}, {"Y": ["n"]}
    )
    again = NewOp("conv2d", {"Input": ["n"], "Filter": ["f"]}, {"Output": ["y"]}, CONV)
    discard = left_out(net(CONV2D, norm, again))
    assert "lite_conv_conv_fuse_pass" not in discard
    assert "lite_conv_bn_fuse_pass" not in discard


def test_biases_are_fused_before_batch_norms_only_where_one_follows() -> None:
    def times(last: NewOp) -> int:
        add = NewOp("elementwise_add", {"X": ["c"], "Y": ["b"]}, {"Out": ["a"]}, {"axis": 1})
        short = shortcut(net(CONV2D, add, last), ARM)
        assert short is not None
        return short.discard.count("lite_conv_elementwise_fuse_pass")

    norm = NewOp(
        "batch_norm", {"X": ["a"], "Scale": ["b"], "Bias": ["b"], "Mean": ["b"], "Variance": ["b"]}, {"Y": ["y"]}
    )
    assert times(norm) == 0
    assert times(NewOp("relu", {"X": ["a"]}, {"Out": ["y"]})) == 1
    assert left_out(net(CONV2D, NewOp("elementwise_add", {"X": ["c"], "Y": ["x"]}, {"Out": ["y"]}))) >= {
        "lite_conv_elementwise_fuse_pass"
    }


def test_kernels_of_integers_are_weighed_where_there_are_some() -> None:
    relu = net(CONV2D, NewOp("relu", {"X": ["c"]}, {"Out": ["y"]}))
    short = shortcut(relu, ARM)
    assert short is not None
    assert not short.integers
    draft = Draft.of(relu)
    draft.new_tensor("c", "int64", (1,), block=0)  # one that no operator uses
    assert shortcut(draft.build(), ARM) == short
    message = Draft.of(relu)
    index = message.new_tensor("c", "int64", (5,), block=0)
    next(message.ops("relu")).set_output("Mask", [index])
    counted = shortcut(message.build(), ARM)
    assert counted is not None
    assert counted.integers


@pytest.mark.parametrize("chosen", [{"precision": "int8"}, {"precision": "fp16"}, {"target": "opencl,arm"}, {"engine": "2.12"}],
                         ids=lambda c: "-".join(c.values()))  # fmt: skip
def test_nothing_is_left_out_where_it_was_not_looked_at(chosen: dict[str, Any]) -> None:
    assert shortcut(net(CONV2D, NewOp("relu", {"X": ["c"]}, {"Out": ["y"]})), choose(**chosen)) is None


def test_nothing_is_left_out_of_a_quantised_program() -> None:
    network = net(CONV2D, NewOp("fake_quantize_dequantize_abs_max", {"X": ["c"]}, {"Out": ["y"]}))
    assert shortcut(network, ARM) is None


@pytest.fixture(scope="module")
def tools(module_cache: Path) -> Iterator[Toolbox]:
    del module_cache
    with Toolbox() as tools:
        yield tools


@pytest.mark.slow
@pytest.mark.parametrize("target", ["arm", "x86"])
@pytest.mark.parametrize("name", ["MobileNetV2_x0_25", "MobileNetV3_small_x0_35_ssld", "PPLCNet_x0_25", "GhostNet_x0_5",
                                  "MobileViT_XXS", "ShuffleNetV2_x0_25", "ESNet_x0_25"])  # fmt: skip
def test_the_file_is_the_same(
    tools: Toolbox, tmp_path: Path, name: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = choose(target=target)
    source = export(lookup(name), Weights("random"), lambda: tools.lend("paddle"))
    legal, _ = legalise(Program.read(source.program), engine=recipe.engine)
    short, whole = tmp_path / "short.nb", tmp_path / "whole.nb"
    with tools.lend("paddlelite") as worker:
        optimise(worker, legal, source.params, short, recipe)
        monkeypatch.setattr(opt, "shortcut", lambda *_: None)
        optimise(worker, legal, source.params, whole, recipe)
    for file in (short, whole):
        canonicalise(file)
    assert Counter(read_ops(short, read_header(short))) == Counter(read_ops(whole, read_header(whole)))
    if not name.startswith(("ESNet", "ShuffleNet")):  # whose operators opt orders by memory addresses
        assert short.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_opt_as_a_whole_says_why_there_is_no_way(tools: Toolbox, tmp_path: Path) -> None:
    network = net(CONV2D, NewOp("sum", {"X": ["c", "c"]}, {"Out": ["y"]}))
    write_params(tmp_path / "params", {name: np.ones(shape, np.float32) for name, shape in WEIGHTS.items()})
    recipe = Recipe("x86", "2.13rc0", target="x86", abi="x86_64")
    with tools.lend("paddlelite") as worker, pytest.raises(OptError, match="x86 has no kernel for: sum"):
        optimise(worker, network, tmp_path / "params", tmp_path / "y.nb", recipe)
