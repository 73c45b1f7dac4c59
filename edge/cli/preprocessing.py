"""The options that say how images are prepared for a network, where its metadata does not, or is to be overruled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from edge.cli.parameters import ChannelNumbers, Finite, Numbers

F = TypeVar("F", bound=Callable[..., Any])


def options(command: F) -> F:
    """--resize-short, --resize, --crop, --mean, --std, --scale, --interpolation, --bgr, --grey, --layout."""
    for option in (
        click.option("--layout", type=click.Choice(["NCHW", "NHWC"]),
                     help="Of the network's input, where its shape does not show it."),
        click.option("--grey", is_flag=True, help="The network takes one channel: grey images."),
        click.option("--bgr", is_flag=True,
                     help="The network wants its channels in the order blue, green, red; so are --mean and --std then."),
        click.option("--interpolation", type=click.Choice(["bilinear", "bicubic", "pillow-bilinear", "pillow-bicubic"]),
                     help="How images are resized.  [default: what is known of the model, else bilinear]"),
        click.option("--scale", type=Finite(0, min_open=True), metavar="X",
                     help="What a pixel, 0 to 255, is multiplied by.  [default: what is known of the model, else 1/255]"),
        click.option("--std", type=ChannelNumbers(zero=False), metavar="A,B,C",
                     help="Of the scaled values, in the order of the network's channels."),
        click.option("--mean", type=ChannelNumbers(), metavar="A,B,C",
                     help="Of the scaled values (0 to 1; with --scale 1, 0 to 255), in the order of the network's channels."),
        click.option("--crop", type=Numbers("224,224", distinct=False, most=2), metavar="W,H",
                     help="The centre that is taken.  [default: the network's input]"),
        click.option("--resize", type=Numbers("320,240", distinct=False, most=2), metavar="W,H",
                     help="Resize the whole image to this, whatever its ratio."),
        click.option("--resize-short", type=click.IntRange(1), metavar="N",
                     help="Resize the short side to N, and keep the ratio."),
    ):  # fmt: skip
        command = option(command)
    return command
