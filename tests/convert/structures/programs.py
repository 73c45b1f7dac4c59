"""Runs in an engine's interpreter: writes small networks of the structures that people's models have.

usage: programs.py OUT. OUT/NAME/ gets the inference model; what this Paddle cannot write is printed.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy
import paddle as p  # type: ignore[import-not-found]
from paddle import nn
from paddle.static import InputSpec  # type: ignore[import-not-found]

fn = nn.functional
OLD = p.__version__.startswith("2.")


class Body(nn.Sequential):  # type: ignore[misc]
    """Convolutions down to 1/`stride` of the image, with 16 channels."""

    def __init__(self, channels: int = 3, stride: int = 16) -> None:
        layers = [nn.Conv2D(channels, 16, 3, 2, 1), nn.BatchNorm2D(16), nn.Hardswish()]
        while stride > 2:
            layers += [
                nn.Conv2D(16, 16, 3, 2, 1, groups=16),
                nn.BatchNorm2D(16),
                nn.ReLU(),
                nn.Conv2D(16, 16, 1),
                nn.Hardswish(),
            ]
            stride //= 2
        super().__init__(*layers)


class Net(nn.Layer):  # type: ignore[misc]
    """A function of the inputs and of layers."""

    def __init__(self, function: Callable[..., Any], *layers: Any) -> None:
        super().__init__()
        self.function, self.layers = function, nn.LayerList(layers)

    def forward(self, x):  # type: ignore[no-untyped-def]
        return self.function(x, *self.layers)


class Two(Net):
    def forward(self, image, scale_factor):  # type: ignore[no-untyped-def,override]
        return self.function(image, scale_factor, *self.layers)


class Tokens(Net):
    def forward(self, input_ids, token_type_ids):  # type: ignore[no-untyped-def,override]
        return self.function(input_ids, token_type_ids, *self.layers)


class Three(Net):
    def forward(self, im_shape, image, scale_factor):  # type: ignore[no-untyped-def,override]
        return self.function(im_shape, image, scale_factor, *self.layers)


def suppressed(boxes: Any, scores: Any) -> Any:
    """Boxes that survive, as PaddleDetection's exports end."""
    if not OLD:
        found, _, number = p._C_ops.multiclass_nms3(boxes, scores, None, 0.01, 100, 50, 0.5, True, 1.0, -1)
        return found, number
    from paddle.base.layer_helper import LayerHelper  # type: ignore[import-not-found]

    helper = LayerHelper("multiclass_nms3")
    made = [helper.create_variable_for_type_inference(kind) for kind in ("float32", "int32", "int32")]
    helper.append_op(
        type="multiclass_nms3", inputs={"BBoxes": boxes, "Scores": scores},
        outputs={"Out": made[0], "Index": made[1], "NmsRoisNum": made[2]},
        attrs={"background_label": -1, "score_threshold": 0.01, "nms_top_k": 100, "nms_threshold": 0.5, "keep_top_k": 50,
               "nms_eta": 1.0, "normalized": True},
    )  # fmt: skip
    return made[0], made[2]


def yolo(im_shape: Any, image: Any, scale_factor: Any, body: Any, head: Any) -> Any:
    original = p.cast(im_shape / scale_factor, "int32")
    boxes, scores = p.vision.ops.yolo_box(
        head(body(image)), original, anchors=[10, 13, 16, 30], class_num=4, conf_thresh=0.005, downsample_ratio=16
    )
    return suppressed(boxes, scores.transpose([0, 2, 1]))


def ppyoloe(image: Any, scale_factor: Any, body: Any, scores: Any, places: Any) -> Any:
    features = body(image)
    y, x = p.split(scale_factor, 2, axis=-1)
    boxes = fn.relu(places(features) * 50 + 80).flatten(2).transpose([0, 2, 1])
    boxes = boxes / p.concat([x, y, x, y], axis=-1).reshape([-1, 1, 4])
    return suppressed(boxes, fn.sigmoid(scores(features)).flatten(2))


def classes(x: Any, body: Any, last: Any) -> Any:
    return fn.softmax(last(body(x).mean([2, 3])))


def bert(ids: Any, types: Any, words: Any, kinds: Any, layer: Any, last: Any) -> Any:
    return last(layer(words(ids) + kinds(types))[:, 0])


