"""What a Linux board says of itself: one script a question, so that one answer costs one round trip.

Sources: kernel Documentation/devicetree/usage-model.rst (model, compatible), machine-id(5), Raspberry Pi's documentation of
`vcgencmd get_throttled`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from edge.device import sysfs
from edge.device.base import SOFT_LIMIT, UNDER_VOLTAGE, Properties, State, Thermal
from edge.device.elf import abi_of_head
from edge.device.shell.answers import sections
from edge.device.shell.layout import BOOT_ID

_WORD = "edgezoo-section"
_TREE = "/sys/firmware/devicetree/base"  # where /proc/device-tree leads
_DMI = "/sys/class/dmi/id"
# What a program for it is built as, by Android's names; a 64-bit kernel may have a 32-bit system.
_ABIS = {"aarch64": "arm64-v8a", "armv8l": "armeabi-v7a", "armv7l": "armeabi-v7a", "x86_64": "x86_64"}
_FLAGS = {0: UNDER_VOLTAGE, 1: "frequency capped", 2: "throttled", 3: SOFT_LIMIT}
_NO_SERIALS = ("", "unknown", "none", "default string", "to be filled by o.e.m.")


def _words(path: str) -> str:
    """A property of the device tree: strings that end in a zero byte."""
    return f"[ ! -r {path} ] || tr '\\0' '\\n' <{path}"


IDENTITY = "\n".join(
    [
        f"echo {_WORD} machine; uname -m",
        f"echo {_WORD} shell; od -An -v -tx1 -N20 /bin/sh 2>/dev/null",
        f"echo {_WORD} kernel; uname -sr",
        f"echo; echo {_WORD} model; {_words(f'{_TREE}/model')}",
        f"echo; echo {_WORD} compatible; {_words(f'{_TREE}/compatible')}",
        f"echo; echo {_WORD} serial; {_words(f'{_TREE}/serial-number')}",
        f"echo; echo {_WORD} id; [ ! -r /etc/machine-id ] || cat /etc/machine-id",
        f"echo; echo {_WORD} vendor; cat {_DMI}/sys_vendor 2>/dev/null",
        f"echo; echo {_WORD} product; cat {_DMI}/product_name 2>/dev/null",
        f"echo; echo {_WORD} cpu; grep -m1 '^model name' /proc/cpuinfo",
        f"echo; echo {_WORD} cores; {sysfs.shell_script(zones=False)}",
        f"echo; echo {_WORD} boot; [ ! -r {BOOT_ID} ] || cat {BOOT_ID}",
    ]
)
STATE = "\n".join(
    [
        f"echo {_WORD} sysfs; {sysfs.shell_script(zones=True)}",
        f"echo; echo {_WORD} throttled; vcgencmd get_throttled 2>/dev/null",
    ]
)


def properties(text: str, *, serial: str) -> tuple[Properties, str]:
    """The answer to `IDENTITY`; returns the boot's id as well ("" where it cannot be read)."""
    parts = {name: part.strip() for name, part in sections(text, _WORD).items()}
    compatible = [line for line in parts.get("compatible", "").splitlines() if "," in line]
    machine = parts.get("machine", "")
    number, source = _identity(parts)
    found = Properties(
        serial=serial,
        kind="linux",
        manufacturer=compatible[0].partition(",")[0] if compatible else parts.get("vendor") or None,
        model=parts.get("model") or parts.get("product") or None,
        soc=_soc(compatible, parts),
        abis=_abis(machine, parts.get("shell", "")),
        android_release=None,
        sdk=None,
        cores=sysfs.cores(sysfs.parse(parts.get("cores", ""))),
        build=parts.get("kernel") or None,
        serialno=number,
        serialno_from=source,
    )
    return found, parts.get("boot", "")


def _abis(machine: str, shell: str) -> tuple[str, ...]:
    """The system's own first. `shell`: the first bytes of its /bin/sh in hexadecimal, "" where nothing there shows them."""
    if not machine:
        return ()
    kernels = _ABIS.get(machine, machine)
    head = bytes.fromhex(shell) if re.fullmatch(r"([0-9a-f]{2}\s+){19}[0-9a-f]{2}", shell) else b""
    narrow = (kernels, abi_of_head(head)) == ("arm64-v8a", "armeabi-v7a")
    return ("armeabi-v7a", kernels) if narrow else (kernels,)


def _soc(compatible: list[str], parts: Mapping[str, str]) -> str | None:
    """The last, most general word of the device tree is the chip's: `brcm,bcm2711`, `nvidia,tegra234`, `rockchip,rk3588`."""
    if compatible:
        return compatible[-1].partition(",")[2] or None
    return parts.get("cpu", "").partition(":")[2].strip() or None


def _identity(parts: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The maker's serial number; else a hash of the system's id, which is not to be shown to others (machine-id(5)); and which.

    The number comes first: system images are copied from card to card with the id in them.
    """
    number = parts.get("serial", "")
    if number.lower() not in _NO_SERIALS and number.strip("0"):
        return number.lower(), "maker"
    if not (machine := parts.get("id", "")):
        return None, None
    return hashlib.sha256(f"edgezoo {machine}".encode()).hexdigest()[:16], "machine-id"


def thermal(text: str) -> Thermal:
    """The answer to `STATE`."""
    parts = sections(text, _WORD)
    return Thermal(
        status=None,
        zones=sysfs.zones(sysfs.parse(parts.get("sysfs", ""))),
        limits=throttled(parts.get("throttled", "")),
    )


def state(text: str) -> State:
    """The answer to `STATE`."""
    now = thermal(text)
    values = sysfs.parse(sections(text, _WORD).get("sysfs", ""))
    return State(
        thermal_status=None,
        zones=now.zones,
        cores=sysfs.cores(values),
        battery=None,
        screen_on=None,
        limits=now.limits,
    )


def throttled(text: str) -> tuple[str, ...] | None:
    """`vcgencmd get_throttled`: what limits the board now; None where it cannot be asked.

    Bits 16 to 19 say the same of the time since its start, which says nothing of one measurement.
    """
    found = re.search(r"^throttled=0x([0-9a-fA-F]{1,8})\s*$", text, re.MULTILINE)
    if found is None:
        return None
    bits = int(found[1], 16)
    return tuple(name for bit, name in _FLAGS.items() if bits >> bit & 1)
