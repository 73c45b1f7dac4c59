"""The commands package, install and inspect: what they print, what they refuse, and that nothing half-done stays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge.cli import main
from edge.package.inspect import inspect_file
from tests.device_layer.simulated.device import SimulatedDevice
from tests.package.conftest import MakeModel, MakeRelease
from tests.package.test_install import PM
from tests.package.tools import needs_android_tools

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def run(*arguments: str | Path) -> int:
    return main.run([str(argument) for argument in arguments])


def test_package_makes_an_aar_that_inspect_finds_sound(tiny: Path, capsys: Capture) -> None:
    assert run("package", tiny) == 0
    out, err = capsys.readouterr()
    assert "tiny: 8,902 bytes, fp32, opt v2.13-rc, no labels" in out
    assert "Note: tiny has no labels" in err
    assert sorted(path.name for path in Path().iterdir()) == ["tiny-sources.jar", "tiny.aar"]
    assert run("inspect", "tiny.aar") == 0
    assert "FAILED" not in capsys.readouterr().out


def test_inspect_ends_with_1_when_a_check_fails(make_model: MakeModel, capsys: Capture) -> None:
    assert run("inspect", make_model(sha256="00")) == 1
    assert "FAILED  sha256 and size as in the metadata" in capsys.readouterr().out


def test_json_says_everything(tiny: Path, make_release: MakeRelease, capsys: Capture) -> None:
    release = make_release(page=0x1000, needs=("libc++_shared.so",))
    assert (
        run("package", f"flowers={tiny}", "--lite-lib", release, "--id", "com.example.f", "-o", "f.aar", "--json") == 0
    )
    out, err = capsys.readouterr()
    message = json.loads(out)
    assert (message["format"], message["id"]) == ("aar", "com.example.f")
    assert [model["name"] for model in message["models"]] == ["flowers"]
    assert message["libraries"] == [
        {
            "name": "libpaddle_lite_jni.so",
            "abi": "arm64-v8a",
            "version": "v2.13-rc",
            "page_size": 4096,
            "fits_16k_pages": False,
        }
    ]
    assert "allows pages of 4 KB only" in err
    assert "needs libc++_shared.so, which the release lacks" in err
    assert inspect_file(Path("f.aar")).sections["Library"]["package"] == "com.example.f"


def test_random_weights_are_marked(make_model: MakeModel, capsys: Capture) -> None:
    assert run("package", make_model(source={"kind": "random", "seed": 0})) == 0
    assert "the weights of tiny are random: it classifies nothing" in capsys.readouterr().err


def test_files_in_an_app(tiny: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "App/app/src/main").mkdir(parents=True)
    (tmp_path / "App/app/build.gradle").touch()
    for written in (3, 0):
        assert run("package", tiny, "--format", "assets", "--app", tmp_path / "App") == 0
        out = capsys.readouterr().out
        assert f"{written} files written" in out
        assert 'noCompress += "nb"' in out


@needs_android_tools
def test_an_apk_for_several_models(make_model: MakeModel, capsys: Capture) -> None:
    one, two = make_model("one"), make_model("two")
    assert run("package", one, two, "--format", "apk") == 0
    report = inspect_file(Path("models.apk"))
    assert report.sound
    assert report.sections["App"] == {"package": "edgezoo.models.bundle"}
    assert sorted(path.name for path in Path().iterdir()) == ["models.apk"]
    assert "models.apk" in capsys.readouterr().out


@needs_android_tools
def test_install_hands_each_model_out_as_an_app(make_model: MakeModel, phone: SimulatedDevice, capsys: Capture) -> None:
    pm = phone.system.root / "bin/pm"
    pm.write_text(PM.replace("$ROOT", str(phone.system.root)))
    pm.chmod(0o755)
    assert run("install", make_model("one"), "--device", phone.serial) == 0
    assert "edgezoo.models.one installed" in capsys.readouterr().out
    installed = phone.system.root / "data/local/tmp/apps/base.apk"
    shutil.copy(installed, "copy.apk")
    assert inspect_file(Path("copy.apk")).sections["App"] == {"package": "edgezoo.models.one"}
    assert run("install", "copy.apk", "--device", phone.serial) == 0
    assert "edgezoo.models.one was there already" in capsys.readouterr().out


@needs_android_tools
def test_install_on_this_machine_makes_no_sense(tiny: Path, capsys: Capture) -> None:
    assert run("install", tiny, "--device", "host") == 2
    assert "an APK can be installed on an Android device only" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tiny}", "{tiny}"], "two models are called 'tiny'"),
        (["{tiny}", "TINY={tiny}"], "'tiny' and 'TINY' differ only in letter case"),
        (["my-net={tiny}"], "'my-net' cannot be a model's name"),
        (["={tiny}"], "names no model"),
        (["none.nb"], "none.nb"),
        (["NoSuchNet"], "no model 'NoSuchNet' in the catalogue"),
        (["{tiny}", "--labels", "imagenet1k"], "1000 labels do not fit 'tiny', which has 5 classes"),
        (["{tiny}", "--labels", "other=imagenet1k"], "there are labels for 'other', but no model of that name"),
        (["{tiny}", "--labels", "a", "--labels", "b"], "--labels b makes no sense"),
        (["{tiny}", "--id", "com.class.x"], "'com.class.x' is no Android package id"),
        (["{tiny}", "--lite-lib", "."], "is no unpacked Paddle-Lite Android release"),
        (["{tiny}", "--abi", "x86"], "--abi and --lite-version say something of a release"),
        (["{tiny}", "--app", "."], "--app belongs to --format assets"),
        (["{tiny}", "--format", "assets"], "name it with --app DIR"),
        (["{tiny}", "--format", "assets", "--app", "."], "is no Android app"),
        (["{tiny}", "--format", "apk", "--lite-lib", "."], "no engine goes into it"),
        (["{tiny}", "--key-alias", "x"], "only an APK is signed"),
        (["{tiny}", "-o", "none/x.aar"], "none/x.aar could not be written: No such file or directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_requests_get_one_sentence_and_leave_nothing(
    tiny: Path, arguments: list[str], message: str, capsys: Capture
) -> None:
    assert run("package", *(argument.replace("{tiny}", str(tiny)) for argument in arguments)) == 2
    sentence, *more = capsys.readouterr().err.splitlines()
    assert message in sentence
    assert all(line.startswith("Hint: ") for line in more)
    assert list(Path().iterdir()) == []


def test_a_model_newer_than_the_library(tiny: Path, make_release: MakeRelease, capsys: Capture) -> None:
    assert run("package", tiny, "--lite-lib", make_release(version="v2.12")) == 2
    assert "written by opt v2.13-rc, which the library v2.12 cannot read" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("private_cache")
def test_a_name_is_converted_first(capsys: Capture) -> None:
    assert run("package", "PPLCNet_x0_25", "--weights", "random") == 0
    assert "PPLCNet_x0_25: " in capsys.readouterr().out
    report = inspect_file(Path("PPLCNet_x0_25.aar"))
    assert report.sound
    facts = report.sections["Model PPLCNet_x0_25"]
    assert facts["inputs"] == "x 1x3x224x224 float32"
    assert facts["labels"] == 1000
    assert facts["verification"] == "passed"
    assert sorted(path.name for path in Path().iterdir()) == ["PPLCNet_x0_25-sources.jar", "PPLCNet_x0_25.aar"]
