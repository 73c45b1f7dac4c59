"""Installs an APK on a device, unless it is there already."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from edge.cache.hashing import sha256_of
from edge.device.base import Device
from edge.errors import CommandError, CommandTimeoutError, DeviceError

_SECONDS = 180.0  # a phone may ask its user first

# What the package manager answers: Failure [REASON] or Failure [REASON: details].
_FAILURE = re.compile(r"Failure \[([A-Z_]+)(?:: *([^\]]*))?")

_ADVICE = {
    "INSTALL_FAILED_UPDATE_INCOMPATIBLE": "it is there with another key: adb uninstall it first",
    "INSTALL_FAILED_INSUFFICIENT_STORAGE": "free some space on the device",
    "INSTALL_FAILED_USER_RESTRICTED": "confirm on the device, or allow installing over USB in its developer options",
    "INSTALL_FAILED_VERSION_DOWNGRADE": "a newer version is there: adb uninstall it first",
}


def install_apk(device: Device, apk: Path, package_id: str) -> bool:
    """Install or replace the app; False if exactly this file was installed already.

    Raises CommandError with the package manager's reason if it refuses, or another DeviceError if the device fails.
    """
    if _installed_digest(device, package_id) == sha256_of(apk):
        return False
    place = device.push([apk])[apk]
    try:
        done = device.run(["pm", "install", "-r", "-t", str(place)], timeout=_SECONDS)
    except CommandTimeoutError as error:
        raise CommandTimeoutError(
            error.message,
            code=error.code,
            hint="look at the device: it may ask for a confirmation",
            output=error.output,
        ) from error
    finally:
        with suppress(DeviceError):  # what went wrong before counts
            device.run(["rm", "-f", str(place)], timeout=_SECONDS)
    text = f"{done.stdout}\n{done.stderr}"
    if done.code == 0 and "Success" in text:
        return True
    failure = _FAILURE.search(text)
    reason = failure[1] if failure else text.strip().partition("\n")[0] or f"exit code {done.code}"
    details = f" ({failure[2]})" if failure and failure[2] else ""
    raise CommandError(
        f"{device.serial} refused to install {apk.name}: {reason}{details}",
        code=done.code,
        hint=_ADVICE.get(reason, ""),
        output=text,
    )


def _installed_digest(device: Device, package_id: str) -> str | None:
    """The sha256 of the installed APK; None if there is none or it cannot be said."""
    found = device.run(["pm", "path", package_id], timeout=_SECONDS)
    paths = [line.removeprefix("package:") for line in found.stdout.split() if line.startswith("package:")]
    if found.code != 0 or len(paths) != 1:
        return None
    summed = device.run(["sha256sum", paths[0]], timeout=_SECONDS)
    return summed.stdout.split(" ")[0] if summed.code == 0 else None
