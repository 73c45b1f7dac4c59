"""Files that are whole or not there, whoever else writes them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cache.files import atomic_write, fresh_folder, write_text
from edge.errors import OutputError


def test_what_is_raised_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "out"
    write_text(place, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(place, "half of the new, and then \ud800")
    assert place.read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_threads_that_write_the_same_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    place = tmp_path / "out"
    both_are_writing = threading.Barrier(2)
    failed: list[BaseException] = []

    def write(text: str) -> None:
        try:
            with atomic_write(place) as part:
                part.write_text(text)
                both_are_writing.wait(10)
                assert part.read_text() == text
        except BaseException as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(letter * 1000,)) for letter in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(10)
    assert not failed
    assert place.read_text() in ("a" * 1000, "b" * 1000)
    assert list(tmp_path.iterdir()) == [place]


def test_missing_folders_are_made_only_when_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "out"
    with pytest.raises(OutputError, match="could not be written: No such file") as caught:
        write_text(place, "new", hint="name another place")
    assert caught.value.hint == "name another place"
    write_text(place, "new", parents=True)
    assert place.read_text() == "new"


def test_a_fresh_folder_is_empty_and_vanishes_unless_it_was_renamed(tmp_path: Path) -> None:
    part = tmp_path / "x" / "part"
    part.mkdir(parents=True)
    (part / "left").touch()  # by a killed process
    with fresh_folder(part) as folder:
        assert list(folder.iterdir()) == []
        (folder / "made").touch()
        folder.rename(tmp_path / "whole")
    assert not part.exists()
    assert (tmp_path / "whole" / "made").exists()
    with pytest.raises(KeyError), fresh_folder(part):
        raise KeyError
    assert not part.exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
def test_what_is_no_file_is_not_replaced(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A device least of all: root may rename a file over /dev/null."""
    path = tmp_path / "there"
    make(path)
    before = path.stat()
    with pytest.raises(OutputError, match="it is no file"):
        write_text(path, "x")
    assert path.stat().st_mode == before.st_mode
    assert [one.name for one in tmp_path.iterdir()] == ["there"]
