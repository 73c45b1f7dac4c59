"""Inspects an ONNX model, with the onnx package where it is installed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from edge.convert.onnx.model import metadata_path
from edge.errors import PackageError
from edge.package.inspect.nb import summary
from edge.package.inspect.report import Report
from edge.package.metadata import read_metadata
from edge.source.hashing import sha256_of


def inspect_onnx(path: Path) -> Report:
    """A report on the model. Raises PackageError if it is none, or if onnx is not installed."""
    try:
        import onnx
    except ImportError as error:
        raise PackageError(
            f"{path} cannot be read here: the onnx package is not installed", hint="pip install onnx"
        ) from error
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's errors have no common base
        raise PackageError(f"{path} is no ONNX model: {error}") from error
    graph = model.graph
    if not graph.node:
        raise PackageError(f"{path} is no ONNX model: it has no ops")
    sha256, size = sha256_of(path), path.stat().st_size
    report = Report(path, "onnx", size)
    weights = {tensor.name for tensor in graph.initializer}
    report.sections["File"] = {
        "sha256": sha256,
        "ir version": model.ir_version,
        "opset": ", ".join(f"{opset.domain or 'ai.onnx'} {opset.version}" for opset in model.opset_import),
        "producer": f"{model.producer_name} {model.producer_version}".strip() or "unknown",
        "inputs": ", ".join(_tensor(value) for value in graph.input if value.name not in weights),
        "outputs": ", ".join(_tensor(value) for value in graph.output),
        "parameters": sum(_count(tensor.dims) for tensor in graph.initializer),
    }
    counted = Counter(node.op_type for node in graph.node)
    report.sections["Ops"] = dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
    try:
        onnx.checker.check_model(str(path))
        report.check("onnx.checker", True)
    except Exception as error:
        report.check("onnx.checker", False, str(error).partition("\n")[0])
    beside = metadata_path(path)
    if beside.is_file():
        _compare(report, beside, sha256)
    else:
        report.check("metadata beside the file", None, f"there is no {beside.name}")
    return report


def _compare(report: Report, beside: Path, sha256: str) -> None:
    try:
        metadata = read_metadata(beside)
        report.sections["Metadata"] = summary(metadata)
    except (PackageError, AttributeError, KeyError, TypeError, ValueError) as error:
        report.check("metadata beside the file", False, f"it is malformed: {error}")
        return
    same = (metadata.get("sha256"), metadata.get("bytes")) == (sha256, report.size)
    report.check("sha256 and size as in the metadata", same, "they differ")


def _tensor(value: Any) -> str:
    shape = (dim.dim_param or str(dim.dim_value) for dim in value.type.tensor_type.shape.dim)
    return f"{value.name} {'x'.join(shape)}"


def _count(dims: Any) -> int:
    count = 1
    for dim in dims:
        count *= dim
    return count
