"""The lock's half on the device: a directory, which `mkdir` makes for one only, with its holder's record in it.

It is what another machine, or this one over another cable, sees. A holder that is known to be gone is put aside; every
launch checks that the token is still its own, so two can never run at once unnoticed.
"""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from edge.device.owner import Owner, busy, used_already
from edge.device.shell import answers
from edge.device.shell.layout import Layout
from edge.device.shell.way import Way
from edge.errors import CommandError, DeviceSpaceError
from edge.untrusted.numbers import count


def acquire(way: Way, me: Owner) -> None:
    """Take the lock, from a holder that is gone if need be. Raises DeviceBusyError, DeviceSpaceError, CommandError."""
    for _ in range(3):  # each time round, another process was quicker
        answer = way.execute(_take_script(way.layout, me))
        verdict, _, rest = answer.stdout.decode(errors="replace").partition("\n")
        if verdict == "mine":
            return
        if verdict != "held":
            _refuse(way, answer.stderr.decode(errors="replace").strip())
        line, silent = _record(rest)
        owner = Owner.parse(line)
        if owner is None and (silent is None or silent < 60):
            raise busy(way.serial, "another edgezoo that is just starting")
        if owner is not None and owner.mine:
            raise used_already(way.serial)
        if owner is not None and owner.alive(silent):
            raise busy(way.serial, owner.describe(), elsewhere=not owner.here)
        way.execute(_put_aside_script(way.layout.lock, line, me.token))
    raise busy(way.serial, "several others that start at the same time")


def release(way: Way, me: Owner) -> None:
    """Give the lock back if it is still ours."""
    way.execute(f'read -r t <{way.layout.lock}/token && [ "$t" = {me.token} ] && {_remove(way.layout.lock, me.token)}')


def holds(way: Way, me: Owner) -> bool:
    """Whether the lock on the device is still ours."""
    return way.execute(f"cat {way.layout.lock}/token 2>/dev/null").stdout.decode().strip() == me.token


def current(way: Way) -> Owner | None:
    """Who holds the device now, dead or alive."""
    return Owner.parse(way.execute(f"cat {way.layout.lock}/owner 2>/dev/null").stdout.decode(errors="replace"))


def _take_script(layout: Layout, me: Owner) -> str:
    """Says `mine`; or `held`, the record, the device's time and the time of the last sign of life."""
    base, lock = layout.base, layout.lock
    return "\n".join(
        [
            f"mkdir -p {base}",
            f"if mkdir {lock} 2>/dev/null; then",
            f"  echo {me.token} >{lock}/token; echo {shlex.quote(me.line())} >{lock}/owner",
            f"  t=; read -r t <{lock}/token; o=; read -r o <{lock}/owner",
            f'  if [ "$t" = {me.token} ] && [ "$o" ]; then echo mine; else rm -rf {lock}; echo failed; fi',
            f"elif [ -d {lock} ]; then",
            f"  o=; [ -f {lock}/owner ] && read -r o <{lock}/owner",
            f'  echo held; echo "$o"; date +%s; stat -c %Y {lock}/alive 2>/dev/null || stat -c %Y {lock} 2>/dev/null',
            f"else mkdir {lock}; echo failed; fi",
        ]
    )


def _record(text: str) -> tuple[str, float | None]:
    """The holder's line and for how many seconds it has been silent, by the device's own clock."""
    lines = [*text.splitlines(), "", "", ""]
    now, last = count(lines[1].strip()), count(lines[2].strip())
    return lines[0], float(now - last) if now is not None and last is not None else None


def _put_aside_script(lock: PurePosixPath, line: str, word: str) -> str:
    """Remove the lock if its record is still the one that was judged."""
    return (
        f'o=; [ -f {lock}/owner ] && read -r o <{lock}/owner; [ "$o" = {shlex.quote(line)} ] && {_remove(lock, word)}'
    )


def _remove(lock: PurePosixPath, word: str) -> str:
    return f"mv {lock} {lock}.{word} && rm -rf {lock}.{word}"


def _refuse(way: Way, stderr: str) -> None:
    if "No space" in stderr:
        raise DeviceSpaceError(f"the device {way.serial} is full", hint=answers.make_room(way.serial))
    raise CommandError(
        f"{way.layout.base} on the device {way.serial} cannot be written: {stderr.partition(chr(10))[0] or 'no reason given'}",
        code=1,
        hint=way.layout.elsewhere,
    )
