"""Programs that are kept: found for a device, added from elsewhere, removed; what is damaged is not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge.bench.contract import CONTRACT_VERSION
from edge.cli.main import run
from edge.errors import RunnerBuildError, UsageError
from edge.runner import kept
from edge.runner.kept import KeptRunner, RunnerSource

ARM, ARM_32, X86 = 183, 40, 62


def program(engine: str, machine: int = ARM, more: bytes = b"") -> bytes:
    """The bytes of an ELF file's head, and the mark that edgebench carries."""
    head = (
        b"\x7fELF"
        + (b"\x01" if machine == ARM_32 else b"\x02")
        + b"\x01\x01"
        + bytes(9)
        + b"\x02\x00"
        + machine.to_bytes(2, "little")
    )
    mark = f"edgebench-program engine={engine} contract={CONTRACT_VERSION}".encode()
    return head + bytes(44) + more + b"\0" + mark + b"\0"


def put(name: str, engine: str) -> KeptRunner:
    place = kept.folder(name)
    place.mkdir(parents=True)
    (place / "edgebench").write_bytes(program(engine))
    if engine == "onnxruntime":
        (place / "libonnxruntime.so").write_bytes(b"library")
        return kept.keep(name, made="built", source=kept.place_library(name, place / "libonnxruntime.so", "here"))
    return kept.keep(name, made="built", source=RunnerSource("here"))


def test_a_device_takes_its_first_abis_program_then_a_static_one_then_one_that_pretends() -> None:
    def taken(*abis: str) -> str | None:
        found = kept.for_device("android", abis)
        return found.name if found else None

    assert taken("arm64-v8a", "armeabi-v7a") is None
    put("linux-arm64-synthetic", "synthetic")
    assert taken("arm64-v8a", "armeabi-v7a") == "linux-arm64-synthetic"
    put("android-armeabi-v7a-paddle-lite", "paddle-lite")
    assert taken("arm64-v8a", "armeabi-v7a") == "android-armeabi-v7a-paddle-lite"
    put("linux-arm64-paddle-lite", "paddle-lite")
    assert taken("arm64-v8a", "armeabi-v7a") == "linux-arm64-paddle-lite"
    put("android-arm64-v8a-paddle-lite", "paddle-lite")
    assert taken("arm64-v8a", "armeabi-v7a") == "android-arm64-v8a-paddle-lite"
    assert taken("armeabi-v7a") == "android-armeabi-v7a-paddle-lite"
    assert kept.for_device("host", ["x86_64"]) is None


def test_a_board_takes_the_program_of_its_own_system_first() -> None:
    def taken(*abis: str, engine: str = "paddle-lite") -> str | None:
        found = kept.for_device("linux", abis, engine)
        return found.name if found else None

    put("linux-arm64-paddle-lite", "paddle-lite")
    assert (
        taken("armeabi-v7a", "arm64-v8a") == "linux-arm64-paddle-lite"
    )  # its kernel runs it, and it needs nothing else
    assert taken("armeabi-v7a") is None
    put("linux-armv7-paddle-lite", "paddle-lite")
    assert taken("armeabi-v7a", "arm64-v8a") == taken("armeabi-v7a") == "linux-armv7-paddle-lite"
    assert taken("arm64-v8a") == "linux-arm64-paddle-lite"
    put("linux-arm64-onnxruntime", "onnxruntime")
    assert taken("arm64-v8a", engine="onnxruntime") == "linux-arm64-onnxruntime"
    assert taken("armeabi-v7a", "arm64-v8a", engine="onnxruntime") is None  # nothing there would load it


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (program("paddle-lite"), "linux-arm64-paddle-lite"),
        (program("paddle-lite", more=b"/system/bin/linker64\0"), "android-arm64-v8a-paddle-lite"),
        (program("paddle-lite", ARM_32), "linux-armv7-paddle-lite"),
        (program("paddle-lite", ARM_32, b"/system/bin/linker\0"), "android-armeabi-v7a-paddle-lite"),
        (program("synthetic", X86), "host-synthetic"),
    ],
)
def test_what_is_added_says_itself_what_it_is(
    content: bytes, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "theirs").write_bytes(content)
    assert run(["runner", "add", str(tmp_path / "theirs")]) == 0
    assert capsys.readouterr().out == f"{name}: added, {kept.folder(name) / 'edgebench'}\n"
    known = kept.read(name)
    assert known is not None
    assert (known.made, known.contract, known.source.place) == ("added", CONTRACT_VERSION, str(tmp_path / "theirs"))
    assert known.path.stat().st_mode & 0o111
    assert run(["runner", "list", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == [name]
    assert run(["runner", "remove", name]) == 0
    assert not known.path.exists()
    assert kept.read(name) is None


def test_what_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no file"):
        kept.add(tmp_path)
    with pytest.raises(RunnerBuildError, match="is no edgebench"):
        kept.add(Path(shutil.which("sh") or "/bin/sh"))
    (tmp_path / "other").write_bytes(program("paddle-lite", 8))
    with pytest.raises(RunnerBuildError, match="no device of edgezoo's runs it"):
        kept.add(tmp_path / "other")
    for name in ("nothing", "../..", "host-synthetic"):
        with pytest.raises(UsageError, match="there is no runner"):
            kept.remove(name)


def test_a_damaged_program_is_not_there() -> None:
    known = put("linux-arm64-paddle-lite", "paddle-lite")
    assert list(kept.runners()) == [known]
    known.path.write_bytes(known.path.read_bytes()[:-1])
    assert list(kept.runners()) == []
    known.path.unlink()
    assert kept.read(known.name) is None
