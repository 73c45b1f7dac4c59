"""The Android tools that an APK needs: Debian's packages, or an Android SDK named by ANDROID_HOME."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import AndroidToolsMissingError, PackageError

PACKAGES = ("aapt", "apksigner", "android-framework-res", "default-jre-headless")
"""Debian packages with everything that is needed."""

_DEBIAN_FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
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
    sdk = Path(os.environ.get("ANDROID_HOME") or os.environ.get("ANDROID_SDK_ROOT") or "/nonexistent")
    build_tools = _newest(sdk / "build-tools", "*")
    found = {name: find_tool(name, build_tools) for name in ("aapt2", "apksigner", "keytool")}
    platform = _newest(sdk / "platforms", "android-*")
    framework = platform / "android.jar" if platform else _DEBIAN_FRAMEWORK
    missing = [name for name, path in found.items() if path is None]
    if not framework.is_file():
        missing.append("Android's framework resources")
    if missing:
        raise AndroidToolsMissingError(
            f"an APK cannot be made here: {', '.join(missing)} not found",
            hint=f"sudo apt-get install {' '.join(PACKAGES)}, or set ANDROID_HOME to an Android SDK",
        )
    aapt2, apksigner, keytool = (path for path in found.values() if path is not None)
    return AndroidTools(aapt2, apksigner, keytool, framework)


def find_tool(name: str, directory: Path | None = None) -> Path | None:
    """A program on PATH, or in `directory`."""
    found = shutil.which(name) or (directory and shutil.which(name, path=str(directory)))
    return Path(found) if found else None


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


def _newest(directory: Path, pattern: str) -> Path | None:
    def version(path: Path) -> list[int]:
        return [int(part) for part in path.name.replace("-", ".").split(".") if part.isdecimal()]

    return max(directory.glob(pattern), key=version, default=None)
