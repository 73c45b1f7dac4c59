"""What the kernel says of cores, frequencies, temperatures and memory. Stand-alone; Python 3.7 and later.

Frequencies in kHz, temperatures in 1/1000 °C; what cannot be read is None.
"""

import os
import re

CPUS = "/sys/devices/system/cpu"
ZONES = "/sys/class/thermal"


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):  # a sensor that is switched off opens, but answers EINVAL
        return None


def read_number(path):
    text = read_text(path)
    return int(text) if text is not None and re.fullmatch(r"-?\d+", text) else None


def cpu_list(text):
    """[0, 1, 2, 6] for the kernel's "0-2,6"."""
    cpus = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus.extend(range(int(first), int(last or first) + 1))
    return cpus


def environment():
    """The fields of the contract's `environment` line."""
    return {"cores": cores(), "affinity": sorted(os.sched_getaffinity(0)), "thermal_zones": thermal_zones()}


def cores():
    online = read_text(CPUS + "/online")
    found = []
    for index in _numbered(CPUS, "cpu") or []:
        frequency = "%s/cpu%d/cpufreq/" % (CPUS, index)
        found.append(
            {
                "index": index,
                "online": None if online is None else index in cpu_list(online),
                "max_khz": read_number(frequency + "cpuinfo_max_freq"),
                "min_khz": read_number(frequency + "cpuinfo_min_freq"),
                "scaling_max_khz": read_number(frequency + "scaling_max_freq"),
                "cur_khz": read_number(frequency + "scaling_cur_freq"),
                "governor": read_text(frequency + "scaling_governor"),
                "time_in_state": _time_in_state(read_text(frequency + "stats/time_in_state")),
            }
        )
    return found


def thermal_zones():
    indices = _numbered(ZONES, "thermal_zone")
    if indices is None:
        return None
    folders = ["%s/thermal_zone%d" % (ZONES, index) for index in indices]
    return [{"name": read_text(f + "/type"), "millicelsius": read_number(f + "/temp")} for f in folders]


def peak_rss_bytes():
    """Of this process, the interpreter included. Not getrusage: its ru_maxrss survives fork and exec."""
    found = re.search(r"^VmHWM:\s*(\d+) kB", read_text("/proc/self/status") or "", re.MULTILINE)
    return int(found.group(1)) * 1024 if found else None


def _numbered(folder, prefix):
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    return sorted(int(name[len(prefix) :]) for name in names if re.fullmatch(prefix + r"\d+", name))


def _time_in_state(text):
    return None if text is None else [[int(word) for word in line.split()] for line in text.splitlines()]
