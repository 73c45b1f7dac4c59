"""The engines' own scripts: what can be told without the engine, and a converter that leaves nothing or a mess."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edge.toolchain.engines import WORKERS, engines, formats


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import one of the scripts as it is imported beside the others."""
    monkeypatch.syspath_prepend(str(WORKERS))
    before = set(sys.modules)

    def load(name: str) -> ModuleType:
        return import_module(name)

    yield load
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", "") and str(WORKERS) in str(sys.modules[name].__file__):
            del sys.modules[name]


def test_every_engine_with_a_format_has_its_script_and_its_converter() -> None:
    kinds = {one.kind for one in engines()}
    for name, one in formats().items():
        assert one.format is not None
        assert one.program.is_file(), name
        assert one.title
        assert one.format.converter in kinds
        assert one.lock.is_file()
    assert len({one.format.suffix for one in formats().values() if one.format}) == len(formats())


def test_ncnns_inputs_and_outputs_get_their_names(script: Any) -> None:
    renamed, names = script("ncnn_program").renamed, {"in0": "x", "out0": "probabilities"}
    assert renamed("7767517", names) == "7767517"
    assert renamed("75 77", names) == "75 77"
    assert renamed("Input   in0   0 1 in0", names) == "Input in0 0 1 x"
    assert renamed("Softmax softmax_35 1 1 75 out0 0=0 1=1", names) == "Softmax softmax_35 1 1 75 probabilities 0=0 1=1"
    assert renamed('Reshape r 1 1 71 72 6="in0,out0"', names) == 'Reshape r 1 1 71 72 6="in0,out0"'


class Converter:
    """Leaves `left` in its working directory, and `made` at the place asked for."""

    def __init__(self, made: bytes | None, parts: tuple[str, ...] = ()) -> None:
        self._made, self._parts = made, parts
        self.folders: list[Path] = []

    def convert(self, onnx: str, out: str, inputs: Any, outputs: Any) -> tuple[str, ...]:
        del onnx, inputs, outputs
        self.folders.append(Path.cwd())
        Path("left").write_text("mess")
        if self._made is not None:
            Path(out).write_bytes(self._made)
        return self._parts


def test_what_a_converter_leaves_behind_goes_away(script: Any, tmp_path: Path) -> None:
    here, converter = Path.cwd(), Converter(b"net")
    made = script("engine_program").Operations(converter).convert("n.onnx", str(tmp_path / "model.x"), [], [])
    assert made == {"parts": [], "shapes": None}
    assert Path.cwd() == here
    assert [path.name for path in tmp_path.iterdir()] == ["model.x"]
    assert converter.folders[0] != here


@pytest.mark.parametrize(("made", "parts"), [(None, ()), (b"", ()), (b"net", ("model.bin",))], ids=str)
def test_a_converter_that_ends_well_and_makes_nothing(
    made: bytes | None, parts: tuple[str, ...], script: Any, tmp_path: Path
) -> None:
    does = script("engine_program").Operations(Converter(made, parts))
    with pytest.raises(RuntimeError, match="ended well, and made no model"):
        does.convert("n.onnx", str(tmp_path / "model.x"), [], [])
