"""A lab on this machine: labgrid's own coordinator and exporters as processes, on ports of their own, offline."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml

BIN = Path(sys.executable).parent
Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Lab:
    """Use as a context manager."""

    def __init__(self, folder: Path, *, user: str = "tester") -> None:
        self.folder = folder
        self.address = f"127.0.0.1:{free_port()}"
        self._environ = {**os.environ, "LG_COORDINATOR": self.address, "LG_HOSTNAME": "bench", "LG_USERNAME": user}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.start_coordinator()
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self.stop(name)

    def start_coordinator(self) -> None:
        self._start("coordinator", "labgrid-coordinator", "-l", self.address)
        host, _, port = self.address.rpartition(":")
        for _ in range(200):
            try:
                socket.create_connection((host, int(port)), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the coordinator does not answer")

    def export(self, name: str, resources: Resources, *words: str) -> None:
        """An exporter with those resources, by group."""
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({group: dict(members) for group, members in resources.items()}))
        self._start(name, "labgrid-exporter", "--name", name, "--hostname", "127.0.0.1", *words, str(path))

    def add_places(self, places: Mapping[str, tuple[str, Sequence[str]]]) -> None:
        """By name: what it matches (`exporter/group/*`), and its tags."""
        for name, (match, tags) in places.items():
            self.client("-p", name, "create")
            self.client("-p", name, "add-match", match)
            self.client("-p", name, "set-tags", *tags)

    def client(self, *words: str, check: bool = True, user: str | None = None) -> str:
        """labgrid's own client."""
        environ = self._environ if user is None else {**self._environ, "LG_USERNAME": user}
        done = subprocess.run(
            [BIN / "labgrid-client", *words], env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def wait_for(self, *words: str) -> None:
        """Until the client's list of resources has all of these."""
        for _ in range(100):
            listed = self.client("resources")
            if all(word in listed for word in words):
                return
            time.sleep(0.2)
        raise AssertionError(f"{words} are not there: {listed}")

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)

    def stop(self, name: str) -> None:
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)

    def _start(self, name: str, program: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [BIN / program, *words],
                cwd=self.folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
