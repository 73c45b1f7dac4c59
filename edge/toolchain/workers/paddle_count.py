"""Multiply-accumulates and parameters, counted as PaddleClas' model table counts them."""

import paddle
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
    return paddle.flops(network, [1, *input_shape[1:]], custom_ops=known)


def parameters(network):
    """Number of parameters, the running statistics of batch norms included (the table includes them)."""
    return sum(int(parameter.size) for parameter in network.parameters())
