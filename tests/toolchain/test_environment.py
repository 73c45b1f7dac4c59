"""Interpreters are found where they are; environments are made once, and again when they broke."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cache.locks import exclusive
from edge.errors import EnvironmentSetupError, InterpreterNotFoundError, UsageError
from edge.toolchain import environment, interpreter
from edge.toolchain.engines import Engine, engine, engines

THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"


def fake_python(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return path


def test_a_shim_that_does_not_work_is_passed_over_for_pyenvs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_python(tmp_path / "shims" / "python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    fake_python(tmp_path / "pyenv/versions/3.10.4/bin/python3.10", "echo 3.10")
    newest = fake_python(tmp_path / "pyenv/versions/3.10.13/bin/python3.10", "echo 3.10")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert interpreter.find("3.10") == newest


def test_a_named_interpreter_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_PYTHON_3_10", str(fake_python(tmp_path / "python", "echo 3.12")))
    with pytest.raises(InterpreterNotFoundError, match=r"EDGEZOO_PYTHON_3_10 names .* no Python 3\.10"):
        interpreter.find("3.10")


def test_no_interpreter_is_one_sentence_with_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(InterpreterNotFoundError, match=r"no Python 3\.99") as caught:
        interpreter.find("3.99")
    assert "EDGEZOO_PYTHON_3_99" in caught.value.hint


@pytest.mark.parametrize("known", engines(), ids=lambda e: e.name)
def test_every_engine_has_a_lock_with_hashes(known: Engine) -> None:
    text = known.lock.read_text()
    for requirement in (*known.requires, *known.bare):
        name = requirement.split("==")[0].split("<")[0]
        assert f"\n{name}==" in "\n" + text
    assert text.count("==") <= text.count("--hash=sha256:")


def test_engines_are_chosen_by_version_with_one_default_a_kind() -> None:
    assert engine("paddlelite").version == "2.13rc0"
    assert engine("paddlelite", "2.10").python == "3.9"
    with pytest.raises(UsageError, match="no paddlelite engine of version '9'") as caught:
        engine("paddlelite", "9")
    assert "2.14rc0" in caught.value.hint
    for kind in {e.kind for e in engines()}:
        of_kind = [e for e in engines() if e.kind == kind]
        assert sum(e.default for e in of_kind) == 1 or (len(of_kind) == 1 and engine(kind) == of_kind[0])


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose only package is none at all, on this interpreter."""
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("EDGEZOO_PYTHON_" + THIS.replace(".", "_"), sys.executable)
    lock = tmp_path / "small.txt"
    lock.write_text("")

    class Small(Engine):
        @property
        def lock(self) -> Path:
            return lock

    return Small("small", "1", THIS, (), (), (f"{platform.system()} {platform.machine()}",), True)


def test_an_environment_is_made_once_and_again_when_it_broke(small: Engine) -> None:
    message: list[str] = []
    made = environment.ensure(small, say=message.append)
    assert subprocess.run([made.python, "-c", "import encodings"], check=False).returncode == 0
    assert environment.ensure(small, say=message.append) == made
    assert [line.split()[0] for line in message] == ["installing", "installed"]
    made.python.unlink()
    made.python.symlink_to("/no/such/interpreter")
    assert environment.ready(small) is None
    assert environment.ensure(small, say=message.append) == made
    assert len(message) == 4


def test_a_cut_off_environment_is_not_taken_for_a_whole_one(small: Engine) -> None:
    folder = environment.folder(small)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    assert environment.ready(small) is None


def test_packages_that_cannot_be_had_are_one_sentence(small: Engine) -> None:
    small.lock.write_text("edgezoo-no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(EnvironmentSetupError, match="packages of small-1 could not be installed"):
        environment.ensure(small)
    assert environment.ready(small) is None


@pytest.mark.timeout(60)
def test_the_lock_of_a_dead_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    code = f"""
import os
from pathlib import Path
from edge.cache.locks import exclusive
with exclusive(Path({str(path)!r})):
    print("held", flush=True)
    os.read(0, 1)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    waited: list[bool] = []

    def end_holder() -> None:
        waited.append(True)
        holder.kill()
        holder.wait(30)

    with exclusive(path, waiting=end_holder):
        assert waited == [True]
    assert path.exists()
