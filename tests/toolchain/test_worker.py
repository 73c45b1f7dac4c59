"""Workers are real processes here: they print, fail, die, hang, and the driver tells which."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from edge.errors import WorkerAnswerError, WorkerCrashedError, WorkerRequestError, WorkerTimeoutError
from edge.toolchain.engines import WORKERS
from edge.toolchain.pool import WorkerPool
from edge.toolchain.worker import Worker, blas_environment

pytestmark = pytest.mark.usefixtures("private_cache")

SCRIPT = """
import ctypes, os, time
import protocol

def add(a, b):
    print("adding")
    os.write(1, b"from the engine\\n")
    return {"sum": a + b}

def fail():
    print("before the failure")
    raise ValueError("not today")

def abort():
    os.write(2, b"[F 1/1 file.cc:1 Func] Check failed: x\\n")
    os.abort()

def leave():
    os._exit(0)

def sleep(seconds):
    time.sleep(seconds)

def segfault():
    ctypes.string_at(0)

def pid():
    return {"pid": os.getpid()}

def environ():
    return dict(os.environ)

def infinite():
    return {"sum": float("inf")}

def steps(names, break_at=None):
    made = []
    for name in protocol.told(names):
        if name == break_at:
            raise ValueError(name)
        made.append(name.upper())
    return {"made": made}

def take(mib, kept, share):
    protocol.KEPT, protocol.SHARE = kept << 20, share
    blocks = [bytearray(1 << 20) for _ in range(mib)]
    with open("/proc/self/smaps_rollup") as file:
        huge = next(int(line.split()[1]) >> 10 for line in file if line.startswith("AnonHugePages:"))
    return {"mib": len(blocks), "huge": huge}

operations = dict(
    steps=steps, add=add, fail=fail, abort=abort, leave=leave, sleep=sleep, segfault=segfault, pid=pid, environ=environ,
    infinite=infinite, take=take,
)
protocol.serve(operations, lambda: {"v": 1})
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    shutil.copy(WORKERS / "protocol.py", tmp_path)
    path = tmp_path / "trial_worker.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def worker(script: Path) -> Iterator[Worker]:
    with Worker(Path(sys.executable), script) as worker:
        yield worker


def test_answers_are_apart_from_what_the_engine_prints(worker: Worker) -> None:
    assert worker.call("add", a=2, b=3) == {"sum": 5}
    assert worker.info == {"v": 1}


@pytest.mark.usefixtures("many_descriptors")
def test_a_driver_with_thousands_of_files_open_hears_its_worker(worker: Worker) -> None:
    assert worker.call("add", a=2, b=3) == {"sum": 5}


def test_an_error_over_there_is_an_error_here_and_the_worker_lives_on(worker: Worker) -> None:
    before = worker.call("pid")
    with pytest.raises(WorkerRequestError, match="not today") as caught:
        worker.call("fail")
    assert caught.value.kind == "ValueError"
    assert "before the failure" in caught.value.log
    assert worker.call("pid") == before


@pytest.mark.parametrize(
    ("op", "code", "name"), [("abort", -6, "SIGABRT"), ("segfault", -11, "SIGSEGV"), ("leave", 0, "exit code 0")]
)
def test_a_death_is_an_answer_and_the_next_call_starts_anew(worker: Worker, op: str, code: int, name: str) -> None:
    worker.call("add", a=1, b=1)
    with pytest.raises(WorkerCrashedError, match=name) as caught:
        worker.call(op)
    assert caught.value.returncode == code
    assert "adding" not in caught.value.log  # only this request's words
    assert worker.call("add", a=1, b=1) == {"sum": 2}


def test_the_last_words_of_an_abort_are_kept(worker: Worker) -> None:
    with pytest.raises(WorkerCrashedError) as caught:
        worker.call("abort")
    assert "Check failed: x" in caught.value.log


