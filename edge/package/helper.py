"""The Android helper, package edgezoo.android: compiled classes and their sources.

The classes ship compiled (scripts/build_android_helper), so that a package can be made without a JDK and is the same
bytes on every machine; they use nothing beyond Android 5.0 and Java 8.
"""

from __future__ import annotations

from pathlib import Path

from edge.package.archive import ZipEntry, zip_bytes

CLASSES = Path(__file__).parent / "java" / "helper.jar"
"""The compiled classes."""

_SOURCES = Path(__file__).parent / "java" / "src"


def sources_jar() -> bytes:
    """The sources, as a jar that Android Studio can attach."""
    files = sorted(_SOURCES.rglob("*.java"))
    return zip_bytes(ZipEntry(file.relative_to(_SOURCES).as_posix(), file) for file in files)
