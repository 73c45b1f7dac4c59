"""The AAR: the same bytes every time, its manifest and resources accepted by aapt2."""

from __future__ import annotations

import resource
import shutil
import zipfile
from pathlib import Path

import pytest

from edge.errors import OutputError
from edge.package.aar import write_aar
from edge.package.helper import CLASSES
from edge.package.litelib import find_release
from edge.package.model import PackagedModel, load_model
from edge.package.sdk import PACKAGES
from tests.package.conftest import MakeModel, MakeRelease
from tests.package.tools import run

FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")


@pytest.fixture
def models(make_model: MakeModel) -> list[PackagedModel]:
    catalogue = {"model": {"name": "PPLCNet_x1_0"}, "class_num": 1000, "source": {"kind": "random", "seed": 0}}
    return [load_model(make_model("tiny")), load_model(make_model("PPLCNet_x1_0", **catalogue))]


def test_layout(tmp_path: Path, models: list[PackagedModel], make_release: MakeRelease) -> None:
    release = find_release([make_release()])
    aar, sources = write_aar(tmp_path / "models.aar", models, "com.example.models", release)
    with zipfile.ZipFile(aar) as archive:
        assert archive.namelist() == [
            "AndroidManifest.xml",
            "R.txt",
            "assets/models/PPLCNet_x1_0/labels.txt",
            "assets/models/PPLCNet_x1_0/model.json",
            "assets/models/PPLCNet_x1_0/model.nb",
            "assets/models/tiny/model.json",
            "assets/models/tiny/model.nb",
            "classes.jar",
            "jni/arm64-v8a/libpaddle_lite_jni.so",
            "libs/PaddlePredictor.jar",
            "proguard.txt",
            "res/values/values.xml",
        ]
        assert archive.read("assets/models/tiny/model.nb") == models[0].nb.read_bytes()
        assert archive.read("classes.jar") == CLASSES.read_bytes()
        assert archive.read("R.txt").decode().splitlines() == [
            "int string edgezoo_PPLCNet_x1_0 0x0",
            "int string edgezoo_tiny 0x0",
        ]
        assert archive.read("jni/arm64-v8a/libpaddle_lite_jni.so") == release.engines[0].path.read_bytes()
    with zipfile.ZipFile(sources) as jar:
        assert "edgezoo/android/EdgeModel.java" in jar.namelist()


def test_two_runs_give_the_same_bytes(tmp_path: Path, models: list[PackagedModel], make_release: MakeRelease) -> None:
    release = find_release([make_release()])
    first = [p.read_bytes() for p in write_aar(tmp_path / "a.aar", models, "com.example.models", release)]
    for model in models:
        model.nb.touch()
    second = [p.read_bytes() for p in write_aar(tmp_path / "b.aar", models[::-1], "com.example.models", release)]
    assert first == second


@pytest.mark.skipif(
    shutil.which("aapt2") is None or not FRAMEWORK.is_file(),
    reason=f"needs {' '.join(PACKAGES[::2])} (apt-get install)",
)
def test_aapt2_links_it_into_an_app(tmp_path: Path, models: list[PackagedModel]) -> None:
    """As Gradle does it: compile the library's resources, link them with its manifest, and get the R.txt it promises."""
    aar, _ = write_aar(tmp_path / "models.aar", models, "com.example.models")
    home = tmp_path / "exploded"
    with zipfile.ZipFile(aar) as archive:
        archive.extractall(home)
    run("aapt2", "compile", "--dir", home / "res", "-o", tmp_path / "compiled.zip")
    run(
        *("aapt2", "link", "--manifest", home / "AndroidManifest.xml", "-I", FRAMEWORK, "-A", home / "assets"),
        *(
            "--output-text-symbols",
            tmp_path / "R.txt",
            "-0",
            ".nb",
            "-o",
            tmp_path / "app.apk",
            tmp_path / "compiled.zip",
        ),
    )
    linked = [line.rsplit(" ", 1)[0] for line in (tmp_path / "R.txt").read_text().splitlines()]
    assert linked == [line.rsplit(" ", 1)[0] for line in (home / "R.txt").read_text().splitlines()]
    assert "edgezoo_PPLCNet_x1_0" in run("aapt2", "dump", "resources", tmp_path / "app.apk")
    assert run("aapt2", "dump", "packagename", tmp_path / "app.apk").strip() == "com.example.models"
    with zipfile.ZipFile(tmp_path / "app.apk") as apk:
        nb = apk.getinfo("assets/models/tiny/model.nb")
        assert nb.compress_type == zipfile.ZIP_STORED
        assert apk.read(nb) == models[0].nb.read_bytes()


def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path: Path, models: list[PackagedModel]) -> None:
    with pytest.raises(OutputError, match="could not be written: No such file or directory"):
        write_aar(tmp_path / "none" / "a.aar", models, "com.example.models")
    models[0].nb.unlink()  # vanishes after it was loaded
    with pytest.raises(OutputError):
        write_aar(tmp_path / "a.aar", models, "com.example.models")
    assert not list(tmp_path.glob("*a.aar*"))
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_leaves_nothing(tmp_path: Path, models: list[PackagedModel]) -> None:
    """No file may grow beyond 20 kB here: the same to the program as a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"models\.aar could not be written: File too large"):
            write_aar(tmp_path / "models.aar", models, "com.example.models")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == ["models"]
