"""What the kernel says of cores, frequencies, temperatures, memory and CPU time. Stand-alone; Python 3.7 and later.

Frequencies in kHz, temperatures in 1/1000 °C; what cannot be read is None.
"""

import ctypes
import os
import re
import resource
import time

CPUS = "/sys/devices/system/cpu"
ZONES = "/sys/class/thermal"
TASKS = "/proc/self/task"


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


def core_reader():
    """A function that tells the core the calling thread is on; None where the C library has none."""
    try:
        return ctypes.CDLL(None).sched_getcpu
    except (AttributeError, OSError):
        return None


def usage():
    """What this process and its threads have used so far; `used_between` makes the contract's fields of two of these."""
    whole = resource.getrusage(resource.RUSAGE_SELF)
    own = resource.getrusage(resource.RUSAGE_THREAD)
    tasks = _numbered(TASKS, "")
    return {
        "wall_ms": time.perf_counter_ns() / 1e6,
        "cpu_ms": (whole.ru_utime + whole.ru_stime) * 1e3,
        "involuntary_switches": whole.ru_nivcsw,
        "thread_cpu_ms": (own.ru_utime + own.ru_stime) * 1e3,
        "thread_switches": own.ru_nivcsw,
        "threads": None if tasks is None else [_thread(task) for task in tasks],
    }


def used_between(begin, end):
    """The fields of the contract's `usage` line. A thread that was not there before began at nothing."""
    used = {key: round(end[key] - begin[key], 6) for key in end if key != "threads"}
    if end["threads"] is None or begin["threads"] is None:
        return dict(used, threads=None)
    before = {thread["tid"]: thread for thread in begin["threads"]}
    counted = ("cpu_ms", "delay_ms", "involuntary_switches")
    threads = []
    for thread in end["threads"]:
        known = before.get(thread["tid"])
        if known is not None:
            thread = dict(thread, **{key: _difference(thread[key], known[key]) for key in counted})
        threads.append(thread)
    return dict(used, threads=threads)


def _difference(end, begin):
    return None if end is None or begin is None else max(0, round(end - begin, 6))


def _thread(task):
    """One thread as /proc shows it (man 5 proc). CPU time to the nanosecond from schedstat, else in stat's ticks."""
    folder = "%s/%d/" % (TASKS, task)
    stat = (read_text(folder + "stat") or "").rpartition(")")[2].split()  # from field 3, the state, on
    ran = re.match(r"(\d+) (\d+)", read_text(folder + "schedstat") or "")
    status = dict(line.partition(":\t")[::2] for line in (read_text(folder + "status") or "").splitlines())
    cpu_ms = None
    if ran:
        cpu_ms = int(ran.group(1)) / 1e6
    elif len(stat) > 12:
        cpu_ms = (int(stat[11]) + int(stat[12])) * 1e3 / os.sysconf("SC_CLK_TCK")
    switches, allowed = status.get("nonvoluntary_ctxt_switches"), status.get("Cpus_allowed_list")
    return {
        "tid": task,
        "cpu_ms": cpu_ms,
        "delay_ms": int(ran.group(2)) / 1e6 if ran else None,
        "involuntary_switches": int(switches) if switches else None,
        "processor": int(stat[36]) if len(stat) > 36 else None,
        "affinity": cpu_list(allowed) if allowed else None,
    }


def _numbered(folder, prefix):
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    return sorted(int(name[len(prefix) :]) for name in names if re.fullmatch(prefix + r"\d+", name))


def _time_in_state(text):
    return None if text is None else [[int(word) for word in line.split()] for line in text.splitlines()]
