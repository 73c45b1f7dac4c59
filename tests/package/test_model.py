"""Loading a converted model: what is accepted, what goes into model.json, what each kind of bad input is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.errors import MetadataError, NbFormatError, PackageError
from edge.nb.header import read_header
from edge.nb.program import parse_ops, read_ops
from edge.package.model import load_model
from tests.package.conftest import DATA, MakeModel

STEPS = json.loads((DATA / "tiny.json").read_bytes())["preprocessing"]


def test_model_json_says_what_an_app_needs_and_nothing_of_this_machine(tiny: Path) -> None:
    model = load_model(tiny)
    info = json.loads(model.info_json())
    assert (info["name"], info["opt_version"], info["target"], info["precision"]) == ("tiny", "v2.13-rc", "arm", "fp32")
    assert info["inputs"] == [{"name": "x", "shape": [1, 3, 16, 16], "dtype": "float32", "layout": "NCHW"}]
    assert info["preprocessing"] == STEPS
    assert "path" not in info["source"]
    assert str(tiny.parent) not in model.info_json().decode()
    assert "/home/" not in model.info_json().decode()


def test_another_name_and_labels(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "five.txt").write_text("a\nb\nc\nd\ne\n")
    model = load_model(tiny, name="flowers", labels={"flowers": str(tmp_path / "five.txt"), "": "imagenet1k"})
    assert model.info["name"] == "flowers"
    assert model.info["labels"] == "labels.txt"
    assert model.labels == ("a", "b", "c", "d", "e")


def test_a_catalogue_network_gets_imagenets_labels(make_model: MakeModel) -> None:
    nb = make_model(
        "PPLCNet_x1_0", model={"name": "PPLCNet_x1_0"}, class_num=1000, source={"kind": "random", "seed": 0}
    )
    labels = load_model(nb).labels
    assert labels is not None
    assert labels[0] == "tench, Tinca tinca"


def test_the_ops_and_their_kernels_are_read_from_the_file(tiny: Path) -> None:
    ops = read_ops(tiny, read_header(tiny))
    assert [op.type for op in ops] == [
        "conv2d", "reshape2", "elementwise_add", "hard_swish", "reduce_mean", "fc", "softmax",
    ]  # fmt: skip
    assert {(op.target, op.precision) for op in ops} == {("arm", "fp32"), ("host", "any")}


def test_a_model_for_another_processor_is_refused(make_model: MakeModel) -> None:
    for_x86 = (DATA / "tiny.nb").read_bytes().replace(b"/4/1/1", b"/2/1/1")  # as opt writes kernels for x86
    with pytest.raises(PackageError, match="converted for x86"):
        load_model(make_model(nb=for_x86))


@pytest.mark.parametrize(
    ("changes", "output"),
    [
        ({"format": "other/1"}, "its format is not"),
        ({"sha256": "00"}, "describes another file"),
        ({"bytes": 1}, "describes another file"),
        ({"name": 7}, "`name`: expected `str`, got `int`"),
        ({"name": "my net"}, "cannot be a model's name"),
        ({"target": ...}, "`target`: it is missing"),
        ({"inputs": []}, "`inputs`: expected `array` of length >= 1"),
        ({"inputs": [{"name": "x", "shape": [-1, 3, 16, 16]}]}, "the shape of 'x' is not fixed"),
        ({"inputs": ["x"]}, "`inputs[0]`: expected `object`, got `str`"),
        ({"source": None}, "`source`: expected `object`, got `null`"),
        ({"source": {}}, "`source.kind`: it is missing"),
        ({"source": {"kind": "found"}}, "`source.kind`: invalid enum value 'found'"),
        ({"class_num": True}, "`class_num`: expected `int | null`, got `bool`"),
        ({"preprocessing": {}}, "`preprocessing.resize_short`: it is missing"),
        ({"preprocessing": {**STEPS, "std": [0.2, 0, 0.2]}}, "no deviation is 0"),
        ({"preprocessing": {**STEPS, "mean": [0.2, float("nan"), 0.2]}}, "cannot be read as JSON"),
        ({"preprocessing": {**STEPS, "crop": [16]}}, "`preprocessing.crop`: expected `array` of length 2"),
        ({"preprocessing": {**STEPS, "interpolation": "area"}}, "`preprocessing.interpolation`: 'area' is not one of"),
        ({"preprocessing": {**STEPS, "layout": "CHWN"}}, "`preprocessing.layout`: 'CHWN' is not one of NCHW, NHWC"),
        ({"preprocessing": {**STEPS, "layout": "NHWC"}}, "does not fit an input of shape"),
        ({"preprocessing": {**STEPS, "channel_order": "GREY"}}, "mean and std must have 1 values"),
        ({"preprocessing": {**STEPS, "resize_short": None}}, "neither `resize_short` nor `resize` says"),
        ({"preprocessing": {**STEPS, "resize": [16, 15]}}, "does not fit into 16 x 15"),
        ({"preprocessing": {**STEPS, "resize_short": 15}}, "does not fit into a short side of 15"),
        ({"preprocessing": {**STEPS, "crop": [16, 18]}}, "does not fit an input of shape"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_bad_metadata_is_named(make_model: MakeModel, changes: dict[str, Any], output: str) -> None:
    with pytest.raises((MetadataError, PackageError)) as raised:
        load_model(make_model(**changes))
    assert output in raised.value.message
    assert "\n" not in raised.value.message


def test_labels_of_another_number_of_classes(tiny: Path) -> None:
    with pytest.raises(PackageError, match="1000 labels do not fit 'tiny', which has 5 classes"):
        load_model(tiny, labels={"": "imagenet1k"})


def test_missing_and_broken_metadata(tiny: Path) -> None:
    tiny.with_suffix(".json").write_text("{")
    with pytest.raises(MetadataError, match="cannot be read as JSON"):
        load_model(tiny)
    tiny.with_suffix(".json").unlink()
    with pytest.raises(MetadataError, match=r"tiny\.json is missing"):
        load_model(tiny)


@pytest.mark.parametrize("cut", [0, 1, 20, 26, 100, 5000])
def test_a_truncated_file_is_no_model(make_model: MakeModel, cut: int) -> None:
    with pytest.raises(NbFormatError):
        load_model(make_model(nb=(DATA / "tiny.nb").read_bytes()[:cut]))


def test_a_program_of_random_bytes_never_crashes_the_reader() -> None:
    """Every byte of a real program is damaged once, in several ways: it is read, or refused with a sentence."""
    data = (DATA / "tiny.nb").read_bytes()
    topology = bytearray(data[26 : 26 + int.from_bytes(data[18:26], "little")])
    refused = 0
    for at in range(0, len(topology), 3):
        for value in (0x00, 0xFF, topology[at] ^ 0x55):
            kept, topology[at] = topology[at], value
            try:
                parse_ops(bytes(topology))
            except NbFormatError:
                refused += 1
            topology[at] = kept
    assert refused > 100
