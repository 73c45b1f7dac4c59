"""`edgezoo package`: models as an Android library, an APK, or files in an existing app."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import options
from edge.cli.output import ProgressLine, print_json, say

if TYPE_CHECKING:
    from edge.package.keys import SigningKey
    from edge.package.litelib import LiteRelease
    from edge.package.model import PackagedModel
    from edge.package.sdk import AndroidTools

_HERE = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="NAME|FILE.nb...")
@click.option(
    "--format", "form", type=click.Choice(["aar", "assets", "apk"]), default="aar", show_default=True,
    help="An Android library, files in an existing app, or an APK that only carries models.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="OUT", help="The AAR or APK to write.")
@click.option("--app", type=_HERE, metavar="DIR", help="With assets: the app's project or module directory.")
@click.option("--id", "package_id", metavar="ID", help="The Android package id.  [default: edgezoo.models.NAME]")
@click.option("--labels", multiple=True, metavar="[NAME=]FILE", help="One label a line, or imagenet1k.")
@click.option("--lite-lib", multiple=True, type=_HERE, metavar="DIR", help="An unpacked Paddle-Lite Android release.")
@click.option("--lite-version", metavar="V", help="Its version, where the library does not say it.")
@click.option("--abi", multiple=True, metavar="ABI", help="Only these ABIs of the releases; may be repeated.")
@options.signing
@options.weights_of_names
@options.as_json
@options.quiet
def command(
    targets: tuple[str, ...],
    form: str,
    output: Path | None,
    app: Path | None,
    package_id: str | None,
    labels: tuple[str, ...],
    lite_lib: tuple[Path, ...],
    lite_version: str | None,
    abi: tuple[str, ...],
    keystore: Path | None,
    key_alias: str | None,
    key_password: str | None,
    weights: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Package converted models for Android. NEW_NAME=FILE.nb gives a file another name; a NAME is converted first.

    \b
    Examples:
      edgezoo package PPLCNet_x1_0.nb -o pplcnet.aar
      edgezoo package PPLCNet_x1_0.nb --lite-lib inference_lite_lib.android.armv8.clang.c++_shared.tiny_publish
      edgezoo package PPLCNet_x1_0.nb GhostNet_x1_0.nb --format assets --app ~/MyApp
      edgezoo package mine=out/model.nb --labels flowers.txt --format apk
    """
    from tempfile import TemporaryDirectory

    from edge.package.litelib import check_versions
    from edge.package.names import check_package_id, default_package_id
    from edge.package.request import gather

    _check(form, output, app, lite_lib, bool(abi or lite_version), bool(keystore or key_alias or key_password))
    # All that can be refused at once, before models are converted for minutes.
    if package_id:
        check_package_id(package_id)
    release = _release(lite_lib, abi, lite_version)
    signer = _signer(keystore, key_alias, key_password) if form == "apk" else None
    if app:
        from edge.package.assets import find_module

        find_module(app)
    with TemporaryDirectory(prefix="edgezoo-") as scratch, ProgressLine(quiet=quiet) as progress:
        models = gather(targets, Path(scratch), labels=labels, weights=weights, say=progress.line)
        if release:
            check_versions(release, models)
        names = [model.name for model in models]
        chosen_id = package_id or default_package_id(names)
        result: dict[str, Any] = {"format": form, "id": chosen_id}
        if app:
            result |= _into_app(app, models, release)
        else:
            result["files"] = [
                _file(path) for path in _write(_place(output, names, form), models, chosen_id, release, signer)
            ]
        result["models"] = [{**model.info, "labels": len(model.labels or ())} for model in models]
        result["libraries"] = _libraries(release)
    for remark in _remarks(models, release):
        say(remark)
    if as_json:
        print_json(result)
    else:
        _show(result, release)


def _check(
    form: str, output: Path | None, app: Path | None, lite_lib: Sequence[Path], of_release: bool, of_key: bool
) -> None:
    """UsageError if the options do not belong together."""
    from edge.errors import UsageError

    if form == "assets" and (app is None or output is not None):
        raise UsageError("files go into an app: name it with --app DIR, without -o")
    if form != "assets" and app is not None:
        raise UsageError("--app belongs to --format assets")
    if form == "apk" and lite_lib:
        raise UsageError(
            "an APK of models has no code, so no engine goes into it", hint="--lite-lib is for aar and assets"
        )
    if of_release and not lite_lib:
        raise UsageError("--abi and --lite-version say something of a release: name it with --lite-lib DIR")
    if form != "apk" and of_key:
        raise UsageError("only an APK is signed: the options of the key belong to --format apk")


