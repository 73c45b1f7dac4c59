"""`edgezoo device clean`: empties edgezoo's directory on a device."""

from __future__ import annotations

import click

from edge.cli import once


@click.group(cls=once.OnceGroup)
def command() -> None:
    """Look after a device."""


@command.command()
@click.option("-s", "--device", "spec", metavar="SERIAL|all", help="Which device.  [default: the only one]")
def clean(spec: str | None) -> None:
    """Remove everything that edgezoo put on the device.

    Settings that a killed edgezoo left changed are put back first. A device that is being measured is not touched.

    \b
    Examples:
      edgezoo device clean
      edgezoo device clean -s all
    """
    from edge.device.discover import open_device

    for device in open_device(spec):
        with device.lock():
            cleaned = device.clean()
        files = "1 file" if cleaned.files == 1 else f"{cleaned.files} files"
        click.echo(f"{device.serial}: {files}, {cleaned.bytes / 1e6:.1f} MB removed")
