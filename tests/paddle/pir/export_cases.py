"""Runs in Paddle 3's interpreter: writes small models of one or a few operators each, and some networks.

usage: export_cases.py WORKERS OUT. WORKERS is edge/toolchain/workers. OUT/NAME/ gets `inference.json` and
`inference.pdiparams`; what cannot be written is printed.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import paddle as p  # type: ignore[import-not-found]
from paddle import nn
from paddle.vision import models  # type: ignore[import-not-found]

fn = nn.functional
IMAGE, OPEN = [1, 4, 8, 8], [-1, 4, 8, 8]


class Net(nn.Layer):  # type: ignore[misc]
    """A function of the input and layers. A parameter is added first: without any, Paddle writes no parameters file."""

    def __init__(self, function: Callable[..., Any], *layers: Any) -> None:
        super().__init__()
        self.function, self.layers = function, nn.LayerList(layers)
        self.shift = self.create_parameter([1])

    def forward(self, x):  # type: ignore[no-untyped-def]
        return self.function(x + self.shift, *self.layers)


class Two(Net):
    def forward(self, x, y):  # type: ignore[no-untyped-def,override]
        return self.function(x + self.shift, y)


class SetValue(Net):
    def forward(self, x):  # type: ignore[no-untyped-def]
        x = x + self.shift
        y = x * 1
        y[:, 0] = 0.5
        y[:, 1, 2:4] = x[:, 0, 2:4]
        return y


class Transformer(nn.Layer):  # type: ignore[misc]
    """A vision transformer of one block, with the reshapes by a computed batch that hand-written ones have."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.token = nn.Conv2D(3, 16, 8, 8), self.create_parameter([1, 1, 16])
        self.norms = nn.LayerList([nn.LayerNorm(16), nn.LayerNorm(16)])
        self.qkv, self.joined = nn.Linear(16, 48), nn.Linear(16, 16)
        self.mlp, self.head = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)), nn.Linear(16, 10)

    def forward(self, x):  # type: ignore[no-untyped-def]
        batch = p.shape(x)[0]
        x = self.patches(x).flatten(2).transpose([0, 2, 1])
        x = p.concat([self.token.expand([batch, -1, -1]), x], axis=1)
        q, k, v = self.qkv(self.norms[0](x)).reshape([batch, 65, 3, 2, 8]).transpose([2, 0, 3, 1, 4])
        attention = fn.softmax(q.matmul(k.transpose([0, 1, 3, 2])) * 8**-0.5)
        x = x + self.joined(attention.matmul(v).transpose([0, 2, 1, 3]).reshape([batch, 65, 16]))
        x = x + self.mlp(self.norms[1](x))
        return self.head(x[:, 0])


class Classifier(nn.Layer):  # type: ignore[misc]
    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, x):  # type: ignore[no-untyped-def]
        return fn.softmax(self.network(x))