class Loop(nn.Layer):  # type: ignore[misc]
    """A decoder that stops by `any` and `all`, as SLANet's."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.cell, self.last = Body(), nn.Linear(16, 16), nn.Linear(16, 6)

    def forward(self, x):  # type: ignore[no-untyped-def]
        features = self.body(x).mean([2, 3])
        state, i, most = features, p.zeros([1], "int32"), p.full([1], 5, "int32")
        summed, ended = p.zeros([1, 6]), p.zeros([1, 6], "bool")
        while i < most:
            state = fn.tanh(self.cell(state) + features)
            summed, i = summed + self.last(state), i + 1
            ended = p.logical_or(ended, summed > 1e9)
            if ended.any(axis=1).all():
                break
        return fn.softmax(summed)


class Branch(nn.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.body, self.one, self.other = Body(), nn.Linear(16, 4), nn.Linear(16, 4)

    def forward(self, x):  # type: ignore[no-untyped-def]
        features = self.body(x).mean([2, 3])
        if features.mean() > 0:  # noqa: SIM108 - it is what is tried
            y = self.one(features)
        else:
            y = self.other(features) * 2
        return y


def lines(x: Any, body: Any, recurrent: Any, last: Any) -> Any:
    return fn.softmax(last(recurrent(body(x).mean(2).transpose([0, 2, 1]))[0]), axis=2)


def attention(x: Any, body: Any) -> Any:
    f = body(x).flatten(2)
    return p.einsum("bcn,bnm->bcm", f, fn.softmax(p.einsum("bcn,bcm->bnm", f, f)))


def pooled(ids: Any, words: Any, last: Any) -> Any:
    return last(words(ids).mean(1))


def video(x: Any, conv: Any, last: Any) -> Any:
    return last(fn.relu(conv(x)).mean([2, 3, 4]))


def any_all(x: Any, body: Any) -> Any:
    f = body(x).mean([2, 3])
    above = f > 0.1
    return f * above.any(axis=1, keepdim=True).astype("float32") + above.all(axis=-1, keepdim=True).astype("float32")


def image(*shape: int, kind: str = "float32", name: str = "x") -> Any:
    return InputSpec(list(shape), kind, name)


FACTOR, SIZE = image(-1, 2, name="scale_factor"), image(-1, 2, name="im_shape")
PIXELS = image(1, 3, 64, 64)


def networks() -> dict[str, tuple[Any, list[Any]]]:
    """By name: a network, and its inputs."""
    ids = [image(-1, -1, kind="int64", name=name) for name in ("input_ids", "token_type_ids")]
    embedded = [nn.Embedding(100, 16), nn.Embedding(2, 16), nn.TransformerEncoderLayer(16, 2, 32), nn.Linear(16, 4)]
    by_scale = [image(-1, 3, -1, -1, name="image"), FACTOR]
    heads = [nn.Conv2D(16, 5, 1), nn.Conv2D(16, 4, 1)]
    small = [Body(3, 8), nn.Linear(16, 10)]
    offset, conv = nn.Conv2D(16, 18, 3, padding=1), p.vision.ops.DeformConv2D(16, 8, 3, padding=1)
    return {
        "yolo": (Three(yolo, Body(), nn.Conv2D(16, 18, 1)), [SIZE, *by_scale]),
        "ppyoloe": (Two(ppyoloe, Body(), *heads), by_scale),
        "grey": (Net(classes, Body(1, 8), nn.Linear(16, 10)), [image(-1, 1, 32, 32)]),
        "nhwc": (Net(lambda x, *on: classes(x.transpose([0, 3, 1, 2]), *on), *small), [image(-1, 32, 32, 3)]),
        "bytes": (
            Net(lambda x, *on: classes(x.astype("float32") / 255, *on), *small),
            [image(-1, 3, 32, 32, kind="uint8")],
        ),
        "ids": (Net(pooled, nn.Embedding(100, 16), nn.Linear(16, 4)), [image(-1, 12, kind="int32")]),
        "bert": (Tokens(bert, *embedded), ids),
        "any_all": (Net(any_all, Body()), [PIXELS]),
        "loop": (Loop(), [PIXELS]),
        "branch": (Branch(), [PIXELS]),
        "lstm": (Net(lines, Body(), nn.LSTM(16, 8, 2, "bidirect"), nn.Linear(16, 6)), [image(-1, 3, 32, 96)]),
        "gru": (Net(lines, Body(), nn.GRU(16, 8), nn.Linear(8, 6)), [image(-1, 3, 32, 96)]),
        "einsum": (Net(attention, Body()), [PIXELS]),
        "masked_fill": (
            Net(lambda x, body: p.masked_fill(f := body(x), f.mean(1, keepdim=True) > 0, -9.0), Body()),
            [PIXELS],
        ),
        "repeat_interleave": (Net(lambda x, body: p.repeat_interleave(body(x), 2, axis=1), Body()), [PIXELS]),
        "deformable": (
            Net(lambda x, body, offset, conv: conv(f := body(x), offset(f)), Body(), offset, conv),
            [PIXELS],
        ),
        "conv3d": (Net(video, nn.Conv3D(3, 8, 3), nn.Linear(8, 4)), [image(-1, 3, 4, 16, 16)]),
        "masked_select": (Net(lambda x, body: p.masked_select(f := body(x), f > 0.3), Body()), [PIXELS]),
    }


def save(net: Any, inputs: list[Any], out: str) -> None:
    net.eval()
    p.jit.save(p.jit.to_static(net, full_graph=True, input_spec=inputs), f"{out}/inference")


def write_quantised(out: str) -> None:
    """A network that learnt ten patterns, quantised after training and in training, in all of Paddle's forms."""
    patterns = numpy.random.RandomState(0).randn(10, 3, 8, 8)
    random = numpy.random.RandomState(1)

    def draw(count: int) -> tuple[Any, Any]:
        y = random.randint(0, 10, count)
        x = numpy.kron(patterns[y], numpy.ones((1, 1, 4, 4))) * 0.8 + random.randn(count, 3, 32, 32) * 0.4
        return x.astype("float32"), y

    def fit(net: Any, steps: int, rate: float) -> None:
        adam = p.optimizer.Adam(rate, parameters=net.parameters())
        net.train()
        for _ in range(steps):
            x, y = draw(32)
            fn.nll_loss(p.log(net(p.to_tensor(x)) + 1e-9), p.to_tensor(y)).backward()
            adam.step()
            adam.clear_grad()
        net.eval()

    net = Net(classes, Body(3, 8), nn.Linear(16, 10))
    fit(net, 150, 0.01)
    inputs = [image(-1, 3, 32, 32)]
    for form in ("fake", "onnx"):
        for scales in ("abs_max", "channel_wise_abs_max"):
            from paddle.quantization import ImperativeQuantAware  # type: ignore[import-not-found]

            aware = ImperativeQuantAware(
                weight_quantize_type=scales,
                activation_quantize_type="moving_average_abs_max",
                onnx_format=form == "onnx",
            )
            trained = Net(classes, Body(3, 8), nn.Linear(16, 10))
            trained.set_state_dict(net.state_dict())
            aware.quantize(trained)
            fit(trained, 60, 0.001)
            aware.save_quantized_model(trained, f"{out}/qat_{form}_{scales}/inference", input_spec=inputs)
    save(net, inputs, f"{out}/float")
    images = [draw(1)[0][0] for _ in range(16)]
    p.enable_static()
    for form in ("fake", "onnx"):
        for scales in ("abs_max", "channel_wise_abs_max"):
            calibrate(out, form, scales, images)


