"""Performance claims, each a ratio of two ways measured side by side in one run. `python scripts/benchmark.py --help`."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

EDGEZOO = str(Path(sys.executable).with_name("edgezoo"))


def timed(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def edgezoo(*arguments: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command and keep its output; a failure ends the benchmark with what it said."""
    environment = {**os.environ, **({"EDGEZOO_CACHE_DIR": str(cache)} if cache else {})}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # whoever installs edgezoo has its modules compiled once
    done = subprocess.run([EDGEZOO, *arguments], env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"edgezoo {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def used() -> float:
    """CPU seconds of all children so far, and of theirs."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def startup(_: argparse.Namespace) -> None:
    """`edgezoo --version` and `edgezoo list` against `python -c "import click"`: the best of 20 runs each, interleaved.

    CPU time beside wall-clock time: on a busy machine only the former can be compared.
    """
    commands = {
        "import click": [sys.executable, "-c", "import click"],
        "edgezoo --version": [EDGEZOO, "--version"],
        "edgezoo list": [EDGEZOO, "list"],
    }

    wall, cpu = dict.fromkeys(commands, float("inf")), dict.fromkeys(commands, float("inf"))
    for _round in range(20):
        for name, command in commands.items():
            before = used()
            wall[name] = min(wall[name], timed(lambda c=command: subprocess.run(c, check=True, capture_output=True)))  # type: ignore[misc]
            cpu[name] = min(cpu[name], used() - before)
    for name in commands:
        shown = (f"{best[name] * 1000:7.1f} ms {best[name] / best['import click']:5.2f} x" for best in (wall, cpu))
        print(f"{name:20}{'   CPU'.join(shown)}")


def convert(arguments: argparse.Namespace) -> None:
    """The distinct light networks, exported before: paddle_lite_opt in a shell, one and several at a time, against
    `edgezoo convert`.

    Verified twice: with Paddle's outputs kept from an earlier verification, and with Paddle run anew. All in turn; beside the
    wall-clock time the CPU time, for on a busy machine only that can be compared.
    """
    from edge.cache.paths import cache_dir
    from edge.cache.store import Cache
    from edge.toolchain.engines import engine
    from edge.toolchain.environment import ensure

    engine_folder, cores = ensure(engine("paddlelite"), say=print).python.parent, len(os.sched_getaffinity(0))
    random = ("--weights", "random", "-q")
    with tempfile.TemporaryDirectory(prefix="edgezoo-benchmark-") as folder:
        scratch = Path(folder)
        rows = json.loads(edgezoo("convert", "--light", *random, "--json", "-o", str(scratch / "warm")).stdout)
        # Several names of the catalogue are one network, which edgezoo converts once.
        exported = list({(r["source"]["program_sha256"], r["source"]["params_sha256"]): r for r in rows}.values())
        light = ("convert", *(row["name"] for row in exported), *random)
        store = Cache(cache_dir() / "exports")
        programs = {
            entry.facts["program_sha256"]: entry.folder
            for folder in store.root.iterdir()
            if (entry := store.get(folder.name)) is not None
        }
        commands = []
        for row in exported:
            model = programs[row["source"]["program_sha256"]]
            commands.append(
                f"'{engine_folder}/python' '{engine_folder}/paddle_lite_opt' --model_file='{model}/inference.pdmodel' "
                f"--param_file='{model}/inference.pdiparams' --valid_targets=arm --optimize_out_type=naive_buffer "
                f"--optimize_out='{scratch}/loop/{row['name']}' >/dev/null 2>&1"
            )
        loop = scratch / "loop.txt"
        loop.write_text("\n".join(commands) + "\n")
        # A cache with engines and exports, and perhaps Paddle's outputs, so that every round does all the other work.
        cold = scratch / "cache"

        def shell(jobs: int) -> float:
            shutil.rmtree(scratch / "loop", ignore_errors=True)
            (scratch / "loop").mkdir()
            command = ["xargs", "-d", "\n", "-n", "1", "-P", str(jobs), "sh", "-c", 'eval "$0"; true']
            with loop.open() as lines:
                return timed(lambda: subprocess.run(command, stdin=lines, check=True))

        def ours(*options: str, kept: tuple[str, ...] = ("engines", "exports")) -> float:
            shutil.rmtree(cold, ignore_errors=True)
            shutil.rmtree(scratch / "ours", ignore_errors=True)
            cold.mkdir()
            for shared in kept:
                (cold / shared).symlink_to(cache_dir() / shared)
            return again(*options)

        def again(*options: str) -> float:
            return timed(lambda: edgezoo(*light, *options, "-o", str(scratch / "ours"), cache=cold))

        ways: dict[str, Callable[[], float]] = {
            "paddle_lite_opt, one at a time": lambda: shell(1),
            f"paddle_lite_opt, {cores} at a time": lambda: shell(cores),
            "edgezoo convert --no-verify": lambda: ours("--no-verify"),
            "edgezoo convert, Paddle run anew": ours,
            "edgezoo convert": lambda: ours(kept=("engines", "exports", "references")),
        }
        best, cpu = dict.fromkeys(ways, float("inf")), dict.fromkeys(ways, float("inf"))
        for _round in range(arguments.rounds):
            for name, way in ways.items():
                before = used()
                best[name] = min(best[name], way())
                cpu[name] = min(cpu[name], used() - before)
        made = len(list((scratch / "loop").glob("*.nb")))
        before = used()
        best["the same again, nothing to do"] = min(again() for _ in range(3))
        cpu["the same again, nothing to do"] = (used() - before) / 3
        print(f"{len(commands)} models, {cores} cores, best of {arguments.rounds}; opt alone converts {made} of them")
        loops = list(ways)[:2]
        print(f"{'':34} {'seconds':>9} {'of CPU':>9}   times the loop: one at a time, {cores} at a time")
        for name, seconds in best.items():
            ratios = "  ".join(f"{seconds / best[loop]:5.2f}" for loop in loops)
            print(f"{name:34} {seconds:9.2f} {cpu[name]:9.2f}   {ratios}")


def results(arguments: argparse.Namespace) -> None:
    """`edgezoo results list` over 750 cells with 10 launches of 30 samples each, against `python -c "import click"`."""
    from dataclasses import replace
    from random import Random

    from edge.results.measurement import Launch, RunnerProgram, Subject
    from edge.results.protocol import ROBUST
    from edge.results.store import Store

    random = Random(0)
    core = {"index": 7, "online": True, "max_khz": 2841600, "min_khz": 825600, "governor": "schedutil"}
    readings = {"cores": [core] * 8, "affinity": [7], "thermal_zones": [{"name": "cpu", "millicelsius": 30000}] * 20}
    phone = {
        "serial": "ab12",
        "serialno": "ab12",
        "kind": "android",
        "soc": "msmnile",
        "build": "b",
        "cores": [core] * 8,
    }
    with tempfile.TemporaryDirectory(prefix="edgezoo-benchmark-") as folder:
        db = Path(folder) / "results.db"
        with Store(db) as store:
            session = store.new_session(seed=0, device=phone)
            for number in range(arguments.cells // 3):
                subject = Subject(
                    f"network{number}", f"{number:064x}", 10**7, ((1, 3, 224, 224),), "random", "arm", "fp32", "v2.13-rc",
                    metadata={"operators": ["conv2d"] * 500},
                )  # fmt: skip
                for threads in (1, 2, 4):
                    program = RunnerProgram("edgebench", "cd" * 32, contract=1)
                    cell = store.begin(session, subject=subject, threads=threads, protocol=ROBUST, program=program)
                    pace = random.uniform(1, 50) / threads
                    launch = Launch(0, 1.7e9, 2.0, (), engine="paddle-lite", engine_version="v2.13-rc",
                                    environment={"before": readings, "after": readings})  # fmt: skip
                    for one in range(10):
                        samples = tuple(pace * random.uniform(1, 1.02) for _ in range(30))
                        store.add_launch(cell, session, replace(launch, number=one, samples_ms=samples))
                    store.finish(cell)
        listing = [EDGEZOO, "results", "list", "--db", str(db)]
        rows = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.count("network")
        best = {"import click": float("inf"), "edgezoo results list": float("inf")}
        for _ in range(arguments.rounds):
            for name, command in (
                ("import click", [sys.executable, "-c", "import click"]),
                ("edgezoo results list", listing),
            ):
                seconds = timed(lambda c=command: subprocess.run(c, check=True, capture_output=True))  # type: ignore[misc]
                best[name] = min(best[name], seconds)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(listing, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{rows} rows of {db.stat().st_size / 2**20:.0f} MiB, best of {arguments.rounds}; {cpu * 1000:.0f} ms of CPU"
        )
        for name, seconds in best.items():
            print(f"{name:20} {seconds * 1000:7.1f} ms   {seconds / best['import click']:.2f} x import click")


def device(arguments: argparse.Namespace) -> None:
    """What edgezoo adds to each launch on a device, against a shell script with `adb push` and `adb shell` for every cell."""
    from edge.device.discover import open_device

    serial, runner = arguments.serial, arguments.runner.resolve()
    adb = ["adb", "-s", serial]
    remote = "/data/local/tmp/edgezoo-benchmark"
    with tempfile.TemporaryDirectory(prefix="edgezoo-benchmark-") as folder:
        scratch = Path(folder)
        edgezoo("convert", *arguments.models, "--weights", "random", "-q", "-o", str(scratch))
        models = [scratch / f"{name}.nb" for name in arguments.models]
        cells = [(model, threads) for model in models for threads in (1, 2, 4)]
        flags = "--contract 2 --warmup 0 --warmup-ms 0 --repeats 1 --repeats-ms 0"
        command = [
            "bench", *map(str, models), "-s", serial, "--runner", str(runner), "--protocol", "table", "--warmup", "0",
            "--repeats", "1", "--cooldown", "0", "--allow-synthetic", "--fresh",
            "--db", str(scratch / "results.db"), "--json", "-q",
        ]  # fmt: skip
        lines = ["set -e", f"{' '.join(adb)} shell mkdir -p {remote}"]
        for model, threads in cells:
            lines.append(f"{' '.join(adb)} push '{runner}' '{model}' {remote}/ >/dev/null")
            run = f"cd {remote} && ./{runner.name} {flags} --model {model.name} --threads {threads}"
            lines.append(f"{' '.join(adb)} shell '{run}' >/dev/null 2>&1")
        (scratch / "loop.sh").write_text("\n".join(lines) + "\n")
        inside = "; ".join(
            f"./{runner.name} {flags} --model {model.name} --threads {threads} >/dev/null 2>&1"
            for model, threads in cells
        )
        [one] = open_device(serial)
        one.clean()
        first = timed(lambda: edgezoo(*command))
        ours, shell, alone = [], [], []
        for _ in range(arguments.rounds):
            shell.append(timed(lambda: subprocess.run(["sh", scratch / "loop.sh"], check=True)))
            alone.append(timed(lambda: subprocess.run([*adb, "shell", f"cd {remote}; {inside}"], check=True)))
            ours.append(timed(lambda: edgezoo(*command)))
        print(f"{len(cells)} launches ({len(models)} models, threads 1, 2, 4), best of {arguments.rounds}")
        print(f"the runner alone, in one shell on the device   {min(alone):7.2f} s")
        for name, seconds in (("shell script, adb push + adb shell a cell", min(shell)), ("edgezoo bench", min(ours))):
            beyond = (seconds - min(alone)) / len(cells) * 1000
            print(f"{name:45}  {seconds:7.2f} s   {beyond:6.1f} ms a launch beyond the runner")
        print(f"edgezoo bench, first run with every push       {first:7.2f} s")
        [one] = open_device(serial)
        one.push([runner, *models])
        print(f"bytes pushed on a second run                   {one.bytes_pushed:7}")
        _push(one, adb, scratch, remote, arguments.rounds)
        subprocess.run([*adb, "shell", "rm", "-rf", remote], check=True)


def _push(one: Any, adb: list[str], scratch: Path, remote: str, rounds: int) -> None:
    """20 MB of fresh bytes each time, sent both ways in turn; ours is also checked on the device, which adb's is not."""
    theirs, whole, sent = [], [], []
    for number in range(max(rounds, 5)):
        mine, yours = scratch / f"mine{number}", scratch / f"yours{number}"
        for path in (mine, yours):
            path.write_bytes(os.urandom(20_000_000))
        theirs.append(timed(lambda y=yours: subprocess.run([*adb, "push", y, remote], check=True, capture_output=True)))  # type: ignore[misc]
        before = one.blobs.sending_seconds
        whole.append(timed(lambda m=mine: one.push([m])))  # type: ignore[misc]
        sent.append(one.blobs.sending_seconds - before)
    print(f"20 MB: adb push {min(theirs) * 1000:.0f} ms; edgezoo's transfer {min(sent) * 1000:.0f} ms, "
          f"with hashing here and checking there {min(whole) * 1000:.0f} ms")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("startup", help=startup.__doc__).set_defaults(run=startup)
    bench = commands.add_parser("convert", help=convert.__doc__)
    bench.add_argument("--rounds", type=int, default=2)
    bench.set_defaults(run=convert)
    listing = commands.add_parser("results", help=results.__doc__)
    listing.add_argument("--cells", type=int, default=750)
    listing.add_argument("--rounds", type=int, default=10)
    listing.set_defaults(run=results)
    phone = commands.add_parser("device", help=device.__doc__)
    phone.add_argument("-s", "--serial", required=True)
    phone.add_argument(
        "--runner", type=Path, required=True, help="edgebench for the device, as `edgezoo runner build` makes it"
    )
    phone.add_argument("--rounds", type=int, default=3)
    phone.add_argument(
        "models", nargs="*", default=["MobileNetV1_x0_25", "PPLCNet_x0_25", "ShuffleNetV2_x0_25", "GhostNet_x0_5"]
    )
    phone.set_defaults(run=device)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
