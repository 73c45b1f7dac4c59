"""Inspects an AAR or an APK: the archive, every model in it, and what is particular to either."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from edge.cache.hashing import sha256_of
from edge.errors import EdgezooError, PackageError
from edge.metadata.file import of
from edge.metadata.model import Metadata
from edge.nb.header import read_header
from edge.nb.program import count_ops, read_ops
from edge.package.inspect.aar import inspect_aar
from edge.package.inspect.apk import inspect_apk
from edge.package.inspect.nb import add_agreement, kernels, summary
from edge.package.inspect.report import Report
from edge.package.metadata import FORMAT, asset_info
from edge.package.tree import ROOT
from edge.typed import decode
from edge.untrusted.zip import ZipReader, open_zip

_MODEL = re.compile(rf"assets/{ROOT}/([^/]+)/model\.json")


def inspect_archive(path: Path) -> Report:
    """A report on an AAR or APK. Raises PackageError if it is neither, or no archive that can be read."""
    with open_zip(path, str(path), error=PackageError) as archive:
        return _inspect(path, archive)


def _inspect(path: Path, archive: ZipReader) -> Report:
    names = archive.names
    if "classes.jar" in names:
        kind = "aar"
    elif "AndroidManifest.xml" in names:
        kind = "apk"
    else:
        raise PackageError(f"{path} is neither an AAR nor an APK: it has no classes.jar and no AndroidManifest.xml")
    report = Report(path, kind, path.stat().st_size)
    report.sections["File"] = {"sha256": sha256_of(path), "entries": len(names)}
    archive.check()
    report.check("every entry is whole", True)
    report.check(
        "every entry has a name of its own", len({name.lower() for name in names}) == len(names), "some share one"
    )
    outside = [name for name in names if not _is_inside(name)]
    report.check("every entry lies inside", not outside, f"{outside[:1]} would be written elsewhere")
    models = [match[1] for name in sorted(names) if (match := _MODEL.fullmatch(name))]
    report.check("models", bool(models), f"there is none below assets/{ROOT}")
    infos = [info for name in models if (info := _inspect_model(report, archive, name)) is not None]
    if kind == "aar":
        inspect_aar(report, archive, infos)
    else:
        inspect_apk(report, archive)
    return report


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _inspect_model(report: Report, archive: ZipReader, name: str) -> Metadata | None:
    """Add what is to be said of one model; its model.json if that is sound."""
    home = f"assets/{ROOT}/{name}"
    try:
        metadata, labelled = _read_info(archive, f"{home}/model.json")
        with TemporaryDirectory() as scratch:
            nb = Path(scratch, "model.nb")
            with nb.open("wb") as target:
                target.writelines(archive.blocks(f"{home}/model.nb"))
            header = read_header(nb)
            ops = read_ops(nb, header)
            found = sha256_of(nb), nb.stat().st_size
        labels = archive.read(f"{home}/labels.txt").decode().splitlines() if labelled else []
    except (EdgezooError, UnicodeDecodeError) as error:
        report.check(f"{name}: readable", False, error.message if isinstance(error, EdgezooError) else str(error))
        return None
    report.sections[f"Model {name}"] = {
        **summary(metadata),
        "bytes": found[1],
        "sha256": found[0],
        "opt version": header.opt_version,
        "kernels": kernels(ops),
        "ops": count_ops(ops),
        "labels": len(labels) or "none",
    }
    report.check(f"{name}: named as its directory", metadata.name == name, f"model.json says {metadata.name}")
    report.check(f"{name}: sha256 and size as in model.json", found == (metadata.sha256, metadata.bytes), "they differ")
    add_agreement(report, metadata, header.opt_version, ops, f"{name}: ")
    if labels:
        fits = metadata.class_num in (None, len(labels))
        report.check(f"{name}: one label a class", fits, f"{len(labels)} labels, {metadata.class_num} classes")
    return metadata


def _read_info(archive: ZipReader, name: str) -> tuple[Metadata, bool]:
    """A model.json, and whether labels belong to it. Raises `PackageError`, `FormatError`."""
    info: object = decode(archive.read(name), object, name)
    if not isinstance(info, dict) or info.get("format") != FORMAT:
        raise PackageError(f"{name} is not what edgezoo writes: its format is not '{FORMAT}'")
    labels = info.get("labels")
    if labels not in (None, "labels.txt"):
        raise PackageError(f"{name}: `labels`: expected `null` or 'labels.txt', got {labels!r}")
    metadata = of(info, name)
    if not metadata.opt_version:
        raise PackageError(f"{name}: `opt_version`: it is missing")
    asset_info(metadata, None, metadata.opt_version, name)
    return metadata, labels is not None