def calibrate(out: str, form: str, scales: str, images: list[Any]) -> None:
    from paddle.static.quantization import PostTrainingQuantization  # type: ignore[import-not-found]

    class Images(p.io.Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return len(images)

        def __getitem__(self, index: int) -> Any:
            return images[index]

    with p.static.program_guard(p.static.Program()), p.static.scope_guard(p.static.Scope()):
        loader = p.io.DataLoader(
            Images(),
            places=p.CPUPlace(),
            feed_list=[p.static.data("x", [-1, 3, 32, 32])],
            batch_size=1,
            return_list=False,
        )
        quantiser = PostTrainingQuantization(
            p.static.Executor(p.CPUPlace()), f"{out}/float", model_filename="inference.pdmodel",
            params_filename="inference.pdiparams", data_loader=loader, batch_size=1, algo="avg", scope=p.static.global_scope(),
            quantizable_op_type=["conv2d", "depthwise_conv2d", "mul", "matmul_v2"], weight_quantize_type=scales,
            onnx_format=form == "onnx",
        )  # fmt: skip
        quantiser.quantize()
        quantiser.save_quantized_model(f"{out}/ptq_{form}_{scales}", "inference.pdmodel", "inference.pdiparams")


if __name__ == "__main__":
    p.seed(0)
    for name, (net, inputs) in networks().items():
        try:
            save(net, inputs, f"{sys.argv[1]}/{name}")
        except Exception as error:
            print(name, type(error).__name__, " ".join(str(error).split())[-300:], flush=True)
    if OLD:
        write_quantised(sys.argv[1])
