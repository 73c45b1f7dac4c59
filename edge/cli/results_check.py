"""`edgezoo results check`: whether all that was measured can be read, and the way out where it cannot."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli import once, options
from edge.cli.results_options import tell_of


@once.command("check")
@click.option("--repair", is_flag=True, help="Save what can be read into a new file; the damaged one stays beside it.")
@options.db_there
@options.as_json
def check_command(repair: bool, db: Path | None, as_json: bool) -> None:
    """Read every measurement, and say what is damaged, as by a power loss. Exit code 1 if anything is."""
    from edge.cli.output import print_json
    from edge.errors import ResultsError
    from edge.results.database import way_out
    from edge.results.repair import check
    from edge.results.repair import repair as mend

    path = options.database(db)
    if not path.exists():
        raise ResultsError(f"there are no results yet: {path} does not exist", hint="`edgezoo bench` makes some")
    found = check(path)
    if found.damaged and repair:
        mended = mend(path)
        if as_json:
            print_json({"measurements": mended.measurements, "lost": mended.lost, "kept": str(mended.kept)})
        else:
            click.echo(f"{mended.measurements} measurements are saved in {path}; the damaged file is {mended.kept}.")
        for sentence in mended.lost:
            click.echo(f"Lost: {sentence}", err=True)
        return
    if as_json:
        print_json({"measurements": found.measurements, "damaged": found.damaged})
    else:
        how = "it is damaged" if found.damaged else "it is sound"
        click.echo(f"{path}: {found.measurements} measurements can be read; {how}.")
    tell_of(found.damaged, hint=way_out(path))
