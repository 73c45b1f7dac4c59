"""What opt need not do for a program: passes that find nothing in it, kernels of integers where it has none.

opt runs some fifty graph passes over every program, most of them in vain, and weighs the kernels of every precision for every
operator: a quarter of its time. It can be told to leave passes out (CxxConfig::add_discarded_pass) and which places to weigh.
Here a pass is left out only if the program lacks what the pass looks for, so that the file stays the same; what each one looks
for was read in Paddle-Lite v2.13-rc (lite/core/optimizer/mir), and tests/convert/opt/test_shortcut.py compares the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from edge.convert.recipe import Recipe
from edge.paddle.program import Op, Program, Step

# The engines whose passes were read, and what a recipe may be: opt itself sets more for the others.
_ENGINES = frozenset({"2.13rc0"})
_TARGETS = frozenset({"arm", "x86"})


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`discard`: passes to leave out, one mention an occurrence; `integers`: whether to weigh int32 and int64 kernels."""

    discard: tuple[str, ...]
    integers: bool


def shortcut(program: Program, recipe: Recipe) -> Shortcut | None:
    """What opt may leave out for this program and recipe; None where nothing is known and it must do everything."""
    if recipe.engine not in _ENGINES or recipe.target not in _TARGETS:
        return None
    if recipe.precision != "fp32" or recipe.sparse_threshold is not None:
        return None
    sight = _look(program)
    if sight.blocks > 1 or sight.quantised:
        return None
    useless = [name for name, useful in _PASSES if not useful(sight)]
    return Shortcut(tuple(useless), integers=not sight.only_floats)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the passes look for in a program."""

    types: frozenset[str]
    follows: frozenset[tuple[str, str]]  # (operator, one that reads its result, directly or behind what is fused away)
    scales: bool  # are there scale operators that change something?
    only_floats: bool
    quantised: bool
    blocks: int

    def has(self, *types: str) -> bool:
        return not self.types.isdisjoint(types)

    def biased(self, makers: Iterable[str]) -> bool:
        return self.pairs(makers, [BIAS])

    def pairs(self, makers: Iterable[str], readers: Iterable[str]) -> bool:
        return any((maker, reader) in self.follows for maker in makers for reader in readers)


BIAS = "elementwise_add of a parameter"
_CONVS = ("conv2d", "depthwise_conv2d", "conv2d_transpose")
_NORMS = ("batch_norm", "sync_batch_norm")
_ELEMENTWISE = ("elementwise_add", "elementwise_sub", "elementwise_mul")
_PRODUCTS = ("mul", "matmul", "matmul_v2")
# What earlier passes take away, so that later ones see its neighbours side by side.
_FUSED_AWAY = frozenset({*_NORMS, BIAS, "assign", "dropout", "elementwise_add", "scale"})

# Passes in their order, and whether each could find something. (Quantised programs are not asked about at all.)
_PASSES: tuple[tuple[str, Callable[[_Sight], bool]], ...] = (
    ("lite_quant_dequant_fuse_pass", lambda s: s.has("gru", "lstm")),
    ("weight_quantization_preprocess_pass", lambda _: False),
    ("op_transformation_pass", lambda s: s.has("depthwise_conv2d_transpose")),
    ("unsqueeze_calc_offline_pass", lambda s: s.has("unsqueeze", "unsqueeze2")),
    ("adaptive_1x1_pool2d_convert_global_pass", lambda s: s.has("pool2d")),
    ("lite_unsqueeze2_pad3d_squeeze2_fuse_pass", lambda s: s.has("pad3d")),
    # Once for the biases below batch norms, once for those of the other convolutions; left out, the first goes first.
    ("lite_conv_elementwise_fuse_pass", lambda s: s.biased(_CONVS) and s.pairs([BIAS, *_ELEMENTWISE], _NORMS)),
    ("lite_conv_bn_fuse_pass", lambda s: s.has(*_NORMS)),
    ("lite_conv_elementwise_fuse_pass", lambda s: s.biased(_CONVS)),
    ("lite_conv_conv_fuse_pass", lambda s: s.pairs(["conv2d"], ["conv2d"])),
    ("lite_sigmoid_elementmul_fuse_pass", lambda s: s.pairs(["sigmoid"], ["elementwise_mul"])),
    ("lite_conv_activation_fuse_pass", lambda s: s.pairs(_CONVS, ["relu", "relu6", "leaky_relu", "hard_swish"])),
    ("lite_squeeze2_matmul_fuse_pass", lambda s: s.has("matmul")),
    ("lite_reshape2_matmul_fuse_pass", lambda s: s.has("matmul")),
    ("lite_matmul_element_add_fuse_pass", lambda s: s.has("matmul")),
    ("lite_matmul_fuse_pass", lambda s: s.has("matmul")),
    ("lite_fc_fuse_pass", lambda s: s.biased(_PRODUCTS)),
    ("lite_shuffle_channel_fuse_pass", lambda s: s.pairs(["reshape", "reshape2"], ["transpose", "transpose2"])),
    ("lite_transpose_softmax_transpose_fuse_pass", lambda s: s.pairs(["transpose", "transpose2"], ["softmax"])),
    ("lite_interpolate_fuse_pass", lambda s: s.has("shape")),
    ("identity_scale_eliminate_pass", lambda s: s.has("scale")),
    ("lite_scales_fuse_pass", lambda s: s.scales),
    ("elementwise_mul_constant_eliminate_pass", lambda s: s.has("fill_constant")),
    ("lite_scale_activation_fuse_pass", lambda s: s.scales),
    ("lite_flatten_fc_fuse_pass", lambda s: s.has("flatten_contiguous_range")),
    ("lite_elementwise_activation_fuse_pass", lambda s: s.pairs(_ELEMENTWISE, ["relu", "abs", "tanh"])),
    ("lite_conv_scale_fuse_pass", lambda s: s.scales),
    ("transformer_attention_fuse_pass", lambda _: False),  # of int8 activations only
    ("identity_dropout_eliminate_pass", lambda s: s.has("dropout")),
    ("sparse_conv_detect_pass", lambda _: False),  # for a recipe with a threshold only
    ("remove_tf_redundant_ops_pass", lambda s: s.has("squeeze2") or s.pairs(["softmax"], ["reshape2"])),
    # It prints the graph for opt's own developers.
    *(("argument_type_display_pass", lambda _: False),) * 7,
)


def _look(program: Program) -> _Sight:
    steps = _biases_named(program)
    makers = {name: step for step in steps for name in step.writes}
    used = {name for step in steps for name in (*step.reads, *step.writes)}
    return _Sight(
        types=program.op_types,
        follows=frozenset((maker, step.type) for step in steps for maker in _before(step, makers)),
        scales=any(_changes(op) for op in program.ops("scale")),
        only_floats=program.dtypes(used) <= {"float32"},
        quantised=any("quantize" in type_ for type_ in program.op_types)
        or any(op.has_attr("quantization_type") for op in program.ops(*_CONVS, *_PRODUCTS)),
        blocks=program.blocks,
    )


def _biases_named(program: Program) -> list[Step]:
    """The operators in order, those that add a parameter as `BIAS`."""
    constant = {spec.name for spec in program.persistables}
    steps = []
    for step in program.flow:
        if step.type in ("unsqueeze", "unsqueeze2") and constant.issuperset(step.reads):
            constant.update(step.writes)  # opt does it beforehand
        adds = step.type == "elementwise_add" and not constant.isdisjoint(step.reads)
        steps.append(step._replace(type=BIAS) if adds else step)
    return steps


def _before(step: Step, makers: Mapping[str, Step]) -> set[str]:
    """The types of the operators whose results an operator reads, also behind those that are fused away."""
    found: set[str] = set()
    waiting = [name for name in step.reads if name in makers]
    seen = set(waiting)
    while waiting:
        maker = makers[waiting.pop()]
        found.add(maker.type)
        if maker.type in _FUSED_AWAY:
            further = {name for name in maker.reads if name in makers} - seen
            seen |= further
            waiting += further
    return found


def _changes(scale: Op) -> bool:
    return bool(scale.attr("scale", 1.0) != 1.0 or scale.attr("bias", 0.0) != 0.0 or scale.input("ScaleTensor"))
