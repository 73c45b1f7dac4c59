"""Puts models, the helper and the engine into an existing Android app, and later replaces only what it put there.

What was written, and with which content, stands in `edgezoo.json` in the app module's directory; a file that is not
listed there, or was changed since, is never overwritten.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from edge.cache.files import atomic_write, write_text
from edge.cache.hashing import sha256_of
from edge.cache.regular import read_file
from edge.errors import PackageError
from edge.package import helper
from edge.package.archive import ZipEntry
from edge.package.litelib import KEEP_RULE, LiteRelease
from edge.package.model import PackagedModel
from edge.package.tree import ROOT, asset_entries

RECORD = "edgezoo.json"

_FORMAT = "edgezoo-app/1"


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done to an app: paths relative to its module, whose directory is `module`."""

    module: Path
    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def find_module(app: Path) -> Path:
    """The directory of the app's module: `app` itself or its subdirectory `app`; PackageError if it is neither."""
    for module in (app, app / "app"):
        if (module / "src" / "main").is_dir() and any(
            (module / f"build.gradle{kts}").is_file() for kts in ("", ".kts")
        ):
            return module
    raise PackageError(
        f"{app} is no Android app: neither it nor its subdirectory app has a build.gradle(.kts) and src/main",
        hint="name the directory of the project or of its app module",
    )


def install_assets(app: Path, models: Sequence[PackagedModel], release: LiteRelease | None = None) -> Installed:
    """Write `src/main/assets/models/NAME/`, `libs/edgezoo-helper.jar` and, if given, the engine.

    The same again changes nothing. Files of an earlier version of the same models are replaced or removed. Raises
    PackageError before anything is written if a file is in the way, OutputError if one cannot be written.
    """
    module = find_module(app)
    record = _read_record(module)
    entries = {entry.name: entry for entry in _entries(models, release)}
    digests = {name: sha256_of(entry.content) for name, entry in entries.items()}
    homes = tuple(f"src/main/assets/{ROOT}/{model.name}/" for model in models)
    obsolete = [name for name in record if name.startswith(homes) and name not in entries]
    present = {name: _digest(module / name) for name in (*entries, *obsolete)}
    for name, found in present.items():
        if found not in (None, digests.get(name), *record.get(name, ())):
            raise PackageError(
                f"{module / name} is in the way: edgezoo did not write it, or it was changed since",
                hint="move it elsewhere, or delete it, and run the command again",
            )
    changed = [name for name in entries if present[name] != digests[name]]
    removed = [name for name in obsolete if present[name] is not None]
    kept = {name: known for name, known in record.items() if name not in obsolete}
    after = {**kept, **{name: [digest] for name, digest in digests.items()}}
    if after != record:
        # The record comes first, with old and new content, so that what a run that was cut off wrote is known as ours.
        both = {name: sorted({*record.get(name, ()), *after.get(name, ())}) for name in {**record, **after}}
        _write_record(module, both)
    for name in changed:
        _write(module / name, entries[name])
    for name in removed:
        (module / name).unlink()
    if after != record:
        _write_record(module, after)
    return Installed(module, tuple(changed), tuple(removed), len(entries) - len(changed))


def gradle_lines(release: LiteRelease | None) -> str:
    """What the app's build.gradle.kts must say, in Kotlin, and its proguard-rules.pro if it minifies."""
    abis = ", ".join(f'"{abi}"' for abi in release.abis) if release else '"arm64-v8a"'
    keep = f"// proguard-rules.pro, if the app is minified:\n// {KEEP_RULE}\n" if release else ""
    return f"""android {{
    defaultConfig {{
        ndk {{ abiFilters += listOf({abis}) }}
    }}
    androidResources {{ noCompress += "nb" }}
}}
dependencies {{
    implementation(fileTree("libs") {{ include("*.jar") }})
}}
{keep}"""


def _entries(models: Sequence[PackagedModel], release: LiteRelease | None) -> list[ZipEntry]:
    entries = asset_entries(models, "src/main/assets/")
    entries.append(ZipEntry("libs/edgezoo-helper.jar", helper.CLASSES))
    if release:
        entries.append(ZipEntry("libs/PaddlePredictor.jar", release.jar))
        entries += [ZipEntry(f"src/main/jniLibs/{lib.elf.abi}/{lib.path.name}", lib.path) for lib in release.libraries]
    return entries


def _write(path: Path, entry: ZipEntry) -> None:
    with atomic_write(path, parents=True) as part:
        if isinstance(entry.content, Path):
            shutil.copyfile(entry.content, part)
        else:
            part.write_bytes(entry.content)


def _read_record(module: Path) -> dict[str, list[str]]:
    """Path -> the digests of what edgezoo may have written there."""
    path = module / RECORD
    try:
        record: Any = json.loads(read_file(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise PackageError(f"{path} cannot be read: {error}") from error
    files = record.get("files") if isinstance(record, dict) and record.get("format") == _FORMAT else None
    if not isinstance(files, dict) or not all(_is_sound(name, digests) for name, digests in files.items()):
        raise PackageError(f"{path} is not what edgezoo writes", hint="move it elsewhere and run the command again")
    return files


def _is_sound(name: str, digests: Any) -> bool:
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts
    return inside and isinstance(digests, list) and all(isinstance(digest, str) for digest in digests)


def _write_record(module: Path, files: Mapping[str, list[str]]) -> None:
    record = {"format": _FORMAT, "files": dict(sorted(files.items()))}
    write_text(module / RECORD, json.dumps(record, indent=1) + "\n")


def _digest(path: Path) -> str | None:
    """None if there is no such file; a directory or a link in its place has a digest of its own that fits nothing."""
    if not path.exists() and not path.is_symlink():
        return None
    return "" if path.is_symlink() or not path.is_file() else sha256_of(path)
