"""What stands around edgezoo: another user's files, a full disk, a mask of permissions; each a sentence, or no matter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edge.errors import ResultsError
from edge.results.protocol import ROBUST
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "package" / "data" / "tiny.nb"
OTHER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
NO_MATTER, REFUSED, WRONG = 0, 1, 2


def run_as_other(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """As a user who may read below `folder`, and write nowhere there."""
    prefix = OTHER if os.geteuid() == 0 else []
    places = {"EDGEZOO_CACHE_DIR": str(folder), "EDGEZOO_DATA_DIR": str(folder), "HOME": "/nonexistent"}
    return subprocess.run(
        [*prefix, sys.executable, "-B", "-m", "edge", *arguments], cwd=ROOT, env={**os.environ, **places},
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


@pytest.fixture
def others() -> Iterator[Path]:
    """A folder with results and a model, of somebody else or at least not to be written to; pytest's own are its user's."""
    with TemporaryDirectory(prefix="edgezoo-others-") as place:
        yield from _others(Path(place))


def _others(folder: Path) -> Iterator[Path]:
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or run_as_other(["--version"], folder).returncode != 0):
        pytest.skip("another user cannot run this checkout")
    for end in (".nb", ".json"):
        shutil.copy(TINY.with_suffix(end), folder)
    with Store(folder / "results.db") as store:
        cell = store.begin(
            store.new_session(seed=1, device=PHONE), subject=SUBJECT, threads=1, protocol=ROBUST, program=PROGRAM
        )
        store.add_launch(cell, 1, launch(0, *[10.0] * 200))
        store.finish(cell)
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("results list", NO_MATTER, "PPLCNet_x1_0"),
        ("results show 1", NO_MATTER, "PPLCNet_x1_0"),
        ("results check", NO_MATTER, "1 measurements can be read; it is sound"),
        ("results check --repair", NO_MATTER, "it is sound"),
        ("results label 1 day", REFUSED, "check the permissions"),
        ("results delete 1 --yes", REFUSED, "check the permissions"),
        ("inspect {}/tiny.nb", NO_MATTER, "kernels for the target"),
        ("package {}/tiny.nb --format aar -o {}/a.aar", REFUSED, "could not be written"),
        ("convert PPLCNet_x0_25 --weights random -o {}/m", REFUSED, "Permission denied"),
        ("results export --csv -o {}/a.csv", WRONG, "nothing can be written in"),
        ("coverage -o {}/a.txt", WRONG, "nothing can be written in"),
        ("estimate {}/tiny.nb", REFUSED, "Permission denied"),
        ("doctor", None, "paddle"),
    ],
)
def test_what_is_another_users_is_read_and_never_a_bug(others: Path, command: str, code: int | None, said: str) -> None:
    done = run_as_other(command.format(others, others).split(), others)
    assert said in done.stdout + done.stderr, done.stdout + done.stderr
    assert "this is a bug" not in done.stderr
    assert done.returncode == code or code is None
    assert sorted(path.name for path in others.iterdir()) == ["results.db", "tiny.json", "tiny.nb"]


@pytest.mark.parametrize("mask", ["000", "027", "077"])
def test_a_mask_of_permissions_changes_no_package(tmp_path: Path, mask: str) -> None:
    command = f"umask {mask}; exec {sys.executable} -m edge package {TINY} --format aar -o {{}}"
    for name, shell in (("a.aar", command), ("b.aar", command.partition("; ")[2])):
        done = subprocess.run(
            ["sh", "-c", shell.format(tmp_path / name)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.aar").read_bytes() == (tmp_path / "b.aar").read_bytes()
    assert (tmp_path / "a.aar").stat().st_mode & 0o777 == 0o666 & ~int(mask, 8)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing may be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def _until_full(store: Store, cell: int, session: int) -> int:
    """How many launches were kept."""
    for number in range(1000):
        try:
            store.add_launch(cell, session, launch(number, *[10.0 + number] * 500))
        except ResultsError as error:
            told = error
            break
    assert "full" in told.message
    assert "goes on where it stopped" in told.hint
    return number


def test_a_disk_that_fills_keeps_what_was_measured(small_disk: Path) -> None:
    path = small_disk / "results.db"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(60_000))
    with Store(path) as store:
        session = store.new_session(seed=1, device=PHONE)
        cell = store.begin(session, subject=SUBJECT, threads=1, protocol=ROBUST, program=PROGRAM)
        made = _until_full(store, cell, session)
    ballast.unlink()
    with Store(path) as store:
        assert [one.number for one in store.get(cell).launches] == list(range(made))
        store.add_launch(cell, session, launch(made, 1.0))
        assert store.integrity() == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("command", "code"), [("inspect {}", 0), ("inspect {}/nothing", 2), ("results list --db {}.db", 2)]
)
def test_a_closed_input_or_output_is_no_matter(closed: str, command: str, code: int, tmp_path: Path) -> None:
    nb = tmp_path / "tiny.nb"
    for end in (".nb", ".json"):
        shutil.copy(TINY.with_suffix(end), tmp_path)
    line = f"exec {sys.executable} -m edge {command.format(nb)} {closed}"
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    assert nb.read_bytes() == TINY.read_bytes()
    assert ("sound" in done.stdout or "ok" in done.stdout) == (code == 0 and ">" not in closed.replace("2>&-", ""))
