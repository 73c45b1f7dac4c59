"""How it was measured: of each session the device, the versions, the protocol, and the command that repeats it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from edge.report import facts
from edge.report.html.chart.markup import Markup, join, tag, text
from edge.report.html.material import Material, engine_name
from edge.report.html.repeat import commands
from edge.report.identity import parameters, shapes
from edge.results.measurement import Measurement


def sections(material: Material) -> list[Markup]:
    """A session each, the newest first."""
    sessions: dict[int, list[Measurement]] = {}
    for one in material.measurements:
        sessions.setdefault(one.session, []).append(one)
    newest = sorted(sessions, key=lambda number: max(one.moment for one in sessions[number]), reverse=True)
    return [_session(material, number, sessions[number]) for number in newest]


def _session(material: Material, number: int, cells: Sequence[Measurement]) -> Markup:
    record = material.sessions.get(number)
    known = [
        ("Begun", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.started)) if record else "unknown"),
        ("Measurements", str(len(cells)) + (f" ({cells[0].id} to {cells[-1].id})" if len(cells) > 1 else "")),
        ("Device", "; ".join(_told(cells, lambda one: [facts.device_line(one.device)]))),
        ("System", "; ".join(_told(cells, lambda one: [str(one.device.get("build") or "unknown")]))),
        ("edgezoo", record.edgezoo if record else "unknown"),
        ("Engine", "; ".join(_told(cells, lambda one: [engine_name(one)]))),
        ("Program", "; ".join(_told(cells, _program))),
        (
            "Model files",
            "; ".join(_told(cells, lambda one: [f"{one.subject.precision or 'unknown'}, {facts.maker(one.subject)}"])),
        ),
        ("Inputs", "; ".join(_told(cells, lambda one: [f"{shapes(one.subject.shapes)}, {one.protocol.input}"]))),
        ("Protocol", "; ".join(_told(cells, lambda one: [f"{one.protocol.name}: {parameters(one.protocol)}"]))),
        ("Seed of the order", str(record.seed) if record else "unknown"),
    ]
    adb = "; ".join(_told(cells, lambda one: [str(one.device["adb_version"])] if one.device.get("adb_version") else []))
    known += [("adb", adb)] * bool(adb)
    items = join(*(join(tag("dt", {}, text(name)), tag("dd", {}, text(value))) for name, value in known))
    lines = "\n".join(commands(cells, record.seed if record else None))
    return tag(
        "section",
        {"class": "session"},
        tag("h3", {}, text(f"Session {number}")),
        tag("dl", {}, items),
        tag("p", {"class": "note"}, text("The same again (files are named without their folders):")),
        tag("pre", {}, text(lines)),
    )


def _program(one: Measurement) -> list[str]:
    told = [launch.runner_version for launch in one.launches if launch.runner_version]
    version = told[-1].removeprefix(one.program.name).strip() if told else ""
    contract = "" if one.program.contract is None else f", contract {one.program.contract}"
    return [f"{one.program.name} {version}".rstrip() + f"{contract}, sha256 {one.program.sha256[:12]}"]


def _told(cells: Sequence[Measurement], of: Callable[[Measurement], Iterable[str]]) -> list[str]:
    return [one for one in dict.fromkeys(value for cell in cells for value in of(cell)) if one]
