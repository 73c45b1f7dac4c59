"""Compile every engine's requirements to a lock with hashes (`scripts/lock`)."""

from __future__ import annotations

import subprocess
import sys

from edge.toolchain.engines import Engine, engines
from edge.toolchain.interpreter import uv


def compile_lock(engine: Engine) -> str:
    """The lock's text: all dependencies of `requires`, and `bare` packages without theirs."""
    return _compile(engine, engine.requires) + (_compile(engine, engine.bare, "--no-deps") if engine.bare else "")


def _compile(engine: Engine, requirements: tuple[str, ...], *options: str) -> str:
    command = [
        str(uv()),
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--no-annotate",
        "--generate-hashes",
        "--no-config",
    ]
    command += ["--python-version", engine.python, "--python-platform", "x86_64-manylinux_2_28", *options, "-"]
    done = subprocess.run(command, input="\n".join(requirements), capture_output=True, text=True, check=True)
    return done.stdout


def main() -> None:
    for engine in engines():
        if not sys.argv[1:] or engine.name in sys.argv[1:]:
            engine.lock.write_text(compile_lock(engine), encoding="utf-8")
            print(engine.lock.name)


main()
