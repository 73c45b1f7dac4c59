"""`edgezoo inspect`: what a .nb, .aar, .apk or .onnx file is, and whether it is sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import once, options

if TYPE_CHECKING:
    from edge.package.inspect.report import Report


@once.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@options.as_json
def command(file: Path, as_json: bool) -> None:
    """Read a .nb, .aar, .apk or .onnx file back: what is in it, and whether it is sound.

    Ends with exit code 1 if a check fails. Checks that cannot be made here (a tool is missing) are marked with a
    question mark.
    """
    from edge.package.inspect import inspect_file

    report = inspect_file(file)
    if as_json:
        from edge.cli.output import print_json

        print_json(report.as_dict())
    else:
        _show(report)
    if not report.sound:
        raise SystemExit(1)


def _show(report: Report) -> None:
    click.echo(f"{report.path}: {report.kind}, {report.size:,} bytes")
    for title, facts in report.sections.items():
        click.echo(f"\n{title}")
        _show_facts(facts)
    click.echo("\nChecks")
    for check in report.checks:
        mark = {True: click.style("ok", fg="green"), False: click.style("FAILED", fg="red"), None: "?"}[check.passed]
        padding = " " * (6 - len(click.unstyle(mark)))
        click.echo(f"  {mark}{padding}  {check.what}" + (f": {check.detail}" if check.detail else ""))


def _show_facts(facts: Mapping[str, Any]) -> None:
    width = max(map(len, facts), default=0)
    for label, value in facts.items():
        if isinstance(value, Mapping):
            value = ", ".join(f"{count} {name}" for name, count in value.items())
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        click.echo(f"  {label.ljust(width)}  {shown}")
