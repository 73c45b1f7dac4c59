from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.legalise import RULES, legalise
from edge.convert.legalise.half import reads_past
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Recipe
from edge.convert.verify.inputs import samples
from edge.errors import InterpreterNotFoundError, OptError, ProgramError, WorkerError
from edge.nb.header import read_header
from edge.nb.program import NbOp, read_ops
from edge.paddle.draft import AttrValue, Draft, NewOp
from edge.paddle.program import Program
from edge.paddle.rewritten import turned
from edge.toolchain.toolbox import Toolbox
from tests.convert.legalise.rule_cases import (
    CASES,
    CONV,
    Case,
    X,
    activated,
    open_shuffle,
    reshaped,
    shuffle,
    slices,
    softmax_between,
    squeeze_and_excite,
    whole,
)
from tests.paddle.programs import program, write_params


def _ids(chosen: Sequence[Case]) -> list[str]:
    return [f"{case.rule}-{case.engine}" for case in chosen]


cases = pytest.mark.parametrize("case", CASES, ids=_ids(CASES))


def test_every_rule_has_a_case_and_says_why_it_is_there() -> None:
    assert {case.rule for case in CASES} == {rule.name for rule in RULES}
    assert all(len(rule.reason) > 40 for rule in RULES)


@cases
def test_the_rule_is_applied_once_and_reported(case: Case) -> None:
    legal, applied = legalise(case.network, engine=case.engine, precision=case.precision)
    assert (case.rule, 1) in [(a.rule, min(a.count, 1)) for a in applied]
    again, nothing = legalise(legal, engine=case.engine, precision=case.precision)
    assert nothing == ()
    assert again is legal


@cases
def test_inputs_outputs_and_parameters_stay(case: Case) -> None:
    legal, _ = legalise(case.network, engine=case.engine, precision=case.precision)
    assert legal.feeds == case.network.feeds
    assert [spec.name for spec in legal.fetches] == [spec.name for spec in case.network.fetches]
    new = {spec.name for spec in legal.persistables} - {spec.name for spec in case.network.persistables}
    assert not new or case.rule == "conv-bias-zeros"
    assert {spec.name for spec in legal.persistables} - new == {spec.name for spec in case.network.persistables}
    stay = [spec for spec in legal.persistables if spec.name not in new]
    other = [one.shape for one, as_it_was in zip(stay, case.network.persistables, strict=True)
              if one != as_it_was and one.shape == as_it_was.shape[1::-1]]  # fmt: skip
    assert case.rule == "conv-bias-zeros" or len(other) == len(set(case.network.persistables) - set(legal.persistables))
    assert bool(other) == (case.rule == "conv-to-fc")


def test_rules_of_old_engines_leave_new_ones_alone() -> None:
    matmul = next(case.network for case in CASES if case.rule == "matmul-v2-to-matmul")
    assert legalise(matmul, engine="2.13rc0") == (matmul, ())
    assert legalise(matmul, engine="2.99") == (matmul, ())


@pytest.mark.parametrize(
    "network", [shuffle((0, 2, 1, 4, 3)), softmax_between((0, 2, 1, 3))], ids=["shuffle", "softmax"]
)
def test_a_transposition_that_opt_would_take_for_another_is_left_alone(network: Program) -> None:
    """It looks at the first axes of a shuffle only, and not at all at the second of two transpositions."""
    made, _ = legalise(network, engine="2.13rc0")
    assert [op.output("XShape") for op in made.ops("transpose2")][-1] is None


def test_new_engines_get_no_xshape_that_fuses_nothing() -> None:
    """opt looks at every variable in every pass."""
    turned_back = next(case.network for case in CASES if case.rule == "xshape-output")
    made = {op.type: op.output("XShape") for op in legalise(turned_back, engine="2.13rc0")[0].ops()}
    assert made["transpose2"] is None
    assert made["unsqueeze2"] is not None
    assert all(op.output("XShape") for op in legalise(turned_back, engine="2.11")[0].ops("transpose2", "squeeze2"))


