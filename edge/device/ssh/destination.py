"""`ssh:[USER@]HOST[:PORT]`: which machine is meant. What is left out, `ssh` finds in ~/.ssh/config or has as its default."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path, PurePosixPath
from shlex import quote

from edge.errors import UsageError
from edge.untrusted.guard import brief

PREFIX = "ssh:"
_FORM = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9._-]*)@)?"
    r"(?:(?P<host>[A-Za-z0-9_][A-Za-z0-9._-]*)|\[(?P<v6>[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?)\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
# A directory becomes part of shell commands on the board.
_DIRECTORY = re.compile(r"(/[A-Za-z0-9._+@-]+)+")


@dataclass(frozen=True, slots=True)
class Destination:
    """A machine as `ssh` is told of it; `host` may be an alias of ~/.ssh/config.

    `directory`: where edgezoo may keep its files there, an absolute path. Without it: ~/.cache/edgezoo-device.
    """

    host: str
    user: str | None = None
    port: int | None = None
    directory: PurePosixPath | None = None

    @classmethod
    def parse(cls, text: str, *, directory: str | None = None) -> Destination:
        """From `ssh:[USER@]HOST[:PORT]`, an IPv6 address in brackets. Raises UsageError."""
        found = _FORM.fullmatch(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else None
        if found is None or (found["port"] and not 0 < int(found["port"]) < 65536):
            raise UsageError(f"{brief(text) or repr(text)} names no machine", hint=_hint(text))
        if directory is not None and (not _DIRECTORY.fullmatch(directory) or ".." in PurePosixPath(directory).parts):
            raise UsageError(
                f"{brief(directory) or repr(directory)} is no directory for edgezoo on {text}",
                hint="an absolute path of letters, digits and . _ + @ -",
            )
        return cls(
            found["host"] or found["v6"],
            found["user"],
            int(found["port"]) if found["port"] else None,
            PurePosixPath(directory) if directory else None,
        )

    @property
    def spec(self) -> str:
        """The form that `parse` reads."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return PREFIX + (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")

    @property
    def words(self) -> tuple[str, ...]:
        """What `ssh` is called with."""
        user = ("-l", self.user) if self.user else ()
        port = ("-p", str(self.port)) if self.port else ()
        return (*user, *port, "--", self.host)

    def by_hand(self, config: Path | None = None) -> str:
        """The command that a user types to connect; `config`: the ssh configuration, where it is not the user's own."""
        which = f"-F {quote(str(config.absolute()))} " if config else ""
        port = f"-p {self.port} " if self.port else ""
        return f"ssh {which}{port}" + (f"{self.user}@" if self.user else "") + self.host


def _hint(text: str) -> str:
    """What was probably meant."""
    user, _, host = text.removeprefix(PREFIX).rpartition("@")
    with suppress(ValueError):
        if IPv6Address(host.strip("[]")):
            return f"an IPv6 address stands in brackets: {PREFIX}{user and user + '@'}[{host.strip('[]')}]"
    return "ssh:USER@HOST:PORT; user and port may be left out, an IPv6 address stands in brackets"
