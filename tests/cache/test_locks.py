"""Lock files: what stands in their place is not waited for."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from edge.cache.locks import exclusive, exclusive_now, shared


@pytest.mark.parametrize("lock", [exclusive, exclusive_now, shared])
@pytest.mark.parametrize("made", ["pipe", "folder", "socket", "device"])
def test_what_is_no_file_is_refused_at_once(lock: type, made: str, tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    if made == "pipe":
        os.mkfifo(path)
    elif made == "folder":
        path.mkdir()
    elif made == "device":
        path.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    with pytest.raises(OSError, match="directory" if made == "folder" else "no regular file"), lock(path):
        raise AssertionError


def test_a_lock_file_is_made_as_the_mask_says(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.lock"
    before = os.umask(0o027)
    try:
        with exclusive(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o640
    finally:
        os.umask(before)
