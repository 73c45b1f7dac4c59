"""The Android tools that an APK needs: Debian's packages, or an Android SDK named by ANDROID_HOME."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import AndroidToolsMissingError, PackageError
from edge.toolchain.android_sdk import find_tool, framework

PACKAGES = ("aapt", "apksigner", "android-framework-res", "default-jre-headless")
"""Debian packages with everything that is needed."""

TOOLS = {"aapt2": "aapt", "apksigner": "apksigner", "keytool": "default-jre-headless"}
"""Each program, with the Debian package that has it."""

_TIMEOUT = 600.0  # seconds; signing reads the whole package


@dataclass(frozen=True, slots=True)
class AndroidTools:
    """Where they are. `framework` holds the resources of Android itself, which aapt2 links against."""

    aapt2: Path
    apksigner: Path
    keytool: Path
    framework: Path


def find_tools() -> AndroidTools:
    """The tools on PATH, else those of the newest build tools in ANDROID_HOME. Raises `AndroidToolsMissingError`."""
    found = {name: find_tool(name) for name in TOOLS}
    resources = framework()
    missing = [name for name, path in found.items() if path is None]
    if resources is None:
        missing.append("Android's framework resources")
    if missing or resources is None:
        raise AndroidToolsMissingError(
            f"an APK cannot be made here: {', '.join(missing)} not found",
            hint=f"sudo apt-get install {' '.join(PACKAGES)}, or set ANDROID_HOME to an Android SDK",
        )
    aapt2, apksigner, keytool = (path for path in found.values() if path is not None)
    return AndroidTools(aapt2, apksigner, keytool, resources)


def run_tool(command: Sequence[str | Path], purpose: str) -> str:
    """Standard output of a tool. Raises PackageError with `purpose` and what the tool said, if it fails."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PackageError(f"{purpose}: {name} did not end within {_TIMEOUT:.0f} s") from error
    except OSError as error:
        raise PackageError(f"{purpose}: {name} cannot be started: {error.strerror}") from error
    if done.returncode != 0:
        raise PackageError(f"{purpose}: {_reason(done.stderr + done.stdout) or f'{name} ended with {done.returncode}'}")
    return done.stdout


def _reason(output: str) -> str:
    """The line that says why: the first that names an error, else the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    return next((line for line in lines if "error" in line.lower() or "exception" in line.lower()), "".join(lines[-1:]))
