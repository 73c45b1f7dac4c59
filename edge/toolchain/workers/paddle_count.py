"""Multiply-accumulates and parameters, counted as PaddleClas' model table counts them."""

import contextlib

import paddle
from paddle import nn
from paddle.hapi import dynamic_flops


def flops(network, input_shape):
    """`paddle.flops` of one image, or None where it cannot follow the network.

    PaddleClas 2.6 wraps the global average pooling in a class of its own, which `paddle.flops` does not know and takes
    for free; the table was made when it was counted, so it is counted as the pooling it is.
    """
    try:
        from ppcls.arch.backbone.legendary_models.custom_devices_layers import AdaptiveAvgPool2D
    except ImportError:  # a checkout of another release
        known = {}
    else:
        known = {AdaptiveAvgPool2D: dynamic_flops.count_adap_avgpool}
    with _shapes_only():
        return paddle.flops(network, [1, *input_shape[1:]], custom_ops=known)


@contextlib.contextmanager
def _shapes_only():
    """Convolutions and linear layers put out zeros of the right shape: counting asks for no more."""
    convolve, multiply = nn.Conv2D.forward, nn.Linear.forward

    def convolved(layer, x):
        if layer._data_format != "NCHW" or layer._padding_mode != "zeros":
            return convolve(layer, x)
        one = paddle.zeros([1, 1, *layer.weight.shape[2:]])
        size = nn.functional.conv2d(x[:, :1], one, None, layer._stride, layer._padding, layer._dilation).shape[2:]
        return paddle.zeros([x.shape[0], layer._out_channels, *size])

    nn.Conv2D.forward = convolved
    nn.Linear.forward = lambda layer, x: paddle.zeros([*x.shape[:-1], layer.weight.shape[1]])
    try:
        yield
    finally:
        nn.Conv2D.forward, nn.Linear.forward = convolve, multiply


def parameters(network):
    """Number of parameters, the running statistics of batch norms included (the table includes them)."""
    return sum(int(parameter.size) for parameter in network.parameters())
