"""The shell script that runs one command on a device so that it cannot outlive its driver.

The shell connection's standard input is the leash: a helper waits for its end, which comes when the driver lets go of
the connection, dies, or the cable is pulled, and then kills the process group. Nothing polls meanwhile. `run/<id>/pid`
names the group for those who come later, and the last line kills whatever the command left behind (a process that keeps
the output open would block the stream). What has left the group (setsid) is known by a word in its environment.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from edge.device.adb.layout import BOOT_ID, LOCK, RUN
from edge.device.adb.shell import Marker

# "Exit codes" of a command that was not run; real ones end at 255.
LOCK_LOST = 1000  # the lock is not ours any more
RESTARTED = 1001  # the device was restarted since the settings were made
NOT_STARTED = 1002  # its directory could not be made or entered

_MARK = "EDGERUN"
_READ_BOOT = f"b=; [ -r {BOOT_ID} ] && read -r b <{BOOT_ID}"


def run_script(
    command: Sequence[str],
    *,
    run_id: str,
    marker: Marker,
    errors: Marker | None,
    lock_token: str | None,
    boot: str,
    cwd: str | None,
) -> str:
    """The whole script.

    `errors`: the mark before standard error, where the shell would merge it. With a `lock_token`, refuse unless it is
    still the lock's and `boot` (if known) is still the boot. `cwd`: where to run, else in a directory of its own.
    """
    place = shlex.quote(str(RUN / run_id))
    where = shlex.quote(cwd) if cwd else place
    words = " ".join(shlex.quote(word) for word in command)
    lines = [_READ_BOOT]
    if lock_token and boot:
        lines.append(f'[ "$b" = {shlex.quote(boot)} ] || {_refuse(marker, RESTARTED)}')
    if lock_token:
        lines += [
            f"t=; [ -r {LOCK}/token ] && read -r t <{LOCK}/token",
            f'[ "$t" = {shlex.quote(lock_token)} ] || {_refuse(marker, LOCK_LOST)}',
            f"echo >{LOCK}/alive",
        ]
    lines += [
        f'mkdir -p {place} && echo "$$ $b" >{place}/pid && cd {where} || {_refuse(marker, NOT_STARTED, place)}',
        "exec 3<&0",
        f"( read -r x <&3; {_kill_marked(run_id)}; kill -s KILL -- -$$ ) >/dev/null 2>&1 &",
        "w=$!",
        f"{_MARK}={run_id} {words} </dev/null 3<&-" + (f" 2>{place}/stderr" if errors else ""),
        "c=$?",
    ]
    if errors:
        lines += [f'echo "{errors.word}:0"; cat {place}/stderr']
    lines += [
        _kill_marked(run_id),
        f"cd /; rm -rf {place}",
        marker.echo("$c"),
        "kill -s KILL $w; kill -s KILL -- -$$",
    ]
    return "\n".join(lines)


def _kill_marked(run_id: str) -> str:
    """Kill what has the run's word in its environment."""
    found = f"grep -l {_MARK}={run_id} /proc/[0-9]*/environ 2>/dev/null"
    return f"for p in $({found}); do p=${{p#/proc/}}; kill -s KILL ${{p%/environ}} 2>/dev/null; done"


def _refuse(marker: Marker, code: int, place: str = "") -> str:
    tidy = f"rm -rf {place}; " if place else ""
    return f"{{ {tidy}{marker.echo(str(code))}; exit 1; }}"


def kill_script(run_id: str | None = None) -> str:
    """Kill what one launch (or every launch ever) left running, and remove its directory.

    A group number is believed only since the same boot: numbers are given out anew after a restart.
    """
    places = shlex.quote(str(RUN / run_id)) if run_id else f"{RUN}/*"
    return "\n".join(
        [
            _READ_BOOT,
            f"for d in {places}; do",
            "  if [ -d $d ]; then",
            "    p=; s=; [ -f $d/pid ] && read -r p s <$d/pid",
            '    [ "$p" ] && [ "$s" = "$b" ] && kill -s KILL -- -$p 2>/dev/null',
            f"    {_kill_marked('${d##*/}')}",
            "    rm -rf $d",
            "  fi",
            "done",
        ]
    )
