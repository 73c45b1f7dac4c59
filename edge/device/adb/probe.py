"""What an Android device says of itself: one script a question, so that one answer costs one round trip."""

from __future__ import annotations

from collections.abc import Mapping

from edge.device import sysfs
from edge.device.adb import parse
from edge.device.base import Properties, State, Thermal
from edge.device.shell.answers import sections
from edge.device.shell.layout import BOOT_ID
from edge.untrusted.numbers import count

THERMAL_SERVICE_SDK = 29
_WORD = "edgezoo-section"
_THERMAL = f"echo; echo {_WORD} thermal; dumpsys thermalservice 2>/dev/null"

IDENTITY = "\n".join(
    [
        f"echo {_WORD} properties; getprop",
        f"echo; echo {_WORD} cores; {sysfs.shell_script(zones=False)}",
        f"echo; echo {_WORD} boot; [ -r {BOOT_ID} ] && cat {BOOT_ID}",
    ]
)


def thermal_script(sdk: int | None) -> str:
    """Android's own thermal service where there is one, else the zones of /sys."""
    return _THERMAL if sdk is not None and sdk >= THERMAL_SERVICE_SDK else zones_script()


def zones_script() -> str:
    return f"echo {_WORD} sysfs; {sysfs.shell_script(zones=True)}"


def state_script() -> str:
    return "\n".join(
        [
            _THERMAL,
            f"echo; echo {_WORD} battery; dumpsys battery 2>/dev/null",
            f"echo; echo {_WORD} power; dumpsys power 2>/dev/null | grep mWakefulness=",
            f"echo; echo {_WORD} saver; settings get global low_power 2>/dev/null",
            f"echo; {zones_script()}",
        ]
    )


def properties(text: str, *, serial: str, adb_version: str) -> tuple[Properties, str]:
    """The answer to `IDENTITY`; returns the boot's id as well ("" where it cannot be read)."""
    parts = sections(text, _WORD)
    props = parse.properties(parts.get("properties", ""))
    sdk = props.get("ro.build.version.sdk", "")
    return (
        Properties(
            serial=serial,
            kind="android",
            manufacturer=props.get("ro.product.manufacturer") or None,
            model=props.get("ro.product.model") or None,
            soc=props.get("ro.board.platform") or None,
            abis=_abis(props),
            android_release=props.get("ro.build.version.release") or None,
            sdk=count(sdk),
            cores=sysfs.cores(sysfs.parse(parts.get("cores", ""))),
            soc_model=props.get("ro.soc.model") or None,
            build=props.get("ro.build.fingerprint") or None,
            adb_version=adb_version,
            serialno=(serialno := _serialno(props)),
            serialno_from="maker" if serialno else None,
        ),
        parts.get("boot", "").strip(),
    )


def _serialno(props: Mapping[str, str]) -> str | None:
    """What every maker burns in; some systems without one say "unknown" or zeros (AOSP's default, emulators)."""
    found = props.get("ro.serialno") or props.get("ro.boot.serialno") or ""
    return None if found.lower() in ("", "unknown") or not found.strip("0") else found


def _abis(props: Mapping[str, str]) -> tuple[str, ...]:
    """`ro.product.cpu.abilist` since Android 5, abi and abi2 before."""
    listed = props.get("ro.product.cpu.abilist")
    abis = listed.split(",") if listed else [props.get("ro.product.cpu.abi", ""), props.get("ro.product.cpu.abi2", "")]
    return tuple(abi for abi in abis if abi)


def thermal(text: str) -> Thermal:
    """The answer to `thermal_script`, or the part of it in the answer to `state_script`."""
    parts = sections(text, _WORD)
    service = parts.get("thermal", "")
    zones = parse.thermal_zones(service)
    if not any(zone.kind == "cpu" for zone in zones):
        zones += sysfs.zones(sysfs.parse(parts.get("sysfs", "")))
    return Thermal(parse.thermal_status(service), zones)


def state(text: str) -> State:
    """The answer to `state_script`."""
    parts = sections(text, _WORD)
    now = thermal(text)
    return State(
        thermal_status=now.status,
        zones=now.zones,
        cores=sysfs.cores(sysfs.parse(parts.get("sysfs", ""))),
        battery=parse.battery(parts.get("battery", "")),
        screen_on=parse.screen_on(parts.get("power", "")),
        battery_saver=parse.battery_saver(parts.get("saver", "")),
    )
