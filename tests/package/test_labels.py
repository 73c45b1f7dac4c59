"""Class labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import PackageError
from edge.metadata.file import of
from edge.package.labels import check_count, imagenet_labels, known_labels, read_labels


def test_imagenets_labels_are_in_the_order_of_the_outputs() -> None:
    labels = imagenet_labels()
    assert len(labels) == 1000
    assert (labels[0], labels[207], labels[999]) == (
        "tench, Tinca tinca",
        "golden retriever",
        "toilet tissue, toilet paper, bathroom tissue",
    )
    assert read_labels("imagenet1k") == labels


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        (b"rose\ntulip\n", ("rose", "tulip")),
        (b"\xef\xbb\xbfrose\r\nT\xc3\xbclpchen, rot\r\n\r\n", ("rose", "Tülpchen, rot")),
        (b"0 rose\n1 red tulip", ("rose", "red tulip")),
        (b"0 rose\n2 tulip\n", ("0 rose", "2 tulip")),
        (b"7\n8\n", ("7", "8")),
        (b"0: rose\n1: tulip\n", ("rose", "tulip")),
        (b"1 rose\n2 tulip\n3 red tulip\n", ("rose", "tulip", "red tulip")),
        (b"\xef\xbb\xbf0\trose\r\n1\tred tulip\r\n", ("rose", "red tulip")),
        (b"1,rose\n2, tulip\n", ("rose", "tulip")),
        (b"rose\tflower\ntulip\tflower\n", ("rose flower", "tulip flower")),
        (b"1 rose\n3 tulip\n", ("1 rose", "3 tulip")),
        (b"1 tulip\n0 rose\n2 oak\n", ("rose", "tulip", "oak")),
    ],
    ids=[
        "plain",
        "bom-crlf-umlaut",
        "indexed",
        "not-indexed",
        "numbers",
        "colons",
        "from 1",
        "bom-tabs",
        "commas",
        "two columns",
        "a gap",
        "in another order",
    ],
)
def test_files_of_labels(tmp_path: Path, content: bytes, labels: tuple[str, ...]) -> None:
    (tmp_path / "labels.txt").write_bytes(content)
    assert read_labels(str(tmp_path / "labels.txt")) == labels


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"rose\n\ntulip\n", "line 2 of the labels"),
        (b"", "line 1 of the labels"),
        (b"ro\0se\n", "control characters"),
        (b"\xff\xfe\n", "no UTF-8 text"),
    ],
)
def test_broken_files_of_labels(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "labels.txt").write_bytes(content)
    with pytest.raises(PackageError, match=message):
        read_labels(str(tmp_path / "labels.txt"))


def test_a_missing_file_of_labels(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="cannot be read: No such file"):
        read_labels(str(tmp_path / "none.txt"))


@pytest.mark.parametrize(
    ("kind", "name", "classes", "known"),
    [
        ("published", "PPLCNet_x1_0", 1000, True),
        ("random", "PPLCNet_x1_0", 1000, True),
        ("own", "PPLCNet_x1_0", 1000, False),
        ("checkpoint", "PPLCNet_x1_0", 1000, False),
        ("published", "MyNet", 1000, False),
        ("published", "PPLCNet_x1_0", 10, False),
    ],
)
def test_imagenets_labels_are_never_guessed(kind: str, name: str, classes: int, known: bool) -> None:
    document: dict[str, object] = {
        "format": "edgezoo-model/1",
        "name": name,
        "sha256": "",
        "inputs": [{"name": "x", "shape": [1]}],
    }
    document |= {"source": {"kind": kind}, "model": {"name": name}, "class_num": classes}
    assert (known_labels(of(document, "net.json")) == imagenet_labels()) is known


def test_labels_that_were_read_beside_the_model_are_its_own() -> None:
    document: dict[str, object] = {
        "format": "edgezoo-model/1",
        "name": "n",
        "sha256": "",
        "inputs": [{"name": "x", "shape": [1]}],
    }
    document |= {"source": {"kind": "own"}, "class_labels": ["rose", "tulip"]}
    assert known_labels(of(document, "net.json")) == ("rose", "tulip")


def test_labels_must_fit_the_classes() -> None:
    check_count(["a", "b"], 2, "net")
    check_count(["a", "b"], None, "net")
    with pytest.raises(PackageError, match="2 labels do not fit 'net', which has 3 classes"):
        check_count(["a", "b"], 3, "net")
