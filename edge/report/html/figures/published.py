"""The three figures of the PaddleClas overview: accuracy against latency as published, and on the phone's what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from edge.decide.candidates import Contender, estimated_latency, published_latency, published_top1
from edge.decide.choose import pareto
from edge.decide.measured import ENGINE, network_of
from edge.decide.number import Sourced
from edge.report.grid import Column
from edge.report.html.chart.model import Axis, Chart, ChartSeries, Mark
from edge.report.html.chart.palette import LINE
from edge.report.html.figures import wording
from edge.report.html.figures.figure import Figure
from edge.report.html.material import Material, device_key, device_name, engine_name, newest_of, showable
from edge.results.measurement import Measurement
from edge.zoo.catalogue import catalogue
from edge.zoo.doubts import doubts_of
from edge.zoo.model import Model

TRANSFORMERS = (
    "ViT",
    "DeiT",
    "SwinTransformer",
    "SwinTransformerV2",
    "Twins",
    "CSWinTransformer",
    "PVTV2",
    "LeViT",
    "TNT",
)
V100 = "v100_trt_fp32_ms_bs1"
_COLUMNS = (
    Column("Model", False),
    Column("Series", False),
    Column("Latency ms"),
    Column("Interval ms"),
    Column("Source", False),
    Column("Top-1 %"),
    Column("Pareto front", False),
    Column("Remarks", False),
)
_FRONT = {"yes": "on it", "perhaps": "perhaps", "no": ""}


def overview(material: Material) -> list[Figure]:
    """Server networks, phone networks, transformers."""
    return [_server(), _mobile(material), _transformers()]


def _server() -> Figure:
    models = [one for one in catalogue() if not one.light and one.series not in TRANSFORMERS]
    return _elsewhere("server", "Server networks: accuracy against latency on a V100", models)


def _transformers() -> Figure:
    models = [one for one in catalogue() if one.series in TRANSFORMERS]
    return _elsewhere("transformers", "Vision transformers: accuracy against latency on a V100", models)


def _elsewhere(id: str, title: str, models: Sequence[Model]) -> Figure:
    def latency(model: Model) -> Sourced | None:
        ms = model.published.elsewhere_ms.get(V100)
        if ms is None:
            return None
        told = "; ".join(f"doubtful: {one.reason}" for one in doubts_of(model.name, V100))
        return Sourced(ms, "published", note=told)

    where = "published by PaddleClas: V100, TensorRT, float32, batch 1"
    found, without = _published(models, latency)
    chart = Chart(
        Axis("latency on a V100, ms (published, logarithmic)", log=True),
        Axis("top-1 accuracy, % (published)"),
        _series(found, where),
    )
    notes = (
        [f"{without} networks of these series have no published latency there, and are not shown."] if without else []
    )
    caption = (
        f"Latency and accuracy as {where}; top-1 on ImageNet's validation images. Nothing here was measured by edgezoo."
    )
    return Figure(id, title, caption, _summary(found), (chart,), _COLUMNS, tuple(map(_row, found)), tuple(notes))


def _mobile(material: Material) -> Figure:
    threads = material.threads
    count = f"{threads} thread{'s' * (threads > 1)}"
    models = [one for one in catalogue() if one.light or one.published.sd855_ms]
    where = f"published by PaddleClas: Snapdragon 855, {count}, float32, mean of one launch"
    own = [one for one in models if threads in one.published.sd855_ms]
    found, _ = _published(own, lambda model: published_latency(model, threads))
    series = list(_series(found, where))
    rows = list(map(_row, found))
    notes: list[str] = []
    look = len(series)
    mine, told = _measured(material)
    for group in mine:
        first = group[0][1]
        name = f"measured: {device_name(first)}, {engine_name(first)}"
        contenders = [contender for contender, _ in group]
        marks = tuple(_measured_mark(contender, one) for contender, one in group)
        sound = [contender for contender, one in group if one.valid]
        series.append(ChartSeries(name, look, marks, path=_front(sound), steps=True))
        rows += [_row((contender, _standing(contender, contenders))) for contender in contenders]
        look += 1
    notes += told
    if material.estimated:
        guesses = list(_estimates(models, threads))
        marks = tuple(
            _mark((one, "no"), "estimated for a Snapdragon 855, 9 of 10 such within the interval", label="")
            for one in guesses
        )
        series.append(
            ChartSeries("estimated: Snapdragon 855", look, tuple(replace(mark, hollow=True) for mark in marks))
        )
        rows += [_row((one, "no")) for one in guesses]
    caption = (
        f"Published{where.removeprefix('published')}. Measured: here, on the device that the legend names, {count},"
        " with the interval of the median over launches; the accuracy beside a measured latency is the published one of that"
        " network. Measured points have fronts of their own. Hollow: not valid, doubtful, or estimated."
        if mine
        else f"As {where}. Nothing measured at {count} is laid beside it. Hollow: doubtful, or estimated."
    )
    chart = Chart(
        Axis(f"latency at {count}, ms (logarithmic)", log=True), Axis("top-1 accuracy, % (published)"), tuple(series)
    )
    title = "Phone networks: accuracy against latency"
    return Figure("mobile", title, caption, _summary(found), (chart,), _COLUMNS, tuple(rows), tuple(notes))


def _published(
    models: Sequence[Model], latency: Callable[[Model], Sourced | None]
) -> tuple[list[tuple[Contender, str]], int]:
    """Those with both numbers, with what each is to the Pareto front; and how many have not."""
    known = [
        Contender(one.name, one, "fp32", ENGINE, "published", ms, top1, None)
        for one in models
        if (ms := latency(one)) is not None and (top1 := published_top1(one)) is not None
    ]
    return [(one, pareto(one, known)) for one in known], len(models) - len(known)


def _series(found: Sequence[tuple[Contender, str]], where: str) -> tuple[ChartSeries, ...]:
    by_series: dict[str, list[tuple[Contender, str]]] = {}
    for contender, standing in found:
        assert contender.model
        by_series.setdefault(contender.model.series, []).append((contender, standing))
    made = [
        ChartSeries(f"{name}, published", look, tuple(_mark(one, where) for one in group))
        for look, (name, group) in enumerate(by_series.items())
    ]
    front = _front([contender for contender, _ in found])
    return (ChartSeries("Pareto front, published", LINE, path=front, steps=True), *made)


def _front(contenders: Sequence[Contender]) -> tuple[tuple[float, float], ...]:
    on = [
        (one.latency.value, 100 * one.top1.value)
        for one in contenders
        if one.latency and one.top1 and pareto(one, contenders) == "yes"
    ]
    return tuple(sorted(on))


def _standing(one: Contender, others: Sequence[Contender]) -> str:
    return pareto(one, others)


def _mark(one: tuple[Contender, str], where: str, label: str | None = None) -> Mark:
    contender, standing = one
    assert contender.latency
    assert contender.top1
    latency, top1 = contender.latency, contender.top1
    ends = None if latency.low is None or latency.high is None else (latency.low, latency.high)
    words = [
        contender.name,
        f"{latency.value:.2f} ms{wording.between(ends)}, {where}",
        f"top-1 {100 * top1.value:.2f} %, published",
    ]
    words += ["on the Pareto front of the published"] * (standing == "yes")
    words += [note for note in (latency.note, top1.note) if note]
    doubtful = "doubtful" in latency.note + top1.note
    shown = contender.name if standing == "yes" else ""
    return Mark(
        latency.value, 100 * top1.value, tuple(words), ends, label=shown if label is None else label, hollow=doubtful
    )


def _row(one: tuple[Contender, str]) -> tuple[str, ...]:
    contender, standing = one
    latency, top1 = contender.latency, contender.top1
    assert latency
    ends = None if latency.low is None or latency.high is None else (latency.low, latency.high)
    return (
        contender.name,
        contender.model.series if contender.model else "own",
        f"{latency.value:.2f}",
        wording.interval(ends),
        latency.source,
        f"{100 * top1.value:.2f} (published)" if top1 else "-",
        _FRONT[standing],
        latency.note,
    )


def _summary(found: Sequence[tuple[Contender, str]]) -> str:
    if not found:
        return "No network has both numbers."
    fastest = min(found, key=lambda one: one[0].latency.value if one[0].latency else 0)[0]
    best = max(found, key=lambda one: one[0].top1.value if one[0].top1 else 0)[0]
    assert fastest.latency
    assert best.top1
    front = [contender for contender, standing in found if standing == "yes"]
    front.sort(key=lambda one: one.latency.value if one.latency else 0)
    return (
        f"{len(found)} published networks. The fastest is {fastest.name} ({fastest.latency.value:.2f} ms), the most accurate"
        f" {best.name} ({100 * best.top1.value:.2f} %). On the Pareto front: {', '.join(one.name for one in front)}."
    )


def _measured(material: Material) -> tuple[list[list[tuple[Contender, Measurement]]], list[str]]:
    """A group for each device and engine, of the networks whose published accuracy is theirs; and what was left out."""
    cells = [one for one in showable(material.measurements) if one.threads == material.threads]
    groups: dict[object, list[tuple[Contender, Measurement]]] = {}
    left: list[str] = []
    for one in newest_of(
        cells, lambda cell: (device_key(cell), cell.engine[0], cell.subject.name, cell.subject.precision)
    ):
        model = network_of(one.subject)
        top1 = published_top1(model) if model is not None and one.subject.precision == "fp32" else None
        if model is None or top1 is None:
            left.append(f"{one.subject.name} {one.subject.precision or 'unknown'} (measurement {one.id})")
            continue
        low, high = wording.ends(one) or (None, None)
        latency = Sourced(one.headline_ms or 0.0, "measured", low, high, note=wording.of_cell(one))
        contender = Contender(model.name, model, "fp32", one.engine[0] or "unknown", "published", latency, top1, None)
        groups.setdefault((device_key(one), one.engine), []).append((contender, one))
    notes = []
    if left:
        notes.append("Measured, and not in this figure, for no published accuracy is theirs: " + ", ".join(left) + ".")
    if not cells and material.measurements:
        counts = sorted({one.threads for one in showable(material.measurements)})
        others = ", ".join(map(str, counts))
        notes.append(
            f"Nothing was measured at {material.threads} threads"
            + (f"; --threads {others} shows what was." if others else ".")
        )
    return list(groups.values()), notes


def _measured_mark(contender: Contender, one: Measurement) -> Mark:
    made = _mark((contender, "no"), f"measured on {device_name(one)} by {engine_name(one)}", label="")
    return replace(made, hollow=not one.valid)


def _estimates(models: Iterable[Model], threads: int) -> Iterable[Contender]:
    for model in models:
        top1 = published_top1(model)
        if threads in model.published.sd855_ms or top1 is None:
            continue
        if (latency := estimated_latency(model, threads, None)) is not None:
            yield Contender(model.name, model, "fp32", ENGINE, "published", latency, top1, None)