def _release(directories: Sequence[Path], abis: Sequence[str], version: str | None) -> LiteRelease | None:
    if not directories:
        return None
    from edge.package.litelib import find_release

    return find_release(directories, abis=abis, version=version)


def _signer(keystore: Path | None, alias: str | None, password: str | None) -> tuple[AndroidTools, SigningKey]:
    from edge.package.keys import choose_key
    from edge.package.sdk import find_tools

    tools = find_tools()
    return tools, choose_key(tools, keystore, alias=alias, password=password)


def _write(
    out: Path,
    models: Sequence[PackagedModel],
    package_id: str,
    release: LiteRelease | None,
    signer: tuple[AndroidTools, SigningKey] | None,
) -> tuple[Path, ...]:
    """Write the APK if there is a signer, else the AAR."""
    if signer:
        from edge.package.apk import write_apk

        tools, key = signer
        return (write_apk(out, models, package_id, tools=tools, key=key),)
    from edge.package.aar import write_aar

    return write_aar(out, models, package_id, release)


def _into_app(app: Path, models: Sequence[PackagedModel], release: LiteRelease | None) -> dict[str, Any]:
    from edge.package.assets import install_assets

    done = install_assets(app, models, release)
    return {
        "module": str(done.module),
        "written": done.written,
        "removed": done.removed,
        "unchanged": done.unchanged,
    }


def _place(output: Path | None, names: Sequence[str], form: str) -> Path:
    """Where to write: OUT, in OUT if that is a directory, or here."""
    name = f"{names[0] if len(names) == 1 else 'models'}.{form}"
    if output is None:
        return Path(name)
    return output / name if output.is_dir() else output


def _file(path: Path) -> dict[str, Any]:
    from edge.cache.hashing import sha256_of

    return {"path": str(path), "bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _libraries(release: LiteRelease | None) -> list[dict[str, Any]]:
    if release is None:
        return []
    return [
        {
            "name": library.path.name,
            "abi": library.elf.abi,
            "version": release.version if library in release.engines else None,
            "page_size": library.elf.page_size,
            "fits_16k_pages": library.elf.fits_16k_pages,
        }
        for library in release.libraries
    ]


def _remarks(models: Sequence[PackagedModel], release: LiteRelease | None) -> list[str]:
    """What the user should know before an app relies on the package."""
    remarks = [f"Note: the weights of {m.name} are random: it classifies nothing." for m in models if _is_random(m)]
    remarks += [f"Note: {m.name} has no labels; --labels names them." for m in models if m.labels is None]
    if release is None:
        return remarks
    if release.version is None:
        wanted = ", ".join(sorted({model.opt_version for model in models}))
        remarks.append(
            f"Note: the engine does not say its version, so it was not compared with the models' ({wanted});"
            " --lite-version says it."
        )
    remarks += [
        f"Note: the engine needs {name}, which the release lacks: the app must bring it." for name in release.missing
    ]
    remarks += [
        f"Note: {library.path.name} ({library.elf.abi}) allows pages of {library.elf.page_size >> 10} KB only:"
        " phones with 16 KB pages cannot load it, and Google Play refuses it in apps for Android 15."
        for library in release.libraries
        if not library.elf.fits_16k_pages
    ]
    return remarks


def _is_random(model: PackagedModel) -> bool:
    return bool(model.info["source"]["kind"] == "random")


def _show(result: dict[str, Any], release: LiteRelease | None) -> None:
    for model in result["models"]:
        labels = f"{model['labels']} labels" if model["labels"] else "no labels"
        click.echo(
            f"{model['name']}: {model['bytes']:,} bytes, {model['precision']}, opt {model['opt_version']}, {labels}"
        )
    for library in result["libraries"]:
        version = f", {library['version']}" if library["version"] else ""
        click.echo(f"{library['name']}: {library['abi']}{version}, pages up to {library['page_size'] >> 10} KB")
    if result["format"] == "assets":
        from edge.package.assets import gradle_lines

        for word in ("written", "removed"):
            for name in result[word]:
                click.echo(f"{word} {name}")
        click.echo(
            f"{len(result['written'])} files written into {result['module']}, {result['unchanged']} as they were."
        )
        click.echo(f"\nThe module's build.gradle.kts needs:\n\n{gradle_lines(release)}", nl=False)
        return
    for file in result["files"]:
        click.echo(f"{file['path']}  {file['bytes']:,} bytes  sha256 {file['sha256']}")
