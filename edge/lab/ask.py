"""What is asked of a lab: which coordinator, which tags, how many places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.errors import UsageError
from edge.untrusted.guard import brief

DEFAULT_PORT = 20408  # labgrid's
MOST_DEVICES = 1000
_TAG = re.compile(r"([a-z][a-z0-9_]+)=(\S+)")  # as labgrid itself takes them
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|\w[\w.-]*)(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class LabAsked:
    """`devices` places of the coordinator at `address` (HOST or HOST:PORT) whose tags have all of `match`.

    Raises `UsageError`.
    """

    address: str
    match: Mapping[str, str] = field(default_factory=dict)
    devices: int = 1

    def __post_init__(self) -> None:
        check_coordinator(self.address)
        if not self.match:
            raise UsageError("--lab without --match would take any place", hint="for instance --match soc=sd855")
        if not 1 <= self.devices <= MOST_DEVICES:
            raise UsageError(f"--devices {self.devices}: from 1 to {MOST_DEVICES}")

    @property
    def coordinator(self) -> str:
        """HOST:PORT."""
        found = _ADDRESS.fullmatch(self.address)
        assert found is not None
        return f"{found[1]}:{found[2] or DEFAULT_PORT}"

    @property
    def words(self) -> str:
        """The tags as they are typed."""
        return " ".join(f"{key}={value}" for key, value in self.match.items())


def check_coordinator(address: str) -> None:
    """Raises `UsageError` for what is no HOST or HOST:PORT, an IPv6 address in brackets."""
    found = _ADDRESS.fullmatch(address)
    if found is not None and 0 < int(found[2] or DEFAULT_PORT) < 65536:
        return
    brackets = found is None and address.count(":") > 1 and "[" not in address
    hint = f"an IPv6 address stands in brackets: [{address}]" if brackets else "HOST:PORT, or HOST"
    raise UsageError(f"--lab {brief(address) or repr(address)} is no address of a coordinator", hint=hint)


def tags(words: tuple[str, ...]) -> dict[str, str]:
    """`soc=sd855` and the like. Raises `UsageError` for what is no tag, and for a key with two values."""
    found: dict[str, str] = {}
    for word in words:
        parsed = _TAG.fullmatch(word)
        if parsed is None:
            raise UsageError(f"--match {word} is no tag", hint="TAG=VALUE in small letters, for instance soc=sd855")
        if found.setdefault(parsed[1], parsed[2]) != parsed[2]:
            raise UsageError(
                f"--match {parsed[1]}={found[parsed[1]]} and {word}: no place has both", hint="leave one of them out"
            )
    return found