def test_a_hang_is_ended(worker: Worker) -> None:
    pid = worker.call("pid")["pid"]
    with pytest.raises(WorkerTimeoutError, match="did not answer `sleep`"):
        worker.call("sleep", seconds=60, timeout=0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert worker.call("add", a=1, b=2) == {"sum": 3}


def test_an_engine_that_cannot_be_imported_says_so(tmp_path: Path) -> None:
    shutil.copy(WORKERS / "protocol.py", tmp_path)
    script = tmp_path / "broken_worker.py"
    script.write_text("import protocol\n\ndef info():\n    import no_such_engine\n\nprotocol.serve({}, info)\n")
    with (
        Worker(Path(sys.executable), script) as worker,
        pytest.raises(WorkerRequestError, match=r"cannot be loaded.*no_such_engine"),
    ):
        worker.call("anything")


def test_closing_leaves_no_process_and_no_log(script: Path, private_cache: Path) -> None:
    with Worker(Path(sys.executable), script) as worker:
        pid = worker.call("pid")["pid"]
        assert list((private_cache / "logs").iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not list((private_cache / "logs").iterdir())


def test_a_pool_lends_a_worker_to_one_thread_at_a_time(script: Path) -> None:
    with WorkerPool(lambda: Worker(Path(sys.executable), script)) as pool:
        meet = threading.Barrier(2, timeout=60)
        pids: list[int] = []

        def use() -> None:
            with pool.lend() as worker:
                meet.wait(30)
                pids.append(worker.call("pid")["pid"])

        threads = [threading.Thread(target=use) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        assert len(set(pids)) == 2
        with pool.lend() as worker:
            assert worker.call("pid")["pid"] in pids


@pytest.mark.parametrize(("kept", "share", "stays"), [(1024, 0.9, True), (100, 0.9, False), (1024, 1e-3, False)])
def test_freed_memory_is_kept_for_the_next_request_unless_there_is_much(
    worker: Worker, kept: int, share: float, stays: bool
) -> None:
    """What has gone back is gone when the answer is heard: a pool ends workers by that."""
    assert worker.call("take", mib=300, kept=kept, share=share)["mib"] == 300
    assert (worker.resident_bytes > 300 << 20) is stays


_GLIBC = tuple(int(part) for part in platform.libc_ver()[1].split(".") if part)
_HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(
    not _HUGE.exists() or "[never]" in _HUGE.read_text() or _GLIBC < (2, 35),
    reason="this system has no huge pages to give, or a glibc before 2.35, which asks for none",
)
def test_a_worker_takes_memory_in_huge_pages(worker: Worker) -> None:
    assert worker.call("take", mib=300, kept=1, share=1)["huge"] > 0


def test_how_far_the_work_is_is_heard_before_the_answer(worker: Worker) -> None:
    heard: list[tuple[int, int]] = []
    assert worker.call("steps", heard=lambda done, of: heard.append((done, of)), names=["a", "b"]) == {
        "made": ["A", "B"]
    }
    assert heard == [(0, 2), (1, 2), (2, 2)]
    assert worker.call("steps", names=["c"]) == {"made": ["C"]}  # nobody listens
    with pytest.raises(WorkerRequestError, match="b"):
        worker.call("steps", heard=lambda done, of: heard.append((done, of)), names=["a", "b"], break_at="b")
    assert heard[3:] == [(0, 2), (1, 2)]
    assert worker.call("add", a=1, b=1) == {"sum": 2}


def test_an_engine_gets_the_environment_that_the_documents_tell(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("MY_PROXY", "kept")
    with Worker(Path(sys.executable), script) as worker:
        environ = worker.call("environ")
    assert (environ["LC_ALL"], environ["MY_PROXY"]) == ("C.UTF-8", "kept")
    assert not [name for name in environ if name.startswith("PYTHON")]


class Sum(Struct):
    sum: int


class Difference(Struct):
    difference: int


def test_an_answer_is_read_as_what_was_asked_for(worker: Worker) -> None:
    assert worker.ask(Sum, "add", a=1, b=2).sum == 3
    with pytest.raises(WorkerAnswerError, match="to `add`: `difference`: it is missing") as caught:
        worker.ask(Difference, "add", a=1, b=2)
    assert caught.value.field == "difference"
    with pytest.raises(WorkerAnswerError, match="cannot be read as JSON"):  # Python's json writes Infinity
        worker.call("infinite")
    assert worker.ask(Sum, "add", a=1, b=2).sum == 3


@pytest.mark.parametrize(
    ("cpuinfo", "given"),
    [
        ("vendor_id\t: AuthenticAMD\nflags\t\t: fpu sse2 avx avx2 bmi2\n", {"MKL_DEBUG_CPU_TYPE": "5"}),
        ("vendor_id\t: AuthenticAMD\nflags\t\t: fpu sse2 avx bmi2\n", {}),
        ("vendor_id\t: GenuineIntel\nflags\t\t: fpu sse2 avx avx2 bmi2\n", {}),
        ("", {}),
    ],
)
def test_amd_processors_with_avx2_get_the_code_for_it(cpuinfo: str, given: dict[str, str]) -> None:
    assert blas_environment(cpuinfo) == given


def test_a_workers_openmp_threads_do_not_spin_unless_the_user_wants_it(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wanted, given in (("0", None), ("200", "200")):
        if given:
            monkeypatch.setenv("KMP_BLOCKTIME", given)
        with Worker(Path(sys.executable), script) as worker:
            assert worker.call("environ")["KMP_BLOCKTIME"] == wanted
