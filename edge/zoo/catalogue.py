"""The catalogue: the 250 networks of PaddleClas' ImageNet table and 15 newer ones, read from models.csv; lookup, filters.

models.csv carries, one row a network:
- the table's own columns (PaddleClas 2.6, docs/zh_CN/models/ImageNet1k/model_list.md), digits as printed there. Where
  the table names a network twice, in its distillation part and in its series, the series' row is taken, for it prints
  more digits and top-5; the distillation part adds `reference_top1` and `top1_gain`. Two networks,
  SwinTransformer_base_patch4_window7_224 and SwinTransformer_base_patch4_window12_384, have a second row for weights
  trained on ImageNet-22k first: the row kept is the one whose weights PaddleClas' own code loads for that name
  (`use_imagenet22kto1k_pretrained=False`).
- `architecture`: what builds it in ppcls.arch.backbone. Distilled networks (`_ssld`) are the network without the
  suffix, Fix_ResNeXt101_32x48d_wsl is ResNeXt101_32x48d_wsl at 320 pixels.
- `light`: 1 for the series that the table has for phones.
- `source`, of rows that the table lacks: the document in docs/zh_CN/models/ImageNet1k/ that their numbers are from
  (MobileNetV4, StarNet, FasterNet: FLOPs there are in G, with two or three digits). `sd855_source`: the same for the
  latencies alone, which PP-LCNet's document has and the table lacks. Of PaddleClas' development branch of 2024-10-18.
- the preprocessing of PaddleClas' evaluation (ppcls/configs/ImageNet/**.yaml, `DataLoader.Eval`; networks without such
  a file: the table "Crop Size, Resize Short Size" of docs/en/models/). `pillow-` marks `backend: pil`. The
  EfficientNets are bicubic, as the FAQ says, though their files are silent. MobileViT reads BGR. RedNet's mean and std,
  given in 0 to 255 there, are divided by 255 here.

The file has no quoted fields, so a split reads it: `edgezoo list` has no time for the csv module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from edge.errors import UnknownModelError, UsageError
from edge.zoo.model import TABLE, Model, Preprocessing, Published

FILE = Path(__file__).with_name("models.csv")
_SD855 = ((1, "sd855_ms_1"), (2, "sd855_ms_2"), (4, "sd855_ms_4"))
_ELSEWHERE = (
    "xeon6148_ms",
    "xeon6271c_openvino_ms",
    "v100_trt_fp32_ms_bs1",
    "v100_trt_fp32_ms_bs4",
    "v100_trt_fp32_ms_bs8",
)

SORT_KEYS: dict[str, Callable[[Model, int], Any]] = {
    "name": lambda model, _: model.name.lower(),
    "top1": lambda model, _: model.published.top1,
    "flops": lambda model, _: model.published.flops_m,
    "params": lambda model, _: model.published.params_m,
    "size": lambda model, _: model.published.size_mb,
    "sd855": lambda model, threads: model.published.sd855_ms.get(threads),
}
"""What models can be ordered by: a function of the model and the thread count (for `sd855`)."""


@cache
def catalogue() -> tuple[Model, ...]:
    """All models, series by series, in the order of PaddleClas' table."""
    head, *lines = FILE.read_text(encoding="ascii").splitlines()
    columns = head.split(",")
    return tuple(_model(dict(zip(columns, line.split(","), strict=True))) for line in lines)


def lookup(name: str) -> Model:
    """The model of that name, in whatever letter case and with whatever separators.

    Raises `UnknownModelError`, with the nearest names as its hint.
    """
    if model := _by_plain_name().get(plain(name)):
        return model
    found = [model.name for model in search(name)]
    near = found[:3] or nearest(name)
    more = f"? `edgezoo list --search '{name}'` shows all {len(found)}" if len(found) > 3 else ""
    raise UnknownModelError(
        f"no model '{name}' in the catalogue",
        hint=f"did you mean {' or '.join(near)}{more or '?'}" if near else "`edgezoo list` shows all names",
    )


def canonical(name: str) -> str:
    """The catalogue's own spelling of a name; another text (a file's) as it is."""
    model = _by_plain_name().get(plain(name))
    return model.name if model else name


def search(text: str) -> list[Model]:
    """The models whose name or series has every word of `text`, in the catalogue's order: `mobilenet v3 large`."""
    words = [plain(word) for word in text.split()]
    return [
        model for model in catalogue() if words and all(word in plain(f"{model.name} {model.series}") for word in words)
    ]


def nearest(name: str, count: int = 3) -> list[str]:
    """The catalogue's names most like `name`, best first; letter case and separators do not matter."""
    from difflib import get_close_matches

    names = {plain: model.name for plain, model in _by_plain_name().items()}
    return [names[match] for match in get_close_matches(plain(name), names, n=count, cutoff=0.6)]


