"""PaddleClas' networks: import them without the package's heavy dependencies, build one, merge its training branches.

`ppcls` lives inside the `paddleclas` distribution and its `__init__` files draw in scikit-learn, OpenCV, VisualDL and
faiss. The backbones need none of them, so the packages above `ppcls.arch.backbone` are entered into sys.modules empty.
"""

import importlib
import importlib.util
import os
import random
import sys
import types

import numpy
import paddle
import paddle_checkout
import paddle_draws
import paddle_patches


def backbones(checkout=None):
    """The module that holds every architecture by name: the engine's own, or that of a checkout's folder `ppcls`.

    A process has one of them for good. Raises `CheckoutError` for a checkout that cannot be imported.
    """
    if "ppcls.arch.backbone" not in sys.modules:
        _enter(checkout or os.path.join(importlib.util.find_spec("paddleclas").submodule_search_locations[0], "ppcls"))
        if checkout is None:
            importlib.import_module("ppcls.utils.logger").init_logger(log_level=40)  # its constructors log through it
            importlib.import_module("ppcls.arch.backbone")
            paddle_patches.apply()
        else:
            paddle_checkout.load(checkout)
    return sys.modules["ppcls.arch.backbone"]


def _enter(root):
    for name, folder in (("ppcls", ""), ("ppcls.utils", "utils"), ("ppcls.arch", "arch")):
        package = types.ModuleType(name)
        package.__path__ = [os.path.join(root, folder)]
        sys.modules[name] = package


def build(architecture, class_num, seed, checkout=None):
    """One network in evaluation mode, its random weights drawn from `seed`.

    Call it, and everything that names variables, inside `paddle.utils.unique_name.guard()`: some architectures name
    their parameters themselves, and a process that builds two of them would otherwise refuse the second.
    """
    constructor = getattr(backbones(checkout), architecture, None)
    if not callable(constructor):
        raise ValueError("PaddleClas has no architecture named {!r}".format(architecture))
    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    paddle.seed(seed)
    with paddle_draws.repeated(seed):
        network = constructor(class_num=class_num)
    network.eval()
    return network


TRAINING_BRANCHES = ("dw_conv_list", "rbr_dense", "rbr_1x1", "rbr_identity")


def reparameterise(network):
    """Merge the branches that exist for training only (PP-LCNetV2, RepVGG), as PaddleClas does when it publishes.

    PaddleClas leaves the merged branches in place; they are removed here so that parameters are counted as deployed.
    Returns whether there were any.
    """
    merged = False
    for layer in network.sublayers(include_self=True):
        if getattr(layer, "is_repped", None) is False:
            layer.re_parameterize()
            if layer.is_repped:
                merged = True
                for name in TRAINING_BRANCHES:
                    layer._sub_layers.pop(name, None)
    return merged
