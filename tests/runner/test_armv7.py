"""The program for 32-bit ARM Linux, built by Debian's cross compiler and run by qemu."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.bench.contract import CONTRACT_VERSION, parse_hello, parse_launch
from edge.device.elf import abi_of
from edge.errors import UsageError
from edge.runner.options import RunnerOptions
from edge.runner.release import addresses
from tests.android_runner.conftest import environment, launch, models, runner_build  # noqa: F401
from tests.runner.lite_release import NAME, NAME_32, release_archive

COMPILER, QEMU = "arm-linux-gnueabihf-g++", "qemu-arm-static"


def test_the_release_is_the_one_that_passes_floats_in_registers() -> None:
    assert addresses("2.13-rc", "linux-armv7") == (
        f"https://github.com/PaddlePaddle/Paddle-Lite/releases/download/v2.13-rc/{NAME_32}.tar.gz",
    )


def test_onnx_runtimes_library_must_be_named() -> None:
    for more in ({}, {"ort_release": "1.22.1"}):
        with pytest.raises(UsageError, match="no Python package for 32-bit ARM") as caught:
            RunnerOptions(where="linux-armv7", engine="onnxruntime", **more)  # type: ignore[arg-type]
        assert "--ort-lib" in caught.value.hint
    RunnerOptions(where="linux-armv7", engine="onnxruntime", ort_lib=Path(__file__))


def test_a_missing_compiler_is_named_with_its_package(tmp_path: Path) -> None:
    done = runner_build(tmp_path, "--for", "linux-armv7", "--engine", "synthetic", environ={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert "apt-get install g++-arm-linux-gnueabihf" in done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, with a library laid out as a release's."""
    if shutil.which(COMPILER) is None:
        pytest.skip("g++-arm-linux-gnueabihf is not installed")
    folder = tmp_path_factory.mktemp("armv7")
    library = folder / f"{NAME_32}.tar.gz"
    library.write_bytes(release_archive(NAME_32, "arm-linux-gnueabihf"))
    done = runner_build(folder, "--for", "linux-armv7", "--lite-lib", library, "--json")
    assert done.returncode == 0, done.stderr
    assert f"{library}: {library.stat().st_size:,} bytes" in done.stderr
    kept = json.loads(done.stdout)
    assert (kept["name"], kept["platform"]) == ("linux-armv7-paddle-lite", "linux-armv7")
    wrong = folder / f"{NAME}.tar.gz"
    wrong.write_bytes(library.read_bytes())
    refused = runner_build(folder, "--for", "linux-armv7", "--lite-lib", wrong, "--fresh")
    assert refused.returncode == 1
    assert "is for armv8, not for armv7hf" in refused.stderr
    return Path(kept["path"])


@pytest.mark.slow
def test_it_is_static_and_runs(built: Path, models: dict[str, Path], tmp_path: Path) -> None:  # noqa: F811
    assert abi_of(built) == "armeabi-v7a"
    assert b"/lib/ld-linux-armhf.so" not in built.read_bytes()  # it asks for no loader
    if shutil.which(QEMU) is None:
        pytest.skip("qemu-user-static is not installed")
    wrapped = tmp_path / "edgebench"
    wrapped.write_text(f'#!/bin/sh\nexec {QEMU} {built} "$@"\n')
    wrapped.chmod(0o755)
    told = subprocess.run([wrapped, "--version"], capture_output=True, text=True, check=False, timeout=60)
    hello = parse_hello(told.stdout, told.returncode)
    assert (hello.abi, hello.engine, hello.contract) == ("armeabi-v7a", "paddle-lite", CONTRACT_VERSION)
    seen = subprocess.run([wrapped, "--env"], capture_output=True, text=True, check=False, timeout=60)
    (env,) = (line for line in map(json.loads, seen.stdout.splitlines()) if line["type"] == "environment")
    assert env["cores"][0]["index"] == 0
    ran = launch(wrapped, models["arm"], "--threads", "2", "--output", "values")
    message = parse_launch(ran.stdout, ran.returncode, ran.stderr)
    (output,) = message.outputs
    assert output.values is not None
    assert sum(value or 0 for value in output.values) == 3 * 64 * 64
    assert len(message.samples_ms) >= 3
    assert message.probes is not None
    assert message.probes.clocks.after
    assert all(one.hz for one in message.probes.clocks.after)  # the loop of known length, of 32-bit instructions
    assert launch(wrapped, models["x86"]).returncode == 5  # for another CPU
