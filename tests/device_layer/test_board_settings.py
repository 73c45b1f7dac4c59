"""The governors of a board, by a real shell on a tree of files, and what sudo lets the account do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from edge.device.shell.layout import Layout
from edge.device.shell.way import Ended
from edge.device.ssh import settings
from edge.device.ssh.settings import BoardSettings
from edge.errors import SettingsLeftError

_PAGE = Path(__file__).parents[2] / "docs/how-to/boards.md"
_POLICIES = "/sys/devices/system/cpu/cpufreq"
_SUDO = """#!/bin/sh
[ "$1" = -n ] && [ ! -e {folder}/refuses ] || {{ echo "sudo: a password is required" >&2; exit 1; }}
shift; echo "$*" >>{folder}/called; exec "$@"
"""


class LocalBoard:
    """This machine's shell, with a tree of governors of its own and a sudo that writes down what it is called with."""

    serial, merges, beats = "ssh:pi@board", False, None

    def __init__(self, folder: Path) -> None:
        self.folder, self.layout = folder, Layout(PurePosixPath(folder / "home"))
        self.policies = folder / "cpufreq"
        for name in ("policy0", "policy4"):
            (self.policies / name).mkdir(parents=True)
            (self.policies / name / "scaling_available_governors").write_text("schedutil performance\n")
            (self.policies / name / "scaling_governor").write_text("schedutil\n")
        (folder / "bin").mkdir()
        for name, text in (("sudo", _SUDO.format(folder=folder)), ("id", "#!/bin/sh\necho 1000\n")):
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)

    def execute(self, script: str, *, seconds: float = 30.0) -> Ended:
        environment = {"PATH": f"{self.folder}/bin:/usr/bin:/bin", "LC_ALL": "C"}
        done = subprocess.run(
            ["/bin/sh", "-s"], input=script.encode(), env=environment, capture_output=True, timeout=seconds, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def governors(self) -> list[str]:
        return [(self.policies / one / "scaling_governor").read_text().strip() for one in ("policy0", "policy4")]


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalBoard:
    found = LocalBoard(tmp_path)
    monkeypatch.setattr(settings, "_POLICIES", str(found.policies))
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "data"))
    return found


# What is put back


def test_a_governor_that_cannot_be_put_back_is_said_and_stays_written_down(board: LocalBoard) -> None:
    governors, refuses = BoardSettings(board), board.folder / "refuses"  # type: ignore[arg-type]
    before = governors.look()
    governors.note(before)
    assert governors.change(before).governor == "performance"
    (board.policies / "policy4/scaling_governor").write_text("ondemand\n")  # by somebody else
    refuses.touch()
    for restore in (lambda: governors.restore(before), governors.put_right):
        with pytest.raises(SettingsLeftError) as caught:
            restore()
        assert caught.value.message == (
            "the governor of ssh:pi@board could not be put back: of policy0 it is performance, and was schedutil "
            "(sudo: a password is required)"
        )
        assert f"on the board: echo schedutil | sudo tee {board.policies}/policy0/scaling_governor" in caught.value.hint
        assert Path(board.layout.journal).exists()
    refuses.unlink()
    assert governors.put_right()
    assert board.governors() == ["schedutil", "ondemand"]
    assert not governors.put_right()


def test_what_the_hint_says_puts_it_right(board: LocalBoard) -> None:
    governors, refuses = BoardSettings(board), board.folder / "refuses"  # type: ignore[arg-type]
    before = governors.look()
    governors.note(before)
    governors.change(before)
    refuses.touch()
    with pytest.raises(SettingsLeftError) as caught:
        governors.restore(before)
    refuses.unlink()
    board.execute(caught.value.hint.removeprefix("on the board: ").partition(" (or")[0].replace("sudo", "sudo -n"))
    refuses.touch()
    assert governors.put_right()
    assert board.governors() == ["schedutil", "schedutil"]
    assert not governors.put_right()


# What sudo lets the account do


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """What the commands of the page write, for a board with two groups of cores and an account `pi`."""
    (script,) = [block for block in re.findall(r"```sh\n(.+?)```", _PAGE.read_text(), re.DOTALL) if "NOPASSWD" in block]
    places = tmp_path / "page"
    for name in ("policy0", "policy4"):
        (places / name).mkdir(parents=True, exist_ok=True)
        (places / name / "scaling_governor").touch()
    loop = script[: script.index("done") + 4].replace(_POLICIES, str(places)).replace("$(id -un)", "nobody")
    made = subprocess.run(["/bin/sh", "-c", loop], capture_output=True, text=True, check=True).stdout
    path = tmp_path / "edgezoo.sudoers"
    path.write_text(made.replace(str(places), _POLICIES))
    path.chmod(0o440)
    return path


def test_the_rules_of_the_page_have_no_wildcard(rules: Path) -> None:
    assert rules.read_text().splitlines() == [
        f"nobody ALL=(root) NOPASSWD: /usr/bin/tee {_POLICIES}/policy{number}/scaling_governor" for number in (0, 4)
    ]
    told = [line for line in _PAGE.read_text().splitlines() if "NOPASSWD" in line]
    assert not any("*" in line for line in told)


def test_the_rules_of_the_page_by_the_real_sudo(rules: Path, board: LocalBoard) -> None:
    """All that edgezoo calls, and nothing else."""
    if shutil.which("sudo") is None or os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("asking sudo what it allows needs sudo and root")
    subprocess.run(["visudo", "-c", "-f", rules], check=True, capture_output=True)
    governors = BoardSettings(board)  # type: ignore[arg-type]
    before = governors.look()
    governors.change(before)
    governors.restore(before)
    called = set((board.folder / "called").read_text().replace(str(board.policies), _POLICIES).splitlines())
    assert called == {f"tee {_POLICIES}/policy{number}/scaling_governor" for number in (0, 4)}
    first = f"{_POLICIES}/policy0/scaling_governor"
    others = [
        f"tee {first} /etc/sudoers.d/evil /x/scaling_governor",
        f"tee {_POLICIES}/policy0/../../evil/scaling_governor",
        f"tee -a {first}",
        "tee",
        "sh",
    ]
    asked = [*sorted(called), *others]
    ask = "\n".join(f"sudo -l -U nobody {one} >/dev/null 2>&1; echo $?" for one in asked)
    inside = f"mount --bind {rules} /etc/sudoers && {{\n{ask}\n}}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", inside], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no namespace of its own can be had here: {done.stderr.strip()}")
    assert done.stdout.split() == ["0"] * len(called) + ["1"] * len(others)
