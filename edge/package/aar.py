"""An Android library (AAR) that a Gradle project drops into `libs/`: models, helper classes, and the engine if given.

Format: https://developer.android.com/studio/projects/android-library#aar-contents
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.cache.files import atomic_write
from edge.device.usable import MIN_SDK
from edge.package import helper
from edge.package.archive import ZipEntry, write_zip
from edge.package.litelib import KEEP_RULE, LiteRelease
from edge.package.model import PackagedModel
from edge.package.tree import asset_entries


def write_aar(
    out: Path, models: Sequence[PackagedModel], package_id: str, release: LiteRelease | None = None
) -> tuple[Path, Path]:
    """Write the AAR and, beside it, the helper's sources; returns both paths. The same input gives the same bytes.

    Raises OutputError if a file cannot be written.
    """
    entries = [
        ZipEntry("AndroidManifest.xml", manifest(package_id)),
        ZipEntry("R.txt", resource_symbols(models)),
        ZipEntry("classes.jar", helper.CLASSES),
        ZipEntry("res/values/values.xml", resources(models)),
        *asset_entries(models),
        *(_engine_entries(release) if release else ()),
    ]
    with atomic_write(out) as part, part.open("wb") as stream:
        write_zip(stream, entries)
    sources = out.with_name(f"{out.stem}-sources.jar")
    with atomic_write(sources) as part:
        part.write_bytes(helper.sources_jar())
    return out, sources


def manifest(package_id: str) -> bytes:
    """AndroidManifest.xml; Gradle takes the namespace of the library's R class from it."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="{package_id}">
    <uses-sdk android:minSdkVersion="{MIN_SDK}" />
</manifest>
""".encode()


def resources(models: Sequence[PackagedModel]) -> bytes:
    """The models' names as string resources: an app that asks for a model the library lacks does not compile."""
    lines = (f'    <string name="{_symbol(m)}" translatable="false">{m.name}</string>\n' for m in _by_name(models))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<resources>\n{"".join(lines)}</resources>\n'.encode()


def resource_symbols(models: Sequence[PackagedModel]) -> bytes:
    """R.txt: the same resources as aapt lists them; the app's build gives out the ids."""
    return "".join(f"int string {_symbol(model)} 0x0\n" for model in _by_name(models)).encode()


def _symbol(model: PackagedModel) -> str:
    return f"edgezoo_{model.name}"


def _by_name(models: Sequence[PackagedModel]) -> list[PackagedModel]:
    return sorted(models, key=lambda model: model.name)


def _engine_entries(release: LiteRelease) -> list[ZipEntry]:
    libraries = [ZipEntry(f"jni/{lib.elf.abi}/{lib.path.name}", lib.path) for lib in release.libraries]
    return [
        ZipEntry("libs/PaddlePredictor.jar", release.jar),
        ZipEntry("proguard.txt", f"{KEEP_RULE}\n".encode()),
        *libraries,
    ]