def test_what_is_reshaped_from_one_dimension_more_is_reshaped_once() -> None:
    network = reshaped((1, 1, 4, 6, 6), (0, 0, 2, 72), kind="unsqueeze2")
    made, applied = legalise(network, engine="2.13rc0")
    assert [(one.rule, one.count) for one in applied] == [("reshapes-to-one", 1)]
    assert [op.type for op in made.ops()] == ["feed", "relu", "reshape2", "sigmoid", "fetch"]
    assert [op.attr("shape") for op in made.ops("reshape2")] == [(0, 1, 2, 72)]  # the second 0 was of the other input


def _read_twice(draft: Draft) -> None:
    draft.follow(next(draft.ops("reshape2")), NewOp("sigmoid", {"X": ["r1"]}, {"Out": ["other"]}))


def _put_out(draft: Draft) -> None:
    draft.add_fetch("r1")


def _sized_at_run_time(draft: Draft) -> None:
    list(draft.ops("reshape2"))[1].set_input("Shape", ["r1"])


def _of_an_unknown_size(draft: Draft) -> None:
    for op in draft.ops("reshape2"):
        op.set_attr("shape", [-1, *op.attr("shape")[1:]])
    list(draft.ops("reshape2"))[1].set_attr("shape", [0, -1, 36])
    draft.set_shape("r1", (-1, 4, 36))


def _made_twice(draft: Draft) -> None:
    draft.follow(next(draft.ops("relu")), NewOp("relu", {"X": ["x"]}, {"Out": ["r0"]}))


@pytest.mark.parametrize("spoil", [_read_twice, _put_out, _sized_at_run_time, _of_an_unknown_size, _made_twice])
def test_two_reshapes_stay_where_the_first_is_needed_or_sizes_are_not_known(spoil: Callable[[Draft], None]) -> None:
    draft = Draft.of(reshaped((1, 4, 36), (1, 2, 2, 36)))
    spoil(draft)
    made, applied = legalise(draft.build(), engine="2.13rc0")
    assert len(list(made.ops("reshape2"))) == 2
    assert "reshapes-to-one" not in [one.rule for one in applied]


def test_reshapes_beside_a_shuffle_leave_it_one() -> None:
    """opt knows it by its own two reshapes."""
    parted, moved, flat = (1, 2, 2, 6, 6), (1, 2, 2, 6, 6), (1, 144)
    asked = {"b": X, "r": parted, "s": X, "f": flat}

    def reshape(x: str, out: str) -> NewOp:
        return NewOp("reshape2", {"X": [x]}, {"Out": [out], "XShape": [f"{out}x"]}, {"shape": list(asked[out])})

    network = program(
        [NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}), reshape("a", "b"), reshape("b", "r"),
         NewOp("transpose2", {"X": ["r"]}, {"Out": ["t"]}, {"axis": [0, 2, 1, 3, 4]}),
         reshape("t", "s"), reshape("s", "f"), NewOp("sigmoid", {"X": ["f"]}, {"Out": ["y"]})],
        {"x": X}, ["y"], {**asked, "a": X, "t": moved, "y": flat, "bx": (0,), "rx": (0,), "sx": (0,), "fx": (0,)},
    )  # fmt: skip
    made, applied = legalise(network, engine="2.13rc0")
    assert [one.rule for one in applied] == ["xshape-fusion"]
    assert len(list(made.ops("reshape2"))) == 4


