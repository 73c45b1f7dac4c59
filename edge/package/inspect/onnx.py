"""Inspects an ONNX model, with the onnx package of the engine `onnx`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.cache.hashing import sha256_of
from edge.errors import MetadataError, PackageError, WorkerRequestError
from edge.metadata.file import metadata_path, read
from edge.package.inspect.nb import summary
from edge.package.inspect.report import Report
from edge.toolchain.toolbox import Toolbox


def inspect_onnx(path: Path) -> Report:
    """A report on the model. Raises PackageError if it is none, ToolchainError if the onnx engine cannot be had."""
    try:
        with Toolbox() as tools, tools.lend("onnx") as worker:
            facts = worker.call("describe", model=str(path.absolute()))
    except WorkerRequestError as error:
        raise PackageError(f"{path} is no ONNX model: {error.message}") from error
    sha256, size = sha256_of(path), path.stat().st_size
    report = Report(path, "onnx", size)
    report.sections["File"] = {
        "sha256": sha256,
        "ir version": facts["ir_version"],
        "opset": ", ".join(f"{domain} {version}" for domain, version in facts["opsets"].items()),
        "producer": facts["producer"] or "unknown",
        "inputs": ", ".join(map(_tensor, facts["inputs"])),
        "outputs": ", ".join(map(_tensor, facts["outputs"])),
        "parameters": facts["parameters"],
    }
    report.sections["Ops"] = facts["ops"]
    report.check("onnx.checker", facts["problem"] is None, facts["problem"] or "")
    beside = metadata_path(path)
    if beside.exists():
        _compare(report, beside, sha256)
    else:
        report.check("metadata beside the file", None, f"there is no {beside.name}")
    return report


def _compare(report: Report, beside: Path, sha256: str) -> None:
    try:
        metadata = read(beside)
    except MetadataError as error:
        report.check("metadata beside the file", False, error.message)
        return
    report.sections["Metadata"] = summary(metadata)
    same = (metadata.sha256, metadata.bytes) == (sha256, report.size)
    report.check("sha256 and size as in the metadata", same, "they differ")


def _tensor(tensor: Mapping[str, Any]) -> str:
    return f"{tensor['name']} {'x'.join('?' if size is None else str(size) for size in tensor['shape'])}"
