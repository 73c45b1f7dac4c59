"""The build: what is missing is said in a sentence; what is there is not built again."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from edge.bench.contract import parse_hello, parse_launch
from edge.device.usable import MIN_SDK
from edge.toolchain.environment import Environment
from tests.android_runner.conftest import BUILD, DOCTEST, ROOT, build, launch


def refused(*arguments: str, **environment: str) -> str:
    """What is printed when the build cannot be done."""
    done = subprocess.run(
        [*BUILD, *arguments], capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **environment}
    )
    assert done.returncode == 1
    assert not done.stdout
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("mode", "package"), [("host", "apt install g++"), ("aarch64", "apt install g++-aarch64-linux-gnu")]
)
def test_a_missing_compiler_is_named_with_its_package(mode: str, package: str, tmp_path: Path) -> None:
    assert refused(mode, PATH=str(tmp_path)).endswith(f"{package}\n")


def test_the_ndk_must_be_named(tmp_path: Path) -> None:
    nowhere = {"ANDROID_NDK_HOME": "", "ANDROID_NDK_ROOT": ""}
    assert "ANDROID_NDK_HOME is not set" in refused("android", "--synthetic", **nowhere)
    assert "is no Android NDK" in refused("android", "--synthetic", ANDROID_NDK_HOME=str(tmp_path))


def test_it_is_built_for_the_oldest_android_that_is_driven(tmp_path: Path) -> None:
    toolchain = tmp_path / "build/cmake/android.toolchain.cmake"
    toolchain.parent.mkdir(parents=True)
    writes = 'file(WRITE "${CMAKE_CURRENT_LIST_DIR}/platform" "${ANDROID_PLATFORM}")'
    toolchain.write_text(f"if(ANDROID_PLATFORM)\n  {writes}\nendif()\n")
    subprocess.run(
        [*BUILD, "android", "--synthetic", "--output", str(tmp_path / "out")],
        env={**os.environ, "ANDROID_NDK_HOME": str(tmp_path)},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (toolchain.parent / "platform").read_text() == f"android-{MIN_SDK}"


def test_a_library_must_be_an_unpacked_release(tmp_path: Path) -> None:
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    library = tmp_path / "inference_lite_lib.android.armv8.gcc.c++_static"
    assert "it has no cxx/include/paddle_api.h" in refused("aarch64", "--lite-lib", str(tmp_path))
    assert "is for Android" in refused("aarch64", "--lite-lib", str(library))


def test_a_release_that_no_ndk_can_link_is_refused(tmp_path: Path) -> None:
    ndk, library = tmp_path / "ndk", tmp_path / "inference_lite_lib.android.armv8.gcc.c++_static"
    for file in (
        ndk / "build/cmake/android.toolchain.cmake",
        library / "cxx/include/paddle_api.h",
        library / "cxx/lib/libpaddle_api_light_bundled.a",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert "take the clang variant" in refused("android", "--lite-lib", str(library), ANDROID_NDK_HOME=str(ndk))


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "it has no lite.so"), (b"\0v2.10\0", "is v2.10; 2.11 to 2.14"), (b"", "of unknown version")],
)
def test_a_wheel_must_hold_an_engine_that_is_known(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "lite.so").write_bytes(content)
    assert words in refused("host", "--wheel", str(tmp_path), "-o", str(tmp_path / "out"))


def test_the_script_is_the_build() -> None:
    done = subprocess.run([ROOT / "scripts" / "build_runner", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for mode in ("host", "aarch64", "android"):
        assert mode in done.stdout


@pytest.mark.slow
def test_building_again_leaves_the_program_alone(edgebench: Path, environment: Environment) -> None:
    before = edgebench.stat()
    assert (
        build("host", "--wheel", str(environment.site_packages / "paddlelite"), "-o", str(edgebench.parent))
        == edgebench
    )
    assert edgebench.stat().st_mtime_ns == before.st_mtime_ns
    assert edgebench.stat().st_ino == before.st_ino


@pytest.mark.slow
def test_another_kind_of_build_in_the_same_place_replaces_it(tmp_path: Path) -> None:
    if shutil.which("g++") is None or shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++ and g++-aarch64-linux-gnu are not both installed")
    first = build("host", "--synthetic", "-o", str(tmp_path)).read_bytes()
    second = build("aarch64", "-o", str(tmp_path)).read_bytes()
    assert first[18:20] == b"\x3e\x00"  # e_machine: x86-64
    assert second[18:20] == b"\xb7\x00"  # AArch64


@pytest.mark.slow
@pytest.mark.parametrize("abi", ["arm64-v8a", "armeabi-v7a"])
def test_the_ndks_toolchain_is_told_what_to_build(tmp_path: Path, abi: str) -> None:
    """Debian's cross gcc stands in for an NDK's compiler: what CMake is told, and the alignment, are the same."""
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    toolchain = tmp_path / "ndk/build/cmake/android.toolchain.cmake"
    toolchain.parent.mkdir(parents=True)
    toolchain.write_text(
        "set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)\nset(ANDROID TRUE)\n"
        'file(WRITE "${CMAKE_BINARY_DIR}/told" "${ANDROID_ABI} ${ANDROID_PLATFORM} ${ANDROID_STL}")\n'
    )
    out = tmp_path / "out"
    command = [*BUILD, "android", "--synthetic", "--abi", abi, "-o", str(out)]
    subprocess.run(command, check=True, timeout=300, env={**os.environ, "ANDROID_NDK_HOME": str(tmp_path / "ndk")})
    assert (out / "cmake" / "told").read_text() == f"{abi} android-21 c++_static"
    program = (out / "edgebench").read_bytes()
    (table,) = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", program, table + size * number) for number in range(count)]
    assert {header[7] for header in headers if header[0] == 1} == {16384}  # p_align of every PT_LOAD


@pytest.mark.slow
def test_the_arm_build_is_one_file_that_runs(models: dict[str, Path], tmp_path: Path) -> None:
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if shutil.which("aarch64-linux-gnu-g++") is None or qemu is None:
        pytest.skip("g++-aarch64-linux-gnu and qemu-user-static are not both installed")
    program = build("aarch64", "-o", str(tmp_path / "out"))
    wrapped = tmp_path / "edgebench"
    wrapped.write_text(f'#!/bin/sh\nexec {qemu} {program} "$@"\n')
    wrapped.chmod(0o755)
    done = launch(wrapped, models["arm"], "--threads", "2")
    message = parse_launch(done.stdout, done.returncode, done.stderr)
    assert message.synthetic
    assert message.hello is not None
    assert message.hello.abi == "arm64-v8a"
    told = subprocess.run([wrapped, "--version"], capture_output=True, text=True, check=False, timeout=60)
    assert parse_hello(told.stdout, told.returncode).engine == "synthetic"
    assert launch(wrapped, models["x86"]).returncode == 5


@pytest.mark.slow
def test_the_unit_tests_are_run_and_a_failing_one_fails_the_build(synthetic: Path, tmp_path: Path) -> None:
    if not DOCTEST.is_file():
        pytest.skip("doctest-dev is not installed")
    tests = synthetic.with_name("cmake") / "edgebench_tests"
    listed = subprocess.run([tests, "--list-test-cases"], capture_output=True, text=True, check=True, timeout=60)
    parts = {path.stem.removeprefix("test_") for path in (ROOT / "android_runner" / "tests").glob("test_*.cpp")}
    assert {
        line.partition(":")[0] for line in listed.stdout.splitlines() if ": " in line and "[doctest]" not in line
    } == parts
    source = tmp_path / "android_runner"
    shutil.copytree(ROOT / "android_runner", source)
    spoilt = source / "tests" / "test_json.cpp"
    spoilt.write_text(spoilt.read_text(encoding="utf-8").replace("0.100000001", "0.1"), encoding="utf-8")
    command = [sys.executable, str(source / "build.py"), "host", "--synthetic", "--test", "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert "its unit tests fail" in done.stderr
    assert "test_json.cpp" in done.stderr
