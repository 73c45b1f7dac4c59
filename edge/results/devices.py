"""Which devices are equal, so that one's number stands for another's; and those that a database has measurements of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from edge.results.database import Database
from edge.results.identity import DeviceIdentity


@dataclass(frozen=True, slots=True)
class Unequal:
    """The first fact in which two devices are not known to be equal, and what each tells of it; None: nothing."""

    fact: str
    one: str | None
    other: str | None


def unequal(one: Mapping[str, Any], other: Mapping[str, Any]) -> Unequal | None:
    """None for two devices whose numbers stand for one another. What is not known equals nothing.

    Each is described as a session is: its properties, what it was `prepared` with, and its `state` then, as JSON values.
    """
    mine, theirs = facts(one), facts(other)
    for fact in mine:  # the kind, on which the others depend, comes first
        if not mine[fact] or mine[fact] != theirs.get(fact):
            return Unequal(fact, mine[fact], theirs.get(fact))
    return None


def facts(device: Mapping[str, Any]) -> dict[str, str | None]:
    """What makes a device as fast as it is, in words; None where it is not known.

    The governors of a board are those that its cores have once it is prepared. An Android system, of one fingerprint,
    brings its own; there the fixed performance mode decides.
    """
    kind = _text(device.get("kind"))
    found = {
        "kind": kind,
        "model": _words(device, "manufacturer", "model") if device.get("model") else None,
        "chip": _words(device, "soc_model", "soc"),
        "system": _text(device.get("build")),
        "ABI": ", ".join(map(str, _list(device.get("abis")))) or None,
        "maximum clock": _counted(_clock(core.get("max_khz")) for core in _cores(device)),
    }
    if kind == "linux":
        return {**found, "governor": _counted(_text(core.get("governor")) for core in _cores(device.get("state")))}
    prepared = device.get("prepared")
    fixed = prepared.get("fixed_performance") if isinstance(prepared, Mapping) else None
    return {**found, "fixed performance mode": None if fixed is None else "on" if fixed else "off"}


def of_chip(database: Database, one: DeviceIdentity) -> list[DeviceIdentity]:
    """Those of the same kind, chip and system, that one among them; a chip that is not known equals no other."""
    rows = database.rows(
        "SELECT DISTINCT kind, serialno, build, soc, CASE serialno WHEN '' THEN address END AS address FROM session"
        " WHERE kind = ? AND build = ? AND soc = ? AND soc != ''",
        *(one.kind, one.build or "", one.soc or ""),
    )
    return [
        DeviceIdentity(row["kind"], row["serialno"] or None, row["build"] or None, row["soc"] or None, row["address"])
        for row in rows
    ]


def _text(value: object) -> str | None:
    return str(value) if value else None


def _list(value: object) -> Sequence[Any]:
    """What a database holds may be anything."""
    return value if isinstance(value, list | tuple) else ()


def _cores(of: object) -> list[Mapping[str, Any]]:
    cores = _list(of.get("cores") if isinstance(of, Mapping) else None)
    return [one if isinstance(one, Mapping) else {} for one in cores]


def _clock(khz: object) -> str | None:
    return f"{khz / 1e6:.6g} GHz" if isinstance(khz, int) and khz > 0 else None


def _words(device: Mapping[str, Any], *names: str) -> str | None:
    return " ".join(str(device[name]) for name in names if device.get(name)) or None


def _counted(of_cores: Iterable[str | None]) -> str | None:
    """`4 x 1.8 GHz, 4 x 2.4 GHz`, in the cores' order; None where one is not known, or there are none."""
    values = list(of_cores)
    if not values or None in values:
        return None
    return ", ".join(f"{len(list(alike))} x {value}" for value, alike in groupby(values))
