"""Devices of a lab, for as long as they are needed: reserved, reached, and given back whatever happens."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from shlex import quote

from edge.device.base import Device
from edge.device.discover import open_adb
from edge.device.ssh.board import SshDevice
from edge.device.ssh.destination import Destination
from edge.errors import DeviceError, LabError, foreseen
from edge.lab.ask import LabAsked
from edge.lab.places import address_of
from edge.lab.words import Ask, Found, Holder, Said
from edge.typed import decode, encode
from edge.untrusted.guard import one_line

_RELEASE_SECONDS = 15.0
_LONGEST = 2000  # characters of a line of the keeper's, in which the words of others stand
_MOST_HOLDERS = 5  # in a line
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LabDevice:
    """A device of the place `place`, whose name, which is anybody's, is in one line here."""

    place: str
    device: Device


@contextmanager
def reserved(asked: LabAsked, *, line: Say, wrong: Say) -> Iterator[list[LabDevice]]:
    """The devices of as many places as are asked for; waits for them in the lab's queue, and `line` hears the position.

    A device whose reservation is lost meanwhile is aborted, and `wrong` hears why, from another thread; so it does of a place
    whose device cannot be opened. Raises `LabError`, also if no device of all can be opened.
    """
    if importlib.util.find_spec("labgrid") is None:
        raise LabError("--lab needs labgrid, which is not installed", hint="pip install 'edgezoo[lab]'")
    with _Process(asked) as keeper:
        found = _wait(keeper, asked, line)
        devices: dict[str, LabDevice] = {}  # by the name that the lab knows
        failed: list[LabError] = []
        for one in found:
            place = one_line(one.place)
            try:
                devices[one.place] = LabDevice(place, _open(one))
                line(f"{place}: reserved; its device is {_words(one)}")
            except Exception as unforeseen:  # of one place, whatever its exporter told
                error = foreseen(unforeseen)
                failed.append(LabError(f"{place}: {error.message}", hint=error.hint))
                if len(found) > 1:
                    wrong(f"{failed[-1].message}" + (f" ({error.hint})" if error.hint else ""))
        if not devices:
            raise failed[0]
        threading.Thread(target=_watch, args=(keeper, devices, wrong), daemon=True).start()
        yield list(devices.values())


def _open(found: Found) -> Device:
    """By what the exporter told alone: its words are no name of this machine, of a configured host, or of "all"."""
    name, server = address_of(found)
    return SshDevice(Destination.parse(name)) if found.kind == "ssh" else open_adb(name, server)


def _words(found: Found) -> str:
    name, server = address_of(found)
    return one_line(f"{name}, of the adb server {server}" if server else name)


def _wait(keeper: _Process, asked: LabAsked, line: Say) -> tuple[Found, ...]:
    while (said := keeper.hear()) is not None:
        if said.event == "reserved":
            return said.places
        if said.event == "waiting":
            have = f", {said.have} of {asked.devices} are reserved" if said.have else ""
            line(
                f"waiting for a place with {asked.words}: number {said.position} in the queue{have}"
                + "".join(f"; {_held(one)}" for one in said.holders[:_MOST_HOLDERS])
            )
        elif said.event == "passed":
            hint = f" ({said.hint})" if said.hint else ""
            line(f"{one_line(said.place)}: {one_line(said.text + hint, longest=_LONGEST)}; looking for another place")
        elif said.event == "error":
            raise LabError(one_line(said.text, longest=_LONGEST), hint=one_line(said.hint, longest=_LONGEST))
    raise LabError("the process that keeps the lab's places ended", hint="is this labgrid one that edgezoo knows?")


def _held(one: Holder) -> str:
    """Who has a place, and what he frees it with."""
    place, who = one_line(one.place), one_line(one.who)
    if not one.acquired:
        return f"{place} is reserved by {who}"
    if not one.own:
        return f"{place} is acquired by {who}"
    return f"{place} is acquired by you ({who}): `labgrid-client -p {quote(place)} release` frees it"


def _watch(keeper: _Process, devices: Mapping[str, LabDevice], wrong: Say) -> None:
    """Until the keeper ends. Without it nobody renews what is reserved."""
    while (said := keeper.hear()) is not None:
        if said.event == "lost":
            _end([devices[said.place]] if said.place in devices else [], wrong, one_line(said.text))
    if keeper.wanted:
        _end(devices.values(), wrong, "the process that kept it was killed")


def _end(devices: Iterable[LabDevice], wrong: Say, why: str) -> None:
    for one in devices:
        wrong(f"{one.place}: the place is reserved no more: {why}; {one.device.serial} is left alone")
        with suppress(DeviceError):
            one.device.abort()


class _Process:
    """`edge.lab.keeper`, which Ctrl-C does not reach: it ends when its input does, and that with this process at the latest."""

    def __init__(self, asked: LabAsked) -> None:
        self.wanted = True
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edge.lab.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        ask = Ask(asked.coordinator, dict(asked.match), asked.devices)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{encode(ask)}\n".encode())
        self._process.stdin.flush()

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.wanted = False
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_RELEASE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # labgrid forgets what is not renewed
            self._process.wait()

    def hear(self) -> Said | None:
        """Its next line; None when it has ended."""
        assert self._process.stdout is not None
        text = self._process.stdout.readline()
        return decode(text, Said, "the keeper of the lab's places") if text.endswith(b"\n") else None
