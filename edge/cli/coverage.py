"""`edgezoo coverage`: which networks of the catalogue convert, and which are proven right."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import once, options
from edge.cli.parameters import SEED
from edge.cli.tabular import tabular

if TYPE_CHECKING:
    from edge.convert.coverage import CoverageRow
    from edge.report.view import View
    from edge.zoo.model import Model


@once.command()
@options.names
@options.selection
@click.option("--target", type=click.Choice(["arm", "x86", "opencl,arm"]), help="What runs the models.  [default: arm]")
@click.option("--engine", metavar="VERSION", help="The Paddle-Lite version whose opt is used.  [default: the recipe's]")
@click.option("--seed", type=SEED, default=0, show_default=True, help="The seed of the random weights.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1), metavar="N", help="Networks worked on at once.  [default: one a core]"
)
@click.option("--engines", "in_engines", is_flag=True,
              help="Take each network into every engine of `edgezoo bench`, and tell in which it is right; with the latencies "
              "that `edgezoo bench --device host --engine all` measured, and the outputs that `bench --check-output` compared "
              "on devices.")  # fmt: skip
@options.db_there
@click.option("--fresh", is_flag=True, help="Take every network again, also those that are known.")
@click.option("--markdown", is_flag=True, help="Print the page as docs/reference/coverage.md has it.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the table to FILE instead.")  # fmt: skip
@tabular(
    *(
        "network",
        "engine",
        "status",
        "error",
        "same-top-1",
        "remark",
        "input",
        "params",
        "mib",
        "ops",
        "ops-before",
        "inputs",
        "seconds",
        "ms",
        "ratio",
        "interval",
    )
)
@options.quiet
@options.as_json
def command(
    names: tuple[str, ...],
    everything: bool,
    light: bool,
    series: tuple[str, ...],
    target: str | None,
    engine: str | None,
    seed: int,
    jobs: int | None,
    in_engines: bool,
    db: Path | None,
    fresh: bool,
    markdown: bool,
    output: Path | None,
    quiet: bool,
    as_json: bool,
    view: View,
) -> None:
    """Take every network of the catalogue through the whole pipeline, and tell what became of each.

    Networks with random weights are exported, legalised, optimised and verified, as `edgezoo convert` does; nothing of them
    stays but a row of the table, so that disk and memory stay bounded. All of them took 26 minutes on two idle cores; a run
    that was cut off goes on where it stopped. The exit code is 1 if a network failed or is wrong.

    \b
    Examples:
      edgezoo coverage                               the whole catalogue
      edgezoo coverage --series Twins
      edgezoo coverage --light --engine 2.14rc0
    """
    import time

    from edge.cli.output import ProgressLine, json_text, put, say
    from edge.convert.coverage import networks, survey
    from edge.convert.recipe import choose
    from edge.errors import UsageError, refusals
    from edge.report import coverage as report
    from edge.source.weights import Weights
    from edge.toolchain.engines import engine as find_engine
    from edge.toolchain.peak_memory import PeakMemory
    from edge.zoo.catalogue import lookup, selected

    if as_json and markdown:
        raise UsageError("--json and --markdown exclude each other", hint="leave one of them out")
    options.check_output(output)
    with refusals():
        recipe = choose(target=target, engine=engine)
        find_engine("paddlelite", recipe.engine)  # raises for an unknown version
    all_of_them = everything or not (names or series or light)
    chosen = selected(names, series=series, light=light, everything=all_of_them)
    models = [lookup(name) for name in chosen]
    series_words = [word for one in series for word in ("--series", one)]
    asked = [*names, *series_words, *["--light"] * light, *["--all"] * everything]
    if in_engines:
        if target is not None or engine is not None:
            raise UsageError("--engines takes every engine", hint="leave --target and --engine out")
        form, selection = _form(as_json, markdown), shlex.join(asked) or "--all"
        _engines(models, selection, seed, jobs, db, fresh=fresh, form=form, output=output, quiet=quiet, view=view)
        return
    if db is not None:
        raise UsageError("--db has the latencies of --engines", hint="leave it out")
    total, ended, reused = len(networks(models)), 0, 0
    began = time.monotonic()
    again = "without --fresh the same command" if fresh else "the same command"
    with (
        ProgressLine(quiet=quiet, resumes=f"Finished networks are kept; {again} goes on.") as progress,
        PeakMemory() as peak,
    ):

        def done(row: CoverageRow, known: bool) -> None:
            nonlocal ended, reused
            ended, reused = ended + 1, reused + known
            if not known:
                tell = progress.error if row.status in ("failed", "wrong") else progress.line
                tell(f"[{ended}/{total}] {_sentence(row)}")

        rows = survey(
            models,
            recipe,
            Weights("random", seed=seed),
            jobs=jobs,
            fresh=fresh,
            done=done,
            failed=options.tracer(),
            say=progress.line,
            working=progress.working,
        )
    if as_json:
        from dataclasses import asdict

        table = json_text([asdict(row) for row in rows]) + "\n"
    else:
        given = {"--target": target, "--engine": engine, "--seed": str(seed) if seed else None}
        asked += [word for option, value in given.items() if value for word in (option, value)]
        table = report.as_markdown(rows, asked, seed) if markdown else report.as_text(rows, view) + "\n"
    put(table, output)
    if not quiet:
        say(
            f"{report.counts(rows)}; {reused} known before; {time.monotonic() - began:.0f} s, "
            f"peak memory of all processes {peak.bytes_ / 2**30:.1f} GiB"
        )
    if any(row.status in ("failed", "wrong") for row in rows):
        raise SystemExit(1)


def _form(as_json: bool, markdown: bool) -> str:
    return "json" if as_json else "markdown" if markdown else "text"


def _engines(
    models: list[Model],
    asked: str,
    seed: int,
    jobs: int | None,
    db: Path | None,
    *,
    fresh: bool,
    form: str,
    output: Path | None,
    quiet: bool,
    view: View,
) -> None:
    from dataclasses import asdict

    from edge.cli.output import ProgressLine, put, say
    from edge.convert.coverage import networks
    from edge.convert.engine_coverage import EngineRow, survey_engines, surveyed
    from edge.device.host import HostDevice
    from edge.report import engine_coverage as report
    from edge.report.device_outputs import latest_on_devices
    from edge.results.beside import latest
    from edge.results.identity import DeviceIdentity
    from edge.results.store import Store
    from edge.source.weights import Weights

    place = options.database(db)
    if place.is_file():
        Store(place).close()  # refused here rather than after all the work
    total, ended = len(networks(models)) * len(surveyed()), 0
    with ProgressLine(quiet=quiet) as progress:

        def done(row: EngineRow, known: bool) -> None:
            nonlocal ended
            ended += 1
            if not known:
                tell = progress.error if row.status in ("failed", "wrong") else progress.line
                tell(f"[{ended}/{total}] {report.sentence(row)}")

        rows = survey_engines(
            models,
            Weights("random", seed=seed),
            jobs=jobs,
            fresh=fresh,
            done=done,
            failed=options.tracer(),
            say=progress.line,
            working=progress.working,
        )
    machine, names = DeviceIdentity.of(asdict(HostDevice().properties())), [row.models for row in rows]
    measured, devices = (
        (latest(place, names, machine), latest_on_devices(place, names)) if place.is_file() else ({}, {})
    )
    table = report.render(rows, measured, form, view, devices, asked=asked, seed=seed)
    put(table, output)
    if not quiet:
        say(report.counts(rows))
    if any(row.status in ("failed", "wrong") for row in rows):
        raise SystemExit(1)


def _sentence(row: CoverageRow) -> str:
    error = row.verification.get("relative_error")
    figures = f", relative error {error:.1e}" if error is not None else ""
    status = click.style(row.status, fg="red") if row.status in ("failed", "wrong") else row.status
    return f"{row.name}  {status}{figures}{f': {row.reason}' if row.reason else ''}, {sum(row.seconds.values()):.1f} s"
