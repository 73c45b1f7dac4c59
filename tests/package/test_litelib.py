"""Paddle-Lite releases: found, checked against each other and against the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import PackageError
from edge.package.litelib import check_versions, find_release
from edge.package.model import load_model
from tests.package.conftest import MakeRelease


def test_two_releases_make_two_abis(make_release: MakeRelease) -> None:
    release = find_release([make_release("x86_64"), make_release("arm64-v8a")])
    assert release.abis == ("arm64-v8a", "x86_64")
    assert release.version == "v2.13-rc"
    assert release.missing == ()
    chosen = find_release([make_release("x86_64", "v2.12"), make_release("arm64-v8a", "v2.11")], abis=["x86_64"])
    assert (chosen.abis, chosen.version) == (("x86_64",), "v2.12")


def test_what_the_engine_needs_comes_along_or_is_named(make_release: MakeRelease) -> None:
    needs = ("libc++_shared.so", "libc.so", "libm.so")
    alone = find_release([make_release(needs=needs)])
    assert alone.missing == ("libc++_shared.so",)
    with_it = find_release([make_release("x86_64", needs=needs, companions=("libc++_shared.so",))])
    assert [library.path.name for library in with_it.libraries] == ["libpaddle_lite_jni.so", "libc++_shared.so"]
    assert with_it.missing == ()


def test_the_version_is_what_the_user_says_where_the_library_is_silent(make_release: MakeRelease) -> None:
    silent = make_release(version=None)
    assert find_release([silent]).version is None
    assert find_release([silent], version="2.12").version == "2.12"
    with pytest.raises(PackageError, match="'abc' is no version"):
        find_release([silent], version="abc")


@pytest.mark.parametrize(
    ("library", "readable"), [("v2.14-rc", True), ("v2.13-rc", True), ("v2.12", False), (None, True)]
)
def test_models_newer_than_the_library_are_refused(
    make_release: MakeRelease, tiny: Path, library: str | None, readable: bool
) -> None:
    release = find_release([make_release(version=library)])
    if readable:
        check_versions(release, [load_model(tiny)])
    else:
        with pytest.raises(PackageError, match=r"written by opt v2\.13-rc, which the library v2\.12 cannot read"):
            check_versions(release, [load_model(tiny)])


def test_a_library_for_another_abi(make_release: MakeRelease) -> None:
    with pytest.raises(PackageError, match=r"there is no armeabi-v7a library: .* has arm64-v8a"):
        find_release([make_release()], abis=["armeabi-v7a"])


def test_a_companion_for_another_abi(make_release: MakeRelease) -> None:
    mixed = make_release(needs=("libc++_shared.so",), companions=("libc++_shared.so",), companion_abi="x86_64")
    with pytest.raises(PackageError, match=r"libc\+\+_shared.so is for x86_64, but"):
        find_release([mixed])


def test_two_releases_for_one_abi(make_release: MakeRelease) -> None:
    with pytest.raises(PackageError, match="are both for arm64-v8a"):
        find_release([make_release(), make_release(version="v2.12")])


def test_releases_of_different_versions(make_release: MakeRelease) -> None:
    with pytest.raises(PackageError, match="the releases differ in version"):
        find_release([make_release(), make_release("x86_64", "v2.12")])


def test_directories_that_are_no_release(tmp_path: Path, make_release: MakeRelease) -> None:
    with pytest.raises(PackageError, match="is no unpacked Paddle-Lite Android release"):
        find_release([tmp_path])
    without_java = make_release()
    (without_java / "java/so/libpaddle_lite_jni.so").unlink()
    with pytest.raises(PackageError, match="release without Java"):
        find_release([without_java])


def test_broken_parts_of_a_release(make_release: MakeRelease) -> None:
    release = make_release()
    jar, engine = release / "java/jar/PaddlePredictor.jar", release / "java/so/libpaddle_lite_jni.so"
    whole = engine.read_bytes()
    engine.write_bytes(whole[:100])
    with pytest.raises(PackageError, match="truncated or broken ELF"):
        find_release([release])
    engine.write_bytes(whole)
    jar.write_bytes(b"not a jar")
    with pytest.raises(PackageError, match="is no sound archive"):
        find_release([release])
    jar.unlink()
    with pytest.raises(PackageError, match=r"has no java/jar/PaddlePredictor\.jar"):
        find_release([release])
