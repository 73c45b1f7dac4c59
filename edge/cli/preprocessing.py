"""The options that say how images are prepared for a network, where its metadata does not, or is to be overruled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from edge.cli.parameters import ThreeNumbers

F = TypeVar("F", bound=Callable[..., Any])


def options(command: F) -> F:
    """--resize-short, --mean, --std, --interpolation, --bgr."""
    for option in (
        click.option("--bgr", is_flag=True, help="The network wants its channels in the order blue, green, red."),
        click.option("--interpolation", type=click.Choice(["bilinear", "bicubic", "pillow-bilinear", "pillow-bicubic"]),
                     help="Instead of the metadata's."),
        click.option("--std", type=ThreeNumbers(zero=False), metavar="R,G,B", help="Instead of the metadata's."),
        click.option("--mean", type=ThreeNumbers(), metavar="R,G,B", help="Instead of the metadata's; of values from 0 to 1."),
        click.option("--resize-short", type=click.IntRange(1), metavar="N",
                     help="Resize the short side to N; the crop is the network's input.  [default: the metadata's]"),
    ):  # fmt: skip
        command = option(command)
    return command
