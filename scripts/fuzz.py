"""scripts/fuzz explains."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.untrusted.doors import DOORS, Door, TookTooLongError


def damage(door: Door, count: int, seconds: float, keep: Path | None, first: int = 0) -> tuple[int, Counter[str]]:
    """Tries damaged files of a kind; how many, and what was raised that should not be, by kind and place."""
    found: Counter[str] = Counter()
    tried, end = 0, time.monotonic() + seconds
    with TemporaryDirectory() as scratch:
        seeds = door.seeds(Path(scratch))
        for number in range(first, first + count):
            if time.monotonic() > end:
                break
            random = Random(number)
            data = door.mutate(random.choice(seeds), random)
            tried += 1
            try:
                door.try_(data, Path(scratch, "in"))
            except (Exception, TookTooLongError) as error:
                what = _place(error)
                if keep is not None and not found[what]:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{door.name.split()[0].strip('.')}-{number}").write_bytes(data)
                found[what] += 1
    return tried, found


def _place(error: BaseException) -> str:
    trace, where = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "/edge/" in name:
            where = f"{name.rpartition('/edge/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {where}: {str(error)[:100]!r}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    failures = 0
    for door in DOORS:
        if options.kinds and not any(kind in door.name for kind in options.kinds):
            continue
        began = time.monotonic()
        tried, found = damage(door, options.count, options.seconds, options.keep)
        failures += sum(found.values())
        print(
            f"{door.name}: {tried} tried, {sum(found.values())} failed ({time.monotonic() - began:.0f} s)", flush=True
        )
        for what, times in found.most_common(12):
            print(f"    {times} x {what}")
    return 1 if failures else 0


if __name__ == "__main__":
    os.environ.setdefault("EDGEZOO_CACHE_DIR", "/tmp/edgezoo-fuzz-cache")
    sys.exit(main())
