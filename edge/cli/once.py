"""Commands whose options have an effect: of two values of one option one would have none, and an empty one is no value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from edge.cli import settings
from edge.cli.running import Running


class Once(click.Command):
    """A command that refuses a value given twice (where it gathers none), two flags that choose one thing, and ''."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            _note_json(ctx, args)
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            args = settings.add(ctx, self, args, [each for each in order if isinstance(each, click.Option)])
            _note_json(ctx, args)
            values, _, order = self.make_parser(ctx).parse_args(args=list(args))
            _check([each for each in order if isinstance(each, click.Option)], values)
            _check_arguments([each for each in order if isinstance(each, click.Argument)], values)
        return super().parse_args(ctx, args)


class OnceGroup(click.Group):
    """A group of such commands."""

    command_class = Once


def command(name: str | None = None) -> Callable[[Callable[..., Any]], Once]:
    """`click.command`, of a `Once`."""
    return click.command(name, cls=Once)


def _note_json(ctx: click.Context, args: list[str]) -> None:
    """Errors are told as JSON, too, where JSON is asked for; also those of the other words."""
    if "--json" in (args[: args.index("--")] if "--" in args else args) and (known := ctx.find_object(Running)):
        known.json = True


def _check(given: list[click.Option], values: dict[str, Any]) -> None:
    from edge.errors import UsageError

    seen: dict[str | None, click.Option] = {}
    for option in given:
        if option.multiple or option.count or option.is_eager:  # --help ends it all
            continue
        before = seen.setdefault(option.name, option)
        if before is not option:
            raise UsageError(
                f"{before.opts[-1]} and {option.opts[-1]} exclude each other", hint="leave one of them out"
            )
    for option in seen.values():
        takes_one = not option.is_flag or option.secondary_opts  # the same flag again says the same
        if takes_one and sum(each is option for each in given) > 1:
            spelled = "/".join((option.opts[-1], *option.secondary_opts))
            raise UsageError(f"{spelled} is given twice: only one can have an effect", hint="leave the other out")
    for option in given:
        value = values[option.name or ""]
        if "" in (value if isinstance(value, list) else [value]):
            raise UsageError(f"{option.opts[-1]} is given without a value", hint="leave it out, or give it one")


def _check_arguments(given: list[click.Argument], values: dict[str, Any]) -> None:
    from edge.errors import UsageError

    for argument in given:
        value = values[argument.name or ""]
        if "" in (value if isinstance(value, tuple | list) else [value]):
            raise UsageError(f"{argument.human_readable_name} is empty", hint="give it a name, or leave it out")
