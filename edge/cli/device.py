"""`edgezoo device clean`: empties edgezoo's directory on a device."""

from __future__ import annotations

import click

from edge.cli import once, options


@click.group(cls=once.OnceGroup)
def command() -> None:
    """Look after a device."""


@command.command()
@options.device("spec", metavar="SERIAL|all", says="Which device; all that adb sees.  [default: the only one]")
@options.adb_server
@options.quiet
@options.as_json
def clean(spec: str | None, adb_server: str | None, quiet: bool, as_json: bool) -> None:
    """Remove everything that edgezoo put on the device.

    Settings that a killed edgezoo left changed are put back first. A device that is being measured is not touched.

    \b
    Examples:
      edgezoo device clean
      edgezoo device clean -s all
    """
    from edge.cli.output import ProgressLine, print_json
    from edge.device.discover import open_device

    done = []
    with ProgressLine(quiet=quiet) as progress:
        for device in open_device(spec, adb_server):
            progress.working(device.serial)("cleaning", 0, 0)
            with device.lock():
                cleaned = device.clean()
            progress.working(device.serial)("", 0, 0)
            done.append({"device": device.serial, "files": cleaned.files, "bytes": cleaned.bytes})
            if not as_json:
                files = "1 file" if cleaned.files == 1 else f"{cleaned.files} files"
                click.echo(f"{device.serial}: {files}, {cleaned.bytes / 1e6:.1f} MB removed")
    if as_json:
        print_json(done)