@pytest.mark.parametrize(
    ("before", "between"),
    [([], [("flatten_contiguous_range", (1, 8, 18))]), ([(1, 4, 36)], [])],
    ids=["joined in two steps", "parted in two steps"],
)
def test_no_merge_makes_what_opt_takes_for_a_shuffle(
    before: list[tuple[int, ...]], between: list[tuple[str, tuple[int, ...]]]
) -> None:
    """Older Paddles write XShape themselves, and opt looks at the kinds of operators, and hardly at the sizes."""
    parted = (1, 4, 2, 3, 6)
    ops = [NewOp("relu", {"X": ["x"]}, {"Out": ["a"]})]
    shapes: dict[str, tuple[int, ...]] = {"a": X, "r": parted, "t": (1, 2, 4, 3, 6), "y": (1, 8, 3, 6)}
    for shape in before:
        ops.append(NewOp("reshape2", {"X": ["a"]}, {"Out": ["b"], "XShape": ["bx"]}, {"shape": list(shape)}))
        shapes |= {"b": shape, "bx": (0, *X)}
    asked = [0, 0, 2, 3, 6] if before else list(parted)
    ops.append(NewOp("reshape2", {"X": ["b" if before else "a"]}, {"Out": ["r"], "XShape": ["rx"]}, {"shape": asked}))
    ops.append(NewOp("transpose2", {"X": ["r"]}, {"Out": ["t"], "XShape": ["tx"]}, {"axis": [0, 2, 1, 3, 4]}))
    for kind, shape in between:
        attrs: dict[str, AttrValue] = {"start_axis": 1, "stop_axis": 2}
        ops.append(NewOp(kind, {"X": ["t"]}, {"Out": ["f"], "XShape": ["fx"]}, attrs))
        shapes |= {"f": shape, "fx": (0,)}
    last = {"X": ["f" if between else "t"]}
    ops.append(NewOp("reshape2", last, {"Out": ["y"], "XShape": ["yx"]}, {"shape": [1, 8, 3, 6]}))
    network = program(ops, {"x": X}, ["y"], {**shapes, "rx": (0,), "tx": (0,), "yx": (0,)})
    made, applied = legalise(network, engine="2.13rc0")
    assert "reshapes-to-one" not in [one.rule for one in applied]
    assert [op.type for op in made.ops()] == [op.type for op in network.ops()]


def test_a_merged_reshape_still_takes_any_number_of_images() -> None:
    """As the twin of a quantised network is given several at once."""
    from edge.convert.verify.batches import opened

    parted, joined = (1, 4, 6, 6), (1, 36, 4)
    network = program(
        [NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
         NewOp("reshape2", {"X": ["a"]}, {"Out": ["r"], "XShape": ["rx"]}, {"shape": [-1, 6, 6, 4]}),
         NewOp("reshape2", {"X": ["r"]}, {"Out": ["y"], "XShape": ["yx"]}, {"shape": [0, 36, 4]})],
        {"x": parted}, ["y"], {"a": parted, "r": (1, 6, 6, 4), "y": joined, "rx": (0, *parted), "yx": (0, 1, 6, 6, 4)},
    )  # fmt: skip
    made = legalise(network, engine="2.13rc0")[0]
    (merged,) = made.ops("reshape2")
    assert merged.attr("shape") == (-1, 36, 4)
    assert [op.attr("shape") for op in opened(made).ops("reshape2")] == [(-1, 36, 4)]
    scratch = made.tensor(merged.output("XShape") or "")
    assert scratch is not None
    assert scratch.shape == (0, *parted)


def test_what_opt_would_take_for_a_matrix_product_stays_two_reshapes() -> None:
    network = program(
        [NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}),
         NewOp("flatten_contiguous_range", {"X": ["a"]}, {"Out": ["f"], "XShape": ["fx"]}, {"start_axis": 1, "stop_axis": 3}),
         NewOp("reshape2", {"X": ["f"]}, {"Out": ["y"], "XShape": ["yx"]}, {"shape": [4, 16]})],
        {"x": (1, 64, 1, 1)}, ["y"], {"a": (1, 64, 1, 1), "f": (1, 64), "y": (4, 16), "fx": (0,), "yx": (0,)},
    )  # fmt: skip
    assert legalise(network, engine="2.13rc0") == (network, ())


