"""The inside of a stand-in board (`python -m tests.device_layer.board.sandbox CONFIG.json`): namespaces, its root, sshd.

The process lives as long as the board does, and the board no longer than it.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.device_layer.board.config import HOME, ROOT, UID, USER, BoardConfig
from tests.device_layer.board.userland import USERLANDS, Userland

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEW_NAMESPACES = 0x20000 | 0x4000000 | 0x10000000 | 0x20000000  # mount, uts, user, pid
_BIND, _REC, _PRIVATE = 4096, 16384, 1 << 18
_KILL_WITH_PARENT = 1
_FOLDERS = ("bin", "dev", "etc", "home/pi", "proc", "root", "run", "sys", "tmp", "usr/bin", "var/tmp")
_NOT_APPLETS = ("sudo", "reboot", "poweroff", "halt", "init")
_SUDO = """#!/bin/sh
[ "$1" = -n ] && [ -e /run/sudo-allowed ] || { echo "sudo: a password is required" >&2; exit 1; }
shift; exec "$@"
"""
_VCGENCMD = """#!/bin/sh
[ "$1" = get_throttled ] && [ -e /run/throttled ] && exec cat /run/throttled
echo "vcgencmd: not available" >&2; exit 255
"""


def _check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _mount(source: str, target: Path | str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    words = [str(word).encode() if word is not None else None for word in (source, target, kind)]
    _check(_LIBC.mount(*words, ctypes.c_ulong(flags), data.encode() if data else None), f"mount {target}")


def _bind(source: Path | str, target: Path) -> None:
    target.touch()
    _mount(str(source), target, None, _BIND)


def main(config: BoardConfig) -> None:
    _LIBC.prctl(_KILL_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    unshared, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _LIBC.prctl(_KILL_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        _check(_LIBC.unshare(_NEW_NAMESPACES), "unshare")
        os.write(unshared[1], b"x")
        os.read(mapped[0], 1)
        first = os.fork()  # process 1 of the board
        if first == 0:
            _LIBC.prctl(_KILL_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
            _init(config)
        os.waitpid(first, 0)
        os._exit(0)
    os.read(unshared[0], 1)
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{child}/{name}").write_text("0 0 65536\n")
    os.write(mapped[1], b"x")
    os.waitpid(child, 0)


def _init(config: BoardConfig) -> None:
    os.umask(0o022)
    _mount("none", "/", None, _REC | _PRIVATE)
    _make_root(config)
    _make_accounts(config)
    _mount("proc", "/proc", "proc")
    subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(config.folder / "sshd_config")])
    while True:  # a board whose sshd was killed is still a board
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            signal.pause()


def _make_root(config: BoardConfig) -> None:
    _mount("tmpfs", ROOT, "tmpfs", 0, "mode=755")
    for name in _FOLDERS:
        (ROOT / name).mkdir(parents=True)
    programs = Path(config.programs)
    _mount("proc", ROOT / "proc", "proc")
    _bind(config.folder / "boot_id", ROOT / "proc/sys/kernel/random/boot_id")
    userland = USERLANDS[config.bits]
    _register_arm(programs, userland)
    shutil.copytree(programs / "lib", ROOT / "lib", symlinks=True)
    shutil.copy2(programs / "busybox", ROOT / "bin/busybox")
    for name in subprocess.check_output(
        [programs / userland.interpreter, programs / "busybox", "busybox", "--list"], text=True
    ).split():
        if name not in (*_NOT_APPLETS, "busybox"):
            (ROOT / "bin" / name).symlink_to("busybox")
    for name, script in (("sudo", _SUDO), ("vcgencmd", _VCGENCMD)):
        (ROOT / "usr/bin" / name).write_text(script)
        (ROOT / "usr/bin" / name).chmod(0o755)
    for name in ("null", "zero", "urandom", "random", "full"):
        _bind(f"/dev/{name}", ROOT / "dev" / name)
    _mount(str(config.folder / "sys"), ROOT / "sys", None, _BIND)
    _mount(str(config.folder / "run"), ROOT / "run", None, _BIND)
    (ROOT / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    (ROOT / "tmp").chmod(0o1777)
    _mount("tmpfs", HOME, "tmpfs", 0, f"mode=700,uid={UID},gid={UID},size={config.home_size}")


def _register_arm(programs: Path, userland: Userland) -> None:
    """Programs for ARM run through qemu, on the board only; its binary is opened now, from here."""
    place = ROOT / "proc/sys/fs/binfmt_misc"
    _mount("binfmt_misc", place, "binfmt_misc")
    os.chdir(programs)
    magic = rf"\x7fELF\x0{1 + userland.wide}\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x{userland.machine:02x}\x00"
    mask = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
    (place / "register").write_text(f":{userland.debian}:M::{magic}:{mask}:{userland.interpreter}:PF")
    os.chdir("/")


def _make_accounts(config: BoardConfig) -> None:
    """sshd looks accounts up outside of the board's root, in files that stand over this machine's own."""
    lines = [
        "root:x:0:0::/root:/bin/sh",
        "sshd:x:101:65534::/run/sshd:/bin/false",
        f"{USER}:x:{UID}:{UID}::/home/{USER}:/bin/sh",
    ]
    files = {
        "passwd": "\n".join(lines) + "\n",
        "group": f"root:x:0:\n{USER}:x:{UID}:\n",
        "shadow": f"root:*:1::::::\nsshd:*:1::::::\n{USER}:{config.password_hash}:1::::::\n",
    }
    for name, text in files.items():
        (config.folder / name).write_text(text)
        (config.folder / name).chmod(0o644)
        _mount(str(config.folder / name), f"/etc/{name}", None, _BIND)
        shutil.copy(config.folder / name, ROOT / "etc" / name)
    Path("/run/sshd").mkdir(exist_ok=True)
    _mount("tmpfs", "/run/sshd", "tmpfs", 0, "mode=755")
    shutil.copy(config.folder / "user_key.pub", "/run/sshd/user_key.pub")  # read as the user, who may not see `folder`


if __name__ == "__main__":
    main(BoardConfig.of(json.loads(Path(sys.argv[1]).read_text())))
