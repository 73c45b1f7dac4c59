"""Inputs that find the fault, and places where a network can be judged, with the real engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.legalise import legalise
from edge.convert.recipe import Recipe
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.convert.verify.verify import Verification, verify
from edge.paddle import schema
from edge.paddle.draft import AttrValue, Draft, NewOp
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.toolbox import Toolbox
from tests.paddle.programs import program, write_params

pytestmark = pytest.mark.slow

ENGINE = "2.13rc0"
IMAGE, MAP = (1, 3, 8, 8), (1, 4, 8, 8)
CONV: dict[str, AttrValue] = {
    "strides": [1, 1], "paddings": [0, 0], "dilations": [1, 1], "groups": 1, "data_format": "NCHW",
    "padding_algorithm": "EXPLICIT",
}  # fmt: skip
GENERATOR = np.random.default_rng(0)
WEIGHTS: Mapping[str, NDArray[Any]] = {
    "w": (GENERATOR.standard_normal((4, 3, 1, 1)) / 2).astype(np.float32),
    "low": np.full((1,), -16, np.float32),
}
EDGES = NewOp("conv2d", {"Input": ["p"], "Filter": ["w"]}, {"Output": ["c"]}, CONV)


def scale(x: str, out: str, factor: float, bias: float) -> NewOp:
    return NewOp("scale", {"X": [x]}, {"Out": [out]}, {"scale": factor, "bias": bias, "bias_after_scale": True})


def net(ops: Sequence[NewOp], fetches: Sequence[str], shapes: Mapping[str, Sequence[int]]) -> Program:
    return program(ops, {"x": IMAGE}, fetches, shapes, {name: array.shape for name, array in WEIGHTS.items()})


def cube() -> Program:
    """pow((128 - x) / 64, 3): of pixels above 128 a negative base."""
    ops = [scale("x", "s", -1 / 64, 2.0), NewOp("pow", {"X": ["s"]}, {"Out": ["p"]}, {"factor": 3.0}), EDGES]
    return net(ops, ["c"], {"s": IMAGE, "p": IMAGE, "c": MAP})


def clipped() -> Program:
    """What is within 16..235, as in video: numbers around 0 are all the same to it."""
    return net(
        [NewOp("clip", {"X": ["x"]}, {"Out": ["p"]}, {"min": 16.0, "max": 235.0}), EDGES], ["c"], {"p": IMAGE, "c": MAP}
    )


def empty_handed() -> Program:
    """A detector that sees nothing: sigmoid of about -16."""
    ops = [
        scale("x", "p", 0.1, 0.0),
        EDGES,
        scale("c", "l", 0.1, -16.0),
        NewOp("sigmoid", {"X": ["l"]}, {"Out": ["y"]}),
    ]
    return net(ops, ["y"], {"p": IMAGE, "c": MAP, "l": MAP, "y": MAP})


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as tools:
        yield tools


Verdict = Callable[..., Verification]


@pytest.fixture
def verdict(tmp_path: Path, tools: Toolbox) -> Verdict:
    def verdict(
        original: Program,
        *,
        mended: bool = True,
        mutate: Callable[[Draft], object] = lambda _: None,
        asked: InputsAsked = NOTHING_ASKED,
        weights: Mapping[str, NDArray[Any]] = WEIGHTS,
    ) -> Verification:
        source = InferenceModel(tmp_path, tmp_path / "program", tmp_path / "params", "", "", "own")
        source.program.write_bytes(original.serialize())
        write_params(source.params, weights)
        draft = Draft.of(legalise(original, engine=ENGINE)[0] if mended else original)
        mutate(draft)
        legal = tmp_path / "legal"
        legal.write_bytes(draft.build().serialize())
        (scratch := tmp_path / "scratch").mkdir()
        return verify(source, legal, Recipe("test", ENGINE), scratch, lend_engine=lambda: tools.lend("paddlelite", ENGINE),
                      lend_paddle=lambda: tools.lend("paddle"), asked=asked)  # fmt: skip

    return verdict


def test_a_network_that_is_no_number_on_pixels_is_not_verified(verdict: Verdict) -> None:
    result = verdict(cube(), mended=False)
    assert result.status == "failed"
    assert str(result.reason).startswith("with inputs 0 to 255: ")  # no numbers, or 1e38, by the engine


def test_numbers_around_nothing_would_not_have_found_it(verdict: Verdict) -> None:
    assert verdict(cube(), mended=False, asked=InputsAsked((-2.1, 2.6))).status == "passed"


def test_mended_by_the_legaliser_it_passes_on_pixels_too(verdict: Verdict) -> None:
    result = verdict(cube())
    assert (result.status, result.input_ranges) == ("passed", ("-2.1 to 2.6", "0 to 1", "-1 to 1", "0 to 255"))


def test_a_network_for_pixels_alone_is_judged_by_pixels(verdict: Verdict) -> None:
    result = verdict(clipped())
    assert (result.status, result.reason, result.input_ranges) == ("passed", None, ("0 to 255",))


def test_a_fault_that_only_pixels_show_is_found(verdict: Verdict) -> None:
    result = verdict(clipped(), mutate=lambda draft: [op.set_attr("max", 200.0) for op in draft.ops("clip")])
    assert result.status == "failed"
    assert "with inputs 0 to 255: outputs differ" in str(result.reason)


def test_the_range_that_is_asked_for_is_the_one_used(verdict: Verdict) -> None:
    result = verdict(clipped(), asked=InputsAsked((0.0, 1.0)))
    assert (result.status, result.input_ranges) == ("inconclusive", ("0 to 1",))


def test_the_users_own_samples_judge(verdict: Verdict, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", x=np.random.default_rng(1).integers(0, 256, (5, 3, 8, 8)).astype(np.uint8))
    result = verdict(clipped(), asked=InputsAsked(file=tmp_path / "mine.npz"))
    assert (result.status, result.inputs, result.input_ranges) == ("passed", 5, None)
    assert result.samples_sha256 is not None
    assert len(result.samples_sha256) == 64


def test_a_detector_that_sees_nothing_is_judged_by_what_goes_into_its_sigmoid(verdict: Verdict) -> None:
    result = verdict(empty_handed())
    assert result.status == "passed", result.reason
    assert result.argmax_agreement is None


def test_a_wrong_detector_that_sees_nothing_is_found_out(verdict: Verdict) -> None:
    def other(draft: Draft) -> None:
        for op in list(draft.ops("scale"))[1:]:
            op.set_attr("scale", 0.11)

    assert verdict(empty_handed(), mutate=other).status == "failed"


def test_one_that_hides_what_goes_into_it_is_inconclusive(verdict: Verdict) -> None:
    hidden = empty_handed()
    draft = Draft.of(hidden)
    (sigmoid,) = draft.ops("sigmoid")
    inner = draft.new_tensor("y", "float32", MAP)
    draft.replace(
        sigmoid,
        NewOp("sigmoid", {"X": ["l"]}, {"Out": [inner]}),
        NewOp("clip", {"X": [inner]}, {"Out": ["y"]}, {"min": 0.0, "max": 1.0}),
    )
    result = verdict(draft.build())
    assert result.status == "inconclusive"
    assert "hardly depend on the input" in str(result.reason)


def boxes() -> Program:
    """Four boxes a pixel column, scored, and those that survive."""
    ops = [
        scale("x", "p", 1.0, 0.0),
        EDGES,
        NewOp("reshape2", {"X": ["c"]}, {"Out": ["b"], "XShape": ["bs"]}, {"shape": [1, 64, 4]}),
        NewOp("reduce_mean", {"X": ["p"]}, {"Out": ["m"]},
              {"dim": [1], "keep_dim": False, "reduce_all": False, "in_dtype": -1, "out_dtype": -1}),
        NewOp("reshape2", {"X": ["m"]}, {"Out": ["r"], "XShape": ["rs"]}, {"shape": [1, 1, 64]}),
        NewOp("sigmoid", {"X": ["r"]}, {"Out": ["s"]}),
        NewOp("multiclass_nms3", {"BBoxes": ["b"], "Scores": ["s"]},
              {"Out": ["y"], "Index": ["i"], "NmsRoisNum": ["n"]},
              {"background_label": -1, "score_threshold": 0.5, "nms_top_k": 64, "nms_threshold": 0.6, "keep_top_k": 10,
               "nms_eta": 1.0, "normalized": True}),
    ]  # fmt: skip
    shapes = {
        "p": IMAGE, "c": MAP, "b": (1, 64, 4), "bs": (0, 1, 4, 8, 8), "m": (1, 8, 8), "r": (1, 1, 64), "rs": (0, 1, 8, 8),
        "s": (1, 1, 64), "y": (-1, 6), "i": (-1, 1), "n": (1,),
    }  # fmt: skip
    made = net(ops, ["y", "n"], shapes)
    message = schema.MESSAGES["Program"]()
    message.ParseFromString(made.serialize())
    for var in message.blocks[0].vars:
        if var.name in ("i", "n"):
            var.type.lod_tensor.tensor.data_type = schema.DTYPE_NUMBERS["int32"]
    return Program(message)


def test_boxes_are_judged_before_those_that_survive_are_chosen(verdict: Verdict) -> None:
    result = verdict(boxes())
    assert result.status == "passed", result.reason
    assert result.reason == "judged before multiclass_nms3: y, n behind it were not compared"


def test_wrong_boxes_are_found_out(verdict: Verdict) -> None:
    result = verdict(boxes(), mutate=lambda draft: [op.set_type("tanh") for op in draft.ops("sigmoid")])
    assert result.status == "failed"


def words() -> Program:
    """An embedding of 500 words."""
    table = NewOp("lookup_table_v2", {"W": ["table"], "Ids": ["x"]}, {"Out": ["e"]}, {"padding_idx": -1})
    made = program([table, scale("e", "y", 2.0, 0.0)], {"x": (1, 16)}, ["y"], {"e": (1, 16, 4), "y": (1, 16, 4)},
                   {"table": (500, 4), "table.end": (500, 4)})  # fmt: skip
    message = schema.MESSAGES["Program"]()
    message.ParseFromString(made.serialize())
    (x,) = (var for var in message.blocks[0].vars if var.name == "x")
    x.type.lod_tensor.tensor.data_type = schema.DTYPE_NUMBERS["int64"]
    (padding,) = (attr for op in message.blocks[0].ops for attr in op.attrs if attr.name == "padding_idx")
    padding.ClearField("i")
    padding.type, padding.l = schema.ATTR_NUMBERS["LONG"], -1
    return Program(message)


def test_ids_go_over_all_rows_of_the_embedding(verdict: Verdict) -> None:
    table = np.random.default_rng(0).standard_normal((500, 4)).astype(np.float32)
    other = table.copy()
    other[250:] += 1  # the first eight rows, which were the only ones looked at, are the same
    weights = {"table": table, "table.end": other}
    result = verdict(words(), weights=weights)
    assert result.status == "passed", result.reason


def test_a_wrong_row_far_down_the_embedding_is_found(verdict: Verdict) -> None:
    table = np.random.default_rng(0).standard_normal((500, 4)).astype(np.float32)
    other = table.copy()
    other[250:] += 1
    swap = lambda draft: [op.set_input("W", ["table.end"]) for op in draft.ops("lookup_table_v2")]  # noqa: E731
    assert verdict(words(), weights={"table": table, "table.end": other}, mutate=swap).status == "failed"
