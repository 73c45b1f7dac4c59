"""PaddleClas checkouts of one's own, small: the same folders, two networks."""

from __future__ import annotations

from pathlib import Path

LOGGER = "def init_logger(log_level=20):\n    pass\n"
NETWORK = """
import paddle
from paddle import nn


class Wholly(nn.Layer):
    def __init__(self, class_num=1000, channels=3):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2D(channels, 16, 3, 2, 1), nn.BatchNorm2D(16), nn.ReLU())
        self.last = nn.Linear(16, class_num)

    def forward(self, x):
        return self.last(self.body(x).mean([2, 3]))


def NewNet_x1_0(class_num=1000, **kwargs):
    return Wholly(class_num)


def NewNet_grey(class_num=1000, **kwargs):
    return Wholly(class_num, channels=1)
"""
CONFIG = """
Global:
  image_shape: [3, 64, 64]
Arch:
  name: NewNet_x1_0
DataLoader:
  Eval:
    dataset:
      transform_ops:
        - DecodeImage: {to_rgb: True, channel_first: False}
        - ResizeImage: {resize_short: 72, interpolation: bicubic, backend: pil}
        - CropImage: {size: 64}
        - NormalizeImage: {scale: 1.0/255.0, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], order: ''}
"""


def make_checkout(place: Path, network: str = NETWORK, names: str = "NewNet_x1_0, NewNet_grey") -> Path:
    """Write a checkout whose module `model_zoo/newnet.py` is `network`."""
    ppcls = place / "ppcls"
    for name, text in {
        "__init__.py": "raise RuntimeError('PaddleClas draws in half of PyPI here')\n",
        "utils/__init__.py": "raise RuntimeError('and here')\n",
        "utils/logger.py": LOGGER,
        "arch/__init__.py": "raise RuntimeError('and here')\n",
        "arch/backbone/__init__.py": f"from .model_zoo.newnet import {names}\n\n\ndef get_apis():\n    return []\n",
        "arch/backbone/model_zoo/__init__.py": "",
        "arch/backbone/model_zoo/newnet.py": network,
        "configs/ImageNet/NewNet/NewNet_x1_0.yaml": CONFIG,
    }.items():
        (ppcls / name).parent.mkdir(parents=True, exist_ok=True)
        (ppcls / name).write_text(text)
    return place
