"""`edgezoo doctor`: what is installed, what is missing, what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge.cli import completing, once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.doctor.finding import Finding
    from edge.toolchain.engines import Engine


@once.command()
@click.argument("engine_names", nargs=-1, metavar="[ENGINE]...", shell_complete=completing.engines)
@click.option("--fix", is_flag=True, help="Install the engines named (the default ones when none is).")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of the table.")
def command(engine_names: tuple[str, ...], fix: bool, as_json: bool) -> None:
    """Say what is installed on this machine, what is missing, and the one command that mends it.

    The way to a phone's number is part of it: adb and its devices, the runner, what it is built with. adb's server is started.

    Ends with a non-zero code if something that every user needs is missing, or an ENGINE that is named. `optional` things
    are needed by some work only: the last column says by which.

    \b
    Examples:
      edgezoo doctor
      edgezoo doctor paddlelite-2.14rc0         # this engine only
      edgezoo doctor --fix                      # install the default engines
      edgezoo doctor --fix paddlelite-2.14rc0   # and another engine version
    """
    from edge.doctor.finding import examine_machine

    machine = examine_machine()
    if machine.status != "ok":  # the rest of edgezoo cannot even be imported everywhere
        _print([machine], as_json)
        raise SystemExit(1)
    from edge.doctor.examine import examine, examine_engine

    named = _named(engine_names)
    if fix:
        _install(named)
    findings = list(map(examine_engine, named) if named else examine())
    _print(findings, as_json)
    if any(f.status == "missing" or (named and f.status != "ok") for f in findings):
        raise SystemExit(1)


def _print(findings: Sequence[Finding], as_json: bool) -> None:
    if as_json:
        import dataclasses
        import json

        click.echo(json.dumps([dataclasses.asdict(f) for f in findings], indent=2))
    else:
        marks = {
            "ok": click.style("ok", fg="green"),
            "missing": click.style("missing", fg="red"),
            "optional": "optional",
        }
        wide = max(len(f.name) for f in findings)
        for finding in findings:
            padding = " " * (8 - len(finding.status))
            click.echo(
                f"{marks[finding.status]}{padding}  {finding.name:{wide}}  {finding.detail}  ({finding.purpose})"
            )
            if finding.fix:
                click.echo(f"{'':10}{'':{wide}}  to mend: {finding.fix}")


def _named(names: tuple[str, ...]) -> list[Engine]:
    """Raises `UsageError` for a name that is none."""
    from edge.errors import UsageError
    from edge.toolchain.engines import engines

    known = {engine.name: engine for engine in engines()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"there is no engine named {unknown[0]!r}", hint="known engines: " + ", ".join(known))
    return [known[name] for name in dict.fromkeys(names)]


def _install(named: list[Engine]) -> None:
    from edge.cli.output import ProgressLine
    from edge.toolchain.engines import engines
    from edge.toolchain.environment import ensure

    with ProgressLine(resumes="Packages that were fetched are kept; the same command goes on.") as progress:
        for engine in named or [engine for engine in engines() if engine.default]:
            ensure(engine, say=progress.line, working=progress.working(engine.name))
