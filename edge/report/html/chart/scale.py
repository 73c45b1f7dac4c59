"""From values to places: scales, and where their ticks stand."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.report.html.chart.model import Axis

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOMENTS = (
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    10800,
    21600,
    86400,
    172800,
    604800,
    1209600,
    2592000,
    7776000,
    31536000,
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` on places from `start` to `end`, in px; by powers of ten if `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()

    def __call__(self, value: float) -> float:
        """The place of a value."""
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(max(value, 1e-12))
        return self.start + (self.end - self.start) * (at - low) / (high - low)


def scale(axis: Axis, values: Iterable[float], start: float, end: float, *, most: int = 7) -> Scale:
    """One that all finite values fit on, with at most about `most` ticks."""
    if axis.categories:
        rows = len(axis.categories)
        return Scale(
            -0.5,
            rows - 0.5,
            min(start, end),
            max(start, end),
            ticks=tuple((float(i), n) for i, n in enumerate(axis.categories)),
        )
    known = [one for one in values if math.isfinite(one)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if axis.time:
        return _time(low, high, start, end, most)
    if axis.log and low > 0:
        return _log(low, high, start, end)
    if axis.from_zero:
        low = min(low, 0.0)
    if high == low:
        low, high = (0.0, high * 2) if high > 0 else (low - 1, high + 1)
    room = 0.04 * (high - low)
    step = _step((high - low + 2 * room) / most)
    low = low if axis.from_zero and low == 0 else low - room
    high += room
    found = axis.ticks or tuple((one, _plain(one, step)) for one in _multiples(low, high, step))
    return Scale(low, high, start, end, ticks=found)


def _log(low: float, high: float, start: float, end: float) -> Scale:
    low, high = low / 1.12, high * 1.12
    decades = math.log10(high / low)
    parts: Sequence[float] = (1, 1.5, 2, 3, 5, 7) if decades < 1 else (1, 2, 5) if decades < 2.3 else (1,)
    ticks = [
        part * 10.0**power
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for part in parts
    ]
    return Scale(low, high, start, end, log=True, ticks=tuple((one, f"{one:g}") for one in ticks if low <= one <= high))


def _time(low: float, high: float, start: float, end: float, most: int) -> Scale:
    room = max(60.0, 0.04 * (high - low))
    low, high = low - room, high + room
    step = next((one for one in _MOMENTS if (high - low) / one <= most), _MOMENTS[-1])
    form = "%Y-%m-%d" if step >= 86400 else "%m-%d %H:%M"
    offset = time.localtime(low).tm_gmtoff
    first = math.ceil((low + offset) / step) * step - offset
    moments = [first + i * step for i in range(most + 2) if first + i * step <= high]
    return Scale(low, high, start, end, ticks=tuple((one, time.strftime(form, time.localtime(one))) for one in moments))


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(part * power for part in _STEPS if part * power >= least * 0.999)


def _multiples(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _plain(value: float, step: float) -> str:
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if not math.isclose(step * 10**digits, round(step * 10**digits)):
        digits += 1  # 2.5
    return f"{value:,.{digits}f}"
