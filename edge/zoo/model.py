"""What is known of one catalogue model before any work is done on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How PaddleClas feeds an image to a network at evaluation: resize the short side, crop, scale, normalise."""

    resize_short: int
    crop: tuple[int, int]  # height, width
    scale: float = 1.0 / 255.0
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)  # in the order of the channels
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    channel_order: str = "RGB"
    layout: str = "NCHW"
    interpolation: str = "bilinear"  # one of edge.images.preprocess.INTERPOLATIONS


@dataclass(frozen=True, slots=True)
class Published:
    """The numbers of PaddleClas' model table (docs ImageNet_models); None where the table says nothing."""

    top1: float | None
    top5: float | None
    flops_m: float | None  # 1e6 multiply-accumulates, as the table counts them
    params_m: float | None  # 1e6 parameters
    size_mb: float | None  # the table's "model size" column; MiB for most rows, MB for some
    sd855_ms: Mapping[int, float]  # threads -> mean latency on a Snapdragon 855, fp32
    reference_top1: float | None = None  # of the same network trained without distillation (ssld models)
    top1_gain: float | None = None  # what the distillation brought (ssld models)
    elsewhere_ms: Mapping[str, float] = field(default_factory=dict)  # other hardware: the catalogue's column -> latency


@dataclass(frozen=True, slots=True)
class Model:
    """One network of the catalogue. `input_shape` is N, C, H, W with N = 1."""

    name: str
    series: str
    architecture: str  # the class or function of ppcls.arch.backbone that builds it
    input_shape: tuple[int, int, int, int]
    preprocessing: Preprocessing
    published: Published
    inference_url: str | None
    pretrained_url: str | None
    light: bool
    ssld: bool
