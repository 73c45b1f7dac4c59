"""`edgezoo results merge`: what other hosts measured, in one database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import once, options
from edge.cli.results_options import tell_of

if TYPE_CHECKING:
    from edge.results.merge import Merged


@once.command("merge")
@click.argument(
    "others",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    nargs=-1,
    required=True,
    metavar="OTHER.sqlite...",
)
@options.db
@options.as_json
def merge_command(others: tuple[Path, ...], db: Path | None, as_json: bool) -> None:
    """Take what other hosts measured, the databases OTHER.sqlite..., into this one: sessions, launches, accuracies, labels
    and baselines. The others stay as they are.

    A device is the same one however it was reached, and what is here already is not taken twice: merging again changes
    nothing. A measurement that went on in the other database is brought up to date; one that went on in both, and a
    baseline that is of other measurements there, stay as they are here and are named. The exit code is then 1.
    `edgezoo results delete` of such a measurement, or another name for the baseline, lets the other one in.
    """
    from dataclasses import asdict

    from edge.cli.output import print_json, say
    from edge.results.merge import merge

    made = merge(options.database(db), others, say=say)
    if as_json:
        print_json([{**asdict(one), "path": str(one.path)} for one in made])
    else:
        for one in made:
            click.echo(_sentence(one))
    left = [sentence for one in made for sentence in (*one.conflicts, *one.damaged)]
    tell_of(list(dict.fromkeys(left)))


def _sentence(one: Merged) -> str:
    counts = (
        (one.sessions, "session"),
        (one.cells, "measurement"),
        (one.continued, "measurement that went on there"),
        (one.launches, "launch"),
        (one.accuracies, "accuracy"),
        (one.labels, "label"),
        (one.baselines, "baseline"),
    )
    told = [f"{count} {_plural(word) if count != 1 else word}" for count, word in counts if count]
    return f"{one.path}: {'new here: ' + ', '.join(told) if told else 'nothing new'}."


def _plural(word: str) -> str:
    first, _, rest = word.partition(" ")
    ends = {"launch": "launches", "accuracy": "accuracies"}
    return f"{ends.get(first, first + 's')} {rest}".rstrip()
