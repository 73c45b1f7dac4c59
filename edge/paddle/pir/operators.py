"""Paddle 3's operators as those of a ProgramDesc, as far as the difference is one of names: data, not code.

Operands by position, as Paddle's ops.yaml lists them; slots and attributes of the old operator as op_compat.yaml and the
operators' own descriptions in Paddle 2.6 have them. `tests/paddle/pir/test_operators.py` runs each beside Paddle 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Legacy:
    """An operator of the ProgramDesc.

    `inputs`, one word an operand: `X` a slot; `X?` it may be missing; `X*` a list of tensors; `=axis` a constant that becomes
    that attribute; `=axis|AxisTensor` the attribute if it is constant, else that slot; `-` left out.
    `outputs`, one word a result: `Out` a slot; `Out*` a list; `Mean=MeanIn` the slot Mean, in place of the input of slot
    MeanIn; `-` left out; at the end `+XShape` for that scratch variable, which the original has not and opt wants.
    Attributes keep their names but for `renamed` (None: left out), and `fixed` ones are added; those of `only` are left out
    and must have that value, because the old operator knows no other.
    """

    type: str
    inputs: str = "X"
    outputs: str = "Out"
    renamed: Mapping[str, str | None] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    only: Mapping[str, Any] = field(default_factory=dict)


# They say where an operator ran or was written, or what only training asks for.
NO_ATTRS = frozenset({"struct_name", "place", "op_callstack", "op_namescope", "sparse", "stable"})

# Attributes whose type cannot be told from their value: (operator, attribute) -> kind, of Paddle 2.6.
KINDS = {
    ("arg_max", "axis"): "LONG",
    ("arg_min", "axis"): "LONG",
    ("lookup_table_v2", "padding_idx"): "LONG",
    ("reduce_amax", "dim"): "LONGS",
    ("reduce_amin", "dim"): "LONGS",
    ("roll", "shifts"): "LONGS",
    ("roll", "axis"): "LONGS",
    ("fill_constant", "shape"): "LONGS",
    ("assign_value", "int64_values"): "LONGS",
    ("assign_value", "fp32_values"): "FLOATS",
    ("bilinear_interp_v2", "scale"): "FLOATS",
    ("nearest_interp_v2", "scale"): "FLOATS",
    ("bicubic_interp_v2", "scale"): "FLOATS",
    ("prior_box", "max_sizes"): "FLOATS",
    ("box_coder", "variance"): "FLOATS",
    ("set_value", "values"): "SCALARS",
    ("while", "sub_block"): "BLOCK",
    ("conditional_block", "sub_block"): "BLOCK",
    **{("set_value", name): "LONGS" for name in
       ("axes", "starts", "ends", "steps", "shape", "decrease_axes", "none_axes")},
}  # fmt: skip

FILL = {"force_cpu": False}  # fill_constant's; opt aborts without it, as it does of comparisons

_LAYOUT = {"data_format": "data_layout"}
_AXIS = {"axis": -1}


def _alike(*names: str) -> dict[str, Legacy]:
    """Operators of one input that kept name and attributes."""
    return {name: Legacy(name) for name in names}


def _binary(**names: str) -> dict[str, Legacy]:
    return {name: Legacy(old, "X Y", fixed=_AXIS) for name, old in names.items()}


def _comparisons(*names: str) -> dict[str, Legacy]:
    return {name: Legacy(name, "X Y", fixed={**_AXIS, **FILL}) for name in names}


OPERATORS: dict[str, Legacy] = {
    # convolutions and norms
    "conv2d": Legacy("conv2d", "Input Filter", "Output"),
    "depthwise_conv2d": Legacy("depthwise_conv2d", "Input Filter", "Output"),
    "conv2d_transpose": Legacy("conv2d_transpose", "Input Filter =output_size", "Output"),
    "conv2d_transpose_bias": Legacy("conv2d_transpose", "Input Filter Bias =output_size", "Output"),
    "depthwise_conv2d_transpose": Legacy("depthwise_conv2d_transpose", "Input Filter =output_size", "Output"),
    "batch_norm": Legacy(
        "batch_norm", "X Mean Variance Scale? Bias?", "Y MeanOut=Mean VarianceOut=Variance SavedMean SavedVariance -",
        renamed=_LAYOUT,
    ),
    "layer_norm": Legacy("layer_norm", "X Scale? Bias?", "Y Mean Variance"),
    "group_norm": Legacy("group_norm", "X Scale? Bias?", "Y Mean Variance", renamed=_LAYOUT),
    "instance_norm": Legacy("instance_norm", "X Scale? Bias?", "Y SavedMean SavedVariance"),
    "p_norm": Legacy("p_norm"),
    "norm": Legacy("norm", outputs="Out Norm"),
    # activations and other functions of one tensor
    **_alike(
        "abs", "acos", "asin", "atan", "ceil", "celu", "cos", "cosh", "elu", "erf", "exp", "expm1", "floor", "gelu", "log",
        "log10", "log1p", "log2", "log_softmax", "logsigmoid", "maxout", "reciprocal", "relu", "relu6", "rsqrt", "selu",
        "sigmoid", "sign", "silu", "sin", "sinh", "softmax", "softplus", "softsign", "sqrt", "square", "tan", "tanh",
        "tanh_shrink", "logical_not", "bitwise_not", "pixel_shuffle", "pixel_unshuffle", "flip",
        "temporal_shift", "logsumexp", "assign", "share_data", "mean_all",
    ),
    "hardsigmoid": Legacy("hard_sigmoid"),
    "hardswish": Legacy("hard_swish", fixed={"threshold": 6.0, "scale": 6.0, "offset": 3.0}),
    "hardshrink": Legacy("hard_shrink"),
    "hardtanh": Legacy("clip", renamed={"t_min": "min", "t_max": "max"}),
    "leaky_relu": Legacy("leaky_relu", renamed={"negative_slope": "alpha"}),
    "mish": Legacy("mish", renamed={"lambda": "threshold"}),
    "softshrink": Legacy("softshrink", renamed={"threshold": "lambda"}),
    "swish": Legacy("swish", fixed={"beta": 1.0}),
    "prelu": Legacy("prelu", "X Alpha"),
    "round": Legacy("round", only={"decimals": 0}),
    "isnan": Legacy("isnan_v2"),
    "isinf": Legacy("isinf_v2"),
    "isfinite": Legacy("isfinite_v2"),
    "pow": Legacy("pow", renamed={"y": "factor"}),
    "scale": Legacy("scale", "X =scale|ScaleTensor"),
    "clip": Legacy("clip", "X =min|Min =max|Max"),
    "cumsum": Legacy("cumsum", "X =axis"),
    "dropout": Legacy(
        "dropout", "X - =dropout_prob", "Out Mask",
        renamed={"mode": "dropout_implementation", "seed": None, "fix_seed": None},
    ),
    # two tensors
    **_binary(
        add="elementwise_add", subtract="elementwise_sub", multiply="elementwise_mul", divide="elementwise_div",
        maximum="elementwise_max", minimum="elementwise_min", elementwise_pow="elementwise_pow",
        floor_divide="elementwise_floordiv", remainder="elementwise_mod",
    ),
    **_comparisons("equal", "not_equal", "less_than", "less_equal", "greater_than", "greater_equal"),
    **{name: Legacy(name, "X Y") for name in (
        "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor", "dot", "mv",
    )},
    "matmul": Legacy("matmul_v2", "X Y", renamed={"transpose_x": "trans_x", "transpose_y": "trans_y"}),
    "bmm": Legacy("matmul_v2", "X Y", fixed={"trans_x": False, "trans_y": False}),
    "where": Legacy("where", "Condition X Y"),
    "add_n": Legacy("sum", "X*"),
    # shapes
    "transpose": Legacy("transpose2", outputs="Out +XShape", renamed={"perm": "axis"}),
    "flatten": Legacy("flatten_contiguous_range", outputs="Out +XShape"),
    "squeeze": Legacy("squeeze2", "X =axes", "Out +XShape"),
    "unsqueeze": Legacy("unsqueeze2", "X =axes|AxesTensor", "Out +XShape"),
    "concat": Legacy("concat", "X* =axis|AxisTensor"),
    "split": Legacy("split", "X =sections =axis|AxisTensor", "Out*", fixed={"num": 0}),
    "split_with_num": Legacy("split", "X =axis|AxisTensor", "Out*", fixed={"sections": ()}),
    "stack": Legacy("stack", "X*", "Y"),
    "unstack": Legacy("unstack", "X", "Y*"),
    "unbind": Legacy("unbind", "X", "Out*"),
    "meshgrid": Legacy("meshgrid", "X*", "Out*"),
    "tile": Legacy("tile", "X =repeat_times|RepeatTimes"),
    "expand_as": Legacy("expand_as_v2", "X Y?"),
    "roll": Legacy("roll", "X =shifts|ShiftsTensor"),
    "pad": Legacy("pad", "X =pad_value"),
    "pad3d": Legacy("pad3d", "X =paddings|Paddings", renamed={"pad_value": "value"}),
    "channel_shuffle": Legacy("shuffle_channel", renamed={"groups": "group"}, only={"data_format": "NCHW"}),
    # choosing
    "gather": Legacy("gather", "X Index =axis|Axis"),
    "gather_nd": Legacy("gather_nd", "X Index"),
    "index_select": Legacy("index_select", "X Index", renamed={"axis": "dim"}),
    "take_along_axis": Legacy("take_along_axis", "Input Index", "Result", renamed={"axis": "Axis"}),
    "embedding": Legacy("lookup_table_v2", "Ids W"),
    "argmax": Legacy("arg_max", "X =axis"),
    "argmin": Legacy("arg_min", "X =axis"),
    "topk": Legacy("top_k_v2", "X =k|K", "Out Indices"),
    "argsort": Legacy("argsort", outputs="Out Indices"),
    "one_hot": Legacy("one_hot_v2", "X =depth|depth_tensor", fixed={"dtype": 5}),
    "thresholded_relu": Legacy("thresholded_relu", only={"value": 0.0}),
    "tril": Legacy("tril_triu", fixed={"lower": True}),
    "triu": Legacy("tril_triu", fixed={"lower": False}),
    "full_like": Legacy("fill_any_like", "X =value"),
    # pooling and windows
    "pool2d": Legacy("pool2d", "X =ksize"),
    "pool3d": Legacy("pool3d", renamed={"kernel_size": "ksize"}),
    "max_pool2d_with_index": Legacy("max_pool2d_with_index", outputs="Out Mask", renamed={"kernel_size": "ksize"},
                                    only={"ceil_mode": False}),
    "unfold": Legacy("unfold", outputs="Y"),
    "grid_sample": Legacy("grid_sampler", "X Grid", "Output"),
    "rnn": Legacy("rnn", "Input PreState* WeightList* SequenceLength? -", "Out DropoutState State* Reserve"),
    "repeat_interleave": Legacy("repeat_interleave", renamed={"repeats": "Repeats", "axis": "dim", "output_size": None}),
    "einsum": Legacy("einsum", "Operands*", "Out - -"),
    "deformable_conv": Legacy("deformable_conv", "Input Offset Filter Mask?", "Output"),
    # what no version of Paddle-Lite has: the older format does, and ONNX too
    "conv3d": Legacy("conv3d", "Input Filter", "Output"),
    "masked_select": Legacy("masked_select", "X Mask", "Y"),
    # detection
    "yolo_box": Legacy("yolo_box", "X ImgSize", "Boxes Scores"),
    "prior_box": Legacy("prior_box", "Input Image", "Boxes Variances"),
    "box_coder": Legacy("box_coder", "PriorBox PriorBoxVar? TargetBox", "OutputBox"),
    "multiclass_nms3": Legacy("multiclass_nms3", "BBoxes Scores RoisNum?", "Out Index NmsRoisNum"),
}  # fmt: skip
OPERATORS["mean_all"] = Legacy("mean")

# Reductions: Paddle 3's name -> the old one.
REDUCTIONS = {
    "mean": "reduce_mean", "sum": "reduce_sum", "max": "reduce_max", "min": "reduce_min", "prod": "reduce_prod",
    "any": "reduce_any", "all": "reduce_all", "amax": "reduce_amax", "amin": "reduce_amin",
}  # fmt: skip
