"""What is known of one catalogue model before any work is done on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

TABLE = "model_list.md"  # PaddleClas' model table


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How an image is fed to a network: resize, crop the centre, `(value * scale - mean) / std`; PaddleClas' by default.

    The short side becomes `resize_short` and the ratio stays, or (`resize_short` None) the whole image becomes `resize`.
    """

    resize_short: int | None
    crop: tuple[int, int]  # height, width
    scale: float = 1.0 / 255.0
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)  # in the order of the network's channels: BGR's begins with blue
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    channel_order: str = "RGB"  # or BGR, or GREY: one channel
    layout: str = "NCHW"  # or NHWC
    interpolation: str = "bilinear"  # one of edge.images.preprocess.INTERPOLATIONS
    resize: tuple[int, int] | None = None  # height, width

    @property
    def channels(self) -> int:
        """Of the network's input."""
        return 1 if self.channel_order == "GREY" else 3

    def as_values(self) -> dict[str, Any]:
        """As JSON values; without a `resize` where there is none."""
        return {key: value for key, value in asdict(self).items() if key != "resize" or value is not None}

    def __str__(self) -> str:
        height, width = self.crop
        size = (
            f"resized to {self.resize[0]} x {self.resize[1]}" if self.resize else f"short side to {self.resize_short}"
        )
        cut = "" if self.resize == self.crop else f", crop {height} x {width}"
        mean, std = (" ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        return (
            f"{size} ({self.interpolation}){cut}, {self.channel_order}, "
            f"x {self.scale:.6g}, mean {mean}, std {std}, {self.layout}"
        )


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
class ClasNetwork:
    """A network that PaddleClas builds. `input_shape` is N, C, H, W; N is -1 for an open batch."""

    name: str
    architecture: str  # the class or function of ppcls.arch.backbone that builds it
    input_shape: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Model(ClasNetwork):
    """One network of the catalogue, whose `input_shape` has N = 1.

    The published numbers are of the document `source` in PaddleClas' docs/zh_CN/models/ImageNet1k/, the latencies on a
    Snapdragon 855 of `sd855_source`.
    """

    series: str
    preprocessing: Preprocessing
    published: Published
    inference_url: str | None
    pretrained_url: str | None
    light: bool
    ssld: bool
    source: str = TABLE
    sd855_source: str = TABLE
