"""Machines that are reached over ssh under a name of the user's own: hosts.toml.

[hosts]
pi = "ssh:pi@raspberrypi.local"
orin = { address = "ssh:lab@orin:2222", directory = "/data/edgezoo" }
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from edge.device.ssh.destination import Destination
from edge.errors import FormatError, UsageError, refusals
from edge.typed import convert
from edge.untrusted.files import read_file
from edge.untrusted.guard import brief
from edge.untrusted.toml import toml_table
from edge.untrusted.toml_lines import place_of

_VARIABLE = "EDGEZOO_HOSTS"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_FORM = 'an address, or { address = "ssh:USER@HOST:PORT", directory = "/..." }'
_TAKEN = ("host", "all", "android")


class Host(Struct, frozen=True, forbid_unknown_fields=True):
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

    Raises FormatError that names field and line, UsageError for a file that is named but not there.
    """
    with refusals():
        return _read(hosts_file())


def _read(path: Path) -> dict[str, Destination]:
    try:
        content = read_file(path)
    except FileNotFoundError:
        if os.environ.get(_VARIABLE):
            raise UsageError(f"{_VARIABLE}: there is no file {path}", hint="unset it, or write the file") from None
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    table = toml_table(content, str(path), error=FormatError)
    return _hosts(table, path, content.decode())


def _hosts(values: Mapping[str, Any], file: Path, text: str) -> dict[str, Destination]:
    for key in values:
        if key != "hosts":
            raise FormatError(
                f"{place_of(file, text, (key,))}: `{brief(key)}`: there is no such field",
                hint='[hosts], and below it NAME = "ssh:USER@HOST:PORT"',
                field=key,
            )
    table = values.get("hosts", {})
    if not isinstance(table, Mapping):
        raise FormatError(
            f"{place_of(file, text, ('hosts',))}: `hosts` is no table of names and addresses",
            hint="[hosts]",
            field="hosts",
        )
    return {name: _host(name, value, place_of(file, text, ("hosts", name))) for name, value in table.items()}


def _host(name: str, value: object, where: str) -> Destination:
    field = f"hosts.{name}"
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise FormatError(
            f"{where}: `{brief(field)}`: that is no name for a machine",
            hint=f"letters, digits, - and _; not {', '.join(_TAKEN)}",
            field=field,
        )
    try:
        host = Host(value) if isinstance(value, str) else convert(value, Host, f"{where}: `{field}`")
        return Destination.parse(host.address, directory=host.directory)
    except FormatError as error:
        raise FormatError(error.message, hint=_FORM, field=field) from None
    except UsageError as error:
        raise FormatError(f"{where}: `{field}`: {error.message}", hint=error.hint, field=field) from None
