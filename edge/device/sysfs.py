"""Cores and temperatures out of /sys, read here or through a shell: a mapping from path to the file's first line.

Sources: kernel Documentation/admin-guide/pm/cpufreq.rst, cputopology.rst; driver-api/thermal/sysfs-api.rst.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from edge.device.base import Core, Zone
from edge.untrusted.files import read_loosely
from edge.untrusted.numbers import count, whole

CORE_FILES = (
    "online",
    *(f"cpufreq/{name}" for name in ("cpuinfo_max_freq", "cpuinfo_min_freq", "scaling_max_freq")),
    *(f"cpufreq/{name}" for name in ("scaling_cur_freq", "scaling_governor")),
)
_CPUS = "/sys/devices/system/cpu"
_ZONES = "/sys/class/thermal"


def shell_script(*, zones: bool) -> str:
    """A script of shell built-ins only (no process a file) that prints `path=value` for what can be read."""
    files = [f"{_CPUS}/cpu[0-9]*/{name}" for name in CORE_FILES]
    if zones:
        files += [f"{_ZONES}/thermal_zone*/type", f"{_ZONES}/thermal_zone*/temp"]
    names = " ".join([f"{_CPUS}/present", *files])
    return f'for f in {names}; do [ -r $f ] && read -r v 2>/dev/null <$f && echo "$f=$v"; done'


def parse(text: str) -> dict[str, str]:
    """The output of `shell_script`."""
    return {path: value.strip() for path, _, value in (line.partition("=") for line in text.splitlines()) if value}


def read(root: Path = Path("/")) -> dict[str, str]:
    """The same from this machine's own /sys."""
    patterns = [f"{_CPUS}/present", *(f"{_CPUS}/cpu[0-9]*/{name}" for name in CORE_FILES)]
    patterns += [f"{_ZONES}/thermal_zone*/type", f"{_ZONES}/thermal_zone*/temp"]
    found = {}
    for pattern in patterns:
        for path in sorted(root.glob(pattern.lstrip("/"))):
            try:
                found["/" + str(path.relative_to(root))] = read_loosely(path).partition("\n")[0].strip()
            except OSError:
                continue
    return found


def cores(values: Mapping[str, str]) -> tuple[Core, ...]:
    """One Core for each present CPU. A CPU without an `online` file (often cpu0) cannot be taken offline."""
    indices = set(_ranges(values.get(f"{_CPUS}/present", "")))
    indices |= {int(found[1]) for path in values if (found := re.match(rf"{_CPUS}/cpu([0-9]{{1,4}})/", path))}

    def number(index: int, name: str) -> int | None:
        return count(values.get(f"{_CPUS}/cpu{index}/cpufreq/{name}", ""))

    return tuple(
        Core(
            index=index,
            online=values.get(f"{_CPUS}/cpu{index}/online", "1") != "0",
            max_khz=number(index, "cpuinfo_max_freq"),
            min_khz=number(index, "cpuinfo_min_freq"),
            governor=values.get(f"{_CPUS}/cpu{index}/cpufreq/scaling_governor"),
            scaling_max_khz=number(index, "scaling_max_freq"),
            cur_khz=number(index, "scaling_cur_freq"),
        )
        for index in sorted(indices)
    )


def zones(values: Mapping[str, str]) -> tuple[Zone, ...]:
    """Thermal zones that can be read. What is no temperature in any unit (voltages, currents) is left out."""
    found = []
    for path, text in values.items():
        place = re.fullmatch(rf"({_ZONES}/thermal_zone\d+)/temp", path)
        if place is None or (number := whole(text)) is None:
            continue
        name = values.get(f"{place[1]}/type", place[1].rpartition("/")[2])
        found.append(Zone(name, _zone_kind(name), _millicelsius(number)))
    return tuple(zone for zone in found if -40_000 < zone.millicelsius < 200_000 and zone.millicelsius != 0)


def _millicelsius(number: int) -> int:
    """Thousandths by the kernel's rules; older Qualcomm kernels also give tenths (309) and whole degrees (30)."""
    return number * (1000 if abs(number) < 200 else 100 if abs(number) < 2000 else 1)


def _zone_kind(name: str) -> str:
    """By the names that SoC makers give. "soc" alone is no chip, but the battery's state of charge."""
    lower = name.lower()
    if re.search(r"cpu|tsens_tz_sensor|x86_pkg|coretemp|^(big|mid|little)$|apss|soc.therm", lower):
        return "cpu"
    if re.search(r"gpu|g3d", lower):
        return "gpu"
    if "batt" in lower:
        return "battery"
    return "skin" if re.search(r"skin|quiet|xo.therm", lower) else "other"


def _ranges(text: str) -> list[int]:
    """`0-3,6` as the kernel writes lists of CPUs."""
    found: list[int] = []
    for part in text.split(","):
        ends = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", part.strip())  # Linux is built for 8192 CPUs at most
        if ends:
            found += range(int(ends[1]), int(ends[2] or ends[1]) + 1)
    return found
