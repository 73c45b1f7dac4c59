"""The doctor says what is missing and what mends it, and asks as the commands ask."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import main
from edge.doctor import examine as doctor
from edge.doctor.finding import Finding, examine_machine
from edge.errors import EnvironmentSetupError, InterpreterNotFoundError
from edge.package.sdk import find_tools
from edge.runner import kept
from edge.runner.build import sources
from edge.runner.kept import RunnerSource
from edge.toolchain import interpreter
from edge.toolchain.engines import engine
from edge.toolchain.environment import ensure
from tests.device_layer.conftest import adb_server, make_phone, phone, shared_adb_server  # noqa: F401
from tests.device_layer.simulated.device import SimulatedDevice
from tests.package.test_sdk import program
from tests.runner.test_kept import program as edgebench


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without programs, interpreters and engines, and without a phone: no adb server can be there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("ADB_SERVER_SOCKET", "tcp:192.0.2.1:0")
    for name in ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)


def found() -> dict[str, Finding]:
    return {finding.name: finding for finding in doctor.examine()}


@pytest.mark.usefixtures("bare")
def test_what_is_missing_has_one_command_that_mends_it() -> None:
    findings = found()
    assert findings["machine"].status == findings["driver"].status == "ok"
    assert findings["paddlelite-2.13rc0"].status == "missing"
    assert "no Python 3.10 was found" in findings["paddlelite-2.13rc0"].detail
    assert findings["paddlelite-2.13rc0"].fix == "edgezoo doctor --fix paddlelite-2.13rc0"
    assert findings["paddlelite-2.14rc0"].fix == "pyenv install 3.7"
    assert findings["paddlelite-2.14rc0"].status == "optional"
    assert findings["runner"].fix == "edgezoo runner build"
    assert findings["Paddle-Lite for phones"].fix == "edgezoo runner build"
    assert findings["compiler for phones"].fix == "apt-get install g++-aarch64-linux-gnu"
    assert findings["make"].fix == "apt-get install make"
    assert findings["framework-res"].status == "ok" or "android-framework-res" in findings["framework-res"].fix
    assert {"adb", "device", "cmake", "aapt2", "apksigner", "keytool"} <= set(findings)
    assert all(f.fix for f in findings.values() if f.status != "ok")


@pytest.mark.usefixtures("bare")
def test_a_missing_engine_is_an_exit_code_and_json_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["doctor", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {"name", "status", "detail", "purpose", "fix"} == set(rows[0])


@pytest.mark.usefixtures("bare")
def test_what_an_sdk_holds_is_found_as_the_commands_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = tmp_path / "sdk"
    for name in ("aapt2", "apksigner"):
        program(sdk / "build-tools/35.0.1" / name)
    program(sdk / "platforms/android-35/android.jar")
    program(sdk / "ndk/26.1.1/build/cmake/android.toolchain.cmake")
    program(tmp_path / "keytool")
    monkeypatch.setenv("ANDROID_HOME", str(sdk))
    findings, tools = found(), find_tools()
    assert findings["aapt2"].detail == str(tools.aapt2) == str(sdk / "build-tools/35.0.1/aapt2")
    assert findings["apksigner"].detail == str(tools.apksigner)
    assert findings["keytool"].detail == str(tools.keytool)
    assert findings["framework-res"].detail == str(tools.framework)
    assert findings["compiler for phones"].detail == f"NDK 26.1.1 at {sdk / 'ndk/26.1.1'}, by ANDROID_HOME"


@pytest.mark.usefixtures("bare")
def test_a_wrong_ndk_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANDROID_NDK_HOME", str(tmp_path))
    assert "is no Android NDK" in found()["compiler for phones"].detail


@pytest.mark.usefixtures("bare")
def test_a_runner_is_there_unless_it_pretends_or_is_of_other_sources() -> None:
    def put(name: str, engine: str, of: str) -> Finding:
        place = kept.folder(name)
        place.mkdir(parents=True, exist_ok=True)
        (place / "edgebench").write_bytes(edgebench(engine))
        kept.keep(name, made="built", source=RunnerSource("https://a.b/c"), sources=of)
        return found()["runner"]

    pretends = put("linux-arm64-synthetic", "synthetic", sources())
    assert (pretends.status, pretends.fix) == ("optional", "edgezoo runner build")
    assert "only pretends" in pretends.detail
    old = put("linux-arm64-paddle-lite", "paddle-lite", "other")
    assert (old.status, old.fix) == ("optional", "edgezoo runner build")
    assert "other sources" in old.detail
    assert put("linux-arm64-paddle-lite", "paddle-lite", sources()).status == "ok"
    assert found()["Paddle-Lite for phones"].detail == "in linux-arm64-paddle-lite, from https://a.b/c"


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("system", "processor"), [("Linux", "aarch64"), ("Darwin", "arm64"), ("Windows", "AMD64"), ("Linux", "riscv64")]
)
def test_where_no_wheels_are_published_that_is_the_reason(
    system: str, processor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not a missing interpreter, nor the connection to an index."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    other = doctor.examine_engine(engine("paddlelite", "2.14rc0"))
    assert (
        f"paddlelite-2.14rc0 is published for Linux x86_64, Darwin x86_64, and not for this machine, {system}"
        in other.detail
    )
    assert "Linux on x86-64" in other.fix
    with pytest.raises(EnvironmentSetupError, match="and not for this machine"):
        ensure(engine("paddlelite", "2.14rc0"))
    machine = examine_machine()
    assert machine.status == ("ok" if system == "Linux" else "missing")
    assert ("runs on Linux only" in machine.detail) == (system != "Linux")


def test_on_another_system_the_doctor_still_answers(tmp_path: Path) -> None:
    """Where the rest of edgezoo cannot be imported: Windows has no fcntl and no SIGHUP."""
    windows = (
        "import platform, signal, sys\n"
        "sys.modules['fcntl'] = None\n"
        "signal.Signals = [one for one in signal.Signals if one.name != 'SIGHUP']\n"
        "platform.system, platform.machine = (lambda: 'Windows'), (lambda: 'AMD64')\n"
        "from edge.cli.main import run\n"
        "sys.exit(run(['doctor']))\n"
    )
    done = subprocess.run([sys.executable, "-c", windows], capture_output=True, text=True, check=False, cwd=tmp_path,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Windows on AMD64: edgezoo runs on Linux only" in done.stdout
    assert "wsl --install" in done.stdout


@pytest.mark.usefixtures("bare")
def test_why_uv_installed_no_interpreter_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here: it may not look for one at all."""
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", "/nonexistent.json")
    with pytest.raises(InterpreterNotFoundError, match=r"and uv installed none: .*nonexistent") as raised:
        interpreter.find("3.10")
    assert "EDGEZOO_PYTHON_3_10" in raised.value.hint


def test_every_device_that_adb_sees_is_told(phone: SimulatedDevice) -> None:  # noqa: F811
    findings = found()
    told = findings[f"device {phone.serial}"]
    assert told.status == "ok"
    assert "arm64-v8a" in told.detail
    assert findings["adb"].status == "ok"


def test_an_unknown_engine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["doctor", "--fix", "paddlelite-9"]) == 2
    assert "paddlelite-2.13rc0" in capsys.readouterr().err
