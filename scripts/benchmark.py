"""Performance claims, each a ratio of two ways measured side by side in one run. `python scripts/benchmark.py --help`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

EDGEZOO = str(Path(sys.executable).with_name("edgezoo"))


def timed(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def edgezoo(*arguments: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command; its output is kept, its failure is ours."""
    environment = {**os.environ, **({"EDGEZOO_CACHE_DIR": str(cache)} if cache else {})}
    return subprocess.run([EDGEZOO, *arguments], env=environment, check=True, capture_output=True, text=True)


def startup(_: argparse.Namespace) -> None:
    """`edgezoo --version` and `edgezoo list` against `python -c "import click"`: the best of 20 runs each, interleaved."""
    commands = {
        "import click": [sys.executable, "-c", "import click"],
        "edgezoo --version": [EDGEZOO, "--version"],
        "edgezoo list": [EDGEZOO, "list"],
    }
    best = dict.fromkeys(commands, float("inf"))
    for _round in range(20):
        for name, command in commands.items():
            best[name] = min(best[name], timed(lambda c=command: subprocess.run(c, check=True, capture_output=True)))  # type: ignore[misc]
    for name, seconds in best.items():
        print(f"{name:20} {seconds * 1000:7.1f} ms   {seconds / best['import click']:.2f} x import click")


def convert(arguments: argparse.Namespace) -> None:
    """The light models: a shell loop of paddle_lite_opt against `edgezoo convert`, over the same exported programs."""
    from edge.toolchain.engines import engine
    from edge.toolchain.environment import ensure
    from edge.toolchain.paths import cache_dir

    engine_folder = ensure(engine("paddlelite"), say=print).python.parent
    with tempfile.TemporaryDirectory(prefix="edgezoo-benchmark-") as folder:
        scratch = Path(folder)
        exported = json.loads(
            edgezoo(
                "convert", "--light", "--weights", "random", "--no-verify", "--json", "-q", "-o", str(scratch / "warm")
            ).stdout
        )
        shas = {row["name"]: row["source"]["program_sha256"] for row in exported}
        programs = {
            facts["program_sha256"]: path.parent
            for path in (cache_dir() / "exports").glob("*/facts.json")
            if (facts := json.loads(path.read_bytes()))
        }
        folders = [programs[sha] for sha in shas.values()]
        # A cache without conversions, so that every round does all the work but the exports.
        cold = scratch / "cache"
        cold.mkdir()
        for shared in ("engines", "exports"):
            (cold / shared).symlink_to(cache_dir() / shared)
        lines = ["#!/bin/sh", "failed=0"]
        for number, model in enumerate(folders):
            lines.append(
                f"'{engine_folder}/python' '{engine_folder}/paddle_lite_opt' --model_file='{model}/inference.pdmodel' "
                f"--param_file='{model}/inference.pdiparams' --valid_targets=arm --optimize_out_type=naive_buffer "
                f"--optimize_out='{scratch}/loop{number}' >/dev/null 2>&1 || failed=$((failed + 1))"
            )
        (scratch / "loop.sh").write_text("\n".join([*lines, "echo $failed"]) + "\n")
        loops, ours = [], []
        for _ in range(arguments.rounds):
            began = time.monotonic()
            failed = subprocess.run(
                ["sh", scratch / "loop.sh"], check=True, capture_output=True, text=True
            ).stdout.strip()
            loops.append(time.monotonic() - began)
            shutil.rmtree(cold / "nb", ignore_errors=True)
            ours.append(timed(lambda: edgezoo("convert", "--light", "--weights", "random", "--no-verify", "-q",
                                              "-o", str(scratch / "ours"), cache=cold)))  # fmt: skip
        again = timed(lambda: edgezoo("convert", "--light", "--weights", "random", "--no-verify", "-q",
                                      "-o", str(scratch / "ours"), cache=cold))  # fmt: skip
        verified = timed(lambda: edgezoo("convert", "--light", "--weights", "random", "-q",
                                         "-o", str(scratch / "ours"), cache=cold))  # fmt: skip
        print(f"{len(folders)} models, {len(os.sched_getaffinity(0))} cores, best of {arguments.rounds}")
        print(f"paddle_lite_opt, shell loop      {min(loops):7.2f} s   ({failed} models failed)")
        print(f"edgezoo convert --no-verify      {min(ours):7.2f} s   {min(loops) / min(ours):.1f} x faster")
        print(f"the same, nothing to do          {again:7.2f} s")
        print(f"verification of all, on top      {verified:7.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("startup", help=startup.__doc__).set_defaults(run=startup)
    bench = commands.add_parser("convert", help=convert.__doc__)
    bench.add_argument("--rounds", type=int, default=2)
    bench.set_defaults(run=convert)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