def test_of_two_transpositions_that_do_not_undo_one_another_old_engines_get_one_xshape() -> None:
    """They die of a transposition without, and opt leaves both out only where both have it."""
    made, _ = legalise(softmax_between((0, 2, 1, 3)), engine="2.10")
    assert [op.output("XShape") is None for op in made.ops("transpose2")] == [False, True]


@pytest.mark.parametrize("taken", [(0, 1), (0, 1, 1), (0, 1, 2, 2), (0, 2, -1)],
                         ids=["not all", "one twice", "one more", "one in two ways"])  # fmt: skip
def test_slices_that_do_not_take_a_tensor_to_pieces_stay(taken: Sequence[int]) -> None:
    network = slices(*taken)
    assert legalise(network, engine="2.13rc0") == (network, ())


def test_slices_that_leave_no_dimension_stay() -> None:
    """The engine dies of a reshape to none: weights of a BiFPN."""
    slice_: dict[str, AttrValue] = {"axes": [0], "decrease_axis": [0]}
    network = program(
        [NewOp("slice", {"Input": ["x"]}, {"Out": [f"y{k}"]}, slice_ | {"starts": [k], "ends": [k + 1]}) for k in (0, 1)],
        {"x": (2,)}, ["y0", "y1"], {"y0": (), "y1": ()},
    )  # fmt: skip
    assert legalise(network, engine="2.13rc0") == (network, ())


def test_two_open_sizes_are_asked_when_the_network_runs() -> None:
    draft = Draft.of(open_shuffle())
    for op in draft.ops("reshape2"):
        op.set_attr("shape", [-1, -1, *op.attr("shape")[2:]])
    legal, applied = legalise(draft.build(), engine="2.13rc0")
    assert [len(op.inputs["ShapeTensor"]) for op in legal.ops("reshape2")] == [5, 4]
    assert "reshape-open-size" not in [one.rule for one in applied]


def test_what_others_read_of_the_sizes_stays() -> None:
    draft = Draft.of(open_shuffle())
    reshape = list(draft.ops("reshape2"))[-1]
    draft.follow(reshape, NewOp("cast", {"X": ["s.0"]}, {"Out": ["images"]}, {"in_dtype": 2, "out_dtype": 5}))
    legal, _ = legalise(draft.build(), engine="2.13rc0")
    assert [op.type for op in legal.ops()].count("slice") == 1
    assert [op.input("Input") for op in legal.ops("shape")] == ["t"]


@pytest.mark.parametrize(
    ("activation", "scale", "bias"),
    [("relu", 2.0, 0.0), ("leaky_relu", 0.5, 0.0), ("", 2.0, 1.0), ("sigmoid", 2.0, -1.0)],
)
def test_a_factor_that_may_be_taken_before_an_activation_is(activation: str, scale: float, bias: float) -> None:
    network = activated(activation, scale, bias)
    assert legalise(network, engine="2.13rc0") == (network, ())


def test_a_factor_behind_another_is_seen() -> None:
    draft = Draft.of(activated("relu", 2.0, 0.0))
    last = next(draft.ops("scale"))
    last.set_output("Out", ["c"])
    draft.follow(
        last, NewOp("scale", {"X": ["c"]}, {"Out": ["y"]}, {"scale": 1.0, "bias": -5.0, "bias_after_scale": True})
    )
    next(draft.ops("conv2d")).set_output("Output", ["s"])
    next(draft.ops("elementwise_add")).set_input("X", ["s"])
    draft.new_tensor("s", "float32", (1, 5, 6, 6))
    applied = legalise(draft.build(), engine="2.13rc0")[1]
    assert [(one.rule, one.count) for one in applied] == [("scale-behind-activation", 1)]


def test_a_dropout_that_multiplies_stays_one_in_fp32() -> None:
    network = next(case.network for case in CASES if case.rule == "dropout-to-scale")
    assert legalise(network, engine="2.13rc0") == (network, ())


