"""A file that was made otherwise, or of other weights, is not replaced without a word."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edge.cache.files import write_text
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.order import Order
from edge.convert.overwriting import check_overwriting
from edge.convert.products.nb import NbOrder
from edge.convert.products.onnx import OnnxOrder
from edge.convert.recipe import choose
from edge.errors import OutputError
from edge.metadata.file import as_text, metadata_path
from edge.source.weights import Weights


def nb(folder: Path, **recipe: Any) -> NbOrder:
    return NbOrder("inference", None, Weights("own", path=folder), choose(**recipe))


def written(order: NbOrder | OnnxOrder, out: Path) -> None:
    """The order's file and metadata, as far as they matter here."""
    path = out / f"{order.name}.{order.kind}"
    path.write_bytes(b"x")
    recipe = {key: value for key, value in asdict(order.recipe).items() if value is not None and key != "description"}
    source = {"kind": order.weights.kind, "path": str(order.weights.path)}
    document = {"format": "edgezoo-model/1", "name": order.name, "sha256": "00", "source": source, "recipe": recipe,
                "inputs": [{"name": "x", "shape": [1, 3, 8, 8]}]}  # fmt: skip
    write_text(metadata_path(path), as_text(document))


def test_what_was_made_the_same_way_is_replaced(tmp_path: Path) -> None:
    one = nb(tmp_path / "a" / "inference", precision="int8")
    check_overwriting(one, tmp_path)  # nothing there
    written(one, tmp_path)
    check_overwriting(one, tmp_path)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (nb(Path("/a/inference")), "precision int8; asked for is precision fp32"),
        (nb(Path("/a/inference"), precision="int8", engine="2.14rc0"), "engine 2.13rc0; asked for is engine 2.14rc0"),
        (nb(Path("/b/inference"), precision="int8"), "from /a/inference; asked for is from /b/inference"),
    ],
    ids=["precision", "engine", "folder"],
)
def test_another_is_refused_and_named(tmp_path: Path, order: Order[Any], message: str) -> None:
    written(nb(Path("/a/inference"), precision="int8"), tmp_path)
    with pytest.raises(OutputError, match=message) as refused:
        check_overwriting(order, tmp_path)
    assert "--force" in refused.value.hint


def test_the_same_for_onnx(tmp_path: Path) -> None:
    weights = Weights("own", path=Path("/a/inference"))
    written(OnnxOrder("inference", None, weights, OnnxRecipe()), tmp_path)
    check_overwriting(OnnxOrder("inference", None, weights, OnnxRecipe()), tmp_path)
    with pytest.raises(OutputError, match="batch fixed; asked for is batch dynamic"):
        check_overwriting(OnnxOrder("inference", None, weights, OnnxRecipe(batch="dynamic")), tmp_path)


def test_a_file_of_which_nothing_is_known_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "inference.nb").write_bytes(b"mine")
    with pytest.raises(OutputError, match="it is not known what it is"):
        check_overwriting(nb(tmp_path), tmp_path)
