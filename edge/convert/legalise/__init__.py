"""The legaliser: rewrites a program into what the chosen engine version understands, one small rule per incompatibility."""

from __future__ import annotations

from edge.convert.legalise.arithmetic import (
    FILL_ONE_ELEMENT,
    POW_TO_PRODUCTS,
    POW_TO_SQUARE,
    SET_VALUE_TYPED,
    SUM_TO_ADDITIONS,
)
from edge.convert.legalise.attributes import (
    DROPOUT_FIX_SEED,
    PLAIN_ATTRIBUTES,
    REDUCE_AXES,
    RELU6_THRESHOLD,
    SWISH_BETA,
)
from edge.convert.legalise.bias import CONV_BIAS_DIRECT, CONV_BIAS_ZEROS
from edge.convert.legalise.dropout import DROPOUT_MASK, DROPOUT_TO_SCALE
from edge.convert.legalise.half import (
    CONV_TO_FC,
    CONV_TWO_POSITIONS,
    MAX_POOL_OTHER_KERNEL,
    MUL_TO_MATMUL_V2,
    check_convolutions,
    check_products,
)
from edge.convert.legalise.lacking import DEFORMABLE_MASK, EINSUM_TO_MATMUL, FOLD_TO_RESHAPE, REPEAT_BY_TILE
from edge.convert.legalise.matmul import MATMUL_WEIGHT_TO_MUL
from edge.convert.legalise.overflow import TANH_TO_SIGMOID, check_sums
from edge.convert.legalise.pairs import PAIRS_APART
from edge.convert.legalise.rank import REDUCE_ALL_SAID, REDUCE_IN_THREE
from edge.convert.legalise.renamed import MATMUL_V2_TO_MATMUL, SILU_TO_SWISH
from edge.convert.legalise.reshapes import RESHAPES_TO_ONE
from edge.convert.legalise.rule import Applied, Rule, apply_rules
from edge.convert.legalise.scales import SCALE_BEHIND
from edge.convert.legalise.shared import SHARED_OPERAND
from edge.convert.legalise.sizes import RESHAPE_OPEN_SIZE
from edge.convert.legalise.slices import SLICES_TO_SPLIT
from edge.convert.legalise.xshape import FLATTEN_XSHAPE, FUSED_XSHAPES, INSTANCE_NORM_SAVED, OTHER_XSHAPES
from edge.paddle.program import Program

__all__ = ["RULES", "Applied", "Rule", "legalise"]

# In the order of their application: what a rule changes, later ones find changed.
RULES: tuple[Rule, ...] = (
    SET_VALUE_TYPED,
    PLAIN_ATTRIBUTES,
    REDUCE_AXES,
    RESHAPE_OPEN_SIZE,
    DEFORMABLE_MASK,
    REPEAT_BY_TILE,
    EINSUM_TO_MATMUL,
    FOLD_TO_RESHAPE,
    SHARED_OPERAND,
    FILL_ONE_ELEMENT,
    POW_TO_SQUARE,
    POW_TO_PRODUCTS,
    SUM_TO_ADDITIONS,
    CONV_BIAS_DIRECT,
    CONV_BIAS_ZEROS,
    REDUCE_ALL_SAID,
    REDUCE_IN_THREE,
    SLICES_TO_SPLIT,
    SILU_TO_SWISH,
    MATMUL_WEIGHT_TO_MUL,
    MATMUL_V2_TO_MATMUL,
    RELU6_THRESHOLD,
    SWISH_BETA,
    DROPOUT_TO_SCALE,
    DROPOUT_MASK,
    DROPOUT_FIX_SEED,
    INSTANCE_NORM_SAVED,
    FLATTEN_XSHAPE,
    OTHER_XSHAPES,
    FUSED_XSHAPES,
    PAIRS_APART,
    CONV_TO_FC,
    RESHAPES_TO_ONE,
    CONV_TWO_POSITIONS,
    MAX_POOL_OTHER_KERNEL,
    MUL_TO_MATMUL_V2,
    TANH_TO_SIGMOID,
    SCALE_BEHIND,
)


def legalise(program: Program, *, engine: str, precision: str = "fp32") -> tuple[Program, tuple[Applied, ...]]:
    """The equivalent program that opt of version `engine` (such as "2.13rc0") accepts for a recipe of that precision, and the
    rules it took. Raises `ProgramError` for one that would be wrong in that precision."""
    made = apply_rules(RULES, program, engine, precision)
    if precision == "fp16":
        check_convolutions(made[0])
        check_products(made[0])
        check_sums(made[0])
    return made
