"""Inspects a .nb: its head, its program, and the metadata beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge.cache.hashing import sha256_of
from edge.errors import MetadataError, PackageError
from edge.metadata.file import metadata_path, read
from edge.metadata.gain import gain_of
from edge.metadata.gain import words as words_of_gain
from edge.metadata.model import Metadata, Tensor, VerificationRecord
from edge.metadata.proofs import words
from edge.metadata.published import licence, of_metadata
from edge.nb.header import read_header
from edge.nb.params import count_types
from edge.nb.program import NbOp, count_kernels, count_ops, read_ops
from edge.nb.unfused import unfused
from edge.package.inspect.report import Report
from edge.package.metadata import asset_info


def inspect_nb(path: Path) -> Report:
    """A report on the file. Raises NbFormatError if it is no sound .nb."""
    report = Report(path, "nb", path.stat().st_size)
    header = read_header(path)
    ops = read_ops(path, header)
    sha256, size = sha256_of(path), report.size
    report.sections["File"] = {
        "sha256": sha256,
        "opt version": header.opt_version,
        "program bytes": header.topology_bytes,
        "parameter bytes": header.params_bytes,
        "kernels": kernels(ops),
        "weights": ", ".join(f"{count:,} {kind}" for kind, count in count_types(path, header).items()),
    }
    report.sections["Ops"] = count_ops(ops)
    if left := unfused(ops):
        report.sections["Unfused"] = left
    beside = metadata_path(path)
    if not beside.exists():
        report.check("metadata beside the file", None, f"there is no {beside.name}")
        return report
    try:
        metadata = read(beside)
        asset_info(metadata, None, header.opt_version, str(beside))
    except (MetadataError, PackageError) as error:
        report.check("metadata beside the file", False, error.message)
        return report
    report.sections["Metadata"] = summary(metadata)
    if metadata.calibration and metadata.calibration.layers:
        report.sections["Harm in int8"] = {
            one.layer: f"{one.harm:.6f}, {'float32' if one.kept else 'int8'}" for one in metadata.calibration.layers
        }
    report.check("sha256 and size as in the metadata", (metadata.sha256, metadata.bytes) == (sha256, size))
    add_agreement(report, metadata, header.opt_version, ops)
    return report


def add_agreement(
    report: Report, metadata: Metadata, opt_version: str, ops: tuple[NbOp, ...], prefix: str = ""
) -> None:
    """Checks that the metadata tells the truth about the file: its opt version and its targets."""
    recorded = metadata.opt_version
    report.check(
        f"{prefix}opt version as in the metadata",
        recorded == opt_version,
        f"{recorded} there, {opt_version} in the file",
    )
    targets = {op.target for op in ops} - {"host", ""}
    wanted = set(str(metadata.target).split(","))
    report.check(
        f"{prefix}kernels for the target in the metadata",
        targets <= wanted if targets else None,
        f"{', '.join(sorted(targets)) or 'unknown'} in the file, {metadata.target} in the metadata",
    )


def kernels(ops: tuple[NbOp, ...]) -> str:
    """How many ops run on which kind of kernel, such as `63 arm fp32, 2 host any`."""
    return ", ".join(f"{count} {kind}" for kind, count in count_kernels(ops).items())


def summary(metadata: Metadata) -> dict[str, Any]:
    """What a person wants to know of a model; unknown values are left out."""
    source, verification, proven = metadata.source, metadata.verification, of_metadata(metadata)
    published = proven.published
    facts = {
        "name": metadata.name,
        "target": metadata.target,
        "precision": metadata.precision,
        "inputs": _tensors(metadata.inputs),
        "outputs": _tensors(metadata.outputs),
        "preprocessing": str(metadata.preprocessing) if metadata.preprocessing else None,
        "classes": metadata.class_num,
        "published top-1": published.top1 if published else None,
        "not published": "; ".join(proven.reasons) or None,
        "weights": source.kind if source.seed is None else f"{source.kind} (seed {source.seed})",
        "verification": _verdict(verification) if verification else None,
        "devices": words(metadata) or None,
        "asked for": metadata.nb.effect or None if metadata.nb else None,
        "int8": words_of_gain(gain) if (gain := gain_of(metadata)) else None,
        "licence": metadata.licence if metadata.model is None else licence(proven, source.kind),
    }
    return {label: value for label, value in facts.items() if value is not None}


def _verdict(verification: VerificationRecord) -> str:
    return verification.status + (f": {verification.reason}" if verification.reason else "")


def _tensors(tensors: Sequence[Tensor]) -> str | None:
    if not tensors:
        return None
    return ", ".join(f"{one.name} {'x'.join(map(str, one.shape))} {one.dtype or ''}".strip() for one in tensors)
