"""edgezoo killed (SIGKILL) at moments drawn by a seed, and run again: what is left, and whether the result is as if left alone.

`python -m tests.cli.killed --count 40 --seed 7 [COMMAND...]` tries more of them than the tests do, and prints a table.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "package" / "data" / "tiny.nb"
NAME = "PPLCNet_x0_25"
LEFT_SECONDS = 2.0  # within which whatever edgezoo started must have ended
_CONVERT = ["convert", NAME, "--weights", "random", "--target", "x86", "-o", "models", "--force"]
_LEAST = 2  # launches of a cell
_BENCH = ["--threads", "1,2", "--launches", str(_LEAST), "--tolerance", "100", "--warmup", "1", "--repeats", "3"]


@dataclass(frozen=True)
class Killed:
    """A command, and what it brings, read from the folder it ran in. `needs`: commands run before, in peace."""

    command: Sequence[str]
    result: Callable[[Path], Any]
    needs: Sequence[Sequence[str]] = ()


def _files(folder: Path) -> dict[str, str]:
    """Every file below, hidden ones too, by its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _measured(folder: Path) -> Any:
    """Which cells there are, of what, and the runs of each of their launches, which have to be numbered one by one.

    Latencies differ each time, and with them how many launches more than two are made.
    """
    shown = json.loads(_run(["results", "list", "--json"], folder).stdout)
    found = []
    for one in shown:
        (cell,) = json.loads(_run(["results", "show", str(one["id"]), "--json"], folder).stdout)
        numbers, runs = zip(
            *((launch["number"], len(launch["samples_ms"])) for launch in cell["launches"]), strict=True
        )
        assert list(numbers) == list(range(numbers[0], numbers[0] + len(numbers))), numbers
        found.append((one["model"], one["sha256"], one["threads"], one["status"], set(runs), len(runs) >= _LEAST))
    return sorted(found)


def _judged(folder: Path) -> Any:
    """What was predicted, and every accuracy that was kept: one, also where the command was killed after it was kept."""
    shown = json.loads(_run(["results", "accuracy", "--json"], folder).stdout)
    found = [[one[key] for key in ("model", "sha256", "top1", "top5", "images")] for one in shown]
    return (folder / "out.csv").read_text(encoding="utf-8"), found


COMMANDS: Mapping[str, Killed] = {
    "package": Killed(
        ["package", "tiny.nb", "--format", "aar", "-o", "out/tiny.aar"], lambda folder: _files(folder / "out")
    ),
    "convert": Killed(_CONVERT, lambda folder: _files(folder / "models")),
    "bench": Killed(["bench", f"models/{NAME}.nb", "--device", "host", *_BENCH], _measured, [_CONVERT]),
    "eval": Killed(["eval", f"models/{NAME}.nb", "--data", "images", "--predictions", "out.csv"], _judged, [_CONVERT]),
}


@dataclass(frozen=True)
class Outcome:
    """Of one kill: after how many seconds; what still ran; "" or what the next run did otherwise."""

    after: float
    left: tuple[str, ...]
    wrong: str


def try_kills(name: str, count: int, seed: int, folder: Path) -> list[Outcome]:
    """Run it once left alone, then `count` times killed and run again, each with a fresh cache and fresh results."""
    what = COMMANDS[name]
    peace = _prepared(folder / "peace", what)
    began = time.monotonic()
    _run(what.command, peace)
    lasts = time.monotonic() - began
    expected, random = what.result(peace), Random(f"{name} {seed}")
    found = []
    for number in range(count):
        place = _prepared(folder / str(number), what)
        after = random.uniform(0.02, lasts)
        left = _kill(what.command, place, after)
        wrong = ""
        try:
            _run(what.command, place)
            if (result := what.result(place)) != expected:
                wrong = f"{result} instead of {expected}"[:2000]
        except AssertionError as error:
            wrong = str(error)[:2000]
        found.append(Outcome(after, tuple(left), wrong))
        shutil.rmtree(place)
    return found


def _prepared(folder: Path, what: Killed) -> Path:
    folder.mkdir(parents=True)
    for end in (".nb", ".json"):
        shutil.copy(TINY.with_suffix(end), folder)
    (folder / "out").mkdir()
    draw = np.random.default_rng(0)
    for number in range(6):
        image = folder / "images" / str(number % 3) / f"{number}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (40, 50, 3), np.uint8)).save(image)
    cache = folder / "cache"
    cache.mkdir()
    engines = Path(os.environ.get("EDGEZOO_CACHE_DIR") or Path.home() / ".cache" / "edgezoo") / "engines"
    (cache / "engines").symlink_to(engines)
    for command in what.needs:
        _run(command, folder)
    return folder


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "EDGEZOO_CACHE_DIR": str(folder / "cache"), "EDGEZOO_DATA_DIR": str(folder / "data")}


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "edge", *command], cwd=folder, env=_environment(folder), capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def _kill(command: Sequence[str], folder: Path, after: float) -> list[str]:
    """Kill the command in the middle; which processes of it still run after LEFT_SECONDS."""
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        [sys.executable, "-m", "edge", *command], cwd=folder, env={**_environment(folder), "KILLED_RUN": mark},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as driver:  # fmt: skip
        time.sleep(after)
        driver.send_signal(signal.SIGKILL)
    end = time.monotonic() + LEFT_SECONDS
    while (left := _of(mark)) and time.monotonic() < end:
        time.sleep(0.05)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return list(left.values())


def _of(mark: str) -> dict[int, str]:
    """Processes that have the mark in their environment, with their command lines."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                if mark.encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (
                        (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")[:200]
                    )
            except OSError:  # it ended, or is another user's
                continue
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("commands", nargs="*", default=list(COMMANDS))
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    bad = 0
    print("| command | killed | processes left after 2 s | another result |\n|---|---|---|---|")
    for name in options.commands:
        with TemporaryDirectory(prefix="edgezoo-killed-") as folder:
            found = try_kills(name, options.count, options.seed, Path(folder))
        left, wrong = sum(bool(one.left) for one in found), sum(bool(one.wrong) for one in found)
        print(f"| {name} | {len(found)} | {left} | {wrong} |", flush=True)
        for one in found:
            if one.left or one.wrong:
                print(f"    after {one.after:.2f} s: {one.left} {one.wrong}")
        bad += left + wrong
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
