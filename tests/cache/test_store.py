"""The cache: whole entries or none, one maker at a time, and files written beside and renamed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cache.files import holds, put_copy, write_text
from edge.cache.hashing import sha256_of
from edge.cache.keys import key_of
from edge.cache.store import Cache
from edge.errors import OutputError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


@given(st.dictionaries(st.text(), JSON), st.text(), JSON)
def test_a_key_follows_its_parts_and_not_their_order(parts: dict[str, object], name: str, value: object) -> None:
    assert key_of(parts) == key_of(dict(reversed(list(parts.items()))))
    changed = {**parts, name: value}
    assert (key_of(changed) == key_of(parts)) == (
        json.dumps(changed, sort_keys=True) == json.dumps(parts, sort_keys=True)
    )


def test_an_entry_is_there_only_when_it_is_whole(tmp_path: Path) -> None:
    store = Cache(tmp_path / "store")
    assert store.get("k") is None
    with store.making("k") as part:
        (part / "model.nb").write_bytes(b"x")
        assert store.get("k") is None
        entry = store.put("k", part, {"bytes": 1})
    assert store.get("k") == entry
    assert (entry.folder / "model.nb").read_bytes() == b"x"


def test_work_that_failed_leaves_nothing(tmp_path: Path) -> None:
    store = Cache(tmp_path)

    def fail() -> None:
        with store.making("k") as part:
            (part / "model.nb").write_bytes(b"x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.get("k") is None
    assert [p.name for p in tmp_path.iterdir()] == ["k.lock"]


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "k.part").mkdir()
    (tmp_path / "k.part" / "half.nb").write_bytes(b"half")
    with Cache(tmp_path).making("k") as part:
        assert list(part.iterdir()) == []


def test_two_processes_make_an_entry_once(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from edge.cache.store import Cache
store = Cache(Path({str(tmp_path)!r}))
with store.making("k") as part:
    if store.get("k") is None:
        with open({str(tmp_path / "made")!r}, "a") as log:
            log.write("x")
        store.put("k", part, {{}})
"""
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [p.wait(300) for p in running] == [0, 0, 0]
    assert (tmp_path / "made").read_text() == "x"


def test_a_torn_facts_file_is_no_entry(tmp_path: Path) -> None:
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "facts.json").write_text('{"bytes": ')
    assert Cache(tmp_path).get("k") is None


ABC = sha256_of(b"abc")


def finished(store: Cache) -> Path:
    """An entry's file."""
    with store.making("k") as part:
        (part / "model.nb").write_bytes(b"abc")
        return store.put("k", part, {"bytes": 3}).folder / "model.nb"


def test_the_first_copy_shares_the_cached_file_and_others_do_not(tmp_path: Path) -> None:
    source = finished(Cache(tmp_path / "store"))
    first, second = tmp_path / "first.nb", tmp_path / "second.nb"
    for target in (first, second):
        assert not holds(target, ABC)
        put_copy(source, target)
        assert holds(target, ABC)
    assert first.samefile(source)
    assert not second.samefile(source)
    assert second.read_bytes() == b"abc"


def test_a_copy_that_somebody_wrote_to_is_none(tmp_path: Path) -> None:
    source, target = tmp_path / "a.nb", tmp_path / "b.nb"
    source.write_bytes(b"abc")
    target.write_bytes(b"abd")
    assert not holds(target, ABC)
    put_copy(source, target)
    assert target.read_bytes() == b"abc"


def test_an_entry_whose_file_was_written_to_is_none(tmp_path: Path) -> None:
    store = Cache(tmp_path / "store")
    source = finished(store)
    put_copy(source, tmp_path / "out.nb")
    assert store.get("k") is not None
    (tmp_path / "out.nb").write_bytes(b"abd")  # in place: the cached file has changed with it
    assert store.get("k") is None
    assert finished(store).read_bytes() == b"abc"
    source.unlink()
    assert store.get("k") is None


def flip(path: Path, at: int = 0) -> None:
    """Change a bit and nothing that `stat` tells, as a failing disk does."""
    times = path.stat()
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_flipped_bit_in_a_file_is_found_by_its_content(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    flip(finished(store))
    assert store.get("k") is not None
    assert store.get("k", content=True) is None


@given(st.integers(0, 2**31))
def test_a_flipped_bit_anywhere_in_what_is_known_is_found(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    store = Cache(tmp_path_factory.mktemp("store"))
    facts = finished(store).with_name("facts.json")
    document = json.loads(facts.read_bytes())
    flip(facts, at % facts.stat().st_size)
    found = store.get("k", content=True)
    assert found is None or json.loads(facts.read_bytes()) == document  # white space


def test_an_emptied_entry_keeps_its_facts(tmp_path: Path) -> None:
    store = Cache(tmp_path / "store")
    file = finished(store)
    store.empty("k")
    assert not file.exists()
    assert store.get("k") is None
    kept = store.get("k", hollow=True)
    assert kept is not None
    assert kept.facts == {"bytes": 3}
    assert finished(store) == file  # made again
    assert store.get("k") is not None


def test_an_entry_in_use_is_neither_emptied_nor_dropped(tmp_path: Path) -> None:
    store = Cache(tmp_path / "store")
    file = finished(store)
    with store.using("k"):
        store.empty("k")
        store.drop("k")
        assert file.exists()
    store.drop("k")
    assert store.get("k", hollow=True) is None


def test_a_place_on_another_file_system_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_link)
    source = finished(Cache(tmp_path / "store"))
    put_copy(source, tmp_path / "out.nb")
    assert holds(tmp_path / "out.nb", ABC)
    assert not source.samefile(tmp_path / "out.nb")


def test_a_dead_process_half_written_file_goes_and_a_living_ones_stays(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait(300)
    left = tmp_path / f".model [x].json.{dead.pid}.part"
    mine = tmp_path / f".model [x].json.{os.getppid()}.part"
    left.touch()
    mine.touch()
    write_text(tmp_path / "model [x].json", "{}")
    assert not left.exists()
    assert mine.exists()


def test_an_unwritable_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/out\.json could not be written"):
        write_text(tmp_path / "file" / "out.json", "{}")
