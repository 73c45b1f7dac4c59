"""What is on a leash ends with its holder, even one that is killed, and takes its own children along."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.cache.leash import Leashed

HOLDER = """
import sys, time, threading
from edge.cache.leash import Leashed
def start():
    Leashed(["sh", "-c", "echo $$ > parent; sleep 60 & echo $! > child; wait"])
    Leashed(["sh", "-c", "echo $$ > second; exec sleep 60"])
thread = threading.Thread(target=start)  # which has ended when the holder is killed
thread.start()
thread.join(9)
print(flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def gone(pid: int, seconds: float = 2.0) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_is_held_ends_with_its_holder_and_not_before(tmp_path: Path, number: signal.Signals) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], cwd=tmp_path, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    names = ("parent", "child", "second")
    deadline = time.monotonic() + 10
    while not all((tmp_path / name).exists() and (tmp_path / name).read_text() for name in names):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    pids = [int((tmp_path / name).read_text()) for name in names]
    time.sleep(0.1)
    assert all(map(alive, pids))
    holder.send_signal(number)
    holder.wait(5)
    holder.stdout.close()
    assert all(map(gone, pids))


def test_ending_leaves_neither_it_nor_its_holder() -> None:
    before = set(Path("/proc/self/fd").iterdir())
    held = Leashed(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE)
    assert held.stdout is not None
    child = int(held.stdout.readline())
    held.stdout.close()
    held.end()
    assert held.returncode == -signal.SIGKILL
    assert gone(child)
    assert not alive(held._holder.pid)
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_what_cannot_be_started_leaves_nothing(tmp_path: Path) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(FileNotFoundError):
        Leashed([tmp_path / "none"])
    assert set(Path("/proc/self/fd").iterdir()) == before
