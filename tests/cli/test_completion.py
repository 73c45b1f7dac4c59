"""Completion by the shells themselves: what they offer, and what `completion install` writes and takes back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli import shells
from edge.cli.main import run
from edge.results.protocol import ROBUST
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT

Capture = pytest.CaptureFixture[str]
BIN = Path(sys.executable).parent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a shell of his own, results, and `edgezoo` on PATH."""
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "1")  # where none runs
    with Store(Path(os.environ["EDGEZOO_DATA_DIR"]) / "results.db") as store:
        session = store.new_session(seed=1, device={**PHONE, "serial": "ab12"})
        store.begin(session, subject=replace(SUBJECT, name="MobileNetV1"), threads=2, protocol=ROBUST, program=PROGRAM)
        store.marks.label([1], "nightly")
    return tmp_path


CASES = [
    ("edgezoo ben", {"bench"}),
    ("edgezoo convert PPLCNet_x0_2", {"PPLCNet_x0_25"}),
    ("edgezoo list --series Ghost", {"GhostNet"}),
    ("edgezoo convert --config sd855-int", {"sd855-int8"}),
    ("edgezoo bench --device ho", {"host"}),
    ("edgezoo bench --device ab", {"ab12"}),
    ("edgezoo results show ", {"1"}),
    ("edgezoo results label 1 night", {"nightly"}),
    ("edgezoo results list --columns id,mod", {"id,model"}),
    ("edgezoo doctor paddlelite-2.13", {"paddlelite-2.13rc0"}),
    ("edgezoo bench --protoc", {"--protocol"}),
]


def offered(shell: str, line: str) -> set[str]:
    """What the shell offers for the last word, asked through what `install` wrote."""
    if shell == "bash":
        script = f"""
            . "$HOME/.local/share/bash-completion/completions/edgezoo"
            COMP_WORDS=({line}{" ''" if line.endswith(" ") else ""}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            _edgezoo_completion edgezoo; printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        made = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        return set(made.stdout.split())
    if shell == "fish":
        made = subprocess.run(["fish", "-c", f"complete -C '{line}'"], capture_output=True, text=True, check=True)
        return {one.split("\t")[0] for one in made.stdout.splitlines()}
    script = f"""
        . "$HOME/.zshrc"
        compadd() {{ print -rl -- $completions; }}
        _describe() {{ print -rl -- $completions_with_descriptions; }}
        words=({line}{" ''" if line.endswith(" ") else ""}); CURRENT=${{#words}}; compstate=()
        _edgezoo_completion
    """
    made = subprocess.run(["zsh", "-fc", script], capture_output=True, text=True, check=False)
    return {one.split(":")[0] for one in made.stdout.splitlines()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_offers_what_there_is(shell: str, home: Path, capsys: Capture) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    assert run(["completion", "install", "--shell", shell]) == 0
    assert str(home) in capsys.readouterr().out
    for line, wanted in CASES:
        assert offered(shell, line) >= wanted, line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_twice_changes_nothing_and_uninstall_takes_it_back(
    shell: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(shells, "BASH_COMPLETION", ())
    for name in (".bashrc", ".zshrc"):
        (home / name).write_text("alias mine=1")
        (home / name).chmod(0o640)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert run(["completion", "install", "--shell", shell]) == 0
    said = capsys.readouterr().out
    written = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    changed = {path for path, content in written.items() if before.get(path) != content}
    assert changed
    assert {f"written {path}" for path in changed} == set(said.splitlines())
    assert run(["completion", "install", "--shell", shell]) == 0
    assert capsys.readouterr().out == ""
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == written
    assert run(["completion", "uninstall", "--shell", shell]) == 0
    after = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert {path: content.rstrip() for path, content in after.items()} == {p: c.rstrip() for p, c in before.items()}
    assert (home / ".bashrc").stat().st_mode & 0o777 == 0o640


def test_bash_with_bash_completion_finds_it_by_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "BASH_COMPLETION", (home / "there",))
    (home / "there").touch()
    assert run(["completion", "install", "--shell", "bash"]) == 0
    assert not (home / ".bashrc").exists()
    assert (home / ".local/share/bash-completion/completions/edgezoo").is_file()


def test_a_shell_that_is_not_known(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SHELL", "/bin/csh")
    assert run(["completion", "install"]) == 2
    assert "the shell is csh" in capsys.readouterr().err
