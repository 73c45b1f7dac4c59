"""Reading and writing metadata: the one reader, and the one writer, of `NAME.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import msgspec

from edge import typed
from edge.errors import FormatError, MetadataError
from edge.metadata.model import FORMAT, Metadata, Origin
from edge.metadata.sense import contradiction
from edge.untrusted.files import read_bytes
from edge.zoo.model import Preprocessing

_MOST_BYTES = 64 << 20  # class labels are in it
_BESIDE = (".onnx", ".xml", ".param", ".mnn", ".tflite")
_DOCUMENT = "document"  # in the __dict__ of a Metadata: the document it was read from
_HINT = "convert the model again, or mend the file (docs/reference/metadata.md)"


def metadata_path(model: Path) -> Path:
    """Where the metadata of a model file stands: `NAME.json` of a `.nb`, of another one `NAME.onnx.json`, `NAME.mnn.json`."""
    return model.with_name(model.name + ".json") if model.suffix in _BESIDE else model.with_suffix(".json")


def read(path: Path) -> Metadata:
    """The metadata in a file. Raises `MetadataError` if there is none, or it is not what it should be."""
    if not path.exists():
        raise MetadataError(
            f"{path} is missing: it is the metadata that is written beside a converted model",
            hint="convert the model with edgezoo, or write the file (docs/reference/metadata.md)",
        )
    return parse(read_bytes(path, _MOST_BYTES, str(path), error=MetadataError), str(path))


def read_beside(model: Path) -> Metadata | None:
    """The metadata of a model file; None if there is none, or the `.json` is another program's. Raises `MetadataError`."""
    path = metadata_path(model)
    if not path.exists():
        return None
    try:
        return read(path)
    except _ForeignFileError:
        return None


def parse(data: bytes, where: str) -> Metadata:
    """The metadata in a JSON text. Raises `MetadataError`."""
    document = typed.decode(data, object, where, error=MetadataError)
    form = document.get("format") if isinstance(document, dict) else None
    if not isinstance(form, str) or not form.startswith("edgezoo-model/"):
        raise _ForeignFileError(f"{where} is no metadata of edgezoo: its format is not '{FORMAT}'")
    if form != FORMAT:
        raise MetadataError(
            f"{where}: `format`: {form} is unknown to this edgezoo, which reads {FORMAT}",
            hint="update edgezoo, or convert the model again",
            field="format",
        )
    return of(document, where)


def of(document: object, where: str) -> Metadata:
    """The metadata in a parsed document; what is not known of it is kept. Raises `MetadataError`."""
    try:
        metadata = typed.convert(document, Metadata, where, error=MetadataError)
    except MetadataError as error:
        raise MetadataError(error.message, hint=_HINT, field=error.field) from None
    if (wrong := contradiction(metadata)) is not None:
        field, why = wrong
        raise MetadataError(f"{where}: `{field}`: {why}", hint=_HINT, field=field)
    metadata.__dict__[_DOCUMENT] = document
    return metadata


def origin_of(document: Mapping[str, Any] | None, where: str) -> Origin:
    """What the results keep of a network (`Subject.metadata`); all unknown for None. Raises `MetadataError`."""
    return typed.convert(document or {}, Origin, f"the stored metadata of {where}", error=MetadataError)


def as_document(metadata: Metadata) -> dict[str, Any]:
    """As JSON values: the known fields in their order, then what was read and is not known here."""
    known = msgspec.json.decode(msgspec.json.encode(metadata))
    document: dict[str, Any] = _kept(metadata, known, metadata.__dict__.get(_DOCUMENT))
    return document


def changed(metadata: Metadata, **changes: Any) -> Metadata:
    """A copy with other values; what was read and is not known here stays."""
    copy = msgspec.structs.replace(metadata, **changes)
    copy.__dict__.update(metadata.__dict__)
    return copy


def as_text(document: Mapping[str, Any]) -> str:
    """As it stands in the file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def carried_over(made: Mapping[str, Any], beside: Path) -> dict[str, Any]:
    """A document made just now, with what stands beside the very same file (by its sha256) and is not made by a conversion:
    what devices proved of it, and the fields that a newer edgezoo wrote."""
    try:
        there = read(beside)
    except FormatError:
        return dict(made)
    if there.sha256 != made["sha256"]:
        return dict(made)
    unknown = as_document(there).keys() - set(Metadata.__struct_fields__) | {"proofs"}
    kept = {key: value for key, value in as_document(there).items() if key in unknown}
    return as_document(of({**made, **kept}, str(beside))) if kept else dict(made)


def _kept(value: object, known: Any, read: Any) -> Any:
    """`known`, the JSON form of `value`, with the fields of `read` that its type does not have."""
    if isinstance(value, msgspec.Struct) or (is_dataclass(value) and not isinstance(value, type)):
        names = getattr(value, "__struct_fields__", None) or tuple(getattr(value, "__dataclass_fields__", ()))
        there = read if isinstance(read, dict) else {}
        # A dataclass cannot say UNSET: files without a whole size stay without.
        absent = (
            {"resize"} if isinstance(value, Preprocessing) and value.resize is None and "resize" not in there else ()
        )
        inside = {
            name: _kept(getattr(value, name), known[name], there.get(name))
            for name in names
            if name in known and name not in absent
        }
        return inside | {key: one for key, one in there.items() if key not in names}
    if isinstance(value, tuple) and isinstance(read, list) and len(read) == len(value):
        return [_kept(*each) for each in zip(value, known, read, strict=True)]
    return known


class _ForeignFileError(MetadataError):
    """A JSON file of another program."""
