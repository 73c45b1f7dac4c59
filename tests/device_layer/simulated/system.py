"""The simulated device's insides: a private directory with its files, commands and properties."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_FILE_TOOLS = ("cat", "chmod", "du", "find", "grep", "ls", "mkdir", "mv", "rm", "stat", "touch", "wc")
_OTHER_TOOLS = ("date", "md5sum", "sh", "sha256sum", "sleep")

# Paths that scripts name, and what stands for them below the private directory.
_PLACES = {
    "/proc/sys/kernel/random/boot_id": "state/boot_id",
    "/data/local/tmp": "data/local/tmp",
    "/sys/": "sys/",
}

_SCRIPTS = {
    "getprop": """
if [ $# = 0 ]; then while IFS="=" read -r k v; do echo "[$k]: [$v]"; done <$STATE/props
else while IFS="=" read -r k v; do [ "$k" != "$1" ] || echo "$v"; done <$STATE/props; fi
""",
    "dumpsys": """
[ -f $STATE/dumpsys/$1 ] && cat $STATE/dumpsys/$1 || echo "Can't find service: $1"
""",
    "settings": """
f=$STATE/settings/$2/$3
case $1 in
  get) if [ -f $f ]; then cat $f; else echo null; fi;;
  put) echo "$4" >$f; echo "settings $*" >>$STATE/log;;
  delete) rm -f $f; echo "Deleted 1 rows"; echo "settings $*" >>$STATE/log;;
esac
""",
    "cmd": """
[ "$1 $2" = "power set-fixed-performance-mode-enabled" ] && [ -f $STATE/fixed_performance ] || exit 255
echo "$3" >$STATE/fixed_performance
""",
    "df": """
echo "Filesystem     1K-blocks    Used Available Use% Mounted on"
read -r free <$STATE/free_kib
echo "/dev/block/dm-5  52428800 1000000 $free   2% /data"
""",
}

_THERMAL = """IsStatusOverride: false
Thermal Status: {status}
Cached temperatures:
\tTemperature{{mValue=71.0, mType=0, mName=CPU0, mStatus=0}}
HAL Ready: true
Current temperatures from HAL:
\tTemperature{{mValue={celsius}, mType=0, mName=CPU0, mStatus=0}}
\tTemperature{{mValue=31.0, mType=3, mName=skin, mStatus={status}}}
Current cooling devices from HAL:
"""

_BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: true
  status: 2
  level: 83
  scale: 100
  temperature: 312
"""


@dataclass(frozen=True)
class Model:
    """What kind of device it is."""

    sdk: int = 30
    abis: str = "arm64-v8a,armeabi-v7a,armeabi"
    without: tuple[str, ...] = ()  # commands it lacks
    fixed_performance: bool = True
    free_kib: int = 10_000_000
    serialno: str = ""  # ro.serialno; an old device has none

    @property
    def old(self) -> bool:
        """Before Android 7: no shell v2, no features, 4 KiB messages."""
        return self.sdk < 24


