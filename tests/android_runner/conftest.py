"""The program, built for this host: with the default engine (slow), and with the synthetic one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from edge.bench.contract import CONTRACT_VERSION
from edge.toolchain.environment import Environment
from tests.android_runner.network import SHAPE, convert

ROOT = Path(__file__).resolve().parents[2]
DOCTEST = Path("/usr/include/doctest/doctest.h")


def runner_build(
    data: Path, *arguments: str | Path, cwd: Path = ROOT, environ: Mapping[str, str] = os.environ
) -> subprocess.CompletedProcess[str]:
    """`edgezoo runner build` with a data directory of its own."""
    command = [sys.executable, "-m", "edge", "runner", "build", *map(str, arguments)]
    env = {**environ, "EDGEZOO_DATA_DIR": str(data)}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=cwd, env=env)


def build(data: Path, *arguments: str | Path) -> Path:
    """The program that `edgezoo runner build` makes."""
    done = runner_build(data, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["path"])


def launch(
    program: Path, model: Path | str, *more: str, shape: Sequence[int] = SHAPE
) -> subprocess.CompletedProcess[str]:
    """A short launch."""
    command = [str(program), "--contract", str(CONTRACT_VERSION), "--model", str(model), "--shape", ",".join(map(str, shape)),
               "--warmup", "1", "--warmup-ms", "0", "--repeats", "3", "--repeats-ms", "0", *more]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="session")
def environment() -> Environment:
    """The default paddlelite engine."""
    from edge.toolchain.engines import engine
    from edge.toolchain.environment import ensure

    return ensure(engine("paddlelite"))


@pytest.fixture(scope="session")
def models(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The small network for x86 and for ARM."""
    folder = tmp_path_factory.mktemp("models")
    return {target: convert(environment, folder, target) for target in ("x86", "arm")}


@pytest.fixture(scope="session")
def edgebench(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the engine of the wheel."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    wheel = environment.site_packages / "paddlelite"
    return build(tmp_path_factory.mktemp("edgebench"), "--for", "host", "--lite-lib", wheel)


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the synthetic engine; its unit tests have passed, where doctest is installed."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    tests = ["--test"] if DOCTEST.is_file() else []
    return build(tmp_path_factory.mktemp("synthetic"), "--for", "host", "--engine", "synthetic", *tests)


@pytest.fixture(scope="session")
def arm64_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the synthetic engine, for boards."""
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    return build(tmp_path_factory.mktemp("arm64"), "--for", "linux-arm64", "--engine", "synthetic")
