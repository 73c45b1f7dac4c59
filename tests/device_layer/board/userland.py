"""The userland of the stand-in board: Debian's busybox and C++ libraries for ARM, from the mirror of this machine's apt."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.cache.locks import exclusive
from edge.cache.paths import cache_dir

_SSHD = "/usr/sbin/sshd"
_PACKAGES = ("busybox-static", "libc6", "libgcc-s1", "libstdc++6")


@dataclass(frozen=True, slots=True)
class Userland:
    """Programs of one architecture: Debian's name of it, qemu's, what the kernel tells its programs by, its loader."""

    debian: str
    qemu: str
    machine: int  # e_machine of elf(5)
    wide: bool
    triplet: str
    loader: str

    @property
    def interpreter(self) -> str:
        """qemu keeps a program's own name (argv[0]), which busybox goes by, if it is called so itself."""
        return f"{self.qemu}-binfmt-P"


USERLANDS = {
    64: Userland("arm64", "qemu-aarch64", 183, True, "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
    32: Userland("armhf", "qemu-arm", 40, False, "arm-linux-gnueabihf", "ld-linux-armhf.so.3"),
}


def missing() -> str | None:
    """What the board lacks on this machine; None if nothing."""
    if os.geteuid() != 0:
        return "the stand-in board needs root"
    for program, package in (
        ("/usr/bin/qemu-aarch64-static", "qemu-user-static"),
        (_SSHD, "openssh-server"),
        ("/usr/bin/ssh", "openssh-client"),
    ):
        if not Path(program).exists():
            return f"the stand-in board needs {package}"
    return None


def programs(bits: int) -> Path:
    """A folder with qemu, `busybox` and the libraries in `lib`; fetched once, then kept in the cache."""
    userland = USERLANDS[bits]
    place = cache_dir() / "tests" / ("board" if bits == 64 else f"board-{userland.debian}")
    with exclusive(place.with_suffix(".lock")):
        if not (place / "whole").exists():
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy2(f"/usr/bin/{userland.qemu}-static", place / userland.interpreter)
            _fetch(place, userland)
            (place / "whole").touch()
    return place


def _fetch(place: Path, userland: Userland) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("lists/partial", "archives/partial"):
            (work / name).mkdir(parents=True)
        (work / "status").touch()
        settings = {
            "Dir::State": folder,
            "Dir::State::status": f"{folder}/status",
            "Dir::Cache": folder,
            "APT::Architecture": userland.debian,
            "APT::Architectures": userland.debian,
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
        }
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        for command in (["update"], ["download", *(f"{name}:{userland.debian}" for name in _PACKAGES)]):
            done = subprocess.run(
                ["apt-get", "-qq", *options, *command],
                cwd=work,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode and command[0] == "download":  # one of several lists may be missing from a mirror
                pytest.skip(
                    f"the stand-in board needs Debian's packages for {userland.debian}: {done.stderr.strip()[-200:]}"
                )
        for package in work.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(work / "unpacked")], check=True)
        shutil.copy2(next((work / "unpacked").glob("**/bin/busybox")), place / "busybox")
        for folder in ("lib", "usr/lib"):
            for libraries in (work / "unpacked" / folder).glob(userland.triplet):
                shutil.copytree(
                    libraries, place / "lib" / userland.triplet, symlinks=True, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("gconv", "audit"),
                )  # fmt: skip
        (place / "lib" / userland.loader).symlink_to(f"{userland.triplet}/{userland.loader}")
