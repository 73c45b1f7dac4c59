"""What scripts/fuzz runs; every kind in a process of its own, which may die or hang."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from tests.untrusted.doors import Door

WORK = ROOT / "build" / "fuzz"
PARTS = ("arguments", "input", "nb", "system")  # of edgebench: android_runner/fuzz
_HANGING = 60.0  # seconds more than a kind was given: then it is ended from outside
_BOMB = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    os.environ["EDGEZOO_CACHE_DIR"] = str(WORK / "cache")
    if options.guided is not None:
        return guided(options.guided, options.seconds)
    from tests.untrusted.bombs import BOMBS
    from tests.untrusted.doors import DOORS

    found = 0
    kinds = [door for door in DOORS if not options.kinds or any(kind in door.name for kind in options.kinds)]
    print("| kind | damaged files | failed |\n|---|---|---|")
    for door in kinds:
        count, failed = damage(door, options.count or 10**9, 1e9 if options.count else options.seconds)
        print(f"| {door.name} | {count:,} | {sum(failed.values())} |", flush=True)
        for what, times in failed.most_common(8):
            print(f"    {times} x {what}")
        found += sum(failed.values())
    bombs = [bomb for bomb in BOMBS if bomb[0] in {door.name for door in kinds}]
    lit = [bomb for bomb in bombs if not _survives(bomb)]
    print(
        f"{len(bombs)} bombs, {len(lit)} went off" + "".join(f"\n    {kind}: {what}" for kind, what in lit), flush=True
    )
    found += len(lit)
    if options.count:
        return 1 if found else 0
    if find_spec("atheris") is None:
        print("atheris is not here: pip install -e '.[fuzz]'; the Python readers are not fuzzed by coverage")
    else:
        for door in kinds:
            found += _run(door.name, [sys.executable, __file__, "--guided", door.name], options.seconds)
    if not options.kinds or "edgebench" in options.kinds:
        found += edgebench(options.seconds)
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Try bytes that nobody vouches for.")
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="N", help="for each kind and way (10)")
    parser.add_argument(
        "--count", type=int, metavar="N", help="so many damaged files of each kind, by seed, and no fuzzers"
    )
    parser.add_argument("--guided", metavar="KIND", help=argparse.SUPPRESS)
    return parser


def damage(door: Door, count: int, seconds: float) -> tuple[int, Counter[str]]:
    """Try damaged files of a kind, in a child; how many, and what was raised that should not be, by its place."""

    def work(say: Callable[[str], None]) -> None:
        end = time.monotonic() + seconds
        with TemporaryDirectory() as scratch:
            seeds = door.seeds(Path(scratch))
            for number in range(count):
                if time.monotonic() > end:
                    break
                random = Random(number)
                data = door.mutate(random.choice(seeds), random)
                say(f"{number}\n")
                try:
                    door.try_(data, Path(scratch, "in"))
                except BaseException as error:
                    _keep(door.name, data)
                    say(f"! {_place(error)}\n")

    lines, ended = _child(work, seconds + _HANGING)
    failed = Counter(line[2:] for line in lines if line.startswith("! "))
    if ended:
        failed[
            f"{ended}, with the input of seed {next((line for line in reversed(lines) if line.isdecimal()), '?')}"
        ] += 1
    return sum(line.isdecimal() for line in lines), failed


def _survives(bomb: tuple[str, str]) -> bool:
    from tests.untrusted.bombs import BOMBS
    from tests.untrusted.doors import DOORS

    door = next(door for door in DOORS if door.name == bomb[0])
    data = BOMBS[bomb]()

    def work(say: Callable[[str], None]) -> None:
        with TemporaryDirectory() as scratch:
            door.try_(data, Path(scratch, "in"))
        say("over\n")

    lines, ended = _child(work, _BOMB)
    return not ended and lines == ["over"]


def _child(work: Callable[[Callable[[str], None]], None], seconds: float) -> tuple[list[str], str]:
    """What `work` said in a process of its own, and how that ended: "" if well."""
    with TemporaryDirectory() as scratch:
        said = Path(scratch, "said")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with said.open("w", encoding="utf-8", errors="replace") as out, Path(os.devnull).open("w") as nothing:
                    os.dup2(nothing.fileno(), 2)
                    work(lambda line: print(line, end="", file=out, flush=True))
                code = 0
            finally:
                os._exit(code)
        end = time.monotonic() + seconds
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.kill(child, 9)
                os.waitpid(child, 0)
                return said.read_text(encoding="utf-8").splitlines(), "it hangs"
            time.sleep(0.02)
        lines = said.read_text(encoding="utf-8").splitlines() if said.exists() else []
        return lines, f"signal {ended[1] & 127}" if ended[1] & 127 else "it died" if ended[1] else ""


def guided(name: str, seconds: float) -> int:
    """Let atheris look for an input that a door does not refuse; this process is the fuzzer and does not come back."""
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

    with atheris.instrument_imports(include=["edge"]):
        from tests.untrusted.doors import DOORS

        door = next(door for door in DOORS if door.name == name)
        scratch = TemporaryDirectory()
        seeds = door.seeds(Path(scratch.name))
        door.try_(seeds[0], Path(scratch.name, "in"))  # so that all of it is imported here
    corpus = WORK / "corpus" / _slug(name)
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        try:
            door.try_(data, Path(scratch.name, "in"))
        except BaseException as error:
            print(f"FOUND {_place(error)}", flush=True)
            _keep(name, data)
            raise

    def custom(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        try:
            made = door.mutate(data, random) if random.random() < 0.6 else atheris.Mutate(data, most)
        except Exception:  # what is damaged already is no JSON, no zip
            made = atheris.Mutate(data, most)
        return made[:most]

    options = [f"-max_total_time={seconds:.0f}", "-max_len=65536", "-rss_limit_mb=4096", "-timeout=60", str(corpus)]
    atheris.Setup([sys.argv[0], *options], one, custom_mutator=custom)
    atheris.Fuzz()
    return 0


def edgebench(seconds: float) -> int:
    """The parsers in C++; how many of them failed."""
    if not _links():
        print("clang++ with libFuzzer is not here: apt-get install clang; edgebench's parsers are not fuzzed")
        return 0
    build = WORK / "cmake"
    cmake = str(Path(sys.executable).with_name("cmake"))
    settings = ["-DCMAKE_CXX_COMPILER=clang++", "-DEDGEBENCH_FUZZERS=ON"]
    subprocess.run(
        [cmake, "-S", str(ROOT / "android_runner"), "-B", str(build), *settings], check=True, stdout=subprocess.DEVNULL
    )
    subprocess.run([cmake, "--build", str(build), "--parallel"], check=True, stdout=subprocess.DEVNULL)
    found = 0
    for part in PARTS:
        corpus = WORK / "corpus" / f"edgebench-{part}"
        shutil.copytree(ROOT / "android_runner" / "fuzz" / "corpus" / part, corpus, dirs_exist_ok=True)
        if part == "nb":
            shutil.copy(ROOT / "tests" / "package" / "data" / "tiny.nb", corpus)
        kept = WORK / "found" / f"edgebench-{part}-"
        kept.parent.mkdir(parents=True, exist_ok=True)
        limits = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=65536", f"-artifact_prefix={kept}"]
        found += _run(f"edgebench: {part}", [str(build / f"fuzz_{part}"), *limits, str(corpus)], seconds)
    return found


def _links() -> bool:
    """Whether there is a clang++ that can build fuzzers; the library for it may be missing."""
    if shutil.which("clang++") is None:
        return False
    source = 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'
    with TemporaryDirectory() as scratch:
        command = ["clang++", "-fsanitize=fuzzer,address,undefined", "-x", "c++", "-", "-o", f"{scratch}/fuzzer"]
        done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
    return done.returncode == 0


def _run(name: str, command: Sequence[str], seconds: float) -> int:
    """Run a fuzzer; 1 if it found something."""
    limit = ["--seconds", str(seconds)] if "--guided" in command else [f"-max_total_time={seconds:.0f}"]
    try:
        done = subprocess.run(
            [*command, *limit],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds + 2 * _HANGING,
            check=False,
        )
        said, failed = done.stdout + done.stderr, done.returncode != 0
    except subprocess.TimeoutExpired:
        said, failed = "it hangs", True
    runs = re.findall(r"^(?:Done |#)(\d+)", said, re.MULTILINE)
    print(
        f"{name}: {int(runs[-1]) if runs else 0:,} inputs by coverage, {'FOUND' if failed else 'nothing found'}",
        flush=True,
    )
    if failed:
        print(
            "    "
            + "\n    ".join(
                [line for line in said.splitlines() if "FOUND" in line or "ERROR" in line][:4] or said.splitlines()[-6:]
            )
        )
    return int(failed)


def _keep(name: str, data: bytes) -> None:
    folder = WORK / "found"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{_slug(name)}-{hashlib.sha256(data).hexdigest()[:8]}").write_bytes(data)


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name).strip("-")


def _place(error: BaseException) -> str:
    trace, where = error.__traceback__, "?"
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "/edge/" in name:
            where = f"{name.rpartition('/edge/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {where}: {str(error)[:100]!r}"


if __name__ == "__main__":
    sys.exit(main())
