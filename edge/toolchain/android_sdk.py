"""Where an Android SDK and an NDK are on this machine: the one place that the commands and the doctor ask."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.errors import UsageError

_TOOLCHAIN = Path("build/cmake/android.toolchain.cmake")
_DEBIAN_FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")


@dataclass(frozen=True, slots=True)
class Ndk:
    """An unpacked NDK. `named_by` is how it was found: a variable of the environment, or where it lies below one."""

    path: Path
    named_by: str

    @property
    def toolchain(self) -> Path:
        """What CMake is told."""
        return self.path / _TOOLCHAIN


def sdk() -> Path | None:
    """The SDK that ANDROID_HOME (or, as of old, ANDROID_SDK_ROOT) names, if there is such a folder."""
    given = os.environ.get("ANDROID_HOME") or os.environ.get("ANDROID_SDK_ROOT")
    return Path(given) if given and Path(given).is_dir() else None


def find_tool(name: str) -> Path | None:
    """A program on PATH, else of the SDK's newest build tools."""
    home = sdk()
    build_tools = _newest(home / "build-tools", "*") if home else None
    found = shutil.which(name) or (build_tools and shutil.which(name, path=str(build_tools)))
    return Path(found) if found else None


def framework() -> Path | None:
    """What aapt2 links against, the resources of Android itself: the SDK's newest platform, else Debian's package."""
    home = sdk()
    platforms = [_newest(home / "platforms", "android-*")] if home else []
    places = [*(one / "android.jar" for one in platforms if one), _DEBIAN_FRAMEWORK]
    return next((place for place in places if place.is_file()), None)


def ndk() -> Ndk | None:
    """The NDK that ANDROID_NDK_HOME or ANDROID_NDK_ROOT names, else the newest in the SDK's `ndk`; None: there is none.

    Raises `UsageError` where a variable names something else.
    """
    named = {
        "ANDROID_NDK_HOME": os.environ.get("ANDROID_NDK_HOME"),
        "ANDROID_NDK_ROOT": os.environ.get("ANDROID_NDK_ROOT"),
    }
    for variable, given in named.items():
        if given:
            if not (Path(given) / _TOOLCHAIN).is_file():
                raise UsageError(
                    f"{variable}={given} is no Android NDK: it has no {_TOOLCHAIN}",
                    hint="name an unpacked NDK (r23 or newer), or unset it",
                )
            return Ndk(Path(given), variable)
    for place in _below_sdk():
        if (place / _TOOLCHAIN).is_file():
            return Ndk(place, "ANDROID_HOME" if os.environ.get("ANDROID_HOME") else "ANDROID_SDK_ROOT")
    return None


def _below_sdk() -> Iterator[Path]:
    """The NDKs that sdkmanager installs side by side, newest first; at last the single one of old."""
    if (home := sdk()) is not None:
        yield from sorted((home / "ndk").glob("*"), key=_version, reverse=True)
        yield home / "ndk-bundle"


def _newest(directory: Path, pattern: str) -> Path | None:
    return max(directory.glob(pattern), key=_version, default=None)


def _version(path: Path) -> list[int]:
    return [int(part) for part in path.name.replace("-", ".").split(".") if part.isdecimal()]
