"""The table of docs/explanation/boards.md: networks on the stand-in board over ssh, in ONNX Runtime, compared with Paddle.

    python scripts/board_table.py [NAME...]

Starts the tests' board (root, openssh-server, qemu-user-static; tests/device_layer/board) and types what a user would:
`edgezoo runner build --for linux-arm64 --engine onnxruntime`, then one `edgezoo bench ... --check-output`. The times are an
emulator's. For a board with 32-bit programs: --bits 32 --ort-lib FILE, a library whose own needs the board's cache has.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from edge.report.grid import Column, markdown  # noqa: E402
from tests.device_layer.board.board import Board  # noqa: E402
from tests.device_layer.board.userland import missing  # noqa: E402

# One of each series that is meant for phones, the smallest.
NAMES = ("MobileNetV1_x0_25", "MobileNetV2_x0_25", "MobileNetV3_small_x0_35", "GhostNet_x0_5", "PPLCNet_x0_25",
         "PPLCNetV2_base", "ShuffleNetV2_x0_25", "ESNet_x0_25", "MobileViT_XXS")  # fmt: skip
THREADS = "1"
_PROVEN = re.compile(r"its output on the device is Paddle's: cosine (\S+), largest error (\S+) over (\d+) inputs")


def row(cells: list[Mapping[str, Any]]) -> list[str]:
    """A network: its cells are the thread counts, the comparison stands with each. Raises `SystemExit` for what failed."""
    name = cells[0]["model"]
    if bad := [cell for cell in cells if cell["status"] != "measured"]:
        raise SystemExit(f"{name}: {bad[0].get('error')}")
    found = [_PROVEN.search(remark["text"]) for cell in cells for remark in cell["remarks"]]
    proofs = [proof for proof in found if proof]
    if not proofs:
        raise SystemExit(f"{name}: its output is not Paddle's: {cells[0]['remarks']}")
    worst = max(proofs, key=lambda proof: float(proof[2]))
    return [name, *(f"{cell['latency_ms']['headline']:.0f}" for cell in cells), worst[1], worst[2], worst[3]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--bits", type=int, choices=(64, 32), default=64)
    parser.add_argument("--ort-lib", type=Path)
    asked = parser.parse_args()
    if lacking := missing():
        raise SystemExit(lacking)
    with tempfile.TemporaryDirectory(prefix="edgezoo-board-") as folder:
        board = Board(Path(folder) / "board", bits=asked.bits)
        environment = {**os.environ, "EDGEZOO_DATA_DIR": f"{folder}/data", "EDGEZOO_SSH_CONFIG": str(board.ssh_config)}

        def edgezoo(*words: str) -> str:
            command = [sys.executable, "-m", "edge", *words]
            done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.returncode)
            return done.stdout

        library = ["--ort-lib", str(asked.ort_lib)] if asked.ort_lib else []
        platform = "linux-arm64" if asked.bits == 64 else "linux-armv7"
        edgezoo("runner", "build", "--for", platform, "--engine", "onnxruntime", *library)
        with board:
            said = edgezoo("bench", *asked.names, "--weights", "random", "--device", board.destination.spec, "--engine",
                           "onnxruntime", "--threads", THREADS, "--protocol", "table", "--warmup", "1", "--repeats", "3",
                           "--cool-limit", "0", "--keep-invalid", "--check-output", "--json")  # fmt: skip
    cells: dict[str, list[Mapping[str, Any]]] = {}
    for cell in json.loads(said):
        cells.setdefault(cell["model"], []).append(cell)
    first = next(iter(cells.values()))[0]
    print(f"ONNX Runtime {first['engine_version']}, {platform}, milliseconds in an emulator\n")
    titles = [
        *(f"{count} thread{'s' if count != '1' else ''}" for count in THREADS.split(",")),
        "cosine",
        "largest error",
        "inputs",
    ]
    print(markdown([Column("Network", number=False), *map(Column, titles)], [row(one) for one in cells.values()]))


if __name__ == "__main__":
    main()
