"""The options that say how images are prepared, as several commands take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.errors import UsageError
from edge.images.overrides import Overrides


@dataclass(frozen=True, kw_only=True)
class PreparingOptions:
    """What the user says of the preprocessing; sizes are width and height, as the command line has them."""

    resize_short: int | None = None
    resize: tuple[int, ...] | None = None
    crop: tuple[int, ...] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    scale: float | None = None
    interpolation: str | None = None
    bgr: bool = False
    grey: bool = False
    layout: Literal["NCHW", "NHWC"] | None = None

    @property
    def overrides(self) -> Overrides:
        """The same as `fitting` takes it. Raises `UsageError` for what contradicts itself."""
        if self.resize_short is not None and self.resize is not None:
            raise UsageError(
                "--resize-short keeps the image's ratio and --resize does not", hint="leave one of them out"
            )
        if self.bgr and self.grey:
            raise UsageError("--bgr is for colour images and --grey for grey ones", hint="leave one of them out")
        return Overrides(
            resize_short=self.resize_short,
            resize=_size(self.resize),
            crop=_size(self.crop),
            mean=self.mean,
            std=self.std,
            scale=self.scale,
            interpolation=self.interpolation,
            channel_order="BGR" if self.bgr else "GREY" if self.grey else None,
            layout=self.layout,
        )


def _size(given: tuple[int, ...] | None) -> tuple[int, int] | None:
    """Height and width; one number is both."""
    return None if given is None else (given[-1], given[0])
