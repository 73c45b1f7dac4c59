"""Networks of the structures that people's models have: written by Paddle, converted, and judged as the page says."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from json import loads
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.convert.options import ConvertOptions
from edge.convert.order import Conversion, Order, Product
from edge.convert.pipeline import convert_models
from edge.errors import EdgezooError
from tests.convert.structures.rows import ROWS, VERIFIED, Row, page

ROOT = Path(__file__).parents[3]
BY = {"older": "paddle", "newer": "paddle3", "onnx": "paddle"}

Outcomes = Mapping[tuple[str, str], Conversion[Product] | EdgezooError]


def test_the_page_has_every_row() -> None:
    how = "python -m tests.convert.structures.rows docs/reference/structures.md"
    assert (ROOT / "docs/reference/structures.md").read_text() == page(), f"write it again: {how}"


@pytest.fixture(scope="module")
def outcomes(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """How every conversion of the table ended."""
    out = tmp_path_factory.mktemp("made")
    found: dict[tuple[str, str], Conversion[Product] | EdgezooError] = {}
    orders: list[Order[Product]] = []
    for row in ROWS:
        for column, kind in BY.items():
            if getattr(row, column) is None:
                continue
            try:
                asked = ConvertOptions(
                    model_dir=written / kind / row.name,
                    own_name=f"{row.name}-{column}",
                    input_shape=row.shapes or None,
                    formats="onnx" if column == "onnx" else "nb",
                    out=out,
                )
            except EdgezooError as error:
                found[row.name, column] = error
            else:
                orders += asked.orders
    for ended in convert_models(orders, out):
        name, _, column = ended.order.name.rpartition("-")
        found[name, column] = ended
    return found


def told(outcome: Conversion[Product] | EdgezooError) -> str:
    """The verdict, or the sentence of the error with its hint."""
    error = outcome if isinstance(outcome, EdgezooError) else outcome.error
    if error is not None:
        return f"{error.message} ({error.hint})"
    assert isinstance(outcome, Conversion)
    assert outcome.made is not None
    verification = outcome.made.metadata.verification
    assert verification is not None
    return VERIFIED if verification.status == "passed" else f"{verification.status}: {verification.reason}"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_it_ends_as_the_page_says(row: Row, outcomes: Outcomes) -> None:
    for column in BY:
        if (expected := getattr(row, column)) is None:
            continue
        ended = told(outcomes[row.name, column])
        for part in expected.rstrip(")").split(" ("):
            assert part in ended, (column, ended)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_detector_with_three_inputs_and_nms_becomes_an_aar(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = [
        "--input-shape",
        "im_shape=1,2",
        "--input-shape",
        "image=1,3,320,320",
        "--input-shape",
        "scale_factor=1,2",
    ]
    how = ["--resize", "320,320", "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225"]
    made = tmp_path / "models"
    asked = [
        "convert",
        "--model-dir",
        str(written / "paddle/yolo"),
        "--name",
        "yolo",
        *shapes,
        *how,
        "-o",
        str(made),
        "--json",
    ]
    assert run(asked) == 0
    (row,) = loads(capsys.readouterr().out)
    assert row["verification"]["status"] == "passed"
    assert "judged before multiclass_nms3" in row["verification"]["reason"]
    assert "im_shape held 320,320" in row["verification"]["reason"]
    assert run(["package", str(made / "yolo.nb"), "--format", "aar", "-o", str(tmp_path / "yolo.aar"), "-q"]) == 0
    with zipfile.ZipFile(tmp_path / "yolo.aar") as aar:
        info = loads(aar.read("assets/models/yolo/model.json"))
        assert aar.read("assets/models/yolo/model.nb") == (made / "yolo.nb").read_bytes()
    assert [(one["name"], one["shape"], one["layout"]) for one in info["inputs"]] == [
        ("im_shape", [1, 2], None),
        ("image", [1, 3, 320, 320], "NCHW"),
        ("scale_factor", [1, 2], None),
    ]
    assert [bool(one.get("holds")) for one in info["inputs"]] == [True, False, True]
    assert info["preprocessing"]["crop"] == [320, 320]
