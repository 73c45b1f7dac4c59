"""What is known of a model file: from its metadata, or from the file alone."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from edge.bench.subject import read_subject
from edge.errors import EdgezooError, MetadataError, ModelFilesError, NbFormatError, UsageError


def nb(folder: Path, name: str = "PPLCNet_x1_0") -> Path:
    """The smallest file that is a .nb by its head: a topology of 16 bytes, no parameters."""
    path = folder / f"{name}.nb"
    parameters = struct.pack("<HHHHI", 0, 0, 6, 0, 0)
    path.write_bytes(struct.pack("<H16sQ", 2, b"v2.13-rc", 16) + struct.pack("<IIII", 8, 0, 0, 0) + parameters)
    return path


def describe(path: Path, **changes: Any) -> None:
    metadata = {
        "format": "edgezoo-model/1",
        "name": "PPLCNet_x1_0",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "inputs": [{"name": "x", "shape": [-1, 3, 192, 192]}],
        "source": {"kind": "random"},
        "target": "arm",
        "precision": "int8",
        "opt_version": "v2.13-rc",
        "flops": 160_740_000,
        "params": 2_960_000,
        "verification": {"status": "passed"},
        **changes,
    }
    path.with_suffix(".json").write_text(json.dumps({k: v for k, v in metadata.items() if v is not ...}))


def test_metadata_says_it_all(tmp_path: Path) -> None:
    path = nb(tmp_path)
    describe(path)
    subject = read_subject(path)
    assert (subject.name, subject.weights, subject.precision) == ("PPLCNet_x1_0", "random", "int8")
    assert subject.shapes == ((1, 3, 192, 192),)
    assert subject.bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "shape"),
    [("EfficientNetB1", (1, 3, 240, 240)), ("mine", (1, 3, 224, 224))],
    ids=["a name of the catalogue", "another name"],
)
def test_without_metadata_the_shape_is_the_usual_one(name: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    subject = read_subject(nb(tmp_path, name))
    assert subject.shapes == (shape,)
    assert subject.opt_version == "v2.13-rc"
    assert subject.weights is None


def test_shapes_set_what_the_metadata_leave_open_and_no_more(tmp_path: Path) -> None:
    describe(path := nb(tmp_path))
    assert read_subject(path, shapes=[(4, 3, 192, 192)]).shapes == ((4, 3, 192, 192),)
    for wrong in ([(1, 3, 224, 224)], [(1, 1, 192, 192)], [(1, 3, 192)], [(1, 3, 192, 192), (1, 2)]):
        with pytest.raises(UsageError, match="is -1x3x192x192") as raised:
            read_subject(path, shapes=wrong)
        assert raised.value.hint == "leave --shape out"


def external(*names: str) -> bytes:
    """As an ONNX file names the files of its tensors' data: entries of a key and a value."""
    made = b"\x08\x08"
    for name in names:
        size = len(name)
        length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
        made += b"\x6a\x1a\x0a\x08location\x12" + length + name.encode() + b"\x6a\x0b\x0a\x06offset\x12\x010"
    return made


LONG = "weights of a long name, " * 9 + "data"


@pytest.mark.parametrize(
    ("file", "content", "weights"),
    [
        ("mine.xml", b"<net/>", ("mine.bin",)),
        ("mine.ncnn.param", b"7767517", ("mine.ncnn.bin",)),
        ("mine.onnx", external("mine.onnx.data"), ("mine.onnx.data",)),
        ("mine.onnx", external(LONG, LONG, "b.data", "../outside", "/etc/passwd"), ("b.data", LONG)),
        ("mine.onnx", external(), ()),
        ("mine.onnx", b"", ()),
        ("mine.mnn", external("is.not.read"), ()),
    ],
    ids=["OpenVINO", "ncnn", "ONNX", "ONNX in several", "ONNX in one", "empty", "MNN"],
)
def test_weights_that_are_apart_belong_to_a_file_without_metadata(
    file: str, content: bytes, weights: tuple[str, ...], tmp_path: Path
) -> None:
    model = tmp_path / file
    model.write_bytes(content)
    for name in weights:
        (tmp_path / name).write_bytes(b"12345")
    subject = read_subject(model)
    assert (subject.name, subject.bytes) == ("mine", len(content) + 5 * len(weights))
    for name in weights:
        (tmp_path / name).write_bytes(b"1234_")
        assert read_subject(model).sha256 != subject.sha256  # another network, that is measured anew
        (tmp_path / name).unlink()
        with pytest.raises(ModelFilesError, match=f"where the weights of {file} are, cannot be read: No such file"):
            read_subject(model)
        (tmp_path / name).write_bytes(b"12345")
    assert read_subject(model) == subject


def test_shapes_can_be_given(tmp_path: Path) -> None:
    assert read_subject(nb(tmp_path), shapes=[(1, 3, 320, 320), (1, 2)]).shapes == ((1, 3, 320, 320), (1, 2))


def test_a_json_of_another_kind_is_no_metadata(tmp_path: Path) -> None:
    path = nb(tmp_path)
    path.with_suffix(".json").write_text('{"labels": []}')
    assert read_subject(path).metadata is None


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"sha256": "00"}, ModelFilesError, "describes another file"),
        ({"inputs": ...}, MetadataError, "`inputs`: it is missing"),
    ],
    ids=["another file's", "incomplete"],
)
def test_wrong_metadata_is_refused(
    changes: dict[str, Any], error: type[EdgezooError], sentence: str, tmp_path: Path
) -> None:
    path = nb(tmp_path)
    describe(path, **changes)
    with pytest.raises(error, match=sentence):
        read_subject(path)


def test_metadata_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = nb(tmp_path)
    path.with_suffix(".json").write_text("{")
    with pytest.raises(MetadataError, match="cannot be read"):
        read_subject(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesError, match="No such file"):
        read_subject(tmp_path / "x.nb")


def test_a_file_that_is_no_nb(tmp_path: Path) -> None:
    path = tmp_path / "x.nb"
    path.write_bytes(b"GIF89a" * 100)
    with pytest.raises(NbFormatError):
        read_subject(path)