def layers() -> dict[str, Any]:
    """One layer of each kind that has parameters."""
    return {
        "conv_same": nn.Conv2D(4, 6, 3, stride=2, padding="SAME"),
        "conv_dilated": nn.Conv2D(4, 6, 3, padding=2, dilation=2, groups=2, bias_attr=False),
        "conv_uneven_padding": nn.Conv2D(4, 6, 3, padding=[1, 2, 0, 1]),
        "conv_depthwise": nn.Conv2D(4, 4, 3, groups=4),
        "conv_transpose": nn.Conv2DTranspose(4, 6, 3, stride=2, padding=1, output_padding=1),
        "conv_transpose_depthwise": nn.Conv2DTranspose(4, 4, 2, stride=2, groups=4),
        "batch_norm": nn.BatchNorm2D(4),
        "layer_norm": nn.LayerNorm(8),
        "layer_norm_plain": nn.LayerNorm([8, 8], weight_attr=False, bias_attr=False),
        "group_norm": nn.GroupNorm(2, 4),
        "instance_norm": nn.InstanceNorm2D(4),
        "prelu": nn.PReLU(4),
        "linear": nn.Linear(8, 5),
        "local_response_norm": nn.LocalResponseNorm(3),
    }


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "relu": fn.relu,
    "relu6": fn.relu6,
    "hardswish": fn.hardswish,
    "hardsigmoid": fn.hardsigmoid,
    "swish": fn.swish,
    "silu": fn.silu,
    "gelu": fn.gelu,
    "gelu_tanh": lambda x: fn.gelu(x, True),
    "sigmoid": fn.sigmoid,
    "tanh": p.tanh,
    "leaky_relu": lambda x: fn.leaky_relu(x, 0.1),
    "elu": fn.elu,
    "selu": fn.selu,
    "celu": fn.celu,
    "softplus": fn.softplus,
    "mish": fn.mish,
    "hardtanh": fn.hardtanh,
    "log_softmax": lambda x: fn.log_softmax(x, 1),
    "softsign": fn.softsign,
    "softmax": lambda x: fn.softmax(x, 1),
    "hardshrink": fn.hardshrink,
    "tanhshrink": fn.tanhshrink,
    "softshrink": fn.softshrink,
    "log_sigmoid": fn.log_sigmoid,
    "thresholded": fn.thresholded_relu,
    "glu": lambda x: fn.glu(x, 1),
    "maxout": lambda x: fn.maxout(x, 2),
    "exp": p.exp,
    "log": lambda x: p.log(p.abs(x) + 1),
    "abs": p.abs,
    "square": p.square,
    "floor": p.floor,
    "ceil": p.ceil,
    "round": p.round,
    "sin": p.sin,
    "cos": p.cos,
    "erf": p.erf,
    "sqrt": lambda x: p.sqrt(p.abs(x)),
    "rsqrt": lambda x: p.rsqrt(p.abs(x) + 1),
    "reciprocal": lambda x: p.reciprocal(p.abs(x) + 1),
    "sign": p.sign,
    "neg": lambda x: -x,
    "pow": lambda x: p.pow(x, 2.0),
    "pow3": lambda x: x**3,
    "atan": p.atan,
    "log2": lambda x: p.log2(p.abs(x) + 1),
    "log1p": lambda x: p.log1p(p.abs(x)),
    "expm1": p.expm1,
    "plus": lambda x: x + 1.5,
    "minus": lambda x: x - 1,
    "rminus": lambda x: 1 - x,
    "times": lambda x: x * 3,
    "over": lambda x: x / 3,
    "rover": lambda x: 1 / (p.abs(x) + 1),
    "scale": lambda x: p.scale(x, 2.0, 1.0, False),
    "clip": lambda x: p.clip(x, -0.5, 0.7),
    "clip_low": lambda x: p.clip(x, min=0.0),
    "maxpool": lambda x: fn.max_pool2d(x, 3, 2, 1),
    "maxpool_ceil": lambda x: fn.max_pool2d(x, 3, 2, 0, ceil_mode=True),
    "avgpool": lambda x: fn.avg_pool2d(x, 3, 2, 1),
    "avgpool_in": lambda x: fn.avg_pool2d(x, 3, 2, 1, exclusive=False),
    "avg_same": lambda x: fn.avg_pool2d(x, 2, 1, "SAME"),
    "adaptive": lambda x: fn.adaptive_avg_pool2d(x, 1),
    "adaptive2": lambda x: fn.adaptive_avg_pool2d(x, [2, 4]),
    "adaptive_max": lambda x: fn.adaptive_max_pool2d(x, 2),
    "maxpool_mask": lambda x: fn.max_pool2d(x, 2, 2, return_mask=True)[0],
    "dropout": lambda x: fn.dropout(x, 0.3, training=False),
    "dropout_down": lambda x: fn.dropout(x, 0.3, training=False, mode="downscale_in_infer"),
    "reshape": lambda x: x.reshape([0, -1]),
    "reshape4": lambda x: x.reshape([1, 2, 2, 8, 8]),
    "transpose": lambda x: x.transpose([0, 2, 3, 1]),
    "flatten": lambda x: x.flatten(1),
    "flatten2": lambda x: x.flatten(2, 3),
    "concat": lambda x: p.concat([x, x * 2], 1),
    "concat_neg": lambda x: p.concat([x, x * 2, x + 1], -1),
    "split": lambda x: p.split(x, 2, 1)[1],
    "split_two": lambda x: p.add(*p.split(x, 2, 1)),
    "split_sections": lambda x: p.split(x, [1, 3], 1)[1],
    "split_rest": lambda x: p.split(x, [1, -1], 1)[1],
    "chunk": lambda x: p.chunk(x, 2, 1)[0],
    "slice": lambda x: x[:, 1:3, 2:, :-1],
    "slice_int": lambda x: x[:, 1],
    "slice_last": lambda x: x[:, -1],
    "strided": lambda x: x[:, ::2, 1::3],
    "reverse": lambda x: x[:, ::-1],
    "ellipsis": lambda x: x[..., 0],
    "newaxis": lambda x: x[:, None],
    "squeeze": lambda x: p.squeeze(x[:, :1], 1),
    "squeeze_all": lambda x: p.squeeze(x[:, :1]),
    "unsqueeze": lambda x: p.unsqueeze(x, [1, 3]),
    "mean": lambda x: p.mean(x, [2, 3]),
    "mean_keep": lambda x: p.mean(x, 1, True),
    "mean_all": p.mean,
    "sum": lambda x: p.sum(x, -1),
    "max": lambda x: p.max(x, [2, 3], True),
    "min": lambda x: p.min(x, 1),
    "prod": lambda x: p.prod(x, 1),
    "sum_all": lambda x: p.sum(x),
    "amax": lambda x: p.amax(x, 1),
    "logsumexp": lambda x: p.logsumexp(x, 1),
    "std": lambda x: p.std(x, 1),
    "var": lambda x: p.var(x, [2, 3], keepdim=True),
    "any": lambda x: p.any(x > 1.5, 1).astype("float32"),
    "all": lambda x: p.all(x < 1.5, 1).astype("float32"),
    "cast": lambda x: p.cast(p.cast(x * 10, "int32"), "float32"),
    "assign": lambda x: p.assign(x),
    "shape": lambda x: p.shape(x).astype("float32"),
    "numel": lambda x: p.numel(x).astype("float32"),
    "einsum": lambda x: p.einsum("bchw,bdhw->bcd", x, x * 2),
    "masked_fill": lambda x: p.masked_fill(x, x > 0.2, -3.0),
    "masked_fill_broadcast": lambda x: p.masked_fill(x, x.mean(1, keepdim=True) > 0, -3.0),
    "repeat_interleave": lambda x: p.repeat_interleave(x, 2, axis=1),
    "masked_select": lambda x: p.masked_select(x, x > 0.2),
    "nearest": lambda x: fn.interpolate(x, scale_factor=2),
    "nearest_size": lambda x: fn.interpolate(x, size=[12, 20]),
    "bilinear": lambda x: fn.interpolate(x, scale_factor=2, mode="bilinear"),
    "bilinear_align": lambda x: fn.interpolate(x, size=[5, 11], mode="bilinear", align_corners=True),
    "bicubic": lambda x: fn.interpolate(x, scale_factor=1.5, mode="bicubic"),
    "bilinear_like": lambda x: fn.interpolate(x, size=p.shape(fn.max_pool2d(x, 2, 2))[2:], mode="bilinear"),
    "pad": lambda x: fn.pad(x, [1, 2, 0, 1]),
    "pad_reflect": lambda x: fn.pad(x, [1, 2, 0, 1], mode="reflect"),
    "pad_replicate": lambda x: fn.pad(x, [1, 1, 1, 1], mode="replicate"),
    "pad_value": lambda x: fn.pad(x, [1, 1, 1, 1], value=0.5),
    "pad_all": lambda x: fn.pad(x, [0, 0, 0, 0, 1, 1, 0, 0], value=1.0),
    "roll": lambda x: p.roll(x, [1, -2], [2, 3]),
    "tile": lambda x: p.tile(x, [1, 2, 1, 1]),
    "expand": lambda x: p.expand(x[:, :1], [-1, 4, 8, 8]),
    "expand_as": lambda x: p.expand_as(x[:, :1], x),
    "broadcast": lambda x: p.broadcast_to(x[:, :1], [1, 4, 8, 8]),
    "stack": lambda x: p.stack([x, x * 2], 1),
    "unstack": lambda x: p.unstack(x, 1)[2],
    "unbind": lambda x: p.unbind(x, 1)[2],
    "gather": lambda x: p.gather(x, p.to_tensor([0, 2, 1]), axis=1),
    "index_select": lambda x: p.index_select(x, p.to_tensor([0, 2]), 1),
    "gather_nd": lambda x: p.gather_nd(x, p.to_tensor([[0, 1], [0, 3]])),
    "index": lambda x: x[:, p.to_tensor([0, 3])],
    "full": lambda x: x + p.full([8], 0.5),
    "zeros": lambda x: p.concat([p.zeros([1, 1, 8, 8]), x], 1),
    "ones_like": lambda x: p.ones_like(x) + x,
    "zeros_like": lambda x: p.zeros_like(x) + x,
    "full_like": lambda x: p.full_like(x, 2.0) * x,
    "arange": lambda x: x + p.arange(0, 8, 1, dtype="float32"),
    "arange_int": lambda x: x + p.arange(8).astype("float32"),
    "linspace": lambda x: x + p.linspace(0, 1, 8),
    "eye": lambda x: p.matmul(x, p.eye(8)),
    "meshgrid": lambda x: x + p.meshgrid(p.arange(8), p.arange(8))[0].astype("float32"),
    "to_tensor": lambda x: x * p.to_tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
    "where": lambda x: p.where(x > 0, x, x * 0.1),
    "equal": lambda x: (p.floor(x) == 0).astype("float32"),
    "not_equal": lambda x: (p.floor(x) != 0).astype("float32"),
    "ge": lambda x: (x >= 0.5).astype("float32"),
    "le": lambda x: (x <= 0.5).astype("float32"),
    "lt": lambda x: (x < 0.5).astype("float32"),
    "logical": lambda x: p.logical_and(x > 0, p.logical_not(x > 1)).astype("float32"),
    "logical_or": lambda x: p.logical_or(x < 0, x > 1).astype("float32"),
    "masked": lambda x: p.where(x > 0, p.full_like(x, -1000000000.0), x),
    "argmax": lambda x: p.argmax(x, 1).astype("float32"),
    "argmin": lambda x: p.argmin(x, -1, keepdim=True).astype("float32"),
    "topk": lambda x: p.topk(x, 3, -1)[0],
    "sort": lambda x: p.sort(x, -1),
    "argsort": lambda x: p.argsort(x, -1, descending=True).astype("float32"),
    "cumsum": lambda x: p.cumsum(x, 1),
    "norm": lambda x: p.norm(x, 2, 1),
    "fro": lambda x: p.norm(x),
    "normalize": lambda x: fn.normalize(x, axis=1),
    "shuffle": lambda x: fn.pixel_shuffle(x, 2),
    "unshuffle": lambda x: fn.pixel_unshuffle(x, 2),
    "channel_shuffle": lambda x: fn.channel_shuffle(x, 2),
    "unfold": lambda x: fn.unfold(x, 3, 1, 1),
    "grid": lambda x: fn.grid_sample(x, p.zeros([1, 4, 4, 2]) + 0.2),
    "flip": lambda x: p.flip(x, [2]),
    "tril": lambda x: p.tril(x),
    "triu": lambda x: p.triu(x, 1),
    "one_hot": lambda x: fn.one_hot(p.argmax(x, 1), 4),
    "matmul_t": lambda x: p.matmul(x, x, transpose_y=True),
    "matmul_tx": lambda x: p.matmul(x, x, transpose_x=True),
    "bmm": lambda x: p.bmm(x[0], x[0]),
    "dot": lambda x: p.dot(x[0, 0], x[0, 1]),
    "mm": lambda x: p.mm(x[0, 0], x[0, 1]),
    "t": lambda x: x[0, 0].t(),
    "sub": lambda x: x - p.mean(x),
    "mul": lambda x: x * p.mean(x, 1, True),
    "div": lambda x: x / (p.mean(p.abs(x), 1, True) + 1),
    "maximum": lambda x: p.maximum(x, x * 2),
    "minimum": lambda x: p.minimum(x, x * 2),
    "epow": lambda x: p.pow(p.abs(x), p.ones_like(x) * 1.5),
    "floordiv": lambda x: p.floor_divide(x * 4, p.ones_like(x) * 3),
    "mod": lambda x: p.mod(x, p.ones_like(x) * 0.7),
    "axis_add": lambda x: x + p.ones([4, 1, 1]),
    "add_n": lambda x: p.add_n([x, x, x * 2]),
    "attention": lambda x: fn.scaled_dot_product_attention(x, x, x),
    "softmax_t": lambda x: fn.softmax(x.transpose([0, 1, 3, 2])),
    "take": lambda x: p.take_along_axis(x, p.argsort(x, -1), -1),
    "swapaxes": lambda x: p.moveaxis(x, 1, -1),
    "isnan": lambda x: p.isnan(x).astype("float32"),
    "cosine": lambda x: fn.cosine_similarity(x, x * 2 + 1, axis=1),
    "temporal": lambda x: fn.temporal_shift(p.concat([x, x]), 2),
    "multi": lambda x: (x, x + 1, p.mean(x)),
    "same": lambda x: x,
    "yolo": lambda x: p.vision.ops.yolo_box(
        p.concat([x] * 4 + [x[:, :2]], 1), p.full([1, 2], 256, "int32"), [10, 13, 16, 30, 33, 23], 1, 0.01, 32
    )[0],
    "prior": lambda x: p.vision.ops.prior_box(x, p.zeros([1, 3, 32, 32]), [2.0], [4.0], [1.5])[0],
}

