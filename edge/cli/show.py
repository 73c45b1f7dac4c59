"""`edgezoo show`: everything known of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.tabular import view

if TYPE_CHECKING:
    from edge.zoo.model import Model


@once.command()
@click.argument("name", shell_complete=completing.models)
@options.as_json
def command(name: str, as_json: bool) -> None:
    """Show everything that is known of the model NAME: published numbers, input, preprocessing, addresses."""
    from edge.api import show_model
    from edge.zoo.doubts import doubts_of

    model = show_model(name)
    if as_json:
        from dataclasses import asdict

        from edge.cli.output import print_json

        print_json(asdict(model) | {"doubts": [one._asdict() for one in doubts_of(model.name)]})
        return
    click.echo(view().pairs(list(_lines(model))))


_DOCUMENTS = "docs/zh_CN/models/ImageNet1k/"


def _lines(model: Model) -> list[tuple[str, str]]:
    from edge.zoo.doubts import doubts_of

    published, how = model.published, model.preprocessing
    lines = [
        ("Model", model.name),
        ("Series", model.series + (" (light: meant for phones)" if model.light else "")),
        ("Network", f"{model.architecture} (ppcls.arch.backbone)"),
        ("Input", " x ".join(map(str, model.input_shape)) + f", {how.layout}, {how.channel_order}"),
        ("Resize", f"short side to {how.resize_short}, {how.interpolation}; centre crop {how.crop[0]} x {how.crop[1]}"),
        ("Normalise", f"x {how.scale:.6g}, mean {_numbers(how.mean)}, std {_numbers(how.std)}"),
        ("", ""),
        ("Published by PaddleClas", f"in {_DOCUMENTS}{model.source}"),
        ("  Top-1", _or_dash(published.top1, "{:.4f}")),
        ("  Top-5", _or_dash(published.top5, "{:.4f}")),
    ]
    if published.top1_gain is not None:
        lines.append(
            ("  Distillation", f"+{published.top1_gain:.3f} top-1 over {published.reference_top1:.4f} without it")
        )
    lines += [
        ("  FLOPs", _or_dash(published.flops_m, "{:.2f} M multiply-accumulates")),
        ("  Parameters", _or_dash(published.params_m, "{:.2f} M")),
        ("  Size", _or_dash(published.size_mb, "{:g} M (as printed there; MiB for most models)")),
        ("  Snapdragon 855, fp32", _latencies(model)),
    ]
    lines += [(f"  {column}", f"{ms:.2f} ms") for column, ms in published.elsewhere_ms.items()]
    lines += [("  Doubtful", one.reason) for one in doubts_of(model.name)]
    return [
        *lines,
        ("", ""),
        ("Inference model", model.inference_url or "-"),
        ("Weights", model.pretrained_url or "-"),
    ]


def _latencies(model: Model) -> str:
    published = model.published
    latencies = [
        f"{ms:.2f} ms on {threads} thread{'s' if threads > 1 else ''}"
        for threads, ms in sorted(published.sd855_ms.items())
    ]
    elsewhere = model.sd855_source
    return (", ".join(latencies) or "-") + (f" (in {elsewhere})" if latencies and elsewhere != model.source else "")


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
