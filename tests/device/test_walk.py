"""The commands of docs/tutorial/phone.md as they stand there: from a wheel and an empty home to a number on a device.

Beside the wheel nothing of the project is there. What stands in: for GitHub a server of this test, behind a proxy, with an
archive laid out as the releases are, whose library only adds up its input (tests/runner/lite_release.py).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from edge.device.adb.address import resolve_address
from edge.runner.options import RELEASE
from edge.runner.release import addresses
from edge.toolchain.interpreter import uv
from tests.runner.lite_release import release_archive
from tests.source.conftest import Server, certificate, server  # noqa: F401

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorial/phone.md"
GITHUB = "github.com"
pytestmark = [pytest.mark.device, pytest.mark.slow, pytest.mark.timeout(1800)]


def commands() -> list[str]:
    """What the page has its reader type."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@contextmanager
def proxy(port: int) -> Iterator[str]:
    """A proxy that leads to `port` of this machine, whatever host is asked for; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_serve, args=(door, port), daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


def _serve(door: socket.socket, port: int) -> None:
    with suppress(OSError):
        while True:
            ours, _ = door.accept()
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += ours.recv(4096)
            assert asked.startswith(f"CONNECT {GITHUB}:443".encode())
            theirs = socket.create_connection(("127.0.0.1", port))
            ours.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for one, other in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=_relay, args=(one, other), daemon=True).start()


def _relay(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while block := one.recv(1 << 16):
            other.sendall(block)
        other.shutdown(socket.SHUT_WR)


def test_every_command_of_the_page_from_an_empty_home(
    serial: str,
    server: Server,  # noqa: F811
    certificate: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    (url,) = addresses(RELEASE, "linux-arm64")
    server.files[url.removeprefix(f"https://{GITHUB}")] = release_archive()
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    subprocess.run([uv(), "build", "--quiet", "--wheel", "--out-dir", here, ROOT], check=True)
    kept = ("PATH", "LANG", "PIP_", "UV_", "SSL_", "ADB_", "ANDROID_ADB_")
    env = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    env |= {"HOME": str(home), "ANDROID_SERIAL": serial, "ADB_SERVER_SOCKET": resolve_address().spec}
    # The package index and the interpreters are the machine's, and so is what uv fetched before.
    for name, place in (
        ("PIP_CONFIG_FILE", Path.home() / ".config/pip/pip.conf"),
        ("UV_CACHE_DIR", Path.home() / ".cache/uv"),
        ("PYENV_ROOT", Path.home() / ".pyenv"),
    ):
        if place.exists() and name not in env:
            env[name] = str(place)
    env["PATH"] = os.pathsep.join(one for one in env["PATH"].split(os.pathsep) if not one.startswith(str(ROOT)))
    said: dict[str, subprocess.CompletedProcess[str]] = {}
    with proxy(int(server.url.rpartition(":")[2])) as way:
        for command in commands():
            if command.startswith("export PATH="):
                env["PATH"] = f"{here}/measuring/bin:{env['PATH']}"
                continue
            more = {"HTTPS_PROXY": way, "SSL_CERT_FILE": str(certificate)} if command == "edgezoo runner build" else {}
            said[command] = done = subprocess.run(
                ["bash", "-c", command],
                cwd=here,
                env={**env, **more},
                capture_output=True,
                text=True,
                timeout=900,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stderr}{done.stdout}"
    built = said["edgezoo runner build"]
    assert f"fetching {url}" in built.stderr
    assert "sha256 " in built.stderr
    assert (home / ".local/share/edgezoo/runners/linux-arm64-paddle-lite/edgebench").is_file()
    assert "linux-arm64-paddle-lite" in said["edgezoo runner list"].stdout
    assert serial in said["edgezoo devices"].stdout
    shown = subprocess.run(
        ["edgezoo", "results", "list", "--json"], cwd=here, env=env, capture_output=True, text=True, check=True
    )
    cells = json.loads(shown.stdout)
    assert {(one["model"], one["threads"], one["engine"]) for one in cells} == {
        ("PPLCNet_x0_25", threads, "paddle-lite") for threads in (1, 4)
    }
    assert all(one["latency_ms"]["headline"] > 0 for one in cells)
    checked = subprocess.run(["edgezoo", "doctor"], cwd=here, env=env, capture_output=True, text=True, check=False)
    assert re.search(r"^ok +runner +linux-arm64-paddle-lite", checked.stdout, re.MULTILINE)
    assert re.search(rf"^ok +device {re.escape(serial)}", checked.stdout, re.MULTILINE)