# What the rules claim, with the engines: the legalised network computes the same, and the other one does not.


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as tools:
        yield tools


class Bench:
    """A network and its inputs on disk, run by Paddle and by Paddle-Lite for x86."""

    def __init__(self, folder: Path, tools: Toolbox, case: Case) -> None:
        self._folder, self._tools, self._case = folder, tools, case
        self._params = folder / "params"
        write_params(self._params, case.weights)
        feeds = case.network.feeds
        given = samples(feeds, [spec.shape for spec in feeds], 3)
        arrays: dict[str, Any] = {f"{k}/{name}": a for k, sample in enumerate(given) for name, a in sample.items()}
        np.savez(folder / "inputs.npz", **arrays)

    def paddle(self, network: Program) -> NDArray[Any]:
        (self._folder / "program").write_bytes(network.serialize())
        with self._tools.lend("paddle") as worker:
            worker.call("run", program=str(self._folder / "program"), params=str(self._params),
                        inputs_npz=str(self._folder / "inputs.npz"), outputs_npz=str(self._folder / "out.npz"))  # fmt: skip
        return self._output()

    def lite(self, network: Program, **recipe: Any) -> NDArray[Any]:
        for_x86 = Recipe("x86", self._case.engine, target="x86", abi="x86_64", **recipe)
        made = self._folder / "made.nb"
        made.unlink(missing_ok=True)
        with self._tools.lend("paddlelite", self._case.engine) as worker:
            optimise(worker, network, self._turned(network), made, for_x86)
        # A process of its own: what opt freed may hold the very numbers that an engine forgot to compute.
        with Toolbox() as fresh, fresh.lend("paddlelite", self._case.engine) as worker:
            worker.call("run", nb=str(made), inputs_npz=str(self._folder / "inputs.npz"),
                        outputs_npz=str(self._folder / "out.npz"), feeds=["x"], fetches=["y"])  # fmt: skip
        return self._output()

    def arm(self, network: Program) -> str:
        """Their types, in order."""
        return " ".join(op.type for op in self._arm(network, precision=self._case.precision))

    def kinds(self, network: Program) -> set[str]:
        """The operators that opt leaves for ARM."""
        return {op.type for op in self._arm(network)}

    def count(self, network: Program, **recipe: Any) -> int:
        """How many of them."""
        return len(self._arm(network, **recipe))

    def _arm(self, network: Program, **recipe: Any) -> tuple[NbOp, ...]:
        made = self._folder / "arm.nb"
        with self._tools.lend("paddlelite", self._case.engine) as worker:
            optimise(worker, network, self._turned(network), made, Recipe("arm", self._case.engine, **recipe))
        return read_ops(made, read_header(made))

    def _turned(self, network: Program) -> Path:
        return turned(self._case.network, network, self._params, self._folder / "turned")

    def _output(self) -> NDArray[Any]:
        with np.load(self._folder / "out.npz") as arrays:
            return np.stack([arrays[f"{k}/y"] for k in range(3)])


@pytest.fixture
def bench(tmp_path: Path, tools: Toolbox, case: Case) -> Bench:
    try:
        with ExitStack() as stack:
            stack.enter_context(tools.lend("paddlelite", case.engine))
    except InterpreterNotFoundError:
        pytest.skip(f"no interpreter for Paddle-Lite {case.engine} here")
    return Bench(tmp_path, tools, case)


def close(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-4, atol=1e-4))


@pytest.mark.slow
@cases
def test_the_legalised_network_computes_the_same(bench: Bench, case: Case) -> None:
    legal, _ = legalise(case.network, engine=case.engine, precision=case.precision)
    assert close(bench.lite(legal), bench.paddle(case.network))


