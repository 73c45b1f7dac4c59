"""Talks to the helper's plain Java in a JVM; the protocol stands in java/check/Check.java."""

from __future__ import annotations

import runpy
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
HELPER = ROOT / "edge/package/java/helper.jar"
builder: dict[str, Any] = runpy.run_path(str(ROOT / "scripts/build_android_helper"))


class Helper:
    """A running JVM with the shipped classes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout

    def tensor(self, metadata: str, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`Preprocessing.tensor` of an RGB image, flat."""
        height, width = image.shape[:2]
        argb = np.full((height, width, 4), 0x80, np.uint8)  # an alpha that must not matter
        argb[:, :, 1:] = image
        encoded = metadata.encode()
        self._send(b"T", struct.pack(">i", len(encoded)), encoded, struct.pack(">ii", width, height), argb.tobytes())
        return np.frombuffer(self._receive(4 * self._int()), ">f4").astype(np.float32)

    def top(self, scores: NDArray[np.float32], k: int) -> list[int]:
        """The indices of `Score.top`."""
        self._send(b"S", struct.pack(">ii", k, len(scores)), scores.astype(">f4").tobytes())
        return [self._int() for _ in range(self._int())]

    def json(self, text: str) -> str:
        """What the JSON reader makes of a text, or its error."""
        return self._said(b"J", text)

    def info(self, text: str) -> str:
        """The name in a model.json, or why it is refused."""
        return self._said(b"I", text)

    def _said(self, request: bytes, text: str) -> str:
        encoded = text.encode()
        self._send(request, struct.pack(">i", len(encoded)), encoded)
        return self._receive(self._int()).decode()

    def _send(self, *parts: bytes) -> None:
        self._in.write(b"".join(parts))
        self._in.flush()

    def _int(self) -> int:
        (value,) = struct.unpack(">i", self._receive(4))
        return int(value)

    def _receive(self, count: int) -> bytes:
        received = self._out.read(count)
        assert len(received) == count, "the JVM ended"
        return received


@contextmanager
def running(classes: Path) -> Iterator[Helper]:
    """Compile Check.java against the shipped jar into `classes` and run it."""
    builder["compile_java"](HERE / "java/check", classes, classpath=HELPER)
    command = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", f"{classes}:{HELPER}", "edgezoo.android.Check"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Helper(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
