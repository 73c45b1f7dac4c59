"""Commands that print JSON and need neither engine nor device, and results for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge.results.protocol import ROBUST
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, accuracy, launch

LINES = {
    "list": "list --series GhostNet --json",
    "show": "show MobileNetV1 --json",
    "choose": "choose --max-ms 10 --json",
    "estimate": "estimate MobileNetV1 --json",
    "estimate --evaluate": "estimate --evaluate --json",
    "results list": "results list --db {db} --json",
    "results show": "results show 1 --db {db} --json",
    "results export": "results export --db {db} --json",
    "results accuracy": "results accuracy --db {db} --json",
    "results history": "results history net --db {db} --json",
    "results compare": "results compare 1 2 --db {db} --json",
    "results compare --baseline": "results compare --baseline b 2 --db {db} --json",
    "results baselines": "results baselines --db {db} --json",
    "results check": "results check --db {db} --json",
    "results backup": "results backup {out} --db {db} --json",
    "results label": "results label 1 x --db {db} --json",
    "results save-baseline": "results save-baseline c 1 --db {db} --json",
    "results delete": "results delete 3 -y --db {db} --json",
    "inspect": "inspect {tiny} --json",
    "package": "package {tiny} -o {out} --json",
    "doctor": "doctor --json",
    "cache info": "cache info --json",
    "cache prune": "cache prune --dry-run --json",
    "config show": "config show bench --json",
    "completion install": "completion install --shell fish --json",
    "completion uninstall": "completion uninstall --shell fish --json",
    "any, where it fails": "show Nowhere --json",
}


def results(path: Path) -> Path:
    """Three measurements, an accuracy and a baseline."""
    with Store(path) as store:
        for _ in range(3):
            session = store.new_session(seed=1, device={**PHONE, "soc": "kirin"})
            cell = store.begin(
                session, subject=replace(SUBJECT, name="net"), threads=2, protocol=ROBUST, program=PROGRAM
            )
            for number in range(6):
                store.add_launch(cell, session, launch(number, 10.0, 10.2))
            store.finish(cell)
        store.accuracies.add(accuracy())
        store.marks.save_baseline("b", [1])
    return path
