"""The driver's half of the line protocol: a long-lived engine process that may die at any request.

The other half, and the form of a line, is `workers/protocol.py`. What the engine prints goes to a log file of the
worker's own.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from msgspec import Raw, Struct

from edge import typed
from edge.cache.leash import Leashed
from edge.cache.paths import cache_dir
from edge.errors import WorkerAnswerError, WorkerCrashedError, WorkerRequestError, WorkerTimeoutError
from edge.toolchain.peak_memory import resident_bytes
from edge.untrusted.files import read_loosely

START_TIMEOUT = 120.0  # seconds; the first import on a cold disk reads several hundred MB
_LOG_TAIL = 64 * 1024  # bytes of an engine's last words that are kept with an error
# For glibc's malloc (mallopt(3)): as it comes, it gives memory back to the kernel and asks for it again at every layer, which
# is a tenth of the CPU time. It keeps what is freed; after a request a worker gives it back (`workers/protocol.py`).
# Its fast bins are swept at every larger block that is freed, which Paddle does at every operator: without, a sixth less.
# Huge pages, where the kernel leaves them to programs (madvise): a quarter of the time that new memory takes.
_MEMORY = {
    "GLIBC_TUNABLES": "glibc.malloc.mxfast=0:glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 50),
    "MALLOC_TOP_PAD_": str(16 << 20),
}
# The threads of MKL's OpenMP sleep at once after a product: they spin for 0.2 s as it comes, on cores that other workers need.
_OPENMP = {"KMP_BLOCKTIME": "0"}
_CPUINFO = Path("/proc/cpuinfo")
_numbers = itertools.count()
T = TypeVar("T")
Heard = Callable[[int, int], None]


def blas_environment(cpuinfo: str) -> dict[str, str]:
    """For the MKL inside Paddle and Paddle-Lite: it gives AMD's processors its code for SSE, half as fast as that for AVX2.

    That for AVX-512 (type 7) saves no more than a hundredth of a conversion on Zen 4. `cpuinfo` is the text of /proc/cpuinfo.
    """
    amd = "AuthenticAMD" in cpuinfo and " avx2 " in cpuinfo
    return {"MKL_DEBUG_CPU_TYPE": "5"} if amd else {}


class _Answer(Struct, frozen=True):
    """A line of a worker (workers/protocol.py); `result` is read as what the caller asked for. With `done` it is no answer yet,
    but tells how much of `total` is."""

    id: int
    ok: bool = False
    done: int | None = None
    total: int = 0
    result: Raw = Raw(b"null")
    kind: str = ""
    message: str = ""
    traceback: str = ""


class _Greeting(Struct, frozen=True):
    """A worker's first line."""

    ready: bool
    info: dict[str, Any] = {}
    kind: str = ""
    message: str = ""


