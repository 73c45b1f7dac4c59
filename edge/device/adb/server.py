"""The adb server: how it is started, which devices it sees.

Source: adb's SERVICES.TXT (host:version, host:devices-l, host:connect).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edge.device.adb.address import ServerAddress
from edge.device.adb.connection import Connection, Deadline, RefusedError
from edge.errors import AdbNotFoundError, LinkLostError

_START_SECONDS = 20.0
_ANSWER_SECONDS = 10.0
_CONNECT_SECONDS = 30.0  # the server itself waits that long for a device on the network


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the server's device list. `state` is "device" when it can be used; `detail` is the rest."""

    serial: str
    state: str
    detail: str


def adb_program() -> Path:
    """The adb program: the one on PATH, else the one that adbutils' wheel carries. Raises AdbNotFoundError."""
    found = shutil.which("adb")
    if found:
        return Path(found)
    from adbutils import AdbError, adb_path  # type: ignore[import-untyped]

    try:
        return Path(adb_path())
    except AdbError:
        raise AdbNotFoundError(
            "there is no adb program on this machine",
            hint="install it (Debian: apt install adb), or name a running server with ADB_SERVER_SOCKET=tcp:HOST:PORT",
        ) from None


def version(address: ServerAddress) -> str:
    """The server's protocol version, e.g. "41". Raises LinkLostError when no server answers."""
    answer = _ask(address, "host:version")
    if not re.fullmatch("[0-9a-fA-F]{4}", answer):
        raise LinkLostError(f"what answers at {address.spec} is no adb server")
    return str(int(answer, 16))


def ensure_running(address: ServerAddress) -> str:
    """Start the server if it does not answer and is this machine's own; returns its version. Raises AdbNotFoundError."""
    try:
        return version(address)
    except LinkLostError as error:
        if not address.local:
            raise AdbNotFoundError(
                f"no adb server answers at {address.spec}",
                hint="start it there with: adb -a nodaemon server; and check ADB_SERVER_SOCKET or ANDROID_ADB_SERVER_*",
            ) from error
        if not address.own:
            raise AdbNotFoundError(
                f"nothing answers as an adb server at {address.spec}",
                hint="if ssh forwards that port: open the forward again; if a server of this machine is to be there: "
                f"adb -L {address.spec} start-server",
            ) from error
    last_line = _start(address)
    try:
        return version(address)
    except LinkLostError as error:
        raise AdbNotFoundError(
            f"the adb server at {address.spec} could not be started" + (f": {last_line}" if last_line else ""),
            hint=f"try: adb -L {address.spec} start-server",
        ) from error


def _start(address: ServerAddress) -> str:
    """Run `adb start-server`; returns the last line it said (to a file: the server would keep a pipe open)."""
    program = adb_program()
    with tempfile.TemporaryFile() as words:
        try:
            subprocess.run(
                [program, "-L", address.spec, "start-server"],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                timeout=_START_SECONDS,
                start_new_session=True,  # Ctrl-C here is not meant for the server
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{program} did not come back within {_START_SECONDS:g} s"
        except OSError as error:
            return f"{program}: {error.strerror}"
        words.seek(0)
        lines = words.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def devices(address: ServerAddress) -> tuple[Listed, ...]:
    """What the server sees, in its order. Raises LinkLostError when no server answers."""
    return parse_devices(_ask(address, "host:devices-l"))


def parse_devices(text: str) -> tuple[Listed, ...]:
    """The answer to host:devices-l: `SERIAL  STATE  key:value ...`, where "no permissions" is a state of two words."""
    found = []
    for line in text.splitlines():
        serial, _, rest = line.strip().partition(" ") if "\t" not in line else line.strip().partition("\t")
        rest = rest.strip()
        if not serial or not rest:
            continue
        if rest.startswith("no permissions"):
            found.append(Listed(serial, "no permissions", rest.removeprefix("no permissions").strip(" ;")))
        else:
            state, _, detail = rest.partition(" ")
            found.append(Listed(serial, state, detail.strip()))
    return tuple(found)


def connect(address: ServerAddress, serial: str) -> str:
    """Ask the server to connect to HOST:PORT; returns its words. Whether it did is seen in the device list."""
    return _ask(address, f"host:connect:{serial}", seconds=_CONNECT_SECONDS)


def disconnect(address: ServerAddress, serial: str) -> None:
    """Have the server forget HOST:PORT; not to know it is no error."""
    try:
        _ask(address, f"host:disconnect:{serial}")
    except RefusedError:
        return


def features(address: ServerAddress, serial: str) -> frozenset[str]:
    """What device and server both can do, e.g. "shell_v2"; nothing for a server too old to be asked."""
    try:
        return frozenset(_ask(address, f"host-serial:{serial}:features").split(","))
    except RefusedError as error:
        if "unknown" in error.reason:
            return frozenset()
        raise


def _ask(address: ServerAddress, service: str, *, seconds: float = _ANSWER_SECONDS) -> str:
    try:
        with Connection(address, Deadline(seconds)) as connection:
            connection.request(service)
            return connection.block()
    except TimeoutError:
        raise LinkLostError(f"the adb server at {address.spec} did not answer {service!r} in {seconds:g} s") from None
