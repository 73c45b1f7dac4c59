"""The other files of a model that has no metadata to name them: its weights, where they are apart."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from edge.cache.hashing import sha256_of
from edge.errors import ModelFilesError
from edge.metadata.model import PartRecord
from edge.toolchain.engines import format_of
from edge.untrusted.files import open_file

# In an ONNX file a tensor with its data elsewhere has entries of a key and a value: here `location`, and the file's name.
_LOCATION = re.compile(rb"\x0a\x08location\x12([\x01-\x7f]|[\x80-\xff][\x01-\x1f])")


def parts_of(file: Path) -> tuple[PartRecord, ...]:
    """They stand beside the file, under the names that its engine looks for. Raises `ModelFilesError` for one that does not."""
    form = format_of(file)
    if form is not None:
        names = [file.with_suffix(form.weights).name] if form.weights else []
    else:
        names = _external(file) if file.suffix == ".onnx" else []
    found = []
    for name in names:
        part = file.with_name(name)
        try:
            found.append(PartRecord(file=name, sha256=sha256_of(part), bytes=part.stat().st_size))
        except OSError as error:
            raise ModelFilesError(
                f"{part}, where the weights of {file.name} are, cannot be read: {error.strerror}",
                hint="both files belong into one folder",
            ) from error
    return tuple(found)


def _external(onnx: Path) -> list[str]:
    """The files that an ONNX file names for the data of its tensors; what is outside of its folder is no name of one."""
    with open_file(onnx) as stream:
        if not stream.seek(0, 2):
            return []
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = {_name(data, one) for one in _LOCATION.finditer(data)}
    return sorted(name for name in found if name and Path(name).name == name)


def _name(data: mmap.mmap, found: re.Match[bytes]) -> str:
    low, *high = found[1]
    size = (low & 0x7F) | (high[0] << 7 if high else 0)
    return data[found.end() : found.end() + size].decode(errors="replace")
