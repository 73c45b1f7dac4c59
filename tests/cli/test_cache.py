"""`edgezoo cache`: what it counts, what it removes, and what it leaves to those who use it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from edge.cache.locks import exclusive, shared
from edge.cache.store import Cache
from edge.cli.cache import KINDS
from edge.cli.main import run
from edge.toolchain.engines import engine
from edge.toolchain.environment import folder

Capture = pytest.CaptureFixture[str]
OLD = time.time() - 40 * 86400


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path))
    return tmp_path


def age(path: Path, when: float = OLD) -> None:
    """Its time of use; not those of its files, by which they are known."""
    for one in (path / "facts.json", path):
        if one.exists():
            os.utime(one, (when, when))


def entry(root: Path, kind: str, key: str, *, old: bool = True) -> Path:
    store = Cache(root / kind)
    with store.making(key) as part:
        (part / "file").write_bytes(b"x" * 1000)
        made = store.put(key, part, {"a": 1}).folder
    if old:
        age(made)
    return made


def asked(capsys: Capture, *words: str) -> Any:
    assert run(["cache", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_sizes_by_kind(root: Path, capsys: Capture) -> None:
    entry(root, "nb", "a")
    entry(root, "nb", "b")
    gone = root / "engines/paddlelite-1.0-py3.1-0"
    gone.mkdir(parents=True)
    (gone / "lib").write_bytes(b"y" * 5000)
    told = asked(capsys, "info")
    kinds = {row["kind"]: row for row in told["kinds"]}
    assert kinds["nb"]["entries"] == 2
    assert kinds["nb"]["bytes"] >= 2000
    assert kinds["nb"]["unused_bytes"] == 0
    assert kinds["engines"]["unused_bytes"] == 5000
    assert told["bytes"] == sum(row["bytes"] for row in told["kinds"])


def test_rubbish_goes_and_what_is_used_stays(root: Path, capsys: Capture) -> None:
    kept = entry(root, "nb", "kept")
    mine, other = folder(engine("paddlelite")), root / "engines/paddlelite-1.0-py3.1-0"
    for one in (mine, other, root / "exports/cut.part"):
        one.mkdir(parents=True)
        age(one)
    log = root / "logs/paddle_worker-4999999-0.log"
    log.parent.mkdir()
    log.touch()
    alive = root / f"logs/paddle_worker-{os.getpid()}-0.log"
    alive.touch()
    before = sorted(root.rglob("*"))
    assert {one["name"] for one in asked(capsys, "prune", "--dry-run")["removed"]} == {other.name, "cut.part", log.name}
    assert sorted(root.rglob("*")) == before
    assert len(asked(capsys, "prune")["removed"]) == 3
    assert kept.is_dir()
    assert mine.is_dir()
    assert alive.is_file()
    assert not other.exists()
    assert not log.exists()


def test_age_and_kind(root: Path, capsys: Capture) -> None:
    old, new, other = entry(root, "nb", "old"), entry(root, "nb", "new", old=False), entry(root, "onnx", "old")
    assert asked(capsys, "prune", "--older-than", "50d")["removed"] == []
    asked(capsys, "prune", "--older-than", "30d", "--kind", "nb")
    assert [path.is_dir() for path in (old, new, other)] == [False, True, True]
    age(new, time.time() - 7200)
    asked(capsys, "prune", "--all", "--kind", "nb")
    assert not new.exists()
    asked(capsys, "prune", "--all")
    assert not other.exists()


@pytest.mark.parametrize("lock", ["lock", "use"])
def test_what_somebody_makes_or_uses_stays(root: Path, lock: str, capsys: Capture) -> None:
    mine = entry(root, "nb", "a")
    with (exclusive if lock == "lock" else shared)(root / f"nb/a.{lock}"):
        told = asked(capsys, "prune", "--all")
        assert [one["name"] for one in told["in_use"]] == ["a"]
        assert mine.is_dir()
    age(root / f"nb/a.{lock}")
    asked(capsys, "prune", "--all")
    assert not mine.exists()


def test_what_was_taken_a_moment_ago_stays(root: Path, capsys: Capture) -> None:
    """Its reader holds no lock while it copies."""
    mine = entry(root, "nb", "a")
    assert Cache(root / "nb").get("a", content=True) is not None
    assert len(asked(capsys, "prune", "--all")["in_use"]) == 1
    assert mine.is_dir()
    assert Cache(root / "nb").get("a", content=True) is not None


def test_no_link_is_followed(root: Path, tmp_path_factory: pytest.TempPathFactory, capsys: Capture) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious").touch()
    (root / "engines").symlink_to(outside)
    (root / "nb").mkdir()
    (root / "nb/link").symlink_to(outside)
    os.utime(root / "nb/link", (OLD, OLD), follow_symlinks=False)
    asked(capsys, "prune", "--all")
    assert (outside / "precious").exists()


def test_every_kind_has_its_words() -> None:
    from edge.cache.usage import WHAT

    assert set(KINDS) == set(WHAT)
