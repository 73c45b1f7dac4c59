"""Where the adb server is.

Sources: adb's docs/user/adb.1.md (ADB_SERVER_SOCKET, ANDROID_ADB_SERVER_ADDRESS, ANDROID_ADB_SERVER_PORT), adbutils
(ANDROID_ADB_SERVER_HOST).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edge.errors import UsageError

DEFAULT_PORT = 5037


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """TCP when `port` is set, else the Unix socket `path` (a leading NUL names an abstract one).

    `own`: it is the one that adb itself would take here. Another one is never started: a port of this machine may lead to
    another's server, and a server that is started there takes its place.
    """

    host: str = "127.0.0.1"
    port: int | None = DEFAULT_PORT
    path: str = ""
    own: bool = field(default=True, compare=False)

    @property
    def local(self) -> bool:
        """Whether the address is one of this machine."""
        return self.port is None or self.host in ("127.0.0.1", "localhost", "::1")

    @property
    def spec(self) -> str:
        """As `adb -L` takes it, which starts a server for "localhost" only, not for 127.0.0.1."""
        if self.port is not None:
            host = "localhost" if self.local else f"[{self.host}]" if ":" in self.host else self.host
            return f"tcp:{host}:{self.port}"
        return f"localabstract:{self.path[1:]}" if self.path.startswith("\0") else f"localfilesystem:{self.path}"


def resolve_address(spec: str | None = None, environ: Mapping[str, str] = os.environ) -> ServerAddress:
    """The server's address: `spec` (HOST:PORT or what ADB_SERVER_SOCKET takes), else the environment, else the default.

    Raises UsageError for an address that makes no sense.
    """
    if spec is not None:
        named = spec.partition(":")[0] in ("tcp", "local", "localfilesystem", "localabstract")
        address = parse_socket(spec if named else f"tcp:{spec}", "the adb server's address", spec)
        try:
            own = _surroundings(environ).spec
        except UsageError:  # which does not matter where another one is named
            own = ""
        return replace(address, own=address.spec == own)
    return _surroundings(environ)


def _surroundings(environ: Mapping[str, str]) -> ServerAddress:
    if environ.get("ADB_SERVER_SOCKET"):
        return parse_socket(environ["ADB_SERVER_SOCKET"], "ADB_SERVER_SOCKET")
    host = environ.get("ANDROID_ADB_SERVER_ADDRESS") or environ.get("ANDROID_ADB_SERVER_HOST") or "127.0.0.1"
    port = environ.get("ANDROID_ADB_SERVER_PORT") or str(DEFAULT_PORT)
    return ServerAddress(host, _port(port, "ANDROID_ADB_SERVER_PORT"))


def parse_socket(text: str, where: str, given: str | None = None) -> ServerAddress:
    """`tcp:PORT`, `tcp:HOST:PORT`, `local[filesystem]:PATH` or `localabstract:NAME`; `given` is how an error calls it."""
    kind, _, rest = text.partition(":")
    hint = "use tcp:HOST:PORT"
    if kind in ("local", "localfilesystem") and rest:
        return ServerAddress(port=None, path=rest)
    if kind == "localabstract" and rest:
        return ServerAddress(port=None, path="\0" + rest)
    if kind == "tcp" and rest:
        name, colon, port = rest.rpartition(":")
        host = _host(name) if colon else "127.0.0.1"
        if host is not None:
            return ServerAddress(host, _port(port, where))
        if ":" in name:
            hint = "an IPv6 address stands in brackets: tcp:[::1]:5037"
    shown = text if given is None else given
    raise UsageError(f"{where} is {shown!r}, which is no address of an adb server", hint=hint)


def _host(text: str) -> str | None:
    """Without the brackets that an IPv6 address stands in, as in adb's own ParseNetAddress; None for what is no host."""
    if (found := _BRACKETED.fullmatch(text)) is not None:
        return found[1]
    return text if _NAME.fullmatch(text) else None


_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?)\]")
_NAME = re.compile(r"\w[\w.-]*")


def _port(text: str, where: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) < 65536:
        return int(text)
    raise UsageError(f"{where} names port {text!r}", hint="a port is a number between 1 and 65535")
