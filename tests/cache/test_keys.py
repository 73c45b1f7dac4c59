"""A stage's key holds every file that can change its result: the import closure, compared with an independent tool's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import grimp
import pytest

from edge.bench import checks
from edge.bench.request import Job
from edge.cache.keys import closure, code_version, imported
from edge.cache.store import CacheEntry
from edge.convert import calibrated, coverage, engine_coverage, quantised
from edge.convert.onnx.convert import Task
from edge.convert.onnx.int8 import Quantisation
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.products import nb, onnx, onnx_int8, ported
from edge.convert.recipe import choose
from edge.convert.verify import references
from edge.convert.verify.asked import NOTHING_ASKED
from edge.decide import fitted
from edge.source import exported, flops, pir
from edge.source.model import InferenceModel
from edge.source.weights import Weights
from edge.toolchain.engines import Engine
from edge.zoo.catalogue import lookup
from tests.bench.examples import SUBJECT
from tests.bench.scripted import RUNNER, ScriptedDevice
from tests.paddle.programs import program

EDGE = Path(__file__).parents[2] / "edge"
STAGES: dict[str, tuple[str | Path, ...]] = {
    "export": exported.CODE,
    "translate": pir.CODE,
    "quantise": calibrated.CODE,
    "int8 form": quantised.CODE,
    "nb": nb.CODE,
    "verify": nb.VERIFY_CODE,
    "references": references.CODE,
    "onnx": onnx.CODE,
    "coverage": coverage.CODE,
    "ported": ported.CODE,
    "onnx int8": onnx_int8.CODE,
    "device checks": checks.CODE,
    "engine coverage": engine_coverage.CODE,
    "estimate": fitted.CODE,
    "work": flops.CODE,
}
# Files that were once forgotten in a list kept by hand: after a change to them an old proof passed for a new one.
DECIDES = {
    "onnx": ("convert/verify/compare.py", "toolchain/workers/paddle_reference.py"),
    "verify": (
        "convert/verify/compare.py",
        "toolchain/workers/paddle_half.py",
        "toolchain/workers/paddle_reference.py",
        "toolchain/workers/protocol.py",
    ),
    "references": (
        "toolchain/workers/paddle_reference.py",
        "toolchain/workers/protocol.py",
        "convert/verify/references.py",
    ),
    "ported": ("convert/verify/compare.py", "convert/onnx/verify.py", "toolchain/workers/engine_program.py"),
    "nb": ("convert/legalise/rank.py", "paddle/schema.py", "nb/header.py"),
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("edge", exclude_type_checking_imports=True, cache_dir=None)


def files_of(stage: str) -> set[str]:
    return {str(path.relative_to(EDGE)) for path in closure(*STAGES[stage])}


@pytest.mark.parametrize("stage", STAGES)
def test_the_closure_is_what_an_import_graph_says(stage: str, graph: grimp.ImportGraph) -> None:
    module = STAGES[stage][0]
    assert isinstance(module, str)
    expected = {module, *graph.find_upstream_modules(module)} - {"edge"}
    places = {EDGE.parent.joinpath(*name.split(".")) for name in expected}
    files = {place / "__init__.py" if place.is_dir() else place.with_suffix(".py") for place in places}
    assert files <= closure(module)
    assert {path for path in closure(module) - files if path.name != "__init__.py"} == set()


@pytest.mark.parametrize(("stage", "file"), [(stage, file) for stage, files in DECIDES.items() for file in files])
def test_what_decides_is_in_the_key(stage: str, file: str) -> None:
    assert file in files_of(stage)


def test_no_stage_is_forgotten() -> None:
    """Whatever makes a version of its code is among the stages, under the name of a constant beside it."""
    found = {
        (path, name)
        for path in EDGE.rglob("*.py")
        if path.name != "keys.py"
        for name in re.findall(r"code_version\(([^)]*)\)", path.read_text(encoding="utf-8"))
    }
    assert {name for _, name in found} == {"*CODE", "*VERIFY_CODE"}
    assert len(found) == len(STAGES)


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


NET = program([], {"x": (1, 3, 8, 8)}, ["x"], {}, {})
OLD = InferenceModel(Path("d"), Path("p"), Path("q"), "program", "params", "own")
NEW = InferenceModel(Path("d"), Path("p"), Path("q"), "program", "params", "own", pir=Path("j"), pir_sha256="pir")
ASKED = NOTHING_ASKED.key(None)
JOB = Job(Path("a.onnx"), SUBJECT)
MODEL, RECIPE, RANDOM = lookup("MobileNetV1_x0_25"), choose(), Weights("random")


def onnx_key(source: InferenceModel) -> str:
    return onnx.onnx_key(Task(source, NET, [(1, 3, 8, 8)], OnnxRecipe()))


def int8_key(source: InferenceModel) -> str:
    task = Task(source, NET, [(1, 3, 8, 8)], OnnxRecipe())
    float_ = CacheEntry(Path("f"), {})
    return onnx_int8.int8_key(Quantisation("n", task, float_, MODEL.preprocessing, calibrated.Calibration(())))


KEYS: dict[str, tuple[Callable[[], str], tuple[str, ...]]] = {
    "export": (lambda: exported.export_key(MODEL, RANDOM), ("paddle",)),
    "quantise": (lambda: calibrated.quantised_key(OLD, ["image"], MODEL.preprocessing, "avg"), ("paddle",)),
    "nb": (lambda: nb.nb_key(OLD, RECIPE), ("paddlelite",)),
    "verify": (lambda: nb.verify_key(OLD, nb.nb_key(OLD, RECIPE), ASKED), ("paddlelite", "paddle")),
    "verify Paddle 3": (lambda: nb.verify_key(NEW, nb.nb_key(NEW, RECIPE), ASKED), ("paddlelite", "paddle3")),
    "onnx": (lambda: onnx_key(OLD), ("onnx", "paddle")),
    "onnx Paddle 3": (lambda: onnx_key(NEW), ("onnx", "paddle", "paddle3")),
    "onnx int8": (lambda: int8_key(OLD), ("onnx", "paddle")),
    "device checks": (
        lambda: checks.check_key(ScriptedDevice(), RUNNER, JOB, 1, NOTHING_ASKED),
        ("paddle", "paddle3", "onnx"),
    ),
    "coverage": (lambda: coverage.row_key(MODEL, RECIPE, RANDOM), ("paddlelite", "paddle")),
}


@pytest.mark.parametrize(("stage", "kind"), [(stage, kind) for stage, (_, kinds) in KEYS.items() for kind in kinds])
def test_other_packages_of_an_engine_make_another_key(stage: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key, kinds = KEYS[stage]
    before, known = key(), Engine.lock_hash.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(Engine, "lock_hash", property(lambda self: "other" if self.kind == kind else known(self)))
    assert key() != before
    other = property(lambda self: known(self) if self.kind in kinds else "other")
    monkeypatch.setattr(Engine, "lock_hash", other)
    assert key() == before


@pytest.mark.slow
def test_a_proof_is_never_older_than_the_limits_that_it_was_judged_by(tmp_path: Path, private_cache: Path) -> None:
    """A copy of edgezoo converts; then the judge of that copy becomes stricter than any two engines agree."""
    del private_cache
    for name in ("edge", "opt_configs"):
        shutil.copytree(EDGE.parent / name, tmp_path / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    judge = tmp_path / "copy/edge/convert/verify/compare.py"

    def convert() -> tuple[int, list[str]]:
        command = [sys.executable, "-m", "edge", "convert", MODEL.name, "--weights", "random", "--format", "nb,onnx"]
        done = subprocess.run(
            [*command, "-o", str(tmp_path / "models")],
            cwd=tmp_path / "copy",
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, [line for line in done.stderr.splitlines() if MODEL.name in line]

    code, lines = convert()
    assert code == 0, lines
    assert all("verified" in line for line in lines)
    code, lines = convert()
    assert (code, ["up to date" in line for line in lines]) == (0, [True, True])
    limit = '"fp32": Limits(relative_error=2e-3'
    assert limit in judge.read_text()
    judge.write_text(judge.read_text().replace(limit, '"fp32": Limits(relative_error=0.0'))
    code, lines = convert()
    assert code == 1
    assert ["computes something else" in line for line in lines] == [True, True]