# Paddle's own executor reads the attributes that only opt cannot: nothing to show for these without the rule.
_OTHERWISE = ("plain-attributes", "matmul-weight-to-mul", "conv-bias-direct", "conv-bias-zeros", "pairs-apart")
_ARM_ONLY = (
    "conv-to-fc",
    "conv-two-positions",
    "max-pool-other-kernel",
    "mul-to-matmul-v2",
)  # faults of kernels that x86 does not have
_NEEDED = [case for case in CASES if case.rule not in (*_OTHERWISE, *_ARM_ONLY) and case.arm is None]
_CHEAPER = [case for case in CASES if case.arm is not None]


@pytest.mark.slow
@pytest.mark.parametrize("case", _NEEDED, ids=_ids(_NEEDED))
def test_without_the_rule_it_fails_or_is_wrong(bench: Bench, case: Case) -> None:
    try:
        made = bench.lite(case.network)
    except (OptError, WorkerError):
        return
    assert not close(made, bench.paddle(case.network))


@pytest.mark.slow
@pytest.mark.parametrize("case", _CHEAPER, ids=_ids(_CHEAPER))
def test_the_file_for_arm_is_cheaper_thanks_to_the_rule(bench: Bench, case: Case) -> None:
    legal, _ = legalise(case.network, engine=case.engine, precision=case.precision)
    assert (bench.arm(case.network), bench.arm(legal)) == case.arm


@pytest.mark.slow
@pytest.mark.parametrize("case", [CASES[0]], ids=["2.13rc0"])
@pytest.mark.parametrize(
    "network", [shuffle((0, 2, 1, 4, 3)), softmax_between((0, 2, 1, 3))], ids=["shuffle", "softmax"]
)
def test_with_xshape_everywhere_opt_makes_other_networks_of_these(bench: Bench, network: Program) -> None:
    draft = Draft.of(network)
    for number, op in enumerate(draft.ops("transpose2")):
        op.set_output("XShape", [draft.new_tensor(f"scratch{number}", "float32", (0, *X))])
    expected = bench.paddle(network)
    assert not close(bench.lite(draft.build()), expected)
    assert close(bench.lite(legalise(network, engine="2.13rc0")[0]), expected)


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in CASES if c.rule == "matmul-weight-to-mul"], ids=["int8"])
def test_a_quantised_fully_connected_layer_needs_the_rule(bench: Bench, case: Case) -> None:
    expected = bench.paddle(case.network)
    legal, _ = legalise(case.network, engine=case.engine, precision=case.precision)
    right = bench.lite(legal, precision="int8")
    wrong = bench.lite(case.network, precision="int8")
    scale = np.abs(expected).max()
    assert np.abs(right - expected).max() < 0.02 * scale
    assert not np.abs(wrong - expected).max() < 0.02 * scale


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in CASES if c.rule == "conv-bias-direct"], ids=["arm"])
def test_opt_takes_the_bias_into_the_convolution_thanks_to_the_rule(bench: Bench, case: Case) -> None:
    legal, _ = legalise(case.network, engine=case.engine, precision=case.precision)
    assert bench.kinds(case.network) == {"conv2d", "reshape2", "elementwise_add"}
    assert bench.kinds(legal) == {"conv2d"}


_ADDED = [case for case in CASES if case.rule == "conv-bias-zeros"]


@pytest.mark.slow
@pytest.mark.parametrize("case", _ADDED, ids=_ids(_ADDED))
def test_opt_takes_nothing_else_for_a_bias_thanks_to_the_rule(bench: Bench, case: Case) -> None:
    """For ARM; for x86 it is the row as long as there are channels that goes wrong."""
    legal, _ = legalise(case.network, engine=case.engine, precision=case.precision)
    with suppress(OptError):  # it aborts
        assert "add" not in bench.arm(case.network)
    fused = case.weights["b"].shape in [(1, 6, 1, 1), (1,)]  # a bias in another shape, or the same for all channels
    assert bench.arm(legal) == "conv2d conv2d" + ("" if fused else " fusion_elementwise_add_activation")


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in CASES if c.rule == "pairs-apart"], ids=["int8"])
def test_a_linear_pair_is_rounded_each_by_itself_thanks_to_the_rule(bench: Bench, case: Case) -> None:
    legal, _ = legalise(case.network, engine=case.engine, precision=case.precision)
    assert (bench.count(case.network, precision="int8"), bench.count(legal, precision="int8")) == (1, 2)


