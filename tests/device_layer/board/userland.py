"""The userland of the stand-in board: Debian's busybox and C++ libraries for arm64, from the mirror of this machine's apt."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from edge.cache.locks import exclusive
from edge.cache.paths import cache_dir

_QEMU = "/usr/bin/qemu-aarch64-static"
_SSHD = "/usr/sbin/sshd"
_PACKAGES = ("busybox-static", "libc6", "libgcc-s1", "libstdc++6")


def missing() -> str | None:
    """What the board lacks on this machine; None if nothing."""
    if os.geteuid() != 0:
        return "the stand-in board needs root"
    for program, package in (
        (_QEMU, "qemu-user-static"),
        (_SSHD, "openssh-server"),
        ("/usr/bin/ssh", "openssh-client"),
    ):
        if not Path(program).exists():
            return f"the stand-in board needs {package}"
    return None


def programs() -> Path:
    """A folder with qemu, `busybox` and the libraries in `lib`; fetched once, then kept in the cache."""
    place = cache_dir() / "tests" / "board"
    with exclusive(place.with_suffix(".lock")):
        if not (place / "whole").exists():
            place.mkdir(parents=True, exist_ok=True)
            # qemu keeps a program's own name (argv[0]), which busybox goes by, if it is called so itself.
            shutil.copy2(_QEMU, place / "qemu-aarch64-binfmt-P")
            _fetch(place)
            (place / "whole").touch()
    return place


def _fetch(place: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("lists/partial", "archives/partial"):
            (work / name).mkdir(parents=True)
        (work / "status").touch()
        settings = {
            "Dir::State": folder,
            "Dir::State::status": f"{folder}/status",
            "Dir::Cache": folder,
            "APT::Architecture": "arm64",
            "APT::Architectures": "arm64",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
        }
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        for command in (["update"], ["download", *(f"{name}:arm64" for name in _PACKAGES)]):
            done = subprocess.run(
                ["apt-get", "-qq", *options, *command],
                cwd=work,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode:
                pytest.skip(f"the stand-in board needs Debian's packages for arm64: {done.stderr.strip()[-200:]}")
        for package in work.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(work / "unpacked")], check=True)
        shutil.copy2(next((work / "unpacked").glob("**/bin/busybox")), place / "busybox")
        for folder in ("lib", "usr/lib"):
            for libraries in (work / "unpacked" / folder).glob("aarch64-linux-gnu"):
                shutil.copytree(
                    libraries, place / "lib/aarch64-linux-gnu", symlinks=True, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("gconv", "audit"),
                )  # fmt: skip
        (place / "lib/ld-linux-aarch64.so.1").symlink_to("aarch64-linux-gnu/ld-linux-aarch64.so.1")
