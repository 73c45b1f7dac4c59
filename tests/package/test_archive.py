"""Archives: the same bytes always, aligned, one file a name."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import PackageError
from edge.package.archive import ZipEntry, zip_bytes

NAMES = st.from_regex(r"[a-z]{1,8}(/[a-zA-Zäß0-9._]{1,30}){0,3}", fullmatch=True)


@settings(deadline=None)
@given(
    contents=st.dictionaries(NAMES, st.binary(max_size=40), max_size=8).filter(
        lambda names: len({name.lower() for name in names}) == len(names)
    ),
    align=st.sampled_from([4, 64, 0x4000]),
)
def test_every_entry_comes_back_stored_and_aligned(contents: dict[str, bytes], align: int) -> None:
    data = zip_bytes(ZipEntry(name, content, align) for name, content in contents.items())
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        assert archive.namelist() == sorted(contents)
        for info in archive.infolist():
            name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
            begin = info.header_offset + 30 + name + extra
            assert begin % align == 0
            assert data[begin : begin + info.file_size] == contents[info.filename]
            assert info.extra == b""


def test_neither_order_nor_time_nor_mode_of_the_files_counts(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"content")
    file.chmod(0o600)
    first = zip_bytes([ZipEntry("b", b"x"), ZipEntry("a", file)])
    file.chmod(0o755)
    file.touch()
    assert zip_bytes([ZipEntry("a", file), ZipEntry("b", b"x")]) == first


@pytest.mark.parametrize("second", ["a/B.txt", "A/b.txt"])
def test_one_file_a_name_even_where_case_does_not_count(second: str) -> None:
    with pytest.raises(PackageError, match="two files of the package have one name"):
        zip_bytes([ZipEntry("a/b.txt", b""), ZipEntry(second, b"")])
