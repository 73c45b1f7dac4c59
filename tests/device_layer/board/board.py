"""A running stand-in board, as a test sees it: from outside, and with a hand on its power, network and disk."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Self

import psutil

from edge.device.ssh.destination import Destination
from tests.device_layer.board.config import HOME, ROOT, UID, USER
from tests.device_layer.board.userland import programs

CORES = min(4, os.cpu_count() or 1)  # it has no more than this machine has, on which a program is bound to them
_CPUS = "devices/system/cpu"
_SSHD_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile /run/sshd/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication {password}
KbdInteractiveAuthentication no
ChrootDirectory {root}
LogLevel VERBOSE
"""
_SSH_CONFIG = """
Host *
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile none
"""


class Board:
    """Starts with the context; `folder` should be a new, empty one."""

    def __init__(
        self, folder: Path, *, home_size: str = "1g", keys: bool = True, password: bool = False, governors: bool = True,
        bits: int = 64,
    ) -> None:  # fmt: skip
        """`keys`: it knows the user's key; `password`: it would take one; `governors`: its clocks can be governed; `bits`: of
        its programs, 64 or 32."""
        self.folder = folder
        folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        for name in ("host_key", "user_key", "other_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)
        if not keys:
            (folder / "user_key.pub").write_text((folder / "other_key.pub").read_text())
        self.know(self.port)
        self.ssh_config.write_text(_SSH_CONFIG.format(folder=folder))
        (folder / "sshd_config").write_text(
            _SSHD_CONFIG.format(port=self.port, folder=folder, root=ROOT, password="yes" if password else "no")
        )
        self.new_boot()
        (folder / "run").mkdir()
        self._make_sys(governors=governors)
        facts = {"folder": str(folder), "programs": str(programs(bits)), "home_size": home_size, "password_hash": "*",
                 "bits": str(bits)}  # fmt: skip
        (folder / "config.json").write_text(json.dumps(facts))
        self._process: subprocess.Popen[bytes] | None = None

    # What it shows

    def _make_sys(self, *, governors: bool) -> None:
        cpus = self.sys / _CPUS
        policy = cpus / "cpufreq/policy0"
        policy.mkdir(parents=True)
        (cpus / "present").write_text(f"0-{CORES - 1}\n")
        values = {
            "cpuinfo_max_freq": 1_800_000,
            "cpuinfo_min_freq": 600_000,
            "scaling_max_freq": 1_800_000,
            "scaling_cur_freq": 1_800_000,
        }
        for name, value in values.items():
            (policy / name).write_text(f"{value}\n")
        if governors:
            (policy / "scaling_available_governors").write_text("ondemand performance schedutil\n")
            (policy / "scaling_governor").write_text("schedutil\n")
            os.chown(policy / "scaling_governor", UID, UID)
        for index in range(CORES):
            (cpus / f"cpu{index}").mkdir()
            (cpus / f"cpu{index}/cpufreq").symlink_to("../cpufreq/policy0")
        zone = self.sys / "class/thermal/thermal_zone0"
        zone.mkdir(parents=True)
        (zone / "type").write_text("cpu-thermal\n")
        self.heat(45.0)
        tree = self.sys / "firmware/devicetree/base"
        tree.mkdir(parents=True)
        (tree / "model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
        (tree / "compatible").write_bytes(b"raspberrypi,4-model-b\0brcm,bcm2711\0")
        (tree / "serial-number").write_bytes(b"10000000deadbeef\0")

    @property
    def sys(self) -> Path:
        return self.folder / "sys"

    def heat(self, celsius: float) -> None:
        (self.sys / "class/thermal/thermal_zone0/temp").write_text(f"{celsius * 1000:.0f}\n")

    def throttle(self, word: str) -> None:
        """What `vcgencmd get_throttled` says, such as 0x50005."""
        (self.folder / "run/throttled").write_text(f"throttled={word}\n")

    def allow_sudo(self) -> None:
        (self.folder / "run/sudo-allowed").touch()

    @property
    def governor(self) -> str:
        return (self.sys / _CPUS / "cpufreq/policy0/scaling_governor").read_text().strip()

    def new_boot(self) -> None:
        """As after a restart: another boot id."""
        (self.folder / "boot_id").write_text(f"{uuid.uuid4()}\n")

    # How it is reached

    @property
    def home(self) -> PurePosixPath:
        """Of the user, as the board names it."""
        return PurePosixPath("/home") / USER

    @property
    def ssh_config(self) -> Path:
        return self.folder / "ssh_config"

    @property
    def destination(self) -> Destination:
        return self.at(self.port)

    def at(self, port: int) -> Destination:
        """It, at another port (a proxy's)."""
        return Destination.parse(f"ssh:{USER}@127.0.0.1:{port}")

    def know(self, port: int, key: str = "host_key") -> None:
        """The user has seen its key at that port."""
        words = (self.folder / f"{key}.pub").read_text().split()
        with (self.folder / "known_hosts").open("a") as file:
            file.write(f"[127.0.0.1]:{port} {words[0]} {words[1]}\n")

    # Its power

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.device_layer.board.sandbox", str(self.folder / "config.json")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the board did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """Pull the plug."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(300)
            self._process = None

    def shell(self, script: str, *, user: int = UID) -> str:
        """Run a script there, otherwise than through ssh."""
        enter = ["nsenter", "-t", str(self._init.pid), "-U", "-m", "-p", "--", "chroot", f"--userspec={user}:{user}"]
        environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": f"/home/{USER}"}
        done = subprocess.run(
            [*enter, str(ROOT), "/bin/sh", "-c", script], env=environment, capture_output=True, timeout=300, check=False
        )
        return done.stdout.decode(errors="replace")

    @property
    def _init(self) -> psutil.Process:
        assert self._process is not None
        (namespaces,) = psutil.Process(self._process.pid).children()
        (init,) = namespaces.children()
        return init

    @property
    def server(self) -> psutil.Process:
        """The sshd that listens."""
        return next(one for one in self._init.children(recursive=True) if one.name() == "sshd")

    def cut_sessions(self) -> None:
        """Kill the sshd processes of every connection: the link is gone, what they started is not."""
        with suppress(psutil.NoSuchProcess):
            for one in self.server.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if one.name() == "sshd":
                        one.kill()

    def kill_server(self) -> None:
        """kill -9 of every sshd."""
        server = self.server
        self.cut_sessions()
        server.kill()

    def start_server(self) -> None:
        """Start sshd again."""
        enter = ["nsenter", "-t", str(self._init.pid), "-U", "-m", "-p", "--", "/usr/sbin/sshd"]
        files = ["-E", str(self.folder / "log"), "-f", str(self.folder / "sshd_config")]
        subprocess.run([*enter, *files], check=True, capture_output=True)

    def home_is(self, mode: str) -> None:
        """Remount the home directory: "ro" or "rw"."""
        enter = ["nsenter", "-t", str(self._init.pid), "-U", "-m", "-p", "--", "mount", "-o", f"remount,{mode}"]
        subprocess.run([*enter, str(HOME)], check=True, capture_output=True)

    def running(self, word: str) -> bool:
        for one in self._init.children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if one.name() != "sshd" and any(word in argument for argument in one.cmdline()):
                    return True
        return False
