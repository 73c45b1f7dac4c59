"""Options that several commands share, each defined once."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edge.cli import completing
from edge.cli.parameters import WEIGHTS, TwoNumbers
from edge.cli.running import Running, running

if TYPE_CHECKING:
    from edge.results.store import Store

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")

db = click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="The results database.  [default: results.db in edgezoo's data directory]",
)

db_there = click.option(
    "--db",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PATH",
    help="The results database.  [default: results.db in edgezoo's data directory]",
)

quiet = click.option("-q", "--quiet", is_flag=True, help="No progress and no remarks on standard error.")

adb_server = click.option(
    "--adb-server", metavar="HOST:PORT", help="An adb server that runs.  [default: as adb itself finds it]"
)


def device(
    name: str, *, metavar: str, says: str, default: str | None = None, also: tuple[str, ...] = ()
) -> Callable[[F], F]:
    """`-s`, `--device`: the one spelling of a device; `name` is the parameter's."""
    return click.option(
        "-s",
        "--device",
        *also,
        name,
        metavar=metavar,
        help=says,
        default=default,
        show_default=default is not None,
        shell_complete=completing.devices,
    )


names = click.argument("names", nargs=-1, metavar="NAME...", shell_complete=completing.models)


def selection(command: F) -> F:
    """Which catalogue models a command is about, besides names: --series, --light, --all."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Every model of the catalogue."),
        click.option("--light", is_flag=True, help="The 55 models of the series meant for phones."),
        click.option(
            "--series",
            multiple=True,
            metavar="NAME",
            shell_complete=completing.series,
            help="Every model of a series; may be repeated.",
        ),
    ):
        command = option(command)
    return command


def debug(command: F) -> F:
    """`--debug`; `tracer` heeds it."""

    def keep(context: click.Context, _: click.Parameter, given: bool) -> None:
        if known := context.find_object(Running):
            known.debug |= given

    return click.option(
        "--debug", is_flag=True, expose_value=False, callback=keep, help="Show the traceback of an error."
    )(command)


def tracer() -> Callable[[BaseException], None]:
    """Prints, from any thread, the traceback of an error that ends one model and not the command, if that is asked for."""
    asked = running().debug

    def traced(error: BaseException) -> None:
        if asked:
            import traceback

            traceback.print_exception(error)

    return traced


def gathered(module: str, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give the command one frozen object with those of its options that are fields of the class `name` in `module`.

    The class checks them; the module is imported when the command runs.
    """

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def checked(**given: object) -> None:
            from dataclasses import fields
            from importlib import import_module

            from edge.errors import refusals

            kind = getattr(import_module(module), name)
            with refusals():
                asked = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            command(asked, **given)

        checked.gathers = (module, name)  # type: ignore[attr-defined]
        return checked

    return wrap


def check_output(path: Path | None) -> None:
    """Raises `UsageError` where a report could not be written, before it is worked for."""
    from edge.errors import UsageError

    if path is not None and path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file in it")
    if path is not None and not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}", hint="make it first, or name another file")
    if path is not None:
        from edge.cache.files import check_replaceable
        from edge.errors import refusals

        with refusals():
            check_replaceable(path, "report")
        place = Path(os.path.realpath(path)).parent  # a file is written beside it first; a device or a pipe in place
        if not (path.is_char_device() or path.is_fifo() or os.access(place, os.W_OK)):
            raise UsageError(f"{path}: nothing can be written in {place}", hint="name a file elsewhere")


_OF_SUFFIX = {".json": "json", ".csv": "csv", ".md": "markdown", ".txt": "text"}


def form_of(asked: str | None, output: Path | None) -> str:
    """The form of a report: what is asked for, else what the file's name says. Raises `UsageError` where the two differ."""
    from edge.errors import UsageError

    named = _OF_SUFFIX.get(output.suffix.lower()) if output is not None else None
    if asked and named and asked != named:
        raise UsageError(
            f"--{asked} -o {output}: the file's name says {named}", hint=f"leave out --{asked}, or name another file"
        )
    return asked or named or "text"


def report(command: F) -> F:
    """How measurements are printed: --json, --csv, --markdown (`form`), --ratio, -o."""

    def form(name: str, says: str) -> Callable[[F], F]:
        return click.option(f"--{name}", "form", flag_value=name, default=None, help=says)

    for option in (
        click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                     help="Write the report to FILE instead; .json, .csv, .md and .txt say in which form."),
        click.option("--ratio", is_flag=True, help="Show the ratio to the published Snapdragon 855 on other SoCs, too."),
        form("text", "A table.  [default]"),
        form("markdown", "A Markdown table."),
        form("csv", "CSV, a line a cell."),
        form("json", "A JSON list, an object a cell."),
    ):  # fmt: skip
        command = option(command)
    return command


def database(path: Path | None) -> Path:
    """What --db means. Raises `NoDatabaseError` for a file that is no database of ours."""
    from edge.cache.paths import results_database
    from edge.results.database import check_file

    place = results_database() if path is None else path
    check_file(place)
    return place


def store(path: Path | None) -> Store:
    """The results that are there; it is said where another program must be waited for. Raises `ResultsError`."""
    from edge.cli.output import say
    from edge.results.store import Store

    return Store(database(path), create=False, say=say)


weights_of_names = click.option(
    "--weights",
    type=WEIGHTS,
    default="published",
    show_default=True,
    metavar="published|random|PATH",
    help="The weights of catalogue models, which are converted first; see `edgezoo convert`.",
)


def judged_with(command: F) -> F:
    """The inputs that outputs are compared for: --input-range, --inputs."""
    for option in (
        click.option("--inputs", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.npz",
                     help="Compare with these inputs: an array for each, its first axis the samples."),
        click.option("--input-range", type=TwoNumbers(), metavar="LO,HI",
                     help="Compare with inputs from LO to HI.  [default: what the preprocessing makes of pixels; of a network "
                     "without, several ranges]"),
    ):  # fmt: skip
        command = option(command)
    return command


def signing(command: F) -> F:
    """The key that an APK is signed with: --keystore, --key-alias, --key-password."""
    for option in (
        click.option("--key-password", metavar="env:NAME|file:PATH", help="Where the keystore's password stands."),
        click.option("--key-alias", metavar="ALIAS", help="The key in the keystore, where it has several."),
        click.option(
            "--keystore",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Sign with your key.  [default: a debug key, made once]",
        ),
    ):
        command = option(command)
    return command