# The batch is open.
OPEN_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "open_reshape4": lambda x: (
        x.reshape([p.shape(x)[0], 2, 2, 8, 8]).transpose([0, 2, 1, 3, 4]).reshape([p.shape(x)[0], -1, 8])
    ),
    "open_expand": lambda x: p.concat([p.expand(p.ones([1, 1, 8, 8]), [p.shape(x)[0], 1, 8, 8]), x], 1),
    "open_full": lambda x: p.concat([p.zeros([p.shape(x)[0], 1, 8, 8]), x], 1),
    "open_tile": lambda x: p.concat([p.tile(p.ones([1, 1, 8, 8]), [p.shape(x)[0], 1, 1, 1]), x], 1),
    "open_slice": lambda x: x[:, : p.shape(x)[1] - 1],
}


def cases() -> Iterator[tuple[str, Any, list[list[int]]]]:
    """Name, network, shapes of its inputs."""
    for name, layer in layers().items():
        yield name, Net(lambda x, layer: layer(x), layer), [IMAGE]
    for name, function in FUNCTIONS.items():
        yield name, Net(function), [IMAGE]
    for name, function in OPEN_FUNCTIONS.items():
        yield name, Net(function), [OPEN]
    yield (
        "conv_transpose_size",
        Net(lambda x, c: c(x, output_size=[16, 16]), nn.Conv2DTranspose(4, 6, 3, 2, 1)),
        [IMAGE],
    )
    for name, recurrent in (("lstm", nn.LSTM(8, 5, 2, "bidirect")), ("gru", nn.GRU(8, 5))):
        yield name, Net(lambda x, r: r(x[0])[0], recurrent), [IMAGE]
    yield "conv3d", Net(lambda x, c: c(x.unsqueeze(2)), nn.Conv3D(4, 3, [1, 3, 3])), [IMAGE]
    yield (
        "deformable",
        Net(lambda x, o, d: d(x, o(x)), nn.Conv2D(4, 18, 3, padding=1), p.vision.ops.DeformConv2D(4, 3, 3, padding=1)),
        [IMAGE],
    )
    yield "embedding", Net(lambda x, e: e(x.flatten().astype("int64").clip(0, 9)), nn.Embedding(10, 4)), [IMAGE]
    yield (
        "attention_layer",
        Net(lambda x, a: a(x.flatten(2).transpose([0, 2, 1])), nn.MultiHeadAttention(4, 2)),
        [IMAGE],
    )
    yield "two_inputs", Two(lambda x, y: x * 2 + y), [IMAGE, IMAGE]
    yield "set_value", SetValue(p.abs), [IMAGE]
    for name, flow in flows().items():
        yield f"flow_{name}", Net(flow), [IMAGE]
    image = [-1, 3, 64, 64]
    yield "net_transformer", Classifier(Transformer()), [image]
    yield "net_resnet", Classifier(models.resnet18(num_classes=10)), [image]
    yield "net_mobilenet_v2", Classifier(models.mobilenet_v2(scale=0.25, num_classes=10)), [image]
    yield "net_mobilenet_v3", Classifier(models.mobilenet_v3_small(scale=0.5, num_classes=10)), [image]
    yield "net_shufflenet_v2", Classifier(models.shufflenet_v2_x0_25(num_classes=10)), [image]
    yield "net_squeezenet", Classifier(models.squeezenet1_1(num_classes=10)), [image]
    yield "net_densenet", Classifier(models.densenet121(num_classes=10)), [image]