@pytest.mark.parametrize(
    ("outputs", "inputs", "past"),
    [(32, 8, True), (88, 22, True), (40, 10, True), (96, 24, True), (28, 7, True), (8, 7, True), (24, 1, True),
     (64, 16, False), (8, 32, False), (28, 8, False), (100, 24, False), (1, 7, False), (9, 15, False)],
)  # fmt: skip
def test_the_weights_that_the_float16_kernel_reads_past(outputs: int, inputs: int, past: bool) -> None:
    """By hand: rows are read to the next multiple of 16, but for the last of no full eight, which is copied."""
    rows = range(outputs - 1 if outputs % 8 else outputs)
    assert past == any(row * inputs + -(-inputs // 16) * 16 > outputs * inputs for row in rows)
    assert reads_past(outputs, inputs) == past


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in CASES if c.rule == "conv-two-positions"], ids=["fp16"])
def test_a_convolution_of_one_position_gets_a_second_one_in_float16(bench: Bench, case: Case) -> None:
    """It stays one with its activation in it, and nothing is cast."""
    legal, _ = legalise(case.network, engine=case.engine, precision="fp16")
    assert bench.arm(case.network) == "calib conv2d calib"
    assert bench.arm(legal) == "calib conv2d pool2d calib"
    assert [spec.shape for name in ("c", "y") if (spec := legal.tensor(name)) is not None] == [
        (1, 8, 1, 2),
        (1, 8, 1, 1),
    ]


def test_a_fully_connected_layer_has_no_positions() -> None:
    """From the pool to the gates; the second convolution goes with the first, read past or not."""
    for inputs, outputs in ((8, 24), (16, 24)):
        legal, _ = legalise(squeeze_and_excite(inputs, outputs), engine="2.13rc0", precision="fp16")
        shapes = {
            name: spec.shape for name in ("c1", "a1", "r", "c2", "a2", "s", "f", "g") if (spec := legal.tensor(name))
        }
        small, large = dict.fromkeys(("c1", "a1", "r"), (1, inputs)), dict.fromkeys(("c2", "a2"), (1, outputs))
        assert shapes == small | large | {"s": (1, outputs, 1, 1), "f": (4, inputs), "g": (inputs, outputs)}


def test_a_filter_that_two_convolutions_share_is_not_turned() -> None:
    draft = Draft.of(squeeze_and_excite())
    first = next(draft.ops("conv2d"))
    draft.follow(first, NewOp("conv2d", {"Input": ["p"], "Filter": ["f"]}, {"Output": ["again"]}, CONV))
    legal, applied = legalise(draft.build(), engine="2.13rc0", precision="fp16")
    assert [(one.rule, one.count) for one in applied] == [("conv-to-fc", 1), ("conv-two-positions", 1)]
    assert [spec.shape for spec in legal.persistables if spec.name in "fg"] == [(8, 4, 1, 1), (8, 24)]


@pytest.mark.parametrize(
    ("kind", "outputs", "groups", "widened"),
    [("conv2d", 7, 1, 1), ("conv2d", 8, 2, 1), ("depthwise_conv2d", 8, 4, 1), ("depthwise_conv2d", 4, 4, 0)],
)
def test_a_convolution_whose_input_is_copied_gets_a_second_position(
    kind: str, outputs: int, groups: int, widened: int
) -> None:
    """Whatever its channels: gemv_fp16 frees the copy. A depthwise one has another kernel, unless it makes more channels."""
    legal, applied = legalise(whole(kind, outputs, groups), engine="2.13rc0", precision="fp16")
    assert [(one.rule, one.count) for one in applied] == [("conv-two-positions", 1)] * widened
    assert [op.attr("paddings") for op in legal.ops(kind)] == [(0, 0, 0, 2) if widened else (0, 0)]


