"""Instructions of an inference on ARM: the rows of docs/explanation/arm.md, counted in an emulator.

    python scripts/arm_count.py EDGEBENCH [--phone DIR] A.nb B.nb ...

EDGEBENCH is built for aarch64 (edgezoo runner build --for linux-arm64 --lite-lib DIR).
DIR holds a phone's `cpuinfo` and `sys`, by which
the engine chooses its code: they take the places of this machine's, for which the script must be root. Needs Debian's packages
qemu-user and gcc. One thread. A run more in the warm-up is one inference; other programs change the count by 0.5 %.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.bench.subject import read_subject
from edge.report.grid import Column, markdown

_AS_THE_PHONE = 'mount --bind "$0/cpuinfo" /proc/cpuinfo && mount --bind "$0/sys" /sys && exec "$@"'


def instructions(edgebench: Path, nb: Path, phone: Path | None, scratch: Path, warmup: int) -> int:
    """Of one launch; bound to one core of this machine, so that edgebench looks at one clock only."""
    shapes = [word for shape in read_subject(nb).shapes for word in ("--shape", ",".join(map(str, shape)))]
    counted = scratch / "count"
    command = [
        "qemu-aarch64", "-cpu", "cortex-a76", "-plugin", f"{scratch}/plugin.so,out={counted}", str(edgebench),
        "--contract", "2", "--model", str(nb), *shapes, "--warmup", str(warmup), "--warmup-ms", "0", "--repeats", "1",
        "--repeats-ms", "0",
    ]  # fmt: skip
    if phone is not None:
        command = ["unshare", "-m", "sh", "-c", _AS_THE_PHONE, str(phone), *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"arm_count: {nb} does not run:\n{(done.stdout + done.stderr)[-2000:]}")
    return int(counted.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("edgebench", type=Path)
    parser.add_argument("nb", type=Path, nargs="+")
    parser.add_argument("--phone", type=lambda name: Path(name).resolve(), metavar="DIR")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows = []
    with TemporaryDirectory(prefix="arm-count-") as name:
        scratch = Path(name)
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", f"{scratch}/plugin.so", source], check=True)
        for nb in options.nb:
            one, two = (instructions(options.edgebench, nb, options.phone, scratch, warmup) for warmup in (0, 1))
            rows.append([nb.stem, read_subject(nb).precision or "", f"{(two - one) / 1e6:.2f}"])
    print(markdown([Column("network", number=False), Column("precision", number=False), Column("millions")], rows))


main()
