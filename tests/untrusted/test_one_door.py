"""Every kind of bytes has one reader: nobody in `edge` opens, parses or unpacks beside it without a reason."""

from __future__ import annotations

import ast
from pathlib import Path

EDGE = Path(__file__).parents[2] / "edge"
# A call that reads -> the files that may make it, each because it is the reader itself, or reads what edgezoo made or ships.
MAY: dict[str, set[str]] = {
    "json.loads": {
        "cache/store.py",  # the reader of entries, judged by their digest
        "paddle/pir/reading.py",  # copies of what was read
        "results/migrations/step_2.py",  # row by row, each on its own
    },
    "msgspec.json.decode": {"typed.py", "metadata/file.py"},  # the second: of its own text
    "tomllib.loads": {"untrusted/toml.py", "toolchain/engines.py"},  # the second: what edgezoo ships
    "pickle.load": set(),
    "pickle.loads": set(),
    "np.load": {
        # what a worker of ours wrote, in a folder of ours
        "evaluate/network.py", "convert/fold.py", "convert/outputs.py", "convert/onnx/verify.py", "convert/verify/engines.py",
        "convert/verify/references.py",
    },
    "zipfile.ZipFile": {"untrusted/zip.py", "package/archive.py", "package/apk.py"},  # the others: written, just made
    "tarfile.open": {"source/archive.py"},
    "Image.open": {"images/reading.py", "report/html/alone.py"},  # the second: what was just drawn
    "yaml.load": {"source/config.py"},
    "os.open": {"untrusted/files.py", "cli/main.py"},  # the second: /dev/null
    ".read_bytes": {"cache/keys.py", "bench/host_engines.py"},  # edgezoo's own code
    ".read_text": {
        "cache/keys.py", "decide/features.py", "package/labels.py", "zoo/catalogue.py", "zoo/doubts.py", "toolchain/engines.py",
        "report/html/alone.py", "report/html/page.py",  # what edgezoo ships
    },
}  # fmt: skip
OPEN = {
    "untrusted/files.py",
    "package/archive.py",  # zip's own
    "toolchain/worker.py",  # its own log
    "zoo/contradictions.py",  # a table of the catalogue's maker
}


def _calls() -> list[tuple[str, str, ast.Call]]:
    found = []
    for path in sorted(EDGE.rglob("*.py")):
        place = str(path.relative_to(EDGE))
        if place.startswith("toolchain/workers/"):  # programs of other interpreters, which get what was checked
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found.append((place, ast.unparse(node.func), node))
    return found


def test_nobody_reads_beside_the_readers() -> None:
    calls = _calls()
    beside = [
        f"{place}:{node.lineno} {name}"
        for place, name, node in calls
        for kind, may in MAY.items()
        if (name == kind or (kind.startswith(".") and name.endswith(kind))) and place not in may
    ]
    assert not beside, beside


def test_nobody_opens_to_read_beside_the_reader() -> None:
    beside = [
        f"{place}:{node.lineno}"
        for place, name, node in _calls()
        if (name == "open" or name.endswith(".open"))
        and place not in OPEN
        and any(isinstance(one, ast.Constant) and one.value in ("r", "rb") for one in node.args)
    ]
    assert not beside, beside


def test_every_reason_is_still_one() -> None:
    made = {
        (place, kind)
        for place, name, _ in _calls()
        for kind in MAY
        if name == kind or (kind[0] == "." and name.endswith(kind))
    }
    assert not {(place, kind) for kind, may in MAY.items() for place in may} - made
