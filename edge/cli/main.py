"""The entry point of `edgezoo`: finds the command, and turns whatever is raised into one sentence and an exit code.

Exit codes (docs/reference/exit-codes.md): 0 done; 1 it could not be done (the sentence says why); 2 refused before anything
was begun; 70 a bug in edgezoo; 130 interrupted; 128+n ended by signal n.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from importlib import import_module

import click

from edge import __version__
from edge.cli import options, settings, terminal
from edge.cli.running import Running
from edge.cli.shield import shielded
from edge.cli.signals import ended_by, held_devices, unwinding
from edge.errors import EdgezooError, UsageError, foreseen

# Command name -> the module that exports it as `command`, in the order of the help. A module is imported when its
# command is used (or listed by --help), so at their top these modules import click and little else.
COMMANDS = {
    "list": "edge.cli.list",
    "show": "edge.cli.show",
    "choose": "edge.cli.choose",
    "estimate": "edge.cli.estimate",
    "convert": "edge.cli.convert",
    "coverage": "edge.cli.coverage",
    "bench": "edge.cli.bench",
    "eval": "edge.cli.evaluate",
    "results": "edge.cli.results",
    "report": "edge.cli.report",
    "package": "edge.cli.package",
    "install": "edge.cli.install",
    "inspect": "edge.cli.inspect",
    "devices": "edge.cli.devices",
    "device": "edge.cli.device",
    "runner": "edge.cli.runner",
    "doctor": "edge.cli.doctor",
    "cache": "edge.cli.cache",
    "config": "edge.cli.config",
    "completion": "edge.cli.completion",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f"Did you mean '{near[0]}'?" if near else "'edgezoo --help' lists the commands."
            ctx.fail(f"No such command '{args[0]}'. {meant}")
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            ctx.color = terminal.colour()
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            args = settings.add(ctx, self, args, [each for each in order if isinstance(each, click.Option)])
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # click keeps silent on any broken pipe: right when our reader went away, wrong for an engine's pipe
            if _reader_is_gone():
                raise
            raise RuntimeError("a pipe to another program broke") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="edgezoo")
@options.debug
def cli() -> None:
    """The PaddleClas ImageNet models on edge devices: list, convert, verify, bench, package.

    \b
    A first round, without a phone:
      edgezoo list --light --sort sd855
      edgezoo convert PPLCNet_x1_0 --weights random
      edgezoo bench PPLCNet_x1_0 --weights random --device host
    """


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; nothing is raised."""
    _open_closed()
    with shielded(), unwinding():
        return _run(arguments)


def _run(arguments: list[str] | None) -> int:
    if arguments is None:  # the process is ours: looking for garbage as it ends would take a tenth of `edgezoo list`
        atexit.register(gc.freeze)
        gc.set_threshold(50_000, 20, 20)  # looking for it took a twentieth of edgezoo's own time in a conversion
    given = sys.argv[1:] if arguments is None else arguments
    known = Running(json="--json" in given, debug="--debug" in given[: _commands_place(given)])
    for word in given:
        if not word.isascii() and word != word.encode("utf-8", "replace").decode("utf-8"):
            return _tell(UsageError(f"{word!a} is no UTF-8 text, in which names are kept", hint="rename it"), known)
    try:
        code = cli.main(given, prog_name="edgezoo", standalone_mode=False, obj=known)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except SystemExit as end:  # a command's own exit code, or a signal's
        code = end.code if isinstance(end.code, int) else 1
        if name := ended_by(code):
            click.echo(f"Ended by {name}.{known.resumes}", err=True)
        _tell_left()
        if name:
            _tell_json(known, "Interrupted", f"ended by {name}", known.resumes.strip(), code)
        return code
    except click.ClickException as error:
        error.show()
        _tell_json(known, "UsageError", error.format_message(), "", error.exit_code)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted." + known.resumes, err=True)
        _tell_left()
        _tell_json(known, "Interrupted", "interrupted", known.resumes.strip(), 130)
        return 130
    except Exception as error:
        if known.debug:
            import traceback

            traceback.print_exc()
        return _explain(error, known)


def _open_closed() -> None:
    """What a shell closed (`>&-`) leads nowhere: else the next file that is opened would be taken for it."""
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _explain(error: Exception, known: Running) -> int:
    if isinstance(error, BrokenPipeError):
        sys.stdout = None  # else Python complains when it flushes it at exit
        return 1
    return _tell(foreseen(error), known)


def _tell(error: EdgezooError, known: Running) -> int:
    click.echo(f"Error: {error.message}", err=True)
    hint = error.hint
    if known.settings and error.exit_code == UsageError.exit_code:
        places = ", ".join(dict.fromkeys(known.settings.values()))
        hint += ("; " if hint else "") + f"not all of it was typed: {places}"
    if hint:
        click.echo(f"Hint: {hint}", err=True)
    _tell_json(known, type(error).__name__, error.message, hint, error.exit_code)
    return error.exit_code


def _tell_left() -> None:
    """Of devices whose settings are still being put back, which nobody waits for any more."""
    for serial in held_devices():
        click.echo(f"The settings of {serial} may not be put back: the next run there puts them back, and so does "
                   f"`edgezoo device clean -s {serial}`.", err=True)  # fmt: skip


def _tell_json(known: Running, kind: str, message: str, hint: str, code: int) -> None:
    """On standard output, where JSON was asked for, unless a document is there already."""
    if known.json and not known.printed:
        from edge.cli.output import json_text

        told = {"type": kind, "message": message, "hint": hint, "exit_code": code}
        click.echo(json_text({"error": told}))


def _commands_place(arguments: list[str]) -> int:
    """Where the command's name stands: options before it are the group's."""
    return next((i for i, a in enumerate(arguments) if not a.startswith("-")), len(arguments))


def _reader_is_gone() -> bool:
    import select

    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
