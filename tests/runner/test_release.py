"""A release's archive: the right one, fetched once over https, and only what a program needs taken out of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.bench.contract import parse_launch
from edge.cli.main import run
from edge.runner import release
from edge.runner.release import addresses
from tests.android_runner.conftest import environment, launch, models  # noqa: F401
from tests.runner.lite_release import NAME, release_archive
from tests.source.conftest import Server, certificate, server  # noqa: F401


@pytest.fixture(scope="module")
def archive() -> bytes:
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    return release_archive()


@pytest.fixture
def typed(
    certificate: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line of `edgezoo runner`, with a cache and data of its own and a certificate to believe."""
    for name in ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))

    def command(*words: str | Path) -> tuple[int, str, str]:
        code = run(["runner", *map(str, words)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def test_the_addresses_are_those_of_the_published_assets() -> None:
    base = "https://github.com/PaddlePaddle/Paddle-Lite/releases/download/v2.13-rc/inference_lite_lib"
    (linux,) = addresses("2.13-rc", "linux-arm64")
    assert linux == f"{base}.armlinux.armv8.gcc.with_extra.with_cv.tar.gz"
    assert f"{base}.android.armv8.clang.c++_shared.with_extra.with_cv.tar.gz" in addresses(
        "v2.13-rc", "android-arm64-v8a"
    )
    assert all(".armv7." in one for one in addresses("2.13-rc", "android-armeabi-v7a"))


@pytest.mark.slow
def test_a_release_is_fetched_resumed_kept_and_becomes_a_program_that_runs(
    archive: bytes,
    server: Server,  # noqa: F811
    typed: Callable[..., tuple[int, str, str]],
    models: dict[str, Path],  # noqa: F811
    tmp_path: Path,
) -> None:
    url = f"{server.url}/{NAME}.tar.gz"
    server.files[f"/{NAME}.tar.gz"] = archive
    server.cut_after += [1000, 3000]
    sha256 = hashlib.sha256(archive).hexdigest()
    code, out, err = typed("build", "--lite-release", url)
    assert code == 0, err
    assert f"{url}: {len(archive):,} bytes, sha256 {sha256}" in err
    assert server.ranges == [None, "bytes=1000-", "bytes=4000-"]  # it goes on where it stopped
    assert "a static program" in err
    code, out, _ = typed("list", "--json")
    (kept,) = json.loads(out)
    assert kept["name"] == "linux-arm64-paddle-lite"
    assert kept["source"] == {"place": url, "sha256": sha256, "bytes": len(archive)}
    assert kept["engine_version"] == "v2.13-rc"
    assert "aarch64-linux-gnu-g++" in kept["compiler"]

    assert "is built already" in typed("build", "--lite-release", url)[1]  # a second build does nothing
    assert "built, " in typed("build", "--lite-release", url, "--fresh")[1]  # from what was kept
    assert len(server.ranges) == 3

    named = tmp_path / f"{NAME}.tar.gz"
    named.write_bytes(archive)
    code, _, err = typed("build", "--lite-lib", named)
    assert code == 0, err
    assert json.loads(typed("list", "--json")[1])[0]["source"]["place"] == str(named)

    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if qemu is None:
        pytest.skip("qemu-user-static is not installed")
    wrapped = tmp_path / "edgebench"
    wrapped.write_text(f'#!/bin/sh\nexec {qemu} {kept["path"]} "$@"\n')
    wrapped.chmod(0o755)
    ran = launch(wrapped, models["arm"], "--output", "values")
    (output,) = parse_launch(ran.stdout, ran.returncode, ran.stderr).outputs
    assert output.values is not None
    assert sum(value or 0 for value in output.values) == 3 * 64 * 64
    assert not subprocess.run([wrapped, "--version"], capture_output=True, check=True).stderr


def test_where_one_name_was_not_published_the_next_is_taken_and_else_it_is_said(
    server: Server,  # noqa: F811
    typed: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is no library is refused with its name, and not taken for one."""
    ndk = tmp_path / "ndk/build/cmake/android.toolchain.cmake"
    ndk.parent.mkdir(parents=True)
    ndk.touch()
    monkeypatch.setenv("ANDROID_NDK_HOME", str(tmp_path / "ndk"))
    monkeypatch.setattr(release, "_BASE", server.url)
    first, second = (url.removeprefix(server.url) for url in addresses("2.13-rc", "android-arm64-v8a"))
    code, _, err = typed("build")
    assert code == 1
    assert f"{server.url}{second} answered 404" in err
    assert "--lite-lib FILE" in err
    server.files[second] = b"no archive at all"
    code, _, err = typed("build")
    assert code == 1
    assert f"fetching {server.url}{first}" in err
    assert "is no whole tar archive" in err


def test_more_than_any_library_is_left_alone(
    server: Server,  # noqa: F811
    typed: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is not installed")
    monkeypatch.setattr(release, "_MOST", 1000)
    server.files["/x.tar.gz"] = bytes(2000)
    code, _, err = typed("build", "--lite-release", f"{server.url}/x.tar.gz")
    assert code == 1
    assert "more than any library" in err
