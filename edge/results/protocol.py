"""What is measured, how often, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, Literal, TypeVar

from edge.errors import UsageError
from edge.results.sequential import LOOKS

Name = Literal["robust", "table", "intel-table", "compare", "sustained"]
T = TypeVar("T")


# Stored results keep every parameter by name. A parameter that is added later gets a line in ADDED: what was done before
# it was there. One that is dropped gets a line in REMOVED: the value that means what is done now. So results stay findable.
ADDED: Mapping[str, object] = {"duration_s": 0.0}
REMOVED: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Protocol:
    """How every cell is measured; docs/explanation/measurement.md says why. Everything here is part of a result's key.

    `name` is that of a protocol, robust or table, and what is changed of it: `table, changed: launches 3`. Whatever name is
    given, only one whose parameters are the protocol's own bears its plain name.

    One launch warms up for `warmup_runs` and `warmup_ms`, then takes `repeats` samples and `repeats_ms`, whichever is
    longer each. Launches stop, between `launches_min` and `launches_max`, at a check point where the launches show that
    the median holds within `tolerance` (0.01: 1 %). Fewer than 6 launches have no 95 % interval.
    """

    name: str
    warmup_runs: int = 10
    warmup_ms: float = 500
    repeats: int = 30
    repeats_ms: float = 1000
    launches_min: int = 6
    launches_max: int = 10
    tolerance: float = 0.01
    cooldown_s: float = 0.0
    input: str = "ones"
    power_mode: int | None = None  # Paddle-Lite's; None with `cores`
    cores: tuple[int, ...] | None = None
    duration_s: float = 0.0  # `sustained`: launches follow one another for so long, each a window of `repeats_ms`

    def __post_init__(self) -> None:
        if self.repeats < 1 or self.warmup_runs < 0:
            raise UsageError("at least one repeat is needed, and no negative number of warm-up runs")
        if not 1 <= self.launches_min <= self.launches_max:
            raise UsageError(f"between {self.launches_min} and {self.launches_max} launches are none")
        if self.cores is not None and self.power_mode is not None:
            raise UsageError("a power mode and a list of cores exclude each other")
        changed = self._changed()
        object.__setattr__(self, "name", self.base + (f", changed: {', '.join(changed)}" if changed else ""))

    @property
    def base(self) -> str:
        """The name of the protocol that it is, or was before it was changed."""
        return self.name.partition(",")[0]

    @property
    def check_points(self) -> range:
        """After how many launches it is asked whether they are enough: every second one, for each look costs coverage."""
        return range(self.launches_min, self.launches_max + 1, 2)

    @property
    def headline(self) -> Literal["median", "mean"]:
        """The number shown: the published table prints means."""
        return "mean" if self.base in ("table", "intel-table") else "median"

    def _changed(self) -> list[str]:
        """What is not as the protocol has it, in words. A pause of a second is how phones are measured."""
        own: dict[str, Any] = {one.name: one.default for one in fields(self)} | {**_OWN.get(self.base, {})}
        if self.base == "sustained":  # its windows follow from its duration
            own |= {"repeats_ms": self.repeats_ms, "launches_max": self.launches_max}

        def differs(*names: str) -> bool:
            return any(getattr(self, name) != own[name] for name in names)

        launches = f"{self.launches_min}" + (
            f" to {self.launches_max}" if self.launches_max > self.launches_min else ""
        )
        words = {
            f"warm-up {self.warmup_runs} runs{_time(self.warmup_ms)}": differs("warmup_runs", "warmup_ms"),
            f"repeats {self.repeats}{_time(self.repeats_ms)}": differs("repeats", "repeats_ms"),
            f"launches {launches}": differs("launches_min", "launches_max"),
            f"tolerance {self.tolerance * 100:g} %": differs("tolerance"),
            f"pause {self.cooldown_s:g} s": self.cooldown_s not in (0.0, 1.0),
            f"input {self.input}": differs("input"),
            f"power mode {self.power_mode}": self.power_mode not in (None, 0),
            f"cores {','.join(map(str, self.cores or ()))}": self.cores is not None,
        }
        return [word for word, is_so in words.items() if is_so]


def _time(milliseconds: float) -> str:
    return f" and {milliseconds:g} ms" if milliseconds else ""


_OWN: Mapping[str, Mapping[str, Any]] = {
    "table": {"warmup_ms": 0, "repeats_ms": 0, "launches_min": 1, "launches_max": 1},
    "intel-table": {"warmup_ms": 0, "repeats_ms": 0, "launches_min": 1, "launches_max": 1},
    "compare": {"launches_min": LOOKS[0], "launches_max": LOOKS[-1]},
    "sustained": {"warmup_runs": 3, "warmup_ms": 0, "repeats": 5, "repeats_ms": 10_000, "launches_min": 1},
}


ROBUST = Protocol("robust")
TABLE = Protocol("table", **_OWN["table"])
# As the table's Intel columns: a batch of 1 on a Xeon, the mean; how many runs it is of was not published.
INTEL_TABLE = Protocol("intel-table", **_OWN["intel-table"])
# Two models, launch by launch in turn, until it is decided which is faster (edge/results/sequential.py) or at the limit.
COMPARE = Protocol("compare", **_OWN["compare"])
SUSTAINED = Protocol("sustained", **_OWN["sustained"])
NAMED = {one.base: one for one in (ROBUST, TABLE, INTEL_TABLE, COMPARE, SUSTAINED)}


def sustained(duration_s: float, **others: object) -> Protocol:
    """For so many seconds, in windows of 10 s, of a short time in an eighth of it. Raises `UsageError`."""
    if not 10 <= duration_s <= 24 * 3600:
        raise UsageError(
            f"a sustained measurement of {duration_s:g} s is none", hint="between 10s and 24h, for instance 10m"
        )
    window = min(SUSTAINED.repeats_ms, duration_s * 1000 / 8)
    most = max(1, int(duration_s * 1000 / window) + 1)
    return replace(SUSTAINED, duration_s=duration_s, repeats_ms=window, launches_max=most, **others)  # type: ignore[arg-type]


def protocol(
    name: Name,
    *,
    warmup: int | None = None,
    repeats: int | None = None,
    launches: int | None = None,
    tolerance: float | None = None,
    **others: object,
) -> Protocol:
    """The named protocol with the numbers given in place of its own. Raises `UsageError`.

    `launches` is the least number of launches; the limit grows with it, and equals it where the protocol has no other
    (`table`). A number of repeats or warm-up runs given by hand replaces the protocol's time as well.
    """
    if name not in NAMED:
        raise UsageError(f"there is no protocol {name}", hint="protocols: " + ", ".join(NAMED))
    if name == "sustained":
        raise UsageError(
            "a sustained measurement needs its length", hint="edge.results.protocol.sustained(seconds); --sustained 10m"
        )
    base = NAMED[name]
    changes: dict[str, object] = dict(others)
    if warmup is not None:
        changes |= {"warmup_runs": warmup, "warmup_ms": 0.0}
    if repeats is not None:
        changes |= {"repeats": repeats, "repeats_ms": 0.0}
    if launches is not None:
        changes["launches_min"] = launches
        changes["launches_max"] = launches if base.launches_max == 1 else max(launches, base.launches_max)
    if tolerance is not None:
        changes["tolerance"] = tolerance
    return replace(base, **changes)  # type: ignore[arg-type]


def round_order(cells: Sequence[T], seed: int, number: int) -> list[T]:
    """The cells in the order of launch round `number`: random, the same for the same seed.

    Interleaving spreads slow changes of the device (heat, background work) over all cells instead of giving them to
    the last one.
    """
    order = list(cells)
    Random(f"{seed}/{number}").shuffle(order)
    return order
