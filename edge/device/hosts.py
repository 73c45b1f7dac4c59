"""Machines that are reached over ssh under a name of the user's own: hosts.toml.

[hosts]
pi = "ssh:pi@raspberrypi.local"
orin = { address = "ssh:lab@orin:2222", directory = "/data/edgezoo" }
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.device.ssh.destination import Destination
from edge.errors import FormatError, UsageError
from edge.typed import convert
from edge.untrusted.files import read_file
from edge.untrusted.guard import brief
from edge.untrusted.toml import toml_table

_VARIABLE = "EDGEZOO_HOSTS"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_TAKEN = ("host", "all", "android")


@dataclass(frozen=True, slots=True)
class Host:
    """One machine: where it is, and where edgezoo may keep its files there."""

    address: str
    directory: str | None = None


def hosts_file() -> Path:
    """Where they stand: the file that EDGEZOO_HOSTS names, or hosts.toml in edgezoo's configuration."""
    named = os.environ.get(_VARIABLE)
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "edgezoo" / "hosts.toml"


def read_hosts() -> dict[str, Destination]:
    """The machines of `hosts_file` by name; none where there is no such file.

    Raises FormatError that names the field, UsageError for a file that is named but not there.
    """
    path = hosts_file()
    try:
        content = read_file(path)
    except FileNotFoundError:
        if os.environ.get(_VARIABLE):
            raise UsageError(f"{_VARIABLE}: there is no file {path}", hint="unset it, or write the file") from None
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    table = toml_table(content, str(path), error=FormatError)
    return hosts_of(table.get("hosts", {}), str(path))


def hosts_of(table: object, where: str) -> dict[str, Destination]:
    """The machines of a table `[hosts]`, whichever file it stands in. Raises FormatError that names the field."""
    if not isinstance(table, Mapping):
        raise FormatError(f"{where}: hosts is no table of names and addresses", field="hosts")
    found = {}
    for name, value in table.items():
        field = f"hosts.{name}"
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise FormatError(
                f"{where}: {field}: {brief(name)} is no name for a machine",
                hint=f"letters, digits, - and _; not {', '.join(_TAKEN)}",
                field=field,
            )
        host = Host(value) if isinstance(value, str) else convert(value, Host, f"{where}: {field}")
        try:
            found[name] = Destination.parse(host.address, directory=host.directory)
        except UsageError as error:
            raise FormatError(f"{where}: {field}: {error.message}", hint=error.hint, field=field) from None
    return found