def plain(text: str) -> str:
    """A name without letter case and separators; between digits one stays, for x1_0 is not x10."""
    return re.sub("[-_ ]", "", re.sub("(?<=[0-9])[-_ ](?=[0-9])", ".", text.lower()))


@cache
def _by_plain_name() -> dict[str, Model]:
    return {plain(model.name): model for model in catalogue()}


def series() -> tuple[str, ...]:
    """The names of the series, in the catalogue's order."""
    return tuple(dict.fromkeys(model.series for model in catalogue()))


def select(
    *,
    series_names: Iterable[str] = (),
    light: bool = False,
    top1_min: float | None = None,
    top1_max: float | None = None,
    flops_max: float | None = None,
    params_max: float | None = None,
    sd855_max: float | None = None,
    threads: int = 1,
    words: str = "",
) -> list[Model]:
    """The models that pass every filter given, in the catalogue's order.

    Units: top-1 as a fraction, FLOPs and parameters in millions, `sd855_max` in ms at `threads` (1, 2 or 4); `words`: as
    `search`. A model for which the table says nothing does not pass a filter on that number. Raises `UsageError` for an
    unknown series or thread count.
    """
    wanted = {_series(name) for name in series_names}
    if threads not in (1, 2, 4):
        raise UsageError(f"the published latencies are for 1, 2 and 4 threads, not {threads}")

    def passes(model: Model) -> bool:
        published = model.published
        return (
            (not wanted or model.series in wanted)
            and (not light or model.light)
            and _within(published.top1, top1_min, top1_max)
            and _within(published.flops_m, None, flops_max)
            and _within(published.params_m, None, params_max)
            and _within(published.sd855_ms.get(threads), None, sd855_max)
        )

    return [model for model in (search(words) if words else catalogue()) if passes(model)]


def selected(names: Iterable[str], *, series: Collection[str], light: bool, everything: bool) -> list[str]:
    """The names a command is about, each once, in the catalogue's spelling: those given, then those selected.

    Raises `UsageError` if none.
    """
    chosen = [canonical(name) for name in names]
    if everything:
        chosen += [model.name for model in catalogue()]
    elif series or light:
        chosen += [model.name for model in select(series_names=series, light=light)]
    if not chosen:
        raise UsageError("no model is named", hint="name some, or use --series, --light or --all; see `edgezoo list`")
    return list(dict.fromkeys(chosen))


def ordered(models: Iterable[Model], key: str, *, threads: int = 1, descending: bool = False) -> list[Model]:
    """The models sorted by one of `SORT_KEYS`; those for which the number is unknown come last either way."""
    value = SORT_KEYS[key]
    models = list(models)
    known = [model for model in models if value(model, threads) is not None]
    unknown = [model for model in models if value(model, threads) is None]
    return sorted(known, key=lambda model: value(model, threads), reverse=descending) + unknown


def _series(name: str) -> str:
    for known in series():
        if plain(known) == plain(name):
            return known
    raise UsageError(f"no series '{name}' in the catalogue", hint="known series: " + ", ".join(series()))


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _triple(text: str) -> tuple[float, float, float]:
    first, second, third = map(float, text.split())
    return first, second, third


@cache  # the catalogue has 25 of them
def _preprocessing(size: int, short: str, mean: str, std: str, order: str, interpolation: str) -> Preprocessing:
    return Preprocessing(
        resize_short=int(short),
        crop=(size, size),
        mean=_triple(mean),
        std=_triple(std),
        channel_order=order,
        interpolation=interpolation,
    )


def _model(row: dict[str, str]) -> Model:
    size = int(row["input_size"])
    how = _preprocessing(size, row["resize_short"], row["mean"], row["std"], row["channel_order"], row["interpolation"])
    return Model(
        name=row["name"],
        series=row["series"],
        architecture=row["architecture"],
        input_shape=(1, 3, size, size),
        preprocessing=how,
        published=Published(
            top1=_number(row["top1"]),
            top5=_number(row["top5"]),
            flops_m=_number(row["flops_m"]),
            params_m=_number(row["params_m"]),
            size_mb=_number(row["size_m"]),
            sd855_ms={threads: float(row[column]) for threads, column in _SD855 if row[column]},
            reference_top1=_number(row["reference_top1"]),
            top1_gain=_number(row["top1_gain"]),
            elsewhere_ms={column: float(row[column]) for column in _ELSEWHERE if row[column]},
        ),
        inference_url=row["inference_url"] or None,
        pretrained_url=row["pretrained_url"] or None,
        light=row["light"] == "1",
        ssld=row["name"].endswith("_ssld"),
        source=row["source"] or TABLE,
        sd855_source=row["sd855_source"] or row["source"] or TABLE,
    )
