"""Random weights that make a network worth running: every layer is awake and the output depends on the input.

A freshly initialised network answers nearly the same to every image, or is certain of one class: a comparison of two
engines on it proves nothing. Here every layer is set right in one pass over a few varied images, in the order of the
computation (data-dependent initialisation: Mishkin and Matas 2016, "All you need is a good init"; Krähenbühl et al.
2016, "Data-dependent initializations of convolutional neural networks"):

- every convolution and linear layer is scaled to unit variance over the images, and centred where it has a bias;
- every batch norm takes the images' statistics as its own;
- what makes kernels of the image (RedNet's involutions) makes nearly the same of every image: each such layer squares a
  contrast that is not the calibration's, and thirty of them in a row made infinity or nothing of unseen images;
- the classifier is centred, and scaled so that on images the pass did not see, logits spread by LOGIT_SPREAD: over 1000
  classes a softmax neither flat nor one-hot.
"""

import numpy
import paddle
import paddle_images
from paddle import nn

LOGIT_SPREAD = 2.0
LARGE = 4e9  # multiply-accumulates from which one image takes so long that two held out must do, with the centre of all
BATCH_NORMS = (nn.BatchNorm, nn.BatchNorm1D, nn.BatchNorm2D, nn.BatchNorm3D)
WEIGHTED = (nn.Conv2D, nn.Linear)
KERNEL_SPREAD = 0.3  # of a kernel that is made of the image, around one that is not and has 1


