"""`edgezoo cache`: how large it is, and what of it can go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from edge.cli import once, options
from edge.cli.parameters import AGE
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.cache.usage import Entry
    from edge.report.view import View

KINDS = ("engines", "downloads", "published", "exports", "quantised", "pairs", "pir", "nb", "onnx", "onnx-int8", "bench",
         "references", "verified", "coverage", "engine-coverage", "device-checks", "flops", "estimates", "logs")  # fmt: skip


@click.group(cls=once.OnceGroup)
def command() -> None:
    """Look into the cache: engines, downloads, exported and converted models. Measurements are not in it.

    \b
    Examples:
      edgezoo cache info
      edgezoo cache prune --dry-run
      edgezoo cache prune --older-than 30d
      edgezoo cache prune --kind exports --all
    """


@command.command("info")
@tabular("kind", "what", "entries", "mb", "unused-mb", "used")
@options.as_json
def info(as_json: bool, view: View) -> None:
    """Say how much each kind of thing takes, how much of it nobody will use again, and when it was last used."""
    from edge.cache.paths import cache_dir
    from edge.cache.usage import WHAT
    from edge.cli.output import print_json, say
    from edge.report.grid import Column, text

    groups: dict[str, list[Entry]] = {}
    for one in _entries():
        groups.setdefault(one.kind, []).append(one)
    rows: list[dict[str, Any]] = [
        {
            "kind": kind,
            "what": WHAT.get(kind, "of another version"),
            "entries": len(ones),
            "bytes": sum(one.bytes_ for one in ones),
            "unused_bytes": sum(one.bytes_ for one in ones if one.rubbish),
            "used": max(one.used for one in ones),
        }
        for kind, ones in groups.items()
    ]
    rows.sort(key=lambda row: -row["bytes"])
    total = sum(row["bytes"] for row in rows)
    if as_json:
        print_json({"folder": str(cache_dir()), "bytes": total, "kinds": rows})
        return
    columns = [Column("Kind", False, 0), Column("What", False, 2), Column("Entries", rank=2), Column("MB", rank=0)]
    columns += [Column("Unused MB", rank=1), Column("Used", False, 1)]
    cells = [
        [
            row["kind"],
            row["what"],
            f"{row['entries']:,}",
            _mb(row["bytes"]),
            _mb(row["unused_bytes"]),
            _ago(row["used"]),
        ]
        for row in rows
    ]
    if cells:
        click.echo(text(columns, cells, view))
    click.echo(view.paragraph(f"{cache_dir()}: {_mb(total)} MB"))
    if any(row["unused_bytes"] for row in rows):
        say("Unused: `edgezoo cache prune` removes it.")


@command.command("prune")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only these; may be repeated.")
@click.option("--older-than", type=AGE, metavar="30d", help="Also what was not used for so long (h, d, w).")
@click.option("--all", "everything", is_flag=True, help="Also what would be used again: it is made anew then.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and leave it.")
@options.quiet
@options.as_json
def prune_command(
    kinds: tuple[str, ...], older_than: float | None, everything: bool, dry_run: bool, quiet: bool, as_json: bool
) -> None:
    """Remove what nobody will use again: engines of other versions, what was cut off, logs of processes that ended.

    What is being made or used at the moment, or was within the last hour, stays, whatever is asked for. Other edgezoo may go
    on meanwhile.
    """
    from edge.cache.usage import prune
    from edge.cli.output import ProgressLine, print_json

    found = [one for one in _entries() if not kinds or one.kind in kinds]
    aged = time.time() - older_than if older_than is not None else None
    chosen = [one for one in found if everything or one.rubbish or (aged is not None and one.used < aged)]
    gone: list[Entry] = []
    kept: list[Entry] = []
    with ProgressLine(quiet=quiet) as progress:
        working = progress.working("cache")
        for number, one in enumerate(chosen):
            working(f"removing {one.kind}", number, len(chosen))
            (gone if prune(one, dry=dry_run) else kept).append(one)
    if as_json:
        told = {"removed": _listed(gone), "in_use": _listed(kept), "bytes": sum(one.bytes_ for one in gone)}
        print_json({"dry_run": dry_run, **told})
        return
    word = "would be removed" if dry_run else "removed"
    for one in gone if dry_run else ():
        click.echo(f"{one.kind}/{one.path.name}  {_mb(one.bytes_)} MB" + (f"  {one.rubbish}" if one.rubbish else ""))
    click.echo(f"{len(gone)} of {len(found)} entries, {_mb(sum(one.bytes_ for one in gone))} MB, {word}.")
    if kept and not quiet:
        click.echo(f"In use, or used within the last hour: {len(kept)}, which stay.", err=True)


def _entries() -> list[Entry]:
    from edge.cache.paths import cache_dir
    from edge.cache.usage import entries
    from edge.toolchain.engines import engines
    from edge.toolchain.environment import folder

    return entries(cache_dir(), {folder(engine).name for engine in engines()})


def _listed(of: Sequence[Entry]) -> list[dict[str, Any]]:
    return [{"kind": one.kind, "name": one.path.name, "bytes": one.bytes_, "why": one.rubbish or None} for one in of]


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f}"


def _ago(moment: float) -> str:
    passed = max(0.0, time.time() - moment)
    for seconds, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if passed >= seconds:
            count = int(passed // seconds)
            return f"{count} {word}{'s' * (count > 1)} ago"
    return "now"