def flows() -> dict[str, Callable[..., Any]]:
    """Control flow; both ways of what the data decide, variables that change places, one loop in another."""
    cond, loop = p.static.nn.cond, p.static.nn.while_loop

    def count(size: int = 1) -> Any:
        return p.zeros([size], "int32")

    def halved(a: Any, b: Any) -> Any:
        return cond(a.sum() > b.sum(), lambda: (a * 0.5, b), lambda: (a, b * 0.25))

    def inner(i: Any, a: Any, b: Any) -> Any:
        a, b = halved(b, a)
        _, a = loop(lambda j, _: j < 2, lambda j, a: (j + 1, a + b * 0.1), [count(), a])
        return i + 1, a, b

    return {
        "if": lambda x: cond(x.mean() > -100, lambda: x * 2, lambda: x - 1),
        "else": lambda x: cond(x.mean() > 100, lambda: x * 2, lambda: x - 1),
        "two": lambda x: cond(x.mean() > -100, lambda: (x * 2, x.sum()), lambda: (x, x.max())),
        "outer": lambda x: cond(x.mean() > 100, lambda: x * 2, lambda: x),
        "constant": lambda x: cond(p.full([1], True, "bool"), lambda: x * 2, lambda: x - 1) * 3,
        "constant_else": lambda x: cond(p.full([1], False, "bool"), lambda: x * 2, lambda: p.ones(IMAGE)) + x,
        "while": lambda x: loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * 0.5 + x), [count(), x]),
        "never": lambda x: loop(lambda i, _: i > 3, lambda i, y: (i + 1, y * 0.5 + x), [count(), x])[1],
        "data": lambda x: loop(lambda y: y.abs().max() > 0.1, lambda y: [y * 0.3], [x]),
        "swap": lambda x: loop(lambda i, *_: i < 3, lambda i, a, b: (i + 1, b, a), [count(), x, x.exp()]),
        "nested": lambda x: loop(lambda i, *_: i < 4, inner, [count(), x, x.abs()])[1:],
        "grown": lambda x: loop(lambda i, _: i < 3, lambda i, y: (i + 1, p.concat([y, y]) * 0.9), [count(), x])[1],
    }


