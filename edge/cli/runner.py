"""`edgezoo runner`: the benchmark programs for devices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import once, options

if TYPE_CHECKING:
    from edge.runner.kept import KeptRunner
    from edge.runner.options import RunnerOptions


@click.group(cls=once.OnceGroup)
def command() -> None:
    """Build and keep the program that measures on a device, edgebench.

    It is built once and found by every command that measures or judges on a device. It needs a library of the engine, which
    Paddle-Lite publishes, and a compiler.
    """


@command.command()
@click.option("--for", "where", type=click.Choice(["android", "linux-arm64", "linux-armv7", "host"]),
              default="android", show_default=True, help="Phones; ARM Linux of 64 or 32 bits; this machine.")  # fmt: skip
@click.option("--abi", type=click.Choice(["arm64-v8a", "armeabi-v7a"]), help="Of Android.  [default: arm64-v8a]")
@click.option("--engine", type=click.Choice(["paddle-lite", "onnxruntime", "synthetic"]), default="paddle-lite",
              show_default=True, help="What computes; synthetic only pretends to.")  # fmt: skip
@click.option("--lite-lib", type=click.Path(path_type=Path), metavar="DIR|FILE.tar.gz",
              help="A Paddle-Lite library, inference_lite_lib.*, as it was published or unpacked; for the host, the folder "
              "of an installed paddlelite package.")  # fmt: skip
@click.option("--lite-release", metavar="VERSION|URL",
              help="Fetch this release of it, once.  [default: 2.13-rc; for the host, edgezoo's engine]")  # fmt: skip
@click.option("--ort-lib", type=click.Path(path_type=Path), metavar="FILE",
              help="ONNX Runtime's library: a libonnxruntime.so, or the Android package (.aar) or Python package (.whl) that "
              "has it.")  # fmt: skip
@click.option("--ort-release", metavar="VERSION",
              help="Fetch this version of it, from the Python package index; not for Android and 32-bit ARM.  "
              "[default: 1.22.1]")  # fmt: skip
@click.option("--compiler", type=click.Choice(["ndk", "debian"]),
              help="For Android.  [default: the NDK if there is one]")  # fmt: skip
@click.option("--test", is_flag=True, help="Build and run the unit tests, too (Debian: doctest-dev).")
@click.option("--fresh", is_flag=True, help="Build it even if it is there.")
@click.option("-v", "--verbose", is_flag=True, help="Show what CMake and the compiler say.")
@options.as_json
@options.quiet
@options.gathered("edge.runner.options", "RunnerOptions")
def build(asked: RunnerOptions, verbose: bool, as_json: bool, quiet: bool) -> None:
    """Build the program for a phone, or for what --for says, into edgezoo's data directory.

    For Android the compiler is the NDK that ANDROID_NDK_HOME names, or the newest below ANDROID_HOME. Without one it is
    Debian's (apt-get install g++-aarch64-linux-gnu): its program is static, and runs on 64-bit phones as well.

    \b
    Examples:
      edgezoo runner build
      edgezoo runner build --lite-release 2.14-rc
      edgezoo runner build --lite-lib inference_lite_lib.android.armv8.clang.c++_static.with_extra.with_cv.tar.gz
      edgezoo runner build --for linux-arm64 --engine synthetic
      edgezoo runner build --for linux-armv7
      edgezoo runner build --engine onnxruntime --ort-lib onnxruntime-android-1.22.0.aar
      edgezoo runner build --for linux-arm64 --engine onnxruntime
      edgezoo runner build --for host
    """
    from edge.cli.output import ProgressLine, print_json, say
    from edge.errors import RunnerBuildError
    from edge.runner.build import build as build_runner

    with ProgressLine(quiet=quiet) as progress:
        heard = say if verbose else lambda _: None
        try:
            built = build_runner(asked, say=progress.line, heard=heard, progress=progress.download("library"))
        except RunnerBuildError as error:
            if verbose and error.log:
                say(error.log)
            raise
    if built.remark and not quiet:
        say(built.remark)
    if as_json:
        print_json(_fields(built.runner))
        return
    click.echo(f"{built.runner.name}: {'is built already' if built.reused else 'built'}, {built.runner.path}")


@command.command("list")
@options.as_json
def list_them(as_json: bool) -> None:
    """List the programs that are kept, and what each is made of."""
    from edge.cli.output import print_json, say
    from edge.runner.kept import runners

    found = list(runners())
    if as_json:
        print_json([_fields(one) for one in found])
        return
    if not found:
        say("No runner is kept. Hint: `edgezoo runner build` makes the one for phones.")
    for one in found:
        click.echo(f"{one.name}  {one.made} {one.when[:10]}, {one.bytes / 2**20:.1f} MiB, {one.path}")
        details = (one.engine_version, one.compiler, one.source.place)
        click.echo("  " + ", ".join(detail for detail in details if detail))


@command.command()
@click.argument("program", type=click.Path(path_type=Path), metavar="FILE")
@options.as_json
def add(program: Path, as_json: bool) -> None:
    """Keep a copy of a program that was built elsewhere; what it is stands in the file itself.

    \b
    Example:
      edgezoo runner add from-a-colleague/edgebench
    """
    from edge.cli.output import print_json
    from edge.runner.kept import add as add_runner

    added = add_runner(program)
    if as_json:
        print_json(_fields(added))
        return
    click.echo(f"{added.name}: added, {added.path}")


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@options.as_json
def remove(names: tuple[str, ...], as_json: bool) -> None:
    """Remove programs, by the names that `edgezoo runner list` shows."""
    from edge.cli.output import print_json
    from edge.runner.kept import remove as remove_runner

    for name in names:
        remove_runner(name)
        if not as_json:
            click.echo(f"{name}: removed")
    if as_json:
        print_json({"removed": list(names)})


def _fields(runner: KeptRunner) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(runner), "platform": runner.platform, "path": str(runner.path)}
