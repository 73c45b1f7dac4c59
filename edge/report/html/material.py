"""What a report is made from: measurements, what is known of their sessions, and what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edge.report.identity import OF_FILE, distinguishing, shapes, words
from edge.results.measurement import Measurement
from edge.results.sessions import SessionRecord
from edge.results.versions import engine_named

_CHANNELS_LAST = "litert"


@dataclass(frozen=True, slots=True)
class Material:
    """`chosen` says in words which measurements these are; `threads` is the count of the latencies that are laid beside
    accuracy and size; `estimated`: whether estimates may be shown."""

    measurements: tuple[Measurement, ...]
    sessions: Mapping[int, SessionRecord] = field(default_factory=dict)
    chosen: str = "the catalogue alone"
    threads: int = 1
    estimated: bool = False


def showable(cells: Iterable[Measurement]) -> list[Measurement]:
    """Those with a number of a network: measured, by an engine that computes, and not over minutes."""
    return [
        one
        for one in cells
        if one.status == "measured"
        and one.headline_ms is not None
        and not one.synthetic
        and one.protocol.base != "sustained"
    ]


def newest_of(cells: Iterable[Measurement], key: Callable[[Measurement], object]) -> list[Measurement]:
    """Of each key one: a valid one before others, the robust protocol's before others, then the newest."""
    best: dict[object, Measurement] = {}
    for one in sorted(cells, key=lambda cell: (cell.valid, cell.protocol.base == "robust", cell.moment)):
        best[key(one)] = one
    return sorted(best.values(), key=lambda cell: cell.moment)


def file_key(one: Measurement) -> tuple[str, ...]:
    """What tells its file, and the network that is in it, from others, whatever engine it was made for."""
    subject = one.subject
    return subject.name, subject.weights or "unknown", subject.precision or "unknown", _network_shape(one)


def _network_shape(one: Measurement) -> str:
    """The inputs' shapes as the other engines have them: LiteRT has the channels of an image last."""
    own = one.subject.shapes
    if one.engine[0] != _CHANNELS_LAST:
        return shapes(own)
    return shapes([(shape[0], shape[3], shape[1], shape[2]) if len(shape) == 4 else shape for shape in own])


def device_key(one: Measurement) -> object:
    """The device itself."""
    return one.identity


def file_names(cells: Sequence[Measurement], *, but: Sequence[str] = ()) -> dict[int, str]:
    """A name for each cell's file, by the cell's id: the model's, and what tells files of one name apart (without `but`)."""
    told = [{**words(one), "Shape": _network_shape(one)} for one in cells]
    others = [title for title in OF_FILE[1:] if title not in but]
    apart = distinguishing(told, ["Model"], others)
    return {
        one.id: " · ".join([known["Model"], *(known[title] for title in apart)])
        for one, known in zip(cells, told, strict=True)
    }


def device_name(one: Measurement) -> str:
    """Short: how it was reached, and what it is."""
    device = one.device
    kind = " ".join(str(device[key]) for key in ("manufacturer", "model") if device.get(key))
    chip = str(device.get("soc_model") or device.get("soc") or "")
    known = ", ".join(part for part in (kind if device.get("kind") != "host" else "", chip) if part)
    return f"{device.get('serial') or 'unknown'}" + (f" ({known})" if known else "")


def engine_name(one: Measurement) -> str:
    """With its version."""
    return engine_named(*one.engine) or one.program.name