def draw(network: Any) -> None:
    """Numbers that no two of are alike; a classifier is balanced as the worker does it with PaddleClas' networks."""
    if isinstance(network, Classifier):
        import paddle_weights  # type: ignore[import-not-found]

        paddle_weights.randomise(network.network, [1, 3, 64, 64], None, 10, 1)
        return
    source = numpy.random.default_rng(0)
    for parameter in [*network.parameters(), *network.buffers()]:
        if parameter.dtype != p.float32:
            continue  # the state of a recurrent layer's dropout
        values = source.uniform(0.5, 1.5, parameter.shape)
        if parameter.ndim > 1:
            values *= source.choice([-1, 1], parameter.shape)
        parameter.set_value(values.astype("float32"))


def main() -> None:
    warnings.filterwarnings("ignore")
    sys.path.insert(0, sys.argv[1])
    for name, network, shapes in cases():
        p.seed(1)
        network.eval()
        draw(network)
        spec = [
            p.static.InputSpec(shape=shape, dtype="float32", name=letter)
            for letter, shape in zip("xy", shapes, strict=False)
        ]
        try:
            p.jit.save(p.jit.to_static(network, full_graph=True, input_spec=spec), f"{sys.argv[2]}/{name}/inference")
        except Exception as error:
            print(f"{name}: {type(error).__name__} {error}"[:300], flush=True)


main()