@dataclass
class System:
    """The files and processes of one device."""

    root: Path
    model: Model
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.root / "data/local/tmp").mkdir(parents=True)
        (self.state / "settings/global").mkdir(parents=True)
        (self.state / "dumpsys").mkdir()
        (self.state / "settings/global/stay_on_while_plugged_in").write_text("0\n")
        (self.state / "free_kib").write_text(f"{self.model.free_kib}\n")
        if self.model.fixed_performance:
            (self.state / "fixed_performance").write_text("false\n")
        self._commands()
        self._cores()
        self._properties()
        (self.state / "dumpsys/battery").write_text(_BATTERY)
        (self.state / "dumpsys/power").write_text("POWER MANAGER (dumpsys power)\n  mWakefulness=Awake\n")
        self.heat(0, 41.5)
        self.boot()

    @property
    def state(self) -> Path:
        return self.root / "state"

    def _commands(self) -> None:
        commands = self.root / "bin"
        commands.mkdir()
        for tool in (*_FILE_TOOLS, *_OTHER_TOOLS):
            found = shutil.which(tool)
            assert found is not None, tool
            if tool not in self.model.without:
                (commands / tool).symlink_to(found)
        for name, script in _SCRIPTS.items():
            (commands / name).write_text("#!/bin/sh" + script)
            (commands / name).chmod(0o755)

    def _cores(self) -> None:
        cpus = self.root / "sys/devices/system/cpu"
        for core, khz in enumerate([1785600] * 4 + [2419200] * 3 + [2841600]):
            place = cpus / f"cpu{core}/cpufreq"
            place.mkdir(parents=True)
            (place.parent / "online").write_text("1\n")
            for name in ("cpuinfo_max_freq", "scaling_max_freq", "scaling_cur_freq"):
                (place / name).write_text(f"{khz}\n")
            (place / "cpuinfo_min_freq").write_text("300000\n")
            (place / "scaling_governor").write_text("schedutil\n")
        (cpus / "present").write_text("0-7\n")

    def _properties(self) -> None:
        props = {
            "ro.product.manufacturer": "Example",
            "ro.product.model": "Phone One",
            "ro.board.platform": "msmnile",
            "ro.product.cpu.abilist": self.model.abis,
            "ro.build.version.release": "11",
            "ro.build.fingerprint": "example/one/one:11/RP1A.200720.009/1:user/release-keys",
            "ro.build.version.sdk": str(self.model.sdk),
            "sys.boot_completed": "1",
        }
        if self.model.serialno:
            props["ro.serialno"] = self.model.serialno
        (self.state / "props").write_text("".join(f"{name}={value}\n" for name, value in props.items()))

    # What tests turn

    def heat(self, status: int, celsius: float) -> None:
        (self.state / "dumpsys/thermalservice").write_text(_THERMAL.format(status=status, celsius=celsius))

    def boot(self) -> None:
        """A new boot: another id, nothing running."""
        (self.state / "boot_id").write_text(f"{uuid.uuid4()}\n")

    def wipe(self) -> None:
        """Empty /data/local/tmp."""
        for entry in (self.root / "data/local/tmp").iterdir():
            shutil.rmtree(entry)

    def core_offline(self, core: int) -> None:
        place = self.root / f"sys/devices/system/cpu/cpu{core}"
        (place / "online").write_text("0\n")
        shutil.rmtree(place / "cpufreq")

    def setting(self) -> str | None:
        """stay_on_while_plugged_in; None when it is not set."""
        path = self.state / "settings/global/stay_on_while_plugged_in"
        return path.read_text().strip() if path.exists() else None

    def fixed_performance(self) -> str:
        return (self.state / "fixed_performance").read_text().strip()

    # What the services use

    def real(self, path: str | PurePosixPath) -> Path:
        """Where a path of the device is here."""
        return self.root / str(path).lstrip("/")

    def start(
        self, script: str, *, stdin: int, stdout: int, stderr: int, terminal: bool = False
    ) -> subprocess.Popen[bytes]:
        for name, place in _PLACES.items():
            script = script.replace(name, f"{self.root}/{place}")
        command = ["/bin/sh", "-c", script]
        if terminal:  # the session's leader has to own it
            command = [str(shutil.which("setsid")), "--ctty", *command]
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=self.root,
            env={"PATH": f"{self.root}/bin:/nowhere", "STATE": str(self.state)},
            start_new_session=not terminal,
        )
        self.started.append(process)
        return process

    def rename(self, output: bytes) -> tuple[bytes, bytes]:
        """Take the private directory's name out of output; returns what is ready, and an end that may be part of it."""
        name = str(self.root).encode()
        output = output.replace(name, b"")
        held = next((size for size in range(min(len(name) - 1, len(output)), 0, -1) if output.endswith(name[:size])), 0)
        return output[: len(output) - held], output[len(output) - held :]

    def running(self, word: str) -> bool:
        """Whether any process has `word` in its command line and belongs to this device."""
        for place in Path("/proc").glob("[0-9]*"):
            try:
                command, environment = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
            except OSError:
                continue
            if word.encode() in command and f"STATE={self.state}".encode() in environment:
                return True
        return False
