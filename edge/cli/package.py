"""`edgezoo package`: models as an Android library, an APK, or files in an existing app."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import completing, once, options
from edge.cli.output import ProgressLine, print_json, say
from edge.cli.parameters import FileOrFolder

if TYPE_CHECKING:
    from edge.package.litelib import LiteRelease
    from edge.package.model import PackagedModel
    from edge.package.options import PackageOptions

_HERE = click.Path(exists=True, file_okay=False, path_type=Path)


@once.command()
@click.argument(
    "targets", nargs=-1, required=True, metavar="NAME|FILE.nb...", shell_complete=completing.models_and_files
)
@click.option(
    "--format", "form", type=click.Choice(["aar", "assets", "apk"]), default="aar", show_default=True,
    help="An Android library, files in an existing app, or an APK that only carries models.",
)  # fmt: skip
@click.option("-o", "--output", type=FileOrFolder(), metavar="OUT", help="The AAR or APK to write.")
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
@options.gathered("edge.package.options", "PackageOptions")
def command(asked: PackageOptions, as_json: bool, quiet: bool) -> None:
    """Package converted models for Android. NEW_NAME=FILE.nb gives a file another name; a NAME is converted first.

    \b
    Examples:
      edgezoo package PPLCNet_x1_0.nb -o pplcnet.aar
      edgezoo package PPLCNet_x1_0.nb --lite-lib inference_lite_lib.android.armv8.clang.c++_shared.tiny_publish
      edgezoo package PPLCNet_x1_0.nb GhostNet_x1_0.nb --format assets --app ~/MyApp
      edgezoo package mine=out/model.nb --labels flowers.txt --format apk
    """
    from edge.package.package import package

    with ProgressLine(quiet=quiet) as progress:
        made = package(asked, progress.line)
    result: dict[str, Any] = {"format": asked.form, "id": made.package_id}
    if made.installed is not None:
        done = made.installed
        result["module"] = str(done.module)
        result |= {"written": done.written, "removed": done.removed, "unchanged": done.unchanged}
    else:
        result["files"] = [_file(path) for path in made.files]
    result["models"] = [{**model.info, "labels": len(model.labels or ())} for model in made.models]
    result["libraries"] = _libraries(asked.release)
    for remark in _remarks(made.models, asked.release):
        say(remark)
    if as_json:
        print_json(result)
    else:
        _show(result, asked.release)


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


def _inputs(model: PackagedModel) -> str:
    return ", ".join(
        f"{one['name']}: {one['dtype']} {'x'.join(map(str, one['shape']))}" for one in model.info["inputs"]
    )


def _remarks(models: Sequence[PackagedModel], release: LiteRelease | None) -> list[str]:
    """What the user should know before an app relies on the package."""
    from edge.images.overrides import takes_one_image

    remarks = [f"Note: the weights of {m.name} are random: it classifies nothing." for m in models if _is_random(m)]
    remarks += [f"Note: {m.name} has no labels; --labels names them." for m in models if m.labels is None]
    remarks += [f"Note: {m.name} is not proven: {unproven}." for m in models if (unproven := m.unproven)]
    remarks += [
        f"Note: {m.name} has no preprocessing, so the helper cannot make its input from an image; say it at conversion: "
        "--resize-short, --mean, --std."
        if takes_one_image([one["shape"] for one in m.info["inputs"]])
        else f"Note: {m.name} takes something else than one image: the app makes its inputs itself ({_inputs(m)})."
        for m in models
        if m.info["preprocessing"] is None
    ]
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
