"""A small real model, and Paddle-Lite releases in their real layout around libraries compiled here."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Fixtures: the simulated device behind a real adb server.
from tests.device_layer.conftest import adb_server, device, make_phone, phone, shared_adb_server  # noqa: F401

DATA = Path(__file__).parent / "data"

COMPILERS = {"arm64-v8a": "aarch64-linux-gnu-gcc", "x86_64": "x86_64-linux-gnu-gcc"}

MakeModel = Callable[..., Path]
MakeRelease = Callable[..., Path]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Copies the small model (made by opt 2.13rc0 for arm), with changes to its metadata, or None to leave a key out."""

    def make(name: str = "tiny", nb: bytes | None = None, **changes: Any) -> Path:
        from edge.cache.hashing import sha256_of

        home = tmp_path / "models"
        home.mkdir(exist_ok=True)
        path = home / f"{name}.nb"
        path.write_bytes((DATA / "tiny.nb").read_bytes() if nb is None else nb)
        metadata = json.loads((DATA / "tiny.json").read_bytes())
        metadata["name"] = name
        metadata["sha256"], metadata["bytes"] = sha256_of(path), path.stat().st_size
        metadata.update(changes)
        if "outputs" not in changes and type(changes.get("class_num")) is int:
            metadata["outputs"][0]["shape"] = [1, changes["class_num"]]
        path.with_suffix(".json").write_text(json.dumps({k: v for k, v in metadata.items() if v is not ...}))
        return path

    return make


@pytest.fixture
def tiny(make_model: MakeModel) -> Path:
    """The small model as it is."""
    return make_model()


@pytest.fixture
def make_release(tmp_path: Path) -> MakeRelease:
    """Makes an unpacked Android release of Paddle-Lite, whose library says a version and nothing else."""

    def make(
        abi: str = "arm64-v8a",
        version: str | None = "v2.13-rc",
        *,
        page: int = 0x4000,
        needs: tuple[str, ...] = (),
        companions: tuple[str, ...] = (),
        companion_abi: str | None = None,
    ) -> Path:
        home = tmp_path / f"inference_lite_lib.android.{abi}.{version}.{page}"
        (home / "java/so").mkdir(parents=True)
        (home / "java/jar").mkdir()
        (home / "cxx/include").mkdir(parents=True)
        with zipfile.ZipFile(home / "java/jar/PaddlePredictor.jar", "w") as jar:
            jar.writestr("com/baidu/paddle/lite/PaddlePredictor.class", b"\xca\xfe\xba\xbe")
        links = []
        for name in needs:
            stub = tmp_path / "stubs" / abi / name
            compile_library(stub, abi, 'const char *other(void) { return ""; }', soname=name)
            links.append(str(stub))
        text = f'const char *version(void) {{ return "{version}"; }}' if version else "int nothing;"
        compile_library(home / "java/so/libpaddle_lite_jni.so", abi, text, page=page, links=links)
        for name in companions:
            compile_library(home / "java/so" / name, companion_abi or abi, "int companion;", soname=name)
        return home

    return make


def compile_library(
    path: Path, abi: str, text: str, *, page: int = 0x4000, soname: str | None = None, links: list[str] | None = None
) -> None:
    """Compile C text into a shared library; skips the test where there is no compiler for the ABI."""
    compiler = shutil.which(COMPILERS[abi])
    if compiler is None:
        pytest.skip(f"needs {COMPILERS[abi]}: apt-get install gcc-aarch64-linux-gnu gcc")
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = ["-shared", "-fPIC", "-nostdlib", f"-Wl,-z,max-page-size={page}", f"-Wl,-z,common-page-size={page}"]
    flags += [f"-Wl,-soname,{soname or path.name}", "-Wl,--no-as-needed", *(links or ())]
    source = path.with_suffix(".c")
    source.write_text(text)
    subprocess.run([compiler, str(source), "-o", str(path), *flags], check=True)
    source.unlink()