@pytest.mark.parametrize(
    ("size", "padded"), [((3, 1), (0, 0, 1, 3)), ((1, 1), (1, 1, 1, 3)), ((2, 2), (0, 1, 0, 3)), ((4, 2), (0, 0, 0, 3))]
)
def test_what_same_pads_is_said_before_a_second_position_is_padded(
    size: tuple[int, int], padded: tuple[int, ...]
) -> None:
    """By hand, for a kernel of 3 x 3: what the input lacks, the odd one at the bottom and the right."""
    network = program(
        [NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["y"]},
               CONV | {"strides": [4, 2], "dilations": [2, 2], "padding_algorithm": "SAME"})],
        {"x": (1, 24, *size)}, ["y"], {"y": (1, 8, 1, 1)}, {"f": (8, 24, 3, 3)},
    )  # fmt: skip
    legal, _ = legalise(network, engine="2.13rc0", precision="fp16")
    assert [(op.attr("paddings"), op.attr("dilations")) for op in legal.ops("conv2d")] == [(padded, (1, 1))]


@pytest.mark.parametrize(
    ("inputs", "kernel", "width", "refused"),
    [(4, 1, 3, True), (4, 1, 1, True), (4, 1, 5, False), (2, 3, 5, False), (2, 1, 9, True), (2, 1, 11, False)],
)
def test_a_tiny_convolution_of_one_output_a_group_is_refused(
    inputs: int, kernel: int, width: int, refused: bool
) -> None:
    """With a stride of 2, so that the input is copied; one position becomes two first."""
    made = (width - kernel) // 2 + 1
    network = program(
        [NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["y"]}, CONV | {"strides": [2, 2], "groups": 4})],
        {"x": (1, 4 * inputs, kernel, width)}, ["y"], {"y": (1, 4, 1, made)}, {"f": (4, inputs, kernel, kernel)},
    )  # fmt: skip
    if refused:
        with pytest.raises(
            ProgramError, match=r"^y.*: in float16 ARM's kernel for a convolution of \d+ numbers to one output"
        ):
            legalise(network, engine="2.13rc0", precision="fp16")
    else:
        legalise(network, engine="2.13rc0", precision="fp16")


def test_in_other_precisions_a_convolution_of_one_position_stays() -> None:
    network = next(case.network for case in CASES if case.rule == "conv-to-fc")
    for precision in ("fp32", "int8", "int16", "int8-static"):
        assert all(
            not rule.rule.startswith("conv-t") for rule in legalise(network, engine="2.13rc0", precision=precision)[1]
        )


@pytest.mark.parametrize(
    ("shape", "axis", "refused"),
    [((1, 2049, 8), 1, True), ((1, 2048, 8), 1, False), ((1, 5000), 1, False), ((1, 8, 5000), -1, False),
     ((2049, 1, 1), 0, False), ((1, 4, 3000, 2), -2, True)],
)  # fmt: skip
def test_a_softmax_that_float16_cannot_add_up_is_refused(shape: Sequence[int], axis: int, refused: bool) -> None:
    softmax = NewOp("softmax", {"X": ["x"]}, {"Out": ["y"]}, {"axis": axis})
    network = program([softmax], {"x": shape}, ["y"], {"y": shape})
    legalise(network, engine="2.13rc0")
    if not refused:
        assert legalise(network, engine="2.13rc0", precision="fp16") == (network, ())
        return
    with pytest.raises(ProgramError, match=r"^y: in float16 ARM's kernel for a softmax along the axis"):
        legalise(network, engine="2.13rc0", precision="fp16")


def test_every_rule_is_told_in_the_documentation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "explanation" / "converting.md").read_text()
    told = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert told == [rule.name for rule in RULES]
