"""A stage's key holds every file that can change its result: the import closure, compared with an independent tool's."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

from edge.cache.keys import closure, code_version, imported
from edge.toolchain.engines import WORKERS

EDGE = Path(__file__).parents[2] / "edge"
STAGES = {
    "export": ("edge.source.exported", "paddle_worker.py"),
    "nb": ("edge.convert.conversion", "lite_worker.py"),
    "verify": ("edge.convert.verify.verify", "lite_worker.py", "paddle_worker.py", "pir_worker.py"),
    "onnx": ("edge.convert.onnx.convert", "onnx_worker.py", "paddle_worker.py", "pir_worker.py"),
    "quantise": ("edge.convert.calibrated", "quantise_worker.py"),
    "translate": ("edge.paddle.pir.translate",),
}
# Files that were once forgotten in a list kept by hand: after a change to them an old proof passed for a new one.
DECIDES = {
    "onnx": ("convert/verify/compare.py", "toolchain/workers/paddle_program.py"),
    "verify": ("convert/verify/compare.py", "toolchain/workers/paddle_program.py", "toolchain/workers/protocol.py"),
    "nb": ("convert/legalise/rank.py", "paddle/schema.py", "nb/header.py"),
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("edge", exclude_type_checking_imports=True, cache_dir=None)


def files_of(stage: str) -> set[str]:
    module, *workers = STAGES[stage]
    return {str(path.relative_to(EDGE)) for path in closure(module, *(WORKERS / name for name in workers))}


@pytest.mark.parametrize("stage", STAGES)
def test_the_closure_is_what_an_import_graph_says(stage: str, graph: grimp.ImportGraph) -> None:
    module = STAGES[stage][0]
    expected = {module, *graph.find_upstream_modules(module)} - {"edge"}
    places = {EDGE.parent.joinpath(*name.split(".")) for name in expected}
    files = {place / "__init__.py" if place.is_dir() else place.with_suffix(".py") for place in places}
    assert files <= closure(module)
    assert {path for path in closure(module) - files if path.name != "__init__.py"} == set()


@pytest.mark.parametrize(("stage", "file"), [(stage, file) for stage, files in DECIDES.items() for file in files])
def test_what_decides_is_in_the_key(stage: str, file: str) -> None:
    assert file in files_of(stage)


def test_the_door_to_everything_is_in_no_key() -> None:
    assert all("__init__.py" not in files_of(stage) for stage in STAGES)


def test_the_version_follows_the_text_of_a_file_deep_down(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("def run():\n    import middle\n")
    (tmp_path / "middle.py").write_text("from leaf import value\n")
    (tmp_path / "leaf.py").write_text("value = 1\n")
    (tmp_path / "other.py").write_text("value = 1\n")

    def version() -> str:
        code_version.cache_clear()
        imported.cache_clear()
        return code_version(tmp_path / "worker.py")

    before = version()
    (tmp_path / "other.py").write_text("value = 2\n")
    assert version() == before
    (tmp_path / "leaf.py").write_text("value = 2\n")
    assert version() != before


def test_a_root_that_is_no_module_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"edge\.convert\.nothing"):
        code_version("edge.convert.nothing")
