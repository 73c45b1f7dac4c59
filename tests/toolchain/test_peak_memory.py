from __future__ import annotations

import subprocess
import sys

from edge.toolchain.peak_memory import PeakMemory, resident_bytes


def test_the_memory_of_a_child_counts() -> None:
    before = resident_bytes()
    child = subprocess.Popen(
        [sys.executable, "-c", "kept = b'x' * (64 << 20); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        assert resident_bytes() > before + (64 << 20)
        child.communicate(b"\n", timeout=30)


def test_the_peak_is_at_least_what_there_is() -> None:
    with PeakMemory() as peak:
        pass
    assert peak.bytes_ > 1 << 20
