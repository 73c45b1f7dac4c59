"""Files of other engines: made, verified in the engine, with their metadata; what is wrong or refused is not written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.bench.subject import read_subject
from edge.cache.store import Cache
from edge.cli.main import run
from edge.convert.engine_coverage import EngineRow, survey_engines, surveyed
from edge.convert.onnx.convert import convert
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.pipeline import convert_models
from edge.convert.ported.convert import port
from edge.convert.ported.model import beside
from edge.convert.products.each import order_for
from edge.convert.products.nb import NbOrder
from edge.convert.products.onnx import OnnxOrder, onnx_key
from edge.convert.products.ported import PortedOrder
from edge.convert.recipe import choose
from edge.errors import ConvertError, ModelFilesError, VerificationError
from edge.metadata.file import metadata_path, read
from edge.paddle.program import Program
from edge.source.load import load_source
from edge.source.weights import Weights
from edge.toolchain.engines import engine, formats
from edge.toolchain.environment import ready
from edge.toolchain.toolbox import Toolbox
from edge.zoo.catalogue import lookup

SMALL, OTHER = "MobileNetV1_x0_25", "PPLCNet_x0_25"
RANDOM = Weights("random")
QUICK = ("openvino", "ncnn", "mnn")  # LiteRT's converter is 2 GB: only where it is installed
heavy = pytest.mark.skipif(
    ready(engine("onnx2tf")) is None, reason="TensorFlow is not installed: edgezoo doctor --fix onnx2tf-1.29.24"
)


def test_a_part_is_named_beside_its_file() -> None:
    assert beside("model.bin", "net_x1.0") == "net_x1.0.bin"
    assert beside("model.ncnn.bin", "net_x1.0") == "net_x1.0.ncnn.bin"


@pytest.mark.parametrize(
    ("file", "name"),
    [("a.nb", "a.json"), ("a.onnx", "a.onnx.json"), ("a.xml", "a.xml.json"), ("a.ncnn.param", "a.ncnn.param.json"),
     ("a.mnn", "a.mnn.json"), ("a.tflite", "a.tflite.json")],
)  # fmt: skip
def test_every_file_has_its_own_metadata(file: str, name: str) -> None:
    assert metadata_path(Path(file)) == Path(name)


def test_every_format_has_an_order() -> None:
    model = lookup(SMALL)
    orders = {form: order_for(form, SMALL, model, RANDOM, choose(target="x86")) for form in ("nb", "onnx", *formats())}
    assert [type(orders[form]) for form in ("nb", "onnx", "mnn")] == [NbOrder, OnnxOrder, PortedOrder]
    assert len({order.kind for order in orders.values()}) == len(orders)
    assert {one.form for one in surveyed()} == set(orders)


@pytest.mark.slow
@pytest.mark.parametrize("form", [*QUICK, pytest.param("tflite", marks=heavy)])
def test_a_network_in_an_engine(form: str, module_cache: Path, tmp_path: Path) -> None:
    del module_cache
    to = formats()[form]
    order = PortedOrder(SMALL, lookup(SMALL), RANDOM, to)
    (outcome,) = convert_models([order], tmp_path)
    assert outcome.made is not None, outcome.error
    metadata = read(metadata_path(outcome.made.path))
    assert metadata.file == outcome.made.path.name
    assert (metadata.engine.name, metadata.engine.version) == (to.kind, to.version) if metadata.engine else False
    assert metadata.verification is not None
    assert (metadata.verification.status, metadata.verification.engine) == ("passed", f"{to.kind} {to.version}")
    assert isinstance(metadata.verification.relative_error, float)
    assert 0 < metadata.verification.relative_error < 1e-3
    parts = metadata.parts or ()
    assert {path.name for path in tmp_path.iterdir()} == {
        metadata.file, f"{metadata.file}.json", *(part.file for part in parts)
    }  # fmt: skip
    subject = read_subject(outcome.made.path)
    assert subject.bytes == outcome.made.bytes == sum(path.stat().st_size for path in tmp_path.iterdir()
                                                      if path.suffix != ".json")  # fmt: skip
    (again,) = convert_models([order], tmp_path)
    assert again.reused
    for part in parts:
        (tmp_path / part.file).write_bytes(b"other")
        with pytest.raises(ModelFilesError, match="is missing or another one"):
            read_subject(outcome.made.path)
    (mended,) = convert_models([order], tmp_path)
    assert mended.made is not None
    assert read_subject(outcome.made.path) == subject


@pytest.mark.slow
def test_a_network_that_computes_something_else_is_not_made(module_cache: Path, tmp_path: Path) -> None:
    """The file is one network's, and the reference another's of the same inputs and outputs."""
    from edge.convert.onnx.convert import Task
    from edge.convert.shapes import input_shapes

    del module_cache
    store = Cache(tmp_path / "ported")
    with Toolbox() as tools:
        tasks = []
        for weights in (RANDOM, Weights("random", seed=1)):
            source = load_source(lookup(SMALL), weights, lambda: tools.lend("paddle"))
            program = Program.read(source.program)
            shapes = input_shapes(program.feeds, None)
            tasks.append(Task(source, program, shapes, OnnxRecipe(), preprocessing=lookup(SMALL).preprocessing))
        entry = convert(tasks[1], tools, Cache(tmp_path / "onnx"), onnx_key(tasks[1]))
        with pytest.raises(VerificationError, match="something else in MNN"):
            port(tasks[0], entry, engine("mnn"), tools, store, "ab")
        assert store.get("ab") is None
        (entry.folder / "model.onnx").write_bytes(b"no network")
        with pytest.raises(ConvertError, match="no file for MNN could be made"):
            port(tasks[0], entry, engine("mnn"), tools, store, "ab")


@pytest.mark.slow
def test_an_operator_that_an_engine_does_not_know_is_named(
    module_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """pnnx ends well on this network, and ncnn refuses what it made."""
    del module_cache
    assert (
        run(["convert", "MobileViT_XXS", "--weights", "random", "--format", "ncnn", "-o", str(tmp_path), "--json"]) == 1
    )
    (row,) = json.loads(capsys.readouterr().out)
    assert "Tensor.reshape" in row["message"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_survey_goes_on_where_it_stopped(module_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del module_cache
    some = tuple(one for one in surveyed() if one.name in ("mnn", "onnxruntime"))
    monkeypatch.setattr("edge.convert.engine_coverage.surveyed", lambda: some[:1])
    heard: list[tuple[EngineRow, bool]] = []
    survey_engines([lookup(SMALL)], RANDOM, done=lambda row, known: heard.append((row, known)))
    monkeypatch.setattr("edge.convert.engine_coverage.surveyed", lambda: some)
    rows = survey_engines([lookup(SMALL)], RANDOM, done=lambda row, known: heard.append((row, known)))
    assert [(row.engine, row.status) for row in rows] == [("onnxruntime", "verified"), ("mnn", "verified")]
    assert [(row.engine, known) for row, known in heard] == [
        ("onnxruntime", False),
        ("onnxruntime", True),
        ("mnn", False),
    ]
