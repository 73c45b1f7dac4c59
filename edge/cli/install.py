"""`edgezoo install`: puts models on a device, each as an app of its own."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli.output import ProgressLine, print_json

if TYPE_CHECKING:
    from edge.package.keys import SigningKey
    from edge.package.request import PackageRequest
    from edge.package.sdk import AndroidTools
    from edge.source.weights import Weights


@once.command()
@click.argument(
    "targets", nargs=-1, required=True, metavar="NAME|FILE.nb|FILE.apk...", shell_complete=completing.models_and_files
)
@options.device(
    "device", metavar="SERIAL|all", says="Which device; all that adb sees.  [default: the only one there is]"
)
@options.adb_server
@click.option("--labels", multiple=True, metavar="[NAME=]FILE", help="One label a line, or imagenet1k.")
@options.signing
@options.weights_of_names
@options.quiet
@options.as_json
def command(
    targets: tuple[str, ...],
    device: str | None,
    adb_server: str | None,
    labels: tuple[str, ...],
    keystore: Path | None,
    key_alias: str | None,
    key_password: str | None,
    weights: Weights,
    quiet: bool,
    as_json: bool,
) -> None:
    """Install models on a device, each as an app without code that other apps read the model from.

    What is installed already is left as it is. FILE.apk is one made with `edgezoo package --format apk`.

    \b
    Examples:
      edgezoo install PPLCNet_x1_0.nb
      edgezoo install GhostNet_x1_0 --weights random --device 8a1b2c3d
    """
    from edge.device.discover import open_device
    from edge.errors import UsageError, refusals
    from edge.package.apk import package_id_of
    from edge.package.install import install_apk
    from edge.package.keys import choose_key
    from edge.package.request import PackageRequest
    from edge.package.sdk import find_tools

    others = [text for text in targets if not text.endswith(".apk")]
    if labels and not others:
        raise UsageError("--labels is for models: an APK has its own", hint="leave it out")
    if not others and (keystore or key_alias or key_password):
        raise UsageError(
            "only APKs are named, which are signed: the options of the key are for models", hint="leave them out"
        )
    for text in targets:
        if text.endswith(".apk") and not Path(text).is_file():
            raise UsageError(f"{text} cannot be installed: there is no such file")
    with refusals():
        wanted = PackageRequest.parse(others, labels, weights)
    devices = open_device(device, adb_server)
    if any(one.properties().kind != "android" for one in devices):
        raise UsageError("an APK can be installed on an Android device only", hint="name one with --device SERIAL")
    tools = find_tools()
    with TemporaryDirectory(prefix="edgezoo-") as scratch, ProgressLine(quiet=quiet) as progress:
        named = [(Path(text), package_id_of(Path(text), tools)) for text in targets if text.endswith(".apk")]
        if others:
            key = choose_key(tools, keystore, alias=key_alias, password=key_password)
            made = _package(wanted, Path(scratch), tools, key, progress)
            named += [(apk, package_id_of(apk, tools)) for apk in made]
        done = []
        for one in devices:
            with one.lock():
                for apk, package_id in named:
                    progress.working(one.serial)(f"installing {package_id}", 0, 0)
                    new = install_apk(one, apk, package_id)
                    progress.working(one.serial)("", 0, 0)
                    done.append({"device": one.serial, "package": package_id, "installed": new})
                    if not as_json:
                        click.echo(f"{one.serial}: {package_id} {'installed' if new else 'was there already'}")
    if as_json:
        print_json(done)


def _package(
    wanted: PackageRequest,
    scratch: Path,
    tools: AndroidTools,
    key: SigningKey,
    progress: ProgressLine,
) -> list[Path]:
    """One APK a model."""
    from edge.package.apk import write_apk
    from edge.package.names import default_package_id
    from edge.package.request import gather

    models = gather(wanted, scratch, say=progress.line)
    return [
        write_apk(scratch / f"{m.name}.apk", [m], default_package_id([m.name]), tools=tools, key=key) for m in models
    ]
