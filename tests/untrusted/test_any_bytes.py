"""Any bytes end in success or in an error of ours, within SECONDS of work and BYTES of memory, through whichever door."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.untrusted.bombs import BOMBS
from tests.untrusted.doors import DOORS, Door

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / "kept"  # what was found once, named after its door


def _id(door: Door) -> str:
    return door.name


@pytest.fixture
def needs_tools(request: pytest.FixtureRequest) -> None:
    """An APK to begin with is made by Android's tools."""
    from tests.package.tools import _present

    if request.getfixturevalue("door").name == "APK" and not _present():
        pytest.skip("needs Android's tools")


@pytest.mark.parametrize("door", DOORS, ids=_id)
@pytest.mark.usefixtures("needs_tools")
def test_what_is_sound_comes_through(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the other tests would prove nothing."""
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "seeds").mkdir()
    for number, seed in enumerate(door.seeds(tmp_path / "seeds")):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / door.file
        path.write_bytes(seed)
        door.enter(path)


@pytest.mark.parametrize("door", DOORS, ids=_id)
@pytest.mark.usefixtures("needs_tools")
def test_damage_is_refused_or_read(
    door: Door, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path_factory.mktemp("damage")
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(scratch / "cache"))
    seeds = door.seeds(scratch)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(chosen=st.sampled_from(range(len(seeds))), seed=st.integers(0, 2**32 - 1))
    def damage(chosen: int, seed: int) -> None:
        door.try_(door.mutate(seeds[chosen], Random(seed)), scratch / "in")

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.binary(max_size=300))
    def noise(data: bytes) -> None:
        door.try_(data, scratch / "in")

    damage()
    noise()


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: f"{bomb[0]}: {bomb[1]}")
def test_a_bomb_does_not_go_off(bomb: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    door = next(door for door in DOORS if door.name == bomb[0])
    door.try_(BOMBS[bomb](), tmp_path / "in")


@pytest.mark.parametrize("path", sorted(KEPT.iterdir()), ids=lambda path: path.name)
def test_what_was_found_once(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    door = next(door for door in DOORS if "".join(filter(str.isalnum, door.name)) == path.name.rpartition("-")[0])
    door.try_(path.read_bytes(), tmp_path / "in")


@pytest.mark.slow
def test_the_fuzzers_run_and_find_nothing() -> None:
    """For a second each; longer by hand. The figures are those of this very run."""
    environment = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        [ROOT / "scripts/fuzz", "--seconds", "1", "labels", "recipe", "edgebench"],
        env=environment, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    if "edgebench's parsers are not fuzzed" in done.stdout:
        pytest.skip("edgebench's parsers need clang++ with libFuzzer; the Python readers were tried")
    assert done.stdout.count("nothing found") >= 4, done.stdout