def randomise(network, input_shape, flops, class_num, seed):
    """Weights drawn from `seed` for a network fresh from its constructor; `flops` (None: unknown) limits the work.

    Raises ValueError when the output still does not depend on the input.
    """
    count = max(4, min(16, int(8e9 // (flops or 8e9))))  # images; some 2 seconds of work on one core
    large = (flops or 0) >= LARGE
    held_out = 2 if large else max(4, count // 2)
    batch = paddle_images.images([count + held_out, *input_shape[1:]], seed)
    draw = numpy.random.RandomState(seed % 2**32)
    _draw(network, draw)
    seen = _calibrate(network, batch[:count], draw)
    _scale_classifier(network, batch[count:], class_num, seen if large else seen[:0])


def _draw(network, draw):
    """Draw what a constructor leaves constant, so that no error in its use can hide.

    Norms get gains around 1. Batch norms also get a shift of about one deviation: without it a deep network of random
    weights singles out one image of a batch and maps all others to one point. Layer scales (ConvNeXt 1e-6, VAN 1e-2) and
    zero gains (Swin V2) that silence a block at the start of a training are opened.
    """
    for layer in network.sublayers(include_self=True):
        for name, parameter in layer._parameters.items():
            if parameter is None or isinstance(layer, WEIGHTED):
                continue
            shape = parameter.shape
            if isinstance(layer, (*BATCH_NORMS, nn.LayerNorm, nn.GroupNorm)):
                if name == "weight":
                    values = draw.uniform(0.7, 1.3, shape)
                elif name == "bias":
                    values = draw.normal(1.0 if isinstance(layer, BATCH_NORMS) else 0.0, 0.5, shape)
                else:
                    continue  # running statistics
            else:
                low, high = float(parameter.min()), float(parameter.max())
                if low != high or parameter.size == 1 or abs(low) >= 0.1:
                    continue
                values = draw.normal(0.0, 0.5, shape) if low == 0 else draw.uniform(0.7, 1.3, shape)
            parameter.set_value(values.astype("float32"))


def _calibrate(network, batch, draw):
    """Set scales, centres and running statistics in one pass over `batch` (numpy, N, C, H, W); returns its logits."""
    hooks, momenta = [], []
    kernels = {id(layer.conv2.conv) for layer in network.sublayers() if type(layer).__name__ == "Involution"}
    for layer in network.sublayers(include_self=True):
        if isinstance(layer, WEIGHTED):
            around = draw.normal(size=layer.bias.shape) if id(layer) in kernels else None
            hooks.append(layer.register_forward_post_hook(_Normaliser(around)))
        elif isinstance(layer, BATCH_NORMS):
            momenta.append((layer, layer._momentum))
            layer._momentum = 0.0  # the running statistics become the batch's
            layer.training = True
    logits = _forward(network, batch)
    for hook in hooks:
        hook.remove()
    for layer, momentum in momenta:
        layer._momentum = momentum
        layer.training = False
    return logits


class _Normaliser:
    """Forward hook: on its layer's first call rescale the weight, and centre with the bias, to a standard output.

    Of a kernel, to one of KERNEL_SPREAD `around` these means, a number for each channel.
    """

    def __init__(self, around):
        self.done, self.around = False, around

    def __call__(self, layer, inputs, output):
        if self.done:  # a layer that is used twice has one scale
            return output
        self.done = True
        sample, axes = _sample(output, channels_first=isinstance(layer, nn.Conv2D))
        mean = sample.mean(axis=axes, dtype="float64", keepdims=True)
        spread = float(numpy.sqrt(numpy.square(sample - mean).mean()))
        if spread < 1e-20:  # it has no varying input
            return output
        gain = (1.0 if self.around is None else KERNEL_SPREAD) / spread
        layer.weight.scale_(gain)  # in place: `set_value` copies it twice
        if layer.bias is None:
            return output * gain
        if self.around is not None:
            mean = mean - self.around.reshape(mean.shape) / gain
        layer.bias.set_value((layer.bias - paddle.to_tensor(mean.flatten().astype("float32"))) * gain)
        mean = (
            mean[0] if isinstance(layer, nn.Conv2D) else mean.flatten()
        )  # Paddle is slow with leading dimensions of 1
        return (output - paddle.to_tensor(mean.astype("float32"))) * gain


def _sample(output, channels_first):
    """At most some 16 x 16 positions of each image: enough for a mean, at a fraction of the cost of all."""
    if channels_first:
        step = [-(-size // 16) for size in output.shape[2:]]
        return output[:, :, :: step[0], :: step[1]].numpy(), (0, 2, 3)
    if output.ndim == 2:
        return output.numpy(), (0,)
    flat = output.reshape([output.shape[0], -1, output.shape[-1]])
    return flat[:, :: -(-flat.shape[1] // 256)].numpy(), (0, 1)


@paddle.no_grad()
def _scale_classifier(network, batch, class_num, seen):
    """By the logits of `batch`, around the centre of these and of those `seen` before."""
    logits = _forward(network, batch).astype("float64")
    centre = numpy.concatenate((seen, logits)).mean(axis=0)
    deviation = numpy.square(logits - centre).mean(axis=1)
    typical = numpy.median if len(batch) > 2 else numpy.min  # one image that is far off would flatten all others
    spread = float(numpy.sqrt(typical(deviation)))
    if not spread > 1e-3 * float(typical(numpy.abs(logits).max(axis=1))):  # false for NaN too
        raise ValueError("with random weights the network's output hardly depends on its input")
    gain = LOGIT_SPREAD / spread
    centre = paddle.to_tensor(centre.astype("float32"))
    for layer in network.sublayers(include_self=True):
        if isinstance(layer, nn.Linear) and layer.weight.shape[1] == class_num:
            layer.weight.scale_(gain)
            layer.bias.set_value((layer.bias - centre) * gain)
        elif isinstance(layer, nn.Conv2D) and layer.weight.shape[0] == class_num:  # SqueezeNet: relu and pooling follow
            layer.weight.scale_(gain)
            layer.bias.set_value(layer.bias * gain)


def _forward(network, batch):
    with paddle.no_grad():
        output = network(paddle.to_tensor(batch))
    return (output[0] if isinstance(output, (list, tuple)) else output).numpy()
