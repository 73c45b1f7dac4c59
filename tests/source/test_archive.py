"""Archives are unpacked whole and inside, or refused."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import ArchiveError
from edge.source import archive as archive_module
from edge.source.archive import unpack


def member(
    name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(content) if kind == tarfile.REGTYPE else 0
    return info, content


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as out:  # type: ignore[call-overload]
        for info, content in members:
            out.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_files_and_folders_are_unpacked(tmp_path: Path, mode: str) -> None:
    made = tar(
        tmp_path / "a.tar", member("m", kind=tarfile.DIRTYPE), member("m/a", b"1"), member("m/b", b"22"), mode=mode
    )
    files = unpack(made, tmp_path / "out")
    assert [f.relative_to(tmp_path / "out").as_posix() for f in files] == ["m/a", "m/b"]
    assert [f.read_bytes() for f in files] == [b"1", b"22"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (member("../evil"), "outside its own folder"),
        (member("a/../../evil"), "outside its own folder"),
        (member("/etc/evil"), "outside its own folder"),
        (member("..\\evil"), "outside its own folder"),
        (member("evil", kind=tarfile.SYMTYPE, link="/etc/passwd"), "no plain file"),
        (member("evil", kind=tarfile.LNKTYPE, link="good"), "no plain file"),
        (member("evil", kind=tarfile.FIFOTYPE), "no plain file"),
        (member("evil", kind=tarfile.CHRTYPE), "no plain file"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0].name,
)
def test_what_leads_outside_is_refused(tmp_path: Path, bad: tuple[tarfile.TarInfo, bytes], says: str) -> None:
    with pytest.raises(ArchiveError, match=says):
        unpack(tar(tmp_path / "a.tar", member("good"), bad), tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_a_bomb_is_refused_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "LIMIT_BYTES", 1000)
    with pytest.raises(ArchiveError, match="more than any inference model"):
        unpack(
            tar(tmp_path / "a.tar.gz", member("a", bytes(900)), member("b", bytes(200)), mode="w:gz"), tmp_path / "out"
        )
    assert not (tmp_path / "out" / "b").exists()


def test_an_error_page_is_no_archive(tmp_path: Path) -> None:
    page = tmp_path / "a.tar"
    page.write_text("<html>404</html>" * 100)
    with pytest.raises(ArchiveError, match="no whole tar archive"):
        unpack(page, tmp_path / "out")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.integers(0, 10_239), mode=st.sampled_from(["w", "w:gz"]))
def test_a_cut_off_archive_never_passes_for_a_whole_one(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, length: int, mode: str
) -> None:
    whole = tar(
        tmp_path / "whole.tar", member("a", bytes(range(256)) * 8), member("b", b"2" * 3000), mode=mode
    ).read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[: min(length, len(whole) - 1)])
    out = tmp_path_factory.mktemp("out")
    try:
        files = unpack(cut, out)
    except ArchiveError:
        return
    # cut off exactly between two members: the pair that is then missing tells
    assert [f.stat().st_size for f in files] == [2048, 3000][: len(files)]
