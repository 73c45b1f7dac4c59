"""`--ort-lib` and `runner add`: a library is ONNX Runtime's for that platform, or it is refused before anything is built."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.errors import RunnerBuildError
from edge.runner import kept
from edge.runner.build import build
from edge.runner.options import RunnerOptions
from edge.runner.ort_library import DOOR, check_library
from tests.package.conftest import compile_library
from tests.runner.test_kept import ARM, program, put

OURS = f"const void *{DOOR}(void) {{ return 0; }}"


@pytest.mark.parametrize(
    ("abi", "text", "libc", "platform", "said"),
    [
        ("arm64-v8a", OURS, "libc.so.6", "linux-arm64", None),
        ("arm64-v8a", OURS, "libc.so", "android-arm64-v8a", None),
        ("x86_64", OURS, "libc.so.6", "host", None),
        ("arm64-v8a", "int other;", "libc.so.6", "linux-arm64", f"is not ONNX Runtime's library: it has no {DOOR}"),
        ("arm64-v8a", f"extern int {DOOR}; int *a = &{DOOR};", "libc.so.6", "linux-arm64", f"it has no {DOOR}"),
        ("arm64-v8a", OURS, "libc.so", "linux-arm64", "is for Android, not for linux-arm64"),
        ("arm64-v8a", OURS, "libc.so.6", "android-arm64-v8a", "is for Linux with glibc, not for android-arm64-v8a"),
        ("x86_64", OURS, "libc.so.6", "linux-arm64", "is for x86_64, not for arm64-v8a"),
        ("arm64-v8a", OURS, "libc.so.6", "linux-armv7", "is for arm64-v8a, not for armeabi-v7a"),
    ],
)
def test_what_is_taken(tmp_path: Path, abi: str, text: str, libc: str, platform: str, said: str | None) -> None:
    compile_library(tmp_path / "libs" / libc, abi, "int libc;", soname=libc)
    library = tmp_path / "libonnxruntime.so"
    compile_library(library, abi, text, links=[str(tmp_path / "libs" / libc)])
    if said is None:
        check_library(library, platform, "it")
        return
    with pytest.raises(RunnerBuildError, match=f"it {said}|it is not ONNX.*{said}") as caught:
        check_library(library, platform, "it")
    assert f"a libonnxruntime.so for {platform}" in caught.value.hint


@pytest.mark.parametrize("keep", [20, 70, 5000])
def test_half_a_library(tmp_path: Path, keep: int) -> None:
    library = tmp_path / "libonnxruntime.so"
    compile_library(library, "x86_64", OURS)
    library.write_bytes(library.read_bytes()[:keep])
    with pytest.raises(RunnerBuildError, match="is a truncated or broken ELF file"):
        check_library(library, "host", "it")


def test_a_program_is_no_library() -> None:
    program_ = Path(shutil.which("sh") or "/bin/sh")
    with pytest.raises(RunnerBuildError, match=f"no shared library|has no {DOOR}"):
        check_library(program_, "host", "it")


@pytest.mark.parametrize("packed", [False, True])
def test_another_library_is_refused_before_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], packed: bool
) -> None:
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "data"))
    library = tmp_path / "libonnxruntime.so"
    compile_library(library, "arm64-v8a", "int other;")
    named = library
    if packed:
        named = tmp_path / "onnxruntime.whl"
        with zipfile.ZipFile(named, "w") as made:
            made.write(library, "onnxruntime/capi/libonnxruntime.so.1.2.3")
    words = ["runner", "build", "--for", "linux-arm64", "--engine", "onnxruntime", "--ort-lib", str(named)]
    assert run(words) == 1
    assert f"{named} is not ONNX Runtime's library: it has no {DOOR}" in capsys.readouterr().err
    assert list(kept.runners()) == []


def test_a_program_is_added_only_with_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "data"))
    theirs = tmp_path / "edgebench"
    theirs.write_bytes(program("onnxruntime", ARM))
    compile_library(tmp_path / "libonnxruntime.so", "arm64-v8a", "int other;")
    with pytest.raises(RunnerBuildError, match=f"has no {DOOR}"):
        kept.add(theirs)
    assert list(kept.runners()) == []
    compile_library(tmp_path / "libonnxruntime.so", "arm64-v8a", OURS)
    assert kept.add(theirs).name == "linux-arm64-onnxruntime"


@pytest.mark.parametrize("there", [False, True], ids=["nothing there", "a program there"])
def test_a_build_that_is_ended_leaves_no_library_without_its_program(there: bool, tmp_path: Path) -> None:
    library = tmp_path / "libonnxruntime.so"
    compile_library(library, "x86_64", OURS)
    before = put("host-onnxruntime", "onnxruntime") if there else None

    def ended(line: str) -> None:
        if line.startswith("compiling"):
            raise SystemExit(143)  # as SIGTERM does

    with pytest.raises(SystemExit):
        build(RunnerOptions(where="host", engine="onnxruntime", ort_lib=library), say=ended)
    assert kept.read("host-onnxruntime") == before
    assert kept.folder("host-onnxruntime").exists() is there
