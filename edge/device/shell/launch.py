"""The shell script that runs one command on a device so that it cannot outlive its driver.

The shell connection's standard input is the leash: a helper waits for its end, which comes when the driver lets go of
the connection, dies, or the cable is pulled, and then kills the process group. Nothing polls meanwhile. Where a link may
be cut without an end that the device sees (ssh over a network), the driver sends a line now and then, and a second helper
kills the group when none came for some time. `run/<id>/pid` names the group for those who come later, and the last line
kills whatever the command left behind (a process that keeps the output open would block the stream). What has left the
group (setsid) is known by a word in its environment.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from edge.device.shell.layout import BOOT_ID, Layout
from edge.device.shell.way import Marker

# "Exit codes" of a command that was not run; real ones end at 255.
LOCK_LOST = 1000  # the lock is not ours any more
RESTARTED = 1001  # the device was restarted since the settings were made
NOT_STARTED = 1002  # its directory could not be made or entered

MARK = "EDGERUN"
TRANSFER = "transfer"  # what a command that stores a file has in the run's place
_READ_BOOT = f"b=; [ -r {BOOT_ID} ] && read -r b <{BOOT_ID}"


def run_script(
    command: Sequence[str],
    *,
    layout: Layout,
    run_id: str,
    marker: Marker,
    errors: Marker | None,
    lock_token: str | None,
    boot: str,
    cwd: str | None,
    beats: int | None = None,
) -> str:
    """The whole script.

    `errors`: the mark before standard error, where the shell would merge it. With a `lock_token`, refuse unless it is
    still the lock's and `boot` (if known) is still the boot. `cwd`: where to run, else in a directory of its own. `beats`:
    the command is killed when so many seconds brought no line from the driver.
    """
    place = shlex.quote(str(layout.run / run_id))
    lock = layout.lock
    where = shlex.quote(cwd) if cwd else place
    words = " ".join(shlex.quote(word) for word in command)
    kill = f"{_kill_marked(run_id)}; {_kill_group('$$')}"
    beat = f"{place}/beat"
    heard = f"while read -r x <&3; do echo >{beat}; done" if beats else "read -r x <&3"
    watch = f"while rm -f {beat}; sleep {beats}; do [ -e {beat} ] || {{ {kill}; }}; done"
    lines = [_READ_BOOT]
    if lock_token and boot:
        lines.append(f'[ "$b" = {shlex.quote(boot)} ] || {_refuse(marker, RESTARTED)}')
    if lock_token:
        lines += [
            f"t=; [ -r {lock}/token ] && read -r t <{lock}/token",
            f'[ "$t" = {shlex.quote(lock_token)} ] || {_refuse(marker, LOCK_LOST)}',
            f"echo >{lock}/alive",
        ]
    lines += [
        f'mkdir -p {place} && echo "$$ $b" >{place}/pid && cd {where} || {_refuse(marker, NOT_STARTED, place)}',
        "exec 3<&0",
        f"( {heard}; {kill} ) >/dev/null 2>&1 &",
        "w=$!",
        *([f"( {watch} ) >/dev/null 2>&1 3<&- &", 'w="$w $!"'] if beats else []),
        f"{MARK}={run_id} {words} </dev/null 3<&-" + (f" 2>{place}/stderr" if errors else ""),
        "c=$?",
    ]
    if errors:
        lines += [f'echo "{errors.word}:0"; cat {place}/stderr']
    lines += [
        _kill_marked(run_id),
        f"cd /; rm -rf {place}",
        marker.echo("$c"),
        f"kill -s KILL $w; {_kill_group('$$')}",
    ]
    return "\n".join(lines)


def end_transfers() -> str:
    """Kill commands that store a file for a driver that is gone."""
    return _kill_marked(TRANSFER)


def _kill_marked(run_id: str) -> str:
    """Kill what has the run's word in its environment."""
    found = f"grep -l {MARK}={run_id} /proc/[0-9]*/environ 2>/dev/null"
    return f"for p in $({found}); do p=${{p#/proc/}}; kill -s KILL ${{p%/environ}} 2>/dev/null; done"


def _kill_group(leader: str) -> str:
    """In POSIX's words, and in those of busybox, which knows no `--` there."""
    return f"kill -s KILL -- -{leader} 2>/dev/null || kill -KILL -{leader} 2>/dev/null"


def _refuse(marker: Marker, code: int, place: str = "") -> str:
    tidy = f"rm -rf {place}; " if place else ""
    return f"{{ {tidy}{marker.echo(str(code))}; exit 1; }}"


def kill_script(layout: Layout, run_id: str | None = None) -> str:
    """Kill what one launch (or every launch and transfer ever) left running, and remove its directory.

    A group number is believed only since the same boot: numbers are given out anew after a restart.
    """
    places = shlex.quote(str(layout.run / run_id)) if run_id else f"{layout.run}/*"
    return "\n".join(
        [
            _READ_BOOT,
            *([] if run_id else [end_transfers()]),
            f"for d in {places}; do",
            "  if [ -d $d ]; then",
            "    p=; s=; [ -f $d/pid ] && read -r p s <$d/pid",
            f'    [ "$p" ] && [ "$s" = "$b" ] && {{ {_kill_group("$p")}; }}',
            f"    {_kill_marked('${d##*/}')}",
            "    rm -rf $d",
            "  fi",
            "done",
        ]
    )
