"""The build: what is missing is said in a sentence; what is there is not built again."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from edge.bench.contract import parse_hello, parse_launch
from edge.device.usable import MIN_SDK
from edge.errors import UsageError
from edge.runner.options import RunnerOptions
from edge.toolchain.environment import Environment
from tests.android_runner.conftest import (  # noqa: F401
    DOCTEST,
    ROOT,
    build,
    edgebench,
    environment,
    launch,
    models,
    runner_build,
)

NO_NDK = ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "ANDROID_HOME", "ANDROID_SDK_ROOT")
BARE = {name: value for name, value in os.environ.items() if name not in NO_NDK}
SYNTHETIC = ("--engine", "synthetic")


def refused(data: Path, *arguments: str, code: int = 1, **variables: str) -> str:
    """What is said when the build cannot be done: a sentence and a hint."""
    done = runner_build(data, *arguments, environ={**BARE, **variables})
    assert done.returncode == code
    assert not done.stdout
    assert done.stderr.count("\n") <= 2, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("where", "package"),
    [
        ("host", "apt-get install g++"),
        ("linux-arm64", "apt-get install g++-aarch64-linux-gnu"),
        ("android", "apt-get install g++-aarch64-linux-gnu, or set ANDROID_NDK_HOME"),
    ],
)
def test_a_missing_compiler_is_named_with_its_package(where: str, package: str, tmp_path: Path) -> None:
    assert package in refused(tmp_path, "--for", where, PATH=str(tmp_path))


def test_what_is_no_ndk_is_named_and_what_only_an_ndk_does_says_so(tmp_path: Path) -> None:
    wrong = refused(tmp_path, *SYNTHETIC, code=2, ANDROID_NDK_HOME=str(tmp_path))
    assert f"ANDROID_NDK_HOME={tmp_path} is no Android NDK" in wrong
    assert "there is no Android NDK" in refused(tmp_path, *SYNTHETIC, "--abi", "armeabi-v7a")
    assert "there is no Android NDK" in refused(tmp_path, *SYNTHETIC, "--compiler", "ndk")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lite_lib": Path("x"), "lite_release": "2.13-rc"}, "exclude each other"),
        ({"lite_release": "2.13-rc", "engine": "synthetic"}, "is for Paddle-Lite"),
        ({"lite_lib": Path("nowhere")}, "nothing of that name"),
        ({"lite_release": "http://x/y.tar.gz"}, "is none"),
        ({"lite_release": "https://x/y.tar.gz", "where": "host"}, "takes a version for the host"),
        ({"abi": "arm64-v8a", "where": "host"}, "--abi is for Android"),
        ({"compiler": "ndk", "where": "host"}, "--compiler is for Android"),
        ({"compiler": "debian", "abi": "armeabi-v7a"}, "64-bit programs only"),
        ({"test": True}, "on this machine only"),
    ],
)
def test_what_makes_no_sense_is_refused_before_work(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        RunnerOptions(**options)  # type: ignore[arg-type]


def test_the_newest_ndk_of_the_sdk_builds_for_the_oldest_android_that_is_driven(tmp_path: Path) -> None:
    for version in ("9.1.2", "26.1.10909125"):
        toolchain = tmp_path / f"sdk/ndk/{version}/build/cmake/android.toolchain.cmake"
        toolchain.parent.mkdir(parents=True)
        writes = 'file(WRITE "${CMAKE_CURRENT_LIST_DIR}/platform" "${ANDROID_PLATFORM}")'
        toolchain.write_text(f"if(ANDROID_PLATFORM)\n  {writes}\nendif()\n")
    runner_build(tmp_path / "data", *SYNTHETIC, environ={**BARE, "ANDROID_HOME": str(tmp_path / "sdk")})
    assert (toolchain.parent / "platform").read_text() == f"android-{MIN_SDK}"
    assert not (tmp_path / "sdk/ndk/9.1.2/build/cmake/platform").exists()


def test_a_library_must_be_a_release_that_fits_the_compiler(tmp_path: Path) -> None:
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    ndk, library = tmp_path / "ndk", tmp_path / "inference_lite_lib.android.armv8.gcc.c++_static"
    for file in (
        ndk / "build/cmake/android.toolchain.cmake",
        library / "cxx/include/paddle_api.h",
        library / "cxx/lib/libpaddle_api_light_bundled.a",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    arm = ("--for", "linux-arm64", "--lite-lib")
    assert "it has no cxx/include/paddle_api.h" in refused(tmp_path, *arm, str(tmp_path))
    assert "take the clang variant" in refused(tmp_path, "--lite-lib", str(library), ANDROID_NDK_HOME=str(ndk))
    clang = library.rename(tmp_path / "inference_lite_lib.android.armv8.clang.c++_static")
    assert "is for android: it is built with the NDK" in refused(tmp_path, *arm, str(clang))
    theirs = library_of_this_machine(clang.rename(tmp_path / "theirs"))  # whose name tells nothing
    assert f"{theirs} is for x86_64, not for arm64-v8a" in refused(tmp_path, *arm, str(theirs))


def library_of_this_machine(folder: Path) -> Path:
    """The folder, with a static library that the compiler of this machine made."""
    archive, made = folder / "cxx/lib/libpaddle_api_light_bundled.a", folder / "a.o"
    (folder / "a.c").write_text("int one = 1;")
    subprocess.run(["gcc", "-c", str(folder / "a.c"), "-o", str(made)], check=True)
    archive.unlink()
    subprocess.run(["ar", "rcs", str(archive), str(folder / "a.c"), str(made)], check=True)
    return folder


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "it has no lite.so"), (b"\0v2.10\0", "is v2.10; 2.11 to 2.14"), (b"", "of unknown version")],
)
def test_a_wheel_must_hold_an_engine_that_is_known(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "lite.so").write_bytes(content)
    assert words in refused(tmp_path / "data", "--for", "host", "--lite-lib", str(tmp_path))


@pytest.mark.slow
def test_what_is_there_of_the_same_parts_is_left_alone(edgebench: Path, environment: Environment) -> None:  # noqa: F811
    before = edgebench.stat()
    wheel = environment.site_packages / "paddlelite"
    data = edgebench.parents[2]
    done = runner_build(data, "--for", "host", "--lite-lib", str(wheel))
    assert done.stdout == f"host-paddle-lite: is built already, {edgebench}\n"
    assert (edgebench.stat().st_mtime_ns, edgebench.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert "built, " in runner_build(data, "--for", "host", "--lite-lib", str(wheel), "--fresh").stdout
    edgebench.write_bytes(edgebench.read_bytes() + b"x")  # what is damaged is built again
    assert "built, " in runner_build(data, "--for", "host", "--lite-lib", str(wheel)).stdout


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
        f'if(ANDROID_ABI)\n  file(WRITE "{tmp_path}/told" "${{ANDROID_ABI}} ${{ANDROID_PLATFORM}} ${{ANDROID_STL}}")\nendif()\n'
    )
    (tmp_path / "ndk/source.properties").write_text("Pkg.Desc = Android NDK\nPkg.Revision = 26.1.10909125\n")
    done = runner_build(tmp_path, *SYNTHETIC, "--abi", abi, environ={**BARE, "ANDROID_NDK_HOME": str(tmp_path / "ndk")})
    assert done.returncode == 0, done.stderr
    assert "with NDK 26.1.10909125" in done.stderr
    assert (tmp_path / "told").read_text() == f"{abi} android-21 c++_static"
    program = (tmp_path / f"runners/android-{abi}-synthetic/edgebench").read_bytes()
    (table,) = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", program, table + size * number) for number in range(count)]
    assert {header[7] for header in headers if header[0] == 1} == {16384}  # p_align of every PT_LOAD


@pytest.mark.slow
def test_without_an_ndk_the_arm_build_is_one_file_that_runs(models: dict[str, Path], tmp_path: Path) -> None:  # noqa: F811
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if shutil.which("aarch64-linux-gnu-g++") is None or qemu is None:
        pytest.skip("g++-aarch64-linux-gnu and qemu-user-static are not both installed")
    done = runner_build(tmp_path, *SYNTHETIC, environ=BARE)
    assert done.returncode == 0, done.stderr
    assert "a static program" in done.stderr  # which compiler, and the difference
    assert "do not mix their numbers" in done.stderr
    program = tmp_path / "runners/linux-arm64-synthetic/edgebench"
    wrapped = tmp_path / "edgebench"
    wrapped.write_text(f'#!/bin/sh\nexec {qemu} {program} "$@"\n')
    wrapped.chmod(0o755)
    ran = launch(wrapped, models["arm"], "--threads", "2")
    message = parse_launch(ran.stdout, ran.returncode, ran.stderr)
    assert message.synthetic
    assert message.hello is not None
    assert message.hello.abi == "arm64-v8a"
    told = subprocess.run([wrapped, "--version"], capture_output=True, text=True, check=False, timeout=60)
    assert parse_hello(told.stdout, told.returncode).engine == "synthetic"
    assert launch(wrapped, models["x86"]).returncode == 5


@pytest.mark.slow
def test_the_unit_tests_are_run_and_a_failing_one_fails_the_build(tmp_path: Path) -> None:
    """From a copy of edgezoo with a spoilt test: nothing is kept of what fails."""
    if not DOCTEST.is_file():
        pytest.skip("doctest-dev is not installed")
    for folder in ("edge", "android_runner"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    spoilt = tmp_path / "android_runner/tests/test_json.cpp"
    spoilt.write_text(spoilt.read_text(encoding="utf-8").replace("0.100000001", "0.1"), encoding="utf-8")
    arguments = ("--for", "host", *SYNTHETIC, "--test", "--verbose")
    done = runner_build(tmp_path / "d", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert "its unit tests fail" in done.stderr
    assert "test_json.cpp" in done.stderr
    assert not (tmp_path / "d/runners/host-synthetic/edgebench").exists()


def test_every_part_has_its_unit_tests() -> None:
    parts = {path.stem for path in (ROOT / "android_runner/tests").glob("test_*.cpp")}
    cmake = (ROOT / "android_runner/CMakeLists.txt").read_text(encoding="utf-8")
    assert all(f"tests/{part}.cpp" in cmake for part in parts)
