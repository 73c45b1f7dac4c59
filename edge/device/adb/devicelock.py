"""The lock's half on the device: a directory, which `mkdir` makes for one only, with its holder's record in it.

It is what another machine, or this one over another cable, sees. A holder that is known to be gone is put aside; every
launch checks that the token is still its own, so two can never run at once unnoticed.
"""

from __future__ import annotations

import shlex

from edge.device.adb.layout import BASE, LOCK
from edge.device.adb.link import Link
from edge.device.owner import Owner, busy
from edge.errors import CommandError, DeviceSpaceError
from edge.untrusted.numbers import count


def acquire(link: Link, me: Owner) -> None:
    """Take the lock, from a holder that is gone if need be. Raises DeviceBusyError, DeviceSpaceError, CommandError."""
    for _ in range(3):  # each time round, another process was quicker
        answer = link.execute(_take_script(me))
        verdict, _, rest = answer.stdout.decode(errors="replace").partition("\n")
        if verdict == "mine":
            return
        if verdict != "held":
            _refuse(link.serial, answer.stderr.decode(errors="replace").strip())
        line, silent = _record(rest)
        owner = Owner.parse(line)
        if owner is None and (silent is None or silent < 60):
            raise busy(link.serial, "another edgezoo that is just starting")
        if owner is not None and owner.alive(silent):
            raise busy(link.serial, owner.describe())
        link.execute(_put_aside_script(line, me.token))
    raise busy(link.serial, "several others that start at the same time")


def release(link: Link, me: Owner) -> None:
    """Give the lock back if it is still ours."""
    link.execute(f'read -r t <{LOCK}/token && [ "$t" = {me.token} ] && {_remove(me.token)}')


def holds(link: Link, me: Owner) -> bool:
    """Whether the lock on the device is still ours."""
    return link.execute(f"cat {LOCK}/token 2>/dev/null").stdout.decode().strip() == me.token


def current(link: Link) -> Owner | None:
    """Who holds the device now, dead or alive."""
    return Owner.parse(link.execute(f"cat {LOCK}/owner 2>/dev/null").stdout.decode(errors="replace"))


def _take_script(me: Owner) -> str:
    """Says `mine`; or `held`, the record, the device's time and the time of the last sign of life."""
    return "\n".join(
        [
            f"mkdir -p {BASE}",
            f"if mkdir {LOCK} 2>/dev/null; then",
            f"  echo {me.token} >{LOCK}/token; echo {shlex.quote(me.line())} >{LOCK}/owner",
            f"  t=; read -r t <{LOCK}/token; o=; read -r o <{LOCK}/owner",
            f'  if [ "$t" = {me.token} ] && [ "$o" ]; then echo mine; else rm -rf {LOCK}; echo failed; fi',
            f"elif [ -d {LOCK} ]; then",
            f"  o=; [ -f {LOCK}/owner ] && read -r o <{LOCK}/owner",
            f'  echo held; echo "$o"; date +%s; stat -c %Y {LOCK}/alive 2>/dev/null || stat -c %Y {LOCK} 2>/dev/null',
            f"else mkdir {LOCK}; echo failed; fi",
        ]
    )


def _record(text: str) -> tuple[str, float | None]:
    """The holder's line and for how many seconds it has been silent, by the device's own clock."""
    lines = [*text.splitlines(), "", "", ""]
    now, last = count(lines[1].strip()), count(lines[2].strip())
    return lines[0], float(now - last) if now is not None and last is not None else None


def _put_aside_script(line: str, word: str) -> str:
    """Remove the lock if its record is still the one that was judged."""
    return f'o=; [ -f {LOCK}/owner ] && read -r o <{LOCK}/owner; [ "$o" = {shlex.quote(line)} ] && {_remove(word)}'


def _remove(word: str) -> str:
    return f"mv {LOCK} {LOCK}.{word} && rm -rf {LOCK}.{word}"


def _refuse(serial: str, stderr: str) -> None:
    if "No space" in stderr:
        raise DeviceSpaceError(f"the device {serial} is full", hint="free some space, or: edgezoo device clean")
    raise CommandError(f"{BASE} on the device {serial} cannot be written: {stderr or 'no reason given'}", code=1)
