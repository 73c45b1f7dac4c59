"""The shell script that runs one command on a device so that it cannot outlive its driver.

The shell connection's standard input is the leash: a helper waits for its end, which comes when the driver lets go of
the connection, dies, or the cable is pulled, and then kills the process group. Nothing polls meanwhile. `run/<id>/pid`
names the group for those who come later, and the last line kills whatever the command left behind (a process that keeps
the output open would block the stream).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from edge.device.adb.layout import BOOT_ID, LOCK, RUN
from edge.device.adb.shell import Marker

LOCK_LOST = 1000  # "exit code" of a command not run because someone else holds the device; real ones end at 255


def run_script(
    command: Sequence[str],
    *,
    run_id: str,
    marker: Marker,
    errors: Marker | None,
    lock_token: str | None,
    cwd: str | None,
) -> str:
    """The whole script.

    `errors`: the mark before standard error, where the shell would merge it; `lock_token`: refuse unless it is the
    lock's; `cwd`: where to run, else in a directory of its own.
    """
    place = shlex.quote(str(RUN / run_id))
    where = shlex.quote(cwd) if cwd else place
    words = " ".join(shlex.quote(word) for word in command)
    lines = []
    if lock_token:
        lines += [
            f"t=; read -r t <{LOCK}/token",
            f'[ "$t" = {shlex.quote(lock_token)} ] || {{ {marker.echo(str(LOCK_LOST))}; exit 1; }}',
            f"echo >{LOCK}/alive",
        ]
    lines += [
        f"b=; read -r b <{BOOT_ID}",
        f'mkdir -p {place} && echo "$$ $b" >{place}/pid && cd {where} || {{ {marker.echo("126")}; exit 1; }}',
        "exec 3<&0",
        "( read -r x <&3; kill -s KILL -- -$$ ) >/dev/null 2>&1 &",
        "w=$!",
        f"{words} </dev/null 3<&-" + (f" 2>{place}/stderr" if errors else ""),
        "c=$?",
    ]
    if errors:
        lines += [f'echo "{errors.word}:0"; cat {place}/stderr']
    lines += [
        f"cd /; rm -rf {place}",
        marker.echo("$c"),
        "kill -s KILL $w; kill -s KILL -- -$$",
    ]
    return "\n".join(lines)


def kill_script(run_id: str | None = None) -> str:
    """Kill what one launch (or every launch ever) left running, and remove its directory.

    A group number is believed only since the same boot: numbers are given out anew after a restart.
    """
    places = shlex.quote(str(RUN / run_id)) if run_id else f"{RUN}/*"
    return "\n".join(
        [
            f"b=; read -r b <{BOOT_ID}",
            f"for d in {places}; do",
            "  if [ -d $d ]; then",
            "    p=; s=; [ -f $d/pid ] && read -r p s <$d/pid",
            '    [ "$p" ] && [ "$s" = "$b" ] && kill -s KILL -- -$p 2>/dev/null',
            "    rm -rf $d",
            "  fi",
            "done",
        ]
    )
