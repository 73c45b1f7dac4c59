#!/usr/bin/env python3
"""Two networks measured in several sessions on this machine, alone and beside a process that burns a core.

    .venv/bin/python scripts/host_sessions.py A.nb B.nb             # 8 sessions each way
    .venv/bin/python scripts/host_sessions.py A.nb B.nb --sessions 3

The truth is not known here: a cell is called off where its median is more than 5 % from the median of the valid cells of its
network. Prints every cell, which intervals overlap, and what `results compare` says of the same file in two sessions.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge.results.comparison import compare
from edge.results.measurement import Measurement
from edge.results.statistics import median
from edge.results.store import Store

OFF = 0.05
SHORT = ("--threads", "1", "--device", "host", "--fresh", "--warmup", "30", "--repeats", "200", "--launches", "6")


def session(files: list[Path], db: Path) -> list[Measurement]:
    """One session of all files, as a user starts it."""
    command = [sys.executable, "-m", "edge", "bench", *map(str, files), *SHORT, "--db", str(db)]
    subprocess.run(
        command,
        cwd=Path(__file__).resolve().parents[1],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with Store(db) as store:
        newest = max(store.get(id).session for id in store.ids())
        return store.measurements(store.ids(session=newest))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", nargs=2, type=Path, help="two .nb files for x86")
    parser.add_argument("--sessions", type=int, default=8)
    asked = parser.parse_args()
    files = asked.files
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "results.db"
        made: dict[str, list[list[Measurement]]] = {"alone": [], "beside a burner": []}
        for way, sessions in made.items():
            burner = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if way != "alone" else None
            try:
                for number in range(asked.sessions):
                    sessions.append(session(files, db))
                    for cell in sessions[-1]:
                        print(f"{way} {number + 1}: {_told(cell)}", flush=True)
            finally:
                if burner is not None:
                    burner.kill()
                    burner.wait()
        _summary(made)


def _told(cell: Measurement) -> str:
    interval = cell.statistics.interval if cell.statistics else None
    between = f"{interval.low:.3f} to {interval.high:.3f}" if interval else "no interval"
    against = "; ".join(map(str, cell.reasons)) or "valid"
    aside = f", {sum(bool(one.reasons) for one in cell.launches)} of {len(cell.launches)} launches set aside"
    return f"{cell.subject.name} {cell.headline_ms or 0:.3f} ms ({between}){aside}: {against}"


def _summary(made: dict[str, list[list[Measurement]]]) -> None:
    everything = [cell for sessions in made.values() for cells in sessions for cell in cells]
    levels: dict[str, list[float]] = {}
    for cell in everything:
        if cell.valid:
            levels.setdefault(cell.subject.sha256, []).append(cell.headline_ms or 0)
    for way, sessions in made.items():
        cells = [cell for one in sessions for cell in one]
        valid = sum(cell.valid for cell in cells)
        off = [cell for cell in cells if _off(cell, levels.get(cell.subject.sha256))]
        unmarked = sum(cell.valid for cell in off)
        print(
            f"{way}: {len(cells)} cells, {valid} valid; more than 5 % off: {len(off)}, of those not marked: {unmarked}"
        )
        pairs = [
            (a, b)
            for a, b in combinations(cells, 2)
            if a.subject.sha256 == b.subject.sha256 and a.session != b.session and a.counted and b.counted
        ]
        both = [(a, b) for a, b in pairs if a.valid and b.valid]
        print(f"{way}: intervals of valid cells overlap in {sum(_meet(a, b) for a, b in both)} of {len(both)} pairs")
        answers = Counter(compare(a, b).answer + ("" if a.valid and b.valid else ", one is marked") for a, b in pairs)
        print(f"{way}: the same file in two sessions is called {dict(answers)}")


def _off(cell: Measurement, levels: list[float] | None) -> bool:
    return bool(levels) and abs((cell.headline_ms or 0) / median(levels or []) - 1) > OFF


def _meet(a: Measurement, b: Measurement) -> bool:
    one, other = (cell.statistics.interval if cell.statistics else None for cell in (a, b))
    return one is not None and other is not None and one.low <= other.high and other.low <= one.high


if __name__ == "__main__":
    main()
