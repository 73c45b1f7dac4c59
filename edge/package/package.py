"""`edgezoo package` as one call: from its options to the files that were written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.package.aar import write_aar
from edge.package.apk import write_apk
from edge.package.assets import Installed, install_assets
from edge.package.litelib import check_versions
from edge.package.model import PackagedModel
from edge.package.names import default_package_id
from edge.package.options import PackageOptions
from edge.package.request import gather


@dataclass(frozen=True, slots=True)
class Packaged:
    """What was written: `files` (an AAR or APK), or what was done in an app. `package_id` of the Android package."""

    package_id: str
    models: Sequence[PackagedModel]
    files: tuple[Path, ...] = ()
    installed: Installed | None = None


def package(options: PackageOptions, say: Callable[[str], None] = lambda _: None) -> Packaged:
    """Convert what is named, and package it. Raises `ConvertError`, `PackageError`, `OutputError`."""
    with TemporaryDirectory(prefix="edgezoo-") as scratch:
        models = gather(options.wanted, Path(scratch), say=say)
        if options.release:
            check_versions(options.release, models)
        names = [model.name for model in models]
        package_id = options.package_id or default_package_id(names)
        if options.app:
            return Packaged(package_id, models, installed=install_assets(options.app, models, options.release))
        place = _place(options, names)
        if options.signer:
            tools, key = options.signer
            return Packaged(package_id, models, (write_apk(place, models, package_id, tools=tools, key=key),))
        return Packaged(package_id, models, write_aar(place, models, package_id, options.release))


def _place(options: PackageOptions, names: Sequence[str]) -> Path:
    """Where to write: OUT, in OUT if that is a directory, or here."""
    name = f"{names[0] if len(names) == 1 else 'models'}.{options.form}"
    if options.output is None:
        return Path(name)
    return options.output / name if options.output.is_dir() else options.output
