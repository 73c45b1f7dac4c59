"""The doctor says what is missing and what mends it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.toolchain import doctor


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without programs, interpreters and engines."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("ANDROID_NDK_HOME", raising=False)


@pytest.mark.usefixtures("bare")
def test_what_is_missing_has_one_command_that_mends_it() -> None:
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["driver"].status == "ok"
    assert findings["paddlelite-2.13rc0"].status == "missing"
    assert findings["paddlelite-2.13rc0"].fix == "edgezoo doctor --fix paddlelite-2.13rc0"
    assert findings["paddlelite-2.14rc0"].fix == "pyenv install 3.7"
    assert findings["paddlelite-2.14rc0"].status == "optional"
    assert findings["g++"].fix == "apt-get install g++"
    assert "ANDROID_NDK_HOME" in findings["Android NDK"].fix
    assert all(f.fix for f in findings.values() if f.status != "ok")


@pytest.mark.usefixtures("bare")
def test_a_missing_engine_is_an_exit_code_and_json_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["doctor", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {"name", "status", "detail", "purpose", "fix"} == set(rows[0])


def test_a_wrong_ndk_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANDROID_NDK_HOME", str(tmp_path))
    [finding] = [f for f in doctor.examine() if f.name == "Android NDK"]
    assert "which is no NDK" in finding.detail


def test_an_unknown_engine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["doctor", "--fix", "paddlelite-9"]) == 2
    assert "paddlelite-2.13rc0" in capsys.readouterr().err
