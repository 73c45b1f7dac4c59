"""Pure readers of what Android's commands print. Unknown is None or absence, never a guess.

Forms that were seen: getprop, df and dumpsys of Android 5 to 16, of Google, Samsung and Xiaomi devices.
"""

from __future__ import annotations

import re

from edge.device.base import Battery, Zone
from edge.untrusted.numbers import real, whole

# android.os.Temperature.TYPE_*
_ZONE_KINDS = {0: "cpu", 1: "gpu", 2: "battery", 3: "skin"}
_TEMPERATURE = re.compile(r"Temperature\{mValue=([^,}]+), mType=(-?[0-9]{1,4}), mName=([^,}\n]*), mStatus=-?[0-9]+\}")


def properties(text: str) -> dict[str, str]:
    """`getprop` without arguments: `[name]: [value]`; a value may go over several lines."""
    found: dict[str, str] = {}
    name, value = "", []
    for line in text.split("\n"):
        if not name and (begin := re.match(r"\[([^\]]+)\]: \[", line)):
            name, line = begin[1], line[begin.end() :]
        if name:
            value.append(line)
            if line.endswith("]"):
                found[name] = "\n".join(value)[:-1]
                name, value = "", []
    return found


def thermal_status(text: str) -> int | None:
    """`dumpsys thermalservice` (Android 10 and later): 0 NONE to 6 SHUTDOWN."""
    found = re.search(r"^[ \t]*Thermal Status: ([0-9])[ \t\r]*$", text, re.MULTILINE)
    return int(found[1]) if found else None


def thermal_zones(text: str) -> tuple[Zone, ...]:
    """Temperatures of `dumpsys thermalservice`: those of the HAL now, else the cached ones (which may be old)."""
    head, now, current = text.partition("Current temperatures from HAL:")
    zones = []
    for value, kind, name in _TEMPERATURE.findall(current if now else head):
        celsius = real(value)
        if celsius is None or celsius <= -40 or celsius == 0:
            continue  # sensors that are not there: NaN, -99.9 and 0.0 were seen
        zones.append(Zone(name, _zone_kind(name, int(kind)), round(celsius * 1000)))
    return tuple(zones)


def _zone_kind(name: str, number: int) -> str:
    named = re.fullmatch(r"TYPE_(CPU|GPU|BATTERY|SKIN|\w+)", name)
    if named:  # some Samsung devices number the types otherwise, but name them
        return named[1].lower() if named[1] in ("CPU", "GPU", "BATTERY", "SKIN") else "other"
    return _ZONE_KINDS.get(number, "other")


def battery(text: str) -> Battery | None:
    """`dumpsys battery`: level in percent, tenths of a degree; charging when status is 2 (charging) or 5 (full)."""
    now = text.partition("\n[")[0]  # Samsung appends a log of earlier states
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in now.splitlines())}
    level, scale, tenths, status = (whole(fields.get(key, "")) for key in ("level", "scale", "temperature", "status"))
    if level is None and tenths is None and status is None:
        return None
    return Battery(
        percent=None if level is None else round(100 * level / (scale or 100)),
        millicelsius=None if tenths is None else tenths * 100,
        charging=None if status is None or status == 1 else status in (2, 5),
    )


def screen_on(text: str) -> bool | None:
    """`dumpsys power`: mWakefulness=Awake (Android 5 and later)."""
    found = re.search(r"mWakefulness=(\w+)", text)
    return found[1] == "Awake" if found else None


def battery_saver(text: str) -> bool | None:
    """`settings get global low_power` (Android 5 and later): 1 in battery saver; `null` where it was never on."""
    value = text.strip()
    return None if value not in ("0", "1", "null") else value == "1"
