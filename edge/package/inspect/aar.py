"""What is particular to an AAR: manifest, resources, classes, shared libraries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree

from edge.device.elf import read_library
from edge.errors import PackageError
from edge.metadata.model import Metadata
from edge.package import versions
from edge.package.inspect.report import Report
from edge.package.litelib import JNI_NAME
from edge.package.names import check_package_id
from edge.untrusted.guard import guarded
from edge.untrusted.zip import ZipReader, open_zip

_HELPER = "edgezoo/android/EdgeModel.class"


def inspect_aar(report: Report, archive: ZipReader, models: Sequence[Metadata]) -> None:
    """Add facts and checks. `models` are what the sound model.json say in the archive."""
    facts: dict[str, Any] = {}
    report.sections["Library"] = facts
    _checked(report, "manifest", lambda: facts.update(package=_package(archive)))
    _checked(report, "resources as listed in R.txt", lambda: _resources(archive))
    _checked(report, "helper classes", lambda: _classes(archive))
    for name in sorted(set(archive.names)):
        if name.startswith("jni/") and name.endswith(".so"):
            _library(report, facts, name, archive, models)


def _checked(report: Report, what: str, look: Callable[[], None]) -> None:
    try:
        look()
        report.check(what, True)
    except PackageError as error:
        report.check(what, False, error.message)


def _package(archive: ZipReader) -> str:
    root = _xml(archive, "AndroidManifest.xml")
    return check_package_id(root.get("package") or "")


def _resources(archive: ZipReader) -> None:
    root = _xml(archive, "res/values/values.xml")
    named = sorted(f"int {element.tag} {element.get('name')} 0x0" for element in root)
    listed = sorted(archive.read("R.txt").decode("utf-8", "replace").splitlines())
    if named != listed:
        raise PackageError("res/values/values.xml and R.txt do not name the same resources")


def _classes(archive: ZipReader) -> None:
    with open_zip(BytesIO(archive.read("classes.jar")), "classes.jar", error=PackageError) as jar:
        jar.check()
        if _HELPER not in jar.names:
            raise PackageError(f"classes.jar has no {_HELPER}")


def _xml(archive: ZipReader, name: str) -> ElementTree.Element:
    with guarded(PackageError, f"{name} is no XML"):
        text = archive.read(name).decode()  # of UTF-8 alone: in another encoding an entity would not be seen
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise PackageError(f"{name} declares entities, which Android's tools refuse too")
        return ElementTree.fromstring(text)


def _library(report: Report, facts: dict[str, Any], name: str, archive: ZipReader, models: Sequence[Metadata]) -> None:
    try:
        data = archive.read_large(name)
        library = read_library(data, name)
    except PackageError as error:
        report.check(f"{name}: readable", False, error.message)
        return
    folder = PurePosixPath(name).parent.name
    version = versions.find(data) if PurePosixPath(name).name == JNI_NAME else None
    facts[name] = (
        f"{len(data)} bytes, {library.abi}, pages up to {library.page_size >> 10} KB, version {version or 'unknown'}"
    )
    report.check(f"{name}: for its ABI", library.abi == folder, f"it is for {library.abi}")
    report.check(f"{name}: fits 16 KB pages", library.fits_16k_pages, _advice(library.page_size))
    if PurePosixPath(name).name != JNI_NAME:
        return
    for model in models:
        assert model.opt_version is not None  # else its model.json is not sound
        readable = versions.can_read(version, model.opt_version) if version else None
        detail = f"library {version or 'of unknown version'}, model {model.opt_version}"
        report.check(f"{name}: reads {model.name}", readable, detail)


def _advice(page_size: int) -> str:
    return (
        f"its segments allow pages of {page_size >> 10} KB, so devices with 16 KB pages cannot load it and Google Play"
        " refuses apps for Android 15 with it; a release linked with -Wl,-z,max-page-size=16384 helps"
    )
