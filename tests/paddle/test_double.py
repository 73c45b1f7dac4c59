"""A program in float64: what changes in it, and what Paddle makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.convert.verify.asked import NOTHING_ASKED, domains
from edge.convert.verify.compare import compare
from edge.convert.verify.engines import Double, Paddle
from edge.convert.verify.points import at_points, points_of
from edge.paddle import params
from edge.paddle.double import doubled, doubled_params
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from edge.source.load import load_source
from edge.source.weights import Weights
from edge.toolchain.toolbox import Toolbox
from edge.zoo.catalogue import lookup
from tests.paddle.programs import program, write_params


def test_float_variables_and_the_types_that_operators_name_become_float64(tmp_path: Path) -> None:
    ops = [
        NewOp("cast", {"X": ["ids"]}, {"Out": ["h"]}, {"in_dtype": 3, "out_dtype": 5}),
        NewOp("elementwise_add", {"X": ["h"], "Y": ["w"]}, {"Out": ["y"]}, {"axis": -1}),
    ]
    single = program(ops, {"ids": (1, 2)}, ["y"], {"h": (1, 2), "y": (1, 2)}, {"w": (2,)})
    weight = np.array([0.1, 1e-20], np.float32)
    write_params(tmp_path / "single", {"w": weight})
    double = doubled(single)
    assert {spec.dtype for spec in (*double.feeds, *double.fetches, *double.persistables)} == {"float64"}
    assert next(double.ops("cast")).attr("out_dtype") == 6
    assert next(double.ops("cast")).attr("in_dtype") == 3
    assert single.fetches[0].dtype == "float32"
    made = doubled_params(single, tmp_path / "single", tmp_path / "double")
    assert params.check(made, double.persistables) == 2
    assert np.array_equal(np.frombuffer(made.read_bytes()[-16:], np.float64), weight.astype(np.float64))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MobileNetV3_small_x0_35", "GhostNet_x0_5", "MobileViT_XXS"])
def test_paddle_computes_the_same_network_in_float64(name: str, tmp_path: Path) -> None:
    """Of convolutions, of gates, of attention; nearer to it than the limit, and not by the very same numbers."""
    with Toolbox() as tools:

        def lend_paddle():  # type: ignore[no-untyped-def]
            return tools.lend("paddle")

        source = load_source(lookup(name), Weights("random"), lend_paddle)
        whole = Program.read(source.program)
        wanted = at_points(whole, points_of(whole))
        given = list(domains(whole, [spec.shape for spec in whole.feeds], NOTHING_ASKED, None, 2)[0].draw(0))
        single = Paddle(lend_paddle, source, wanted, tmp_path).run(source.params, given)
        double = Double(lend_paddle, source, whole, wanted, source.params, tmp_path).run(given)
    assert double is not None
    assert {one.dtype for one in double} == {np.dtype("float64")}
    distances = [compare(exact, rounded).relative_error for exact, rounded in zip(double, single, strict=True)]
    assert 1e-7 < max(distances) < 2e-3
