"""What opt need not do for a program: passes that find nothing in it, kernels of integers where it has none.

opt runs some fifty graph passes over every program, most of them in vain, and weighs the kernels of every precision for every
operator: a quarter of its time. It can be told to leave passes out (CxxConfig::add_discarded_pass) and which places to weigh.
Here a pass is left out only if the program lacks what the pass looks for, so that the file stays the same; what each one looks
for was read in Paddle-Lite v2.13-rc (lite/core/optimizer/mir), and tests/convert/test_shortcut.py compares the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass

from edge.convert.program import Op, Program
from edge.convert.recipe import Recipe

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
    useless = [name for name, useful in _PASSES.items() if not useful(sight)]
    return Shortcut(tuple(name for name in useless for _ in range(_TIMES.get(name, 1))), integers=not sight.only_floats)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the passes look for in a program."""

    types: frozenset[str]
    follows: frozenset[tuple[str, str]]  # (operator, one that reads its result, directly or behind what is fused away)
    weights_added_to: frozenset[str]  # operators to whose results a parameter is added
    scales: bool  # are there scale operators that change something?
    only_floats: bool
    quantised: bool
    blocks: int

    def has(self, *types: str) -> bool:
        return not self.types.isdisjoint(types)

    def pairs(self, makers: Iterable[str], readers: Iterable[str]) -> bool:
        return any((maker, reader) in self.follows for maker in makers for reader in readers)


_CONVS = ("conv2d", "depthwise_conv2d", "conv2d_transpose")
_NORMS = ("batch_norm", "sync_batch_norm")
_ACTIVATIONS = (
    "relu", "relu1", "relu6", "leaky_relu", "hard_swish", "hard_sigmoid", "prelu", "sigmoid", "tanh", "swish", "abs", "exp",
    "gelu",
)  # fmt: skip
# What earlier passes take away, so that later ones see its neighbours side by side.
_FUSED_AWAY = frozenset({*_NORMS, "assign", "dropout", "elementwise_add", "scale"})

# Pass -> could it find something? (Quantised programs are not asked about at all.)
_PASSES: dict[str, Callable[[_Sight], bool]] = {
    "lite_quant_dequant_fuse_pass": lambda s: s.has("gru", "lstm"),
    "weight_quantization_preprocess_pass": lambda _: False,
    "op_transformation_pass": lambda s: s.has("depthwise_conv2d_transpose"),
    "unsqueeze_calc_offline_pass": lambda s: s.has("unsqueeze", "unsqueeze2"),
    "adaptive_1x1_pool2d_convert_global_pass": lambda s: s.has("pool2d"),
    "lite_unsqueeze2_pad3d_squeeze2_fuse_pass": lambda s: s.has("pad3d"),
    "lite_conv_elementwise_fuse_pass": lambda s: not s.weights_added_to.isdisjoint(_CONVS),
    "lite_conv_bn_fuse_pass": lambda s: s.has(*_NORMS),
    "lite_conv_conv_fuse_pass": lambda s: s.pairs(["conv2d"], ["conv2d"]),
    "lite_sigmoid_elementmul_fuse_pass": lambda s: s.pairs(["sigmoid"], ["elementwise_mul"]),
    "lite_conv_activation_fuse_pass": lambda s: s.pairs(_CONVS, _ACTIVATIONS),
    "lite_squeeze2_matmul_fuse_pass": lambda s: s.has("matmul"),
    "lite_reshape2_matmul_fuse_pass": lambda s: s.has("matmul"),
    "lite_matmul_element_add_fuse_pass": lambda s: s.has("matmul"),
    "lite_matmul_fuse_pass": lambda s: s.has("matmul"),
    "lite_fc_fuse_pass": lambda s: s.has("mul", "matmul", "matmul_v2"),
    "lite_shuffle_channel_fuse_pass": lambda s: s.has("transpose", "transpose2"),
    "lite_transpose_softmax_transpose_fuse_pass": lambda s: s.has("transpose", "transpose2") and s.has("softmax"),
    "lite_interpolate_fuse_pass": lambda s: s.has("shape"),
    "identity_scale_eliminate_pass": lambda s: s.has("scale"),
    "lite_scales_fuse_pass": lambda s: s.scales,
    "elementwise_mul_constant_eliminate_pass": lambda s: s.has("fill_constant"),
    "lite_scale_activation_fuse_pass": lambda s: s.scales,
    "lite_flatten_fc_fuse_pass": lambda s: s.has("flatten_contiguous_range"),
    "lite_elementwise_activation_fuse_pass": lambda s: s.pairs(
        ["elementwise_add", "elementwise_sub", "elementwise_mul"], _ACTIVATIONS
    ),
    "lite_conv_scale_fuse_pass": lambda s: s.scales,
    "transformer_attention_fuse_pass": lambda _: False,  # of int8 activations only
    "identity_dropout_eliminate_pass": lambda s: s.has("dropout"),
    "sparse_conv_detect_pass": lambda _: False,  # for a recipe with a threshold only
    "remove_tf_redundant_ops_pass": lambda s: s.has("squeeze2") or s.pairs(["softmax"], ["reshape2"]),
    "argument_type_display_pass": lambda _: False,  # it prints the graph to opt's own developers
}
_TIMES = {"lite_conv_elementwise_fuse_pass": 2, "argument_type_display_pass": 7}


def _look(program: Program) -> _Sight:
    makers: dict[str, Op] = {name: op for op in program.ops() for names in op.outputs.values() for name in names}
    used = {name for op in program.ops() for slots in (op.inputs, op.outputs) for names in slots.values() for name in names}
    weights = {spec.name for spec in program.persistables}
    follows: set[tuple[str, str]] = set()
    added_to: set[str] = set()
    for op in program.ops():
        before = _before(op, makers)
        follows.update((maker, op.type) for maker in before)
        if op.type == "elementwise_add" and _constant(op.input("Y"), weights, makers):
            added_to |= before
    return _Sight(
        types=program.op_types,
        follows=frozenset(follows),
        weights_added_to=frozenset(added_to),
        scales=any(_changes(op) for op in program.ops("scale")),
        only_floats=all(spec.dtype == "float32" for spec in map(program.tensor, used) if spec is not None),
        quantised=any("quantize" in type_ for type_ in program.op_types)
        or any(op.has_attr("quantization_type") or op.attr("enable_int8") for op in program.ops()),
        blocks=program.blocks,
    )


def _before(op: Op, makers: Mapping[str, Op]) -> set[str]:
    """The types of the operators whose results `op` reads, also behind those that are fused away."""
    found: set[str] = set()
    waiting, seen = [op], set()
    while waiting:
        for names in waiting.pop().inputs.values():
            for name in names:
                maker = makers.get(name)
                if maker is None or name in seen:
                    continue
                seen.add(name)
                found.add(maker.type)
                if maker.type in _FUSED_AWAY:
                    waiting.append(maker)
    return found


def _constant(name: str | None, weights: Set[str], makers: Mapping[str, Op]) -> bool:
    """Whether a variable is a parameter, or becomes one when opt unsqueezes a parameter beforehand."""
    while name is not None and name not in weights:
        maker = makers.get(name)
        name = maker.input("X") if maker is not None and maker.type in ("unsqueeze", "unsqueeze2") else None
    return name is not None


def _changes(scale: Op) -> bool:
    return bool(scale.attr("scale", 1.0) != 1.0 or scale.attr("bias", 0.0) != 0.0 or scale.input("ScaleTensor"))