class Worker:
    """One engine process, started at the first request (or by `start`) and again after a crash. Used by one thread at a time.

    A worker that cannot import its engine says so at its first call, with the errors of a request.
    """

    def __init__(self, python: Path, script: Path, *, env: Mapping[str, str] | None = None) -> None:
        self._command = [str(python), "-E", "-s", "-B", str(script)]
        self._name = script.stem
        self._env = dict(env or {})
        self._process: Leashed | None = None
        self._log = cache_dir() / "logs" / f"{self._name}-{os.getpid()}-{next(_numbers)}.log"
        self._buffer = b""
        self._greeted = False  # has the process said that its engine is loaded?
        self._born = 0  # where in the log the process's own words begin
        self._ids = itertools.count(1)
        self._closed = False
        self.info: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, op: str, *, timeout: float = 600.0, heard: Heard | None = None, **args: Any) -> dict[str, Any]:
        """Ask for one operation and wait at most `timeout` seconds for a word of it, and for its answer, whatever that is.

        `heard` hears how many pieces of it are done, and of how many. Raises as `ask`.
        """
        return cast("dict[str, Any]", self.ask(object, op, timeout=timeout, heard=heard, **args))

    def ask(self, kind: type[T], op: str, *, timeout: float = 600.0, heard: Heard | None = None, **args: Any) -> T:
        """The same for an answer that must be a `kind` (edge.typed).

        Raises `WorkerCrashedError`, `WorkerTimeoutError`, `WorkerRequestError`, or `WorkerAnswerError` for an answer that is
        something else; after the first two the next call starts a new process.
        """
        process = self._started()
        mark = self._log_size()
        number = next(self._ids)
        line = json.dumps({"id": number, "op": op, "args": args}, default=str) + "\n"
        try:
            assert process.stdin is not None
            process.stdin.write(line.encode())
            process.stdin.flush()
            while True:
                line_ = self._read(process, timeout, mark, op)
                answer = typed.decode(line_, _Answer, self._says(op), error=WorkerAnswerError)
                if answer.done is None:
                    break
                if heard is not None:
                    heard(answer.done, answer.total)
        except BrokenPipeError:
            raise self._crashed(process, mark, op) from None
        except BaseException:
            self._end()  # also on Ctrl-C: an answer that nobody awaits any more must not meet the next question
            raise
        if answer.ok:
            return typed.decode(answer.result, kind, self._says(op), error=WorkerAnswerError)
        raise WorkerRequestError(
            answer.message or answer.kind, kind=answer.kind, log=self._tail(mark) + answer.traceback
        )

    def _says(self, op: str) -> str:
        return f"the answer of {self._name} to `{op}`"

    @property
    def resident_bytes(self) -> int:
        """The memory that the process has at the moment; 0 without one."""
        return resident_bytes(self._process.pid, children=False) if self._process is not None else 0

    def rest(self) -> None:
        """End the process until the next request: it gives its memory back."""
        self._end()

    def close(self) -> None:
        """End the process for good, also from another thread; the log of a worker that never failed is removed."""
        self._closed = True
        process = self._process
        clean = process is None or process.poll() is None
        if process is not None:
            process.end()  # and no more: its pipes belong to the thread that may be reading them
        if clean:
            self._log.unlink(missing_ok=True)

    def start(self) -> None:
        """Start the process, if it is not there, without waiting for it: the engine loads while the caller does other work."""
        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        self._refuse_if_closed()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        _drop_old_logs(self._log.parent)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        blas = blas_environment(read_loosely(_CPUINFO) if _CPUINFO.exists() else "")
        environment = {**_MEMORY, **_OPENMP, **blas, **inherited, "LC_ALL": "C.UTF-8", **self._env}
        self._greeted, self._buffer, self._born = False, b"", self._log_size()
        with self._log.open("ab") as log, _undisturbed():
            # Ctrl-C reaches the driver only, which then ends its workers in order.
            self._process = Leashed(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
            )
        self._refuse_if_closed()  # another thread may have closed it while the process was being made

    def _refuse_if_closed(self) -> None:
        if self._closed:
            self._end()
            raise WorkerCrashedError(f"{self._name} has been closed", returncode=-signal.SIGKILL)

    def _started(self) -> Leashed:
        self.start()
        assert self._process is not None
        if self._greeted:
            return self._process
        try:
            line = self._read(self._process, START_TIMEOUT, self._born, "start")
            greeting = typed.decode(line, _Greeting, f"the greeting of {self._name}", error=WorkerAnswerError)
        except BaseException:
            self._end()
            raise
        if not greeting.ready:
            self._end()
            raise WorkerRequestError(
                f"the engine of {self._name} cannot be loaded: {greeting.message}",
                kind=greeting.kind,
                log=self._tail(self._born),
                hint="edgezoo doctor",
            )
        self.info = greeting.info
        self._greeted = True
        return self._process

    def _read(self, process: Leashed, timeout: float, mark: int, op: str) -> bytes:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        deadline = time.monotonic() + timeout
        with selectors.PollSelector() as waiting:  # select() knows no descriptor above 1023
            waiting.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                left = deadline - time.monotonic()
                if left <= 0 or not waiting.select(left):
                    raise WorkerTimeoutError(
                        f"{self._name} did not answer `{op}` within {timeout:.0f} s and was ended", log=self._tail(mark)
                    )
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    raise self._crashed(process, mark, op)
                self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line

    def _crashed(self, process: Leashed, mark: int, op: str) -> WorkerCrashedError:
        code = process.wait()
        self._end()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return WorkerCrashedError(
            f"{self._name} died during `{op}` ({how})",
            returncode=code,
            log=self._tail(mark),
            hint=f"its log: {self._log}",
        )

    def _log_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def _tail(self, mark: int) -> str:
        """What the engine printed since `mark`, at most its last 64 KiB."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as file:
            file.seek(max(mark, self._log_size() - _LOG_TAIL))
            return file.read().decode(errors="replace")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.end()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no Ctrl-C come between the birth of a process and our knowing of it: it would live on, unknown."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _drop_old_logs(folder: Path, keep: int = 40) -> None:
    logs = []
    for path in folder.glob("*.log"):
        with contextlib.suppress(FileNotFoundError):  # another edgezoo tidies up too
            logs.append((path.stat().st_mtime, path))
    for _, path in sorted(logs)[:-keep]:
        path.unlink(missing_ok=True)


Lend = Callable[[], contextlib.AbstractContextManager[Worker]]  # lends one for the length of a `with` block
