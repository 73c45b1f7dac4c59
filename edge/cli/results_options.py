"""Which measurements a command of `edgezoo results` is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edge.cli import completing, options
from edge.cli.parameters import Parsed

if TYPE_CHECKING:
    from edge.results.columns import Condition
    from edge.results.measurement import Measurement
    from edge.results.store import Store
    from edge.results.summary import Summary

F = TypeVar("F", bound=Callable[..., Any])


MOST_PERCENT = 1000


def _condition(text: str) -> Condition:
    from edge.results.columns import Condition

    return Condition.parse(text)


def _moment(text: str) -> float:
    from edge.results.since import moment

    return moment(text)


def _percent(text: str) -> float:
    from edge.errors import UsageError

    try:
        value = float(text.strip().removesuffix("%"))
        if not 0 < value <= MOST_PERCENT:
            raise ValueError
    except ValueError:
        raise UsageError(f"{text} is no percentage above 0 and up to {MOST_PERCENT}", hint="for instance 3%") from None
    return value / 100


PERCENT = Parsed("percent", _percent)

_where = click.option(
    "--where", type=Parsed("condition", _condition), multiple=True, metavar="COLUMN=VALUE",
    help="Only those with this value (or pattern: *, ?) in a column: precision=int8, threads=4, label=..., session=12, "
    "status=valid. Given twice for one column either will do; all columns must agree.",
)  # fmt: skip
_since = click.option(
    "--since", type=Parsed("moment", _moment), metavar="WHEN",
    help='Only those begun since: 2026-11-18, 7d, 12h, yesterday, "last week".',
)  # fmt: skip
_model = click.option("--model", metavar="NAME", shell_complete=completing.measured_models, help="Only this model.")
_device = options.device("serial", metavar="host|SERIAL", says="Only this device: serial number, address, or name.")


def filters(command: F) -> F:
    """--model, --device, --where, --since."""
    for option in (_since, _where, _device, _model):
        command = option(command)
    return command


def filters_of_model(command: F) -> F:
    """The same, where the model is named already."""
    for option in (_since, _where, _device):
        command = option(command)
    return command


def as_measured(device: str | None) -> str | None:
    """A device as the results know it: of a name of hosts.toml its address."""
    if device is None:
        return None
    from edge.device.hosts import read_hosts

    known = read_hosts().get(device)
    return known.spec if known else device


@dataclass(frozen=True, slots=True)
class Filters:
    """What the options say."""

    model: str | None = None
    serial: str | None = None
    where: tuple[Condition, ...] = ()
    since: float | None = None

    @property
    def given(self) -> bool:
        """Whether any was given."""
        return bool(self.model or self.serial or self.where or self.since is not None)

    def check(self, ids: Sequence[int]) -> None:
        """Raises `UsageError` where measurements are named by their ids as well."""
        from edge.errors import UsageError

        if ids and self.given:
            raise UsageError("ids and filters exclude each other", hint="name the ids, or say what they have in common")

    def summaries(self, store: Store) -> tuple[list[Summary], list[str]]:
        """What matches, oldest first; and a sentence for each row that is damaged."""
        from edge.results.columns import matches

        found, damaged = store.summaries(model=self.model, device=as_measured(self.serial))
        since = self.since
        return [one for one in found if matches(one, self.where) and (since is None or one.started >= since)], damaged

    def measurements(self, store: Store) -> tuple[list[Measurement], list[str]]:
        """The same, whole."""
        if not self.where and self.since is None:
            found, damaged = store.measurements(store.ids(model=self.model, device=as_measured(self.serial)))
            return found, damaged + store.unreadable()
        summaries, damaged = self.summaries(store)
        found, more = store.measurements([one.id for one in summaries])
        return found, damaged + more


def tell_of(damaged: Sequence[str], *, hint: str = "") -> None:
    """The rows that could not be read, on standard error: what was listed is not all, so the exit code is 1."""
    for sentence in damaged:
        click.echo(f"Error: {sentence}", err=True)
    if damaged:
        if hint:
            click.echo(f"Hint: {hint}", err=True)
        raise SystemExit(1)
