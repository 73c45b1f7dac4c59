"""Reads back what edgezoo makes: .nb, .aar, .apk and .onnx files."""

from __future__ import annotations

from pathlib import Path

from edge.cache.regular import open_file
from edge.errors import PackageError
from edge.package.inspect.report import Report


def inspect_file(path: Path) -> Report:
    """What a file is and whether it is sound; its kind is told by its content, an ONNX model by its name.

    Raises PackageError or NbFormatError if it is none of the kinds or cannot be read at all.
    """
    try:
        with open_file(path) as stream:
            head = stream.read(4)
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}") from error
    if head == b"PK\x03\x04":
        from edge.package.inspect.archive import inspect_archive

        return inspect_archive(path)
    if path.suffix == ".onnx":
        from edge.package.inspect.onnx import inspect_onnx

        return inspect_onnx(path)
    from edge.package.inspect.nb import inspect_nb

    return inspect_nb(path)
