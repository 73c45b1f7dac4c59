"""The options that say how images are prepared for a network, where its metadata does not, or is to be overruled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from edge.images.overrides import Overrides

F = TypeVar("F", bound=Callable[..., Any])


def options(command: F) -> F:
    """--resize-short, --mean, --std, --interpolation, --bgr."""
    for option in (
        click.option("--bgr", is_flag=True, help="The network wants its channels in the order blue, green, red."),
        click.option("--interpolation", type=click.Choice(["bilinear", "bicubic", "pillow-bilinear", "pillow-bicubic"]),
                     help="Instead of the metadata's."),
        click.option("--std", metavar="R,G,B", help="Instead of the metadata's."),
        click.option("--mean", metavar="R,G,B", help="Instead of the metadata's; of values from 0 to 1."),
        click.option("--resize-short", type=click.IntRange(1), metavar="N",
                     help="Resize the short side to N; the crop is the network's input.  [default: the metadata's]"),
    ):  # fmt: skip
        command = option(command)
    return command


def overrides(given: dict[str, Any]) -> Overrides:
    """What these options say. Raises `UsageError` for a mean or deviation that is none."""
    from edge.images.overrides import Overrides

    return Overrides(
        given["resize_short"],
        _three("--mean", given["mean"]),
        _three("--std", given["std"]),
        given["interpolation"],
        "BGR" if given["bgr"] else None,
    )


def _three(option: str, text: str | None) -> tuple[float, float, float] | None:
    from math import isfinite

    from edge.errors import UsageError

    if text is None:
        return None
    try:
        first, second, third = (float(part) for part in text.split(","))
        if not all(map(isfinite, (first, second, third))) or (option == "--std" and 0 in (first, second, third)):
            raise ValueError
    except ValueError:
        raise UsageError(f"{option} {text} is none", hint="three numbers, for instance 0.5,0.5,0.5") from None
    return first, second, third
