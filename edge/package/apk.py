"""An installable APK that carries models and nothing else: for device labs, and for apps that share models.

It has no code. An app reads it through `context.createPackageContext(id, 0).getAssets()`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edge import __version__
from edge.cache.files import atomic_write
from edge.device.usable import MIN_SDK
from edge.errors import OutputError, PackageError
from edge.package.archive import ZipEntry, write_zip
from edge.package.keys import SigningKey
from edge.package.model import PackagedModel
from edge.package.sdk import AndroidTools, run_tool
from edge.package.tree import asset_entries

TARGET_SDK = 35  # Android 14 and later refuse to install what is made for an old one

_LARGEST = (1 << 31) - 1  # Android reads offsets within an APK as signed 32-bit numbers


def write_apk(
    out: Path, models: Sequence[PackagedModel], package_id: str, *, tools: AndroidTools, key: SigningKey
) -> Path:
    """Write the signed APK: every model stored uncompressed, its data at a multiple of 16 KB.

    The same input and the same RSA key give the same bytes. Raises PackageError if a tool refuses, OutputError if the
    file cannot be written.
    """
    entries = asset_entries(models)
    total = sum(entry.size() for entry in entries)
    if total > _LARGEST:
        raise PackageError(f"{total} bytes of models are too many for an APK, which ends at 2 GiB")
    try:
        with TemporaryDirectory(prefix=".edgezoo-", dir=out.parent) as scratch, atomic_write(out) as part:
            unsigned, signed = Path(scratch, "unsigned.apk"), Path(scratch, "signed.apk")
            with unsigned.open("wb") as stream:
                write_zip(stream, [*_base(models, package_id, Path(scratch), tools), *entries])
            run_tool(
                [tools.apksigner, "sign", *key.arguments(), "--out", signed, unsigned], "the APK could not be signed"
            )
            signed.replace(part)
    except OSError as error:
        raise OutputError(f"{out} could not be written: {error.strerror}") from error
    return out


def manifest(models: Sequence[PackagedModel], package_id: str) -> str:
    """AndroidManifest.xml of an APK without code."""
    label = models[0].name if len(models) == 1 else f"{len(models)} models"
    return f"""<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="{package_id}"
    android:versionCode="1" android:versionName="{__version__}">
    <uses-sdk android:minSdkVersion="{MIN_SDK}" android:targetSdkVersion="{TARGET_SDK}" />
    <application android:hasCode="false" android:allowBackup="false" android:label="{label}" />
</manifest>
"""


def package_id_of(apk: Path, tools: AndroidTools) -> str:
    """The application id of an APK. Raises PackageError if it is none."""
    return run_tool([tools.aapt2, "dump", "packagename", apk], f"{apk} is no APK").strip()


def _base(models: Sequence[PackagedModel], package_id: str, scratch: Path, tools: AndroidTools) -> list[ZipEntry]:
    """Binary manifest and resource table, as aapt2 makes them."""
    source, linked = scratch / "AndroidManifest.xml", scratch / "base.apk"
    source.write_text(manifest(models, package_id), encoding="utf-8")
    command: list[str | Path] = [tools.aapt2, "link", "--manifest", source, "-I", tools.framework, "-o", linked]
    run_tool(command, "aapt2 refused the manifest")
    with zipfile.ZipFile(linked) as base:
        return [ZipEntry(name, base.read(name)) for name in base.namelist()]
