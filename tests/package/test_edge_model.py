"""The helper's Android part, run on the JVM with stand-ins for the few Android classes it uses, which read a real package."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cache.hashing import sha256_of
from edge.images.preprocess import prepare
from edge.package.archive import write_zip
from edge.package.model import PackagedModel, load_model
from edge.package.tree import asset_entries
from edge.zoo.model import Preprocessing
from tests.package.conftest import MakeModel
from tests.package.jvm import HELPER, HERE, builder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("javac") is None, reason="needs a JDK: apt-get install default-jdk-headless"),
]


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-ins and the app that uses the helper, compiled."""
    android, app = tmp_path_factory.mktemp("android"), tmp_path_factory.mktemp("app")
    builder["compile_java"](HERE / "java/standin", android, release=11)
    joined = tmp_path_factory.mktemp("joined")
    shutil.copytree(android, joined, dirs_exist_ok=True)
    with zipfile.ZipFile(HELPER) as jar:
        jar.extractall(joined)
    builder["compile_java"](HERE / "java/app", app, classpath=joined, release=11)
    shutil.copytree(app, joined, dirs_exist_ok=True)
    return joined


@pytest.fixture
def model(make_model: MakeModel, tmp_path: Path) -> PackagedModel:
    (tmp_path / "five.txt").write_text("rose\ntulip, red\nTülpe\niris\nlily\n")
    return load_model(make_model(), labels={"": str(tmp_path / "five.txt")})


def run(classes: Path, apk: Path, files: Path, name: str = "tiny", *carrier: Path) -> dict[str, str]:
    """What the app prints, by the first word of the line."""
    command = ["java", "-Dstdout.encoding=UTF-8", "-cp", str(classes), "edgezoo.App", str(apk), str(files), name]
    command += map(str, carrier)
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    message: dict[str, str] = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        message[word] = f"{message[word]}; {rest}" if word in message else rest
    return message


def package(path: Path, model: PackagedModel) -> Path:
    with path.open("wb") as stream:
        write_zip(stream, asset_entries([model]))
    return path


def test_from_the_package_to_labels(classes: Path, model: PackagedModel, tmp_path: Path) -> None:
    apk, files = package(tmp_path / "app.apk", model), tmp_path / "files"
    message = run(classes, apk, files)
    assert message["models"] == "[tiny]"
    assert message["shape"] == "[1, 3, 16, 16]"
    assert message["labels"] == "[rose, tulip, red, Tülpe, iris, lily]"
    assert message["mapped"] == message["file"] == sha256_of(model.nb)
    assert message["again"] == "1000000000000", "the second call must not copy"
    assert message["bytes"] == "'tiny' takes float32 values, not uint8"
    assert message["score"] == "4 lily (0.7500); 0 rose (0.0000)"
    assert [f.name for f in (files / "edgezoo/tiny").iterdir()] == [f"{sha256_of(model.nb)}.nb"]


def test_a_detectors_image_is_found_among_its_inputs(classes: Path, make_model: MakeModel, tmp_path: Path) -> None:
    inputs = [
        {"name": "im_shape", "shape": [1, 2], "dtype": "float32", "layout": None, "holds": "height and width"},
        {"name": "image", "shape": [1, 3, 16, 16], "dtype": "float32", "layout": "NCHW"},
        {"name": "scale_factor", "shape": [1, 2], "dtype": "float32", "layout": None},
    ]
    model = load_model(make_model(inputs=inputs))
    assert model.info["preprocessing"] is not None
    assert model.info["inputs"] == inputs
    message = run(classes, package(tmp_path / "app.apk", model), tmp_path / "files")
    assert message["input"] == "1 image"
    assert message["shape"] == "[1, 3, 16, 16]"


def test_the_bitmaps_tensor_is_pythons(classes: Path, model: PackagedModel, tmp_path: Path) -> None:
    argb = (np.arange(40 * 30, dtype=np.int64) * 2654435) & 0xFFFFFF
    image = np.stack([argb >> 16 & 255, argb >> 8 & 255, argb & 255], axis=-1).astype(np.uint8).reshape(30, 40, 3)
    steps = model.info["preprocessing"]
    expected = prepare(image, Preprocessing(**{**steps, "crop": tuple(steps["crop"])}))
    java_hash = 1  # Arrays.hashCode of the floats' bits
    for bits in expected.reshape(-1).view(np.int32):
        java_hash = (31 * java_hash + int(bits)) & 0xFFFFFFFF
    signed = java_hash - (1 << 32) if java_hash >> 31 else java_hash
    assert run(classes, package(tmp_path / "app.apk", model), tmp_path / "files")["tensor"] == f"{signed} true"


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_an_image_of_whole_numbers_is_bytes(classes: Path, make_model: MakeModel, tmp_path: Path, layout: str) -> None:
    shape = [1, 3, 16, 16] if layout == "NCHW" else [1, 16, 16, 3]
    steps: dict[str, Any] = {"resize_short": 18, "crop": [16, 16], "scale": 1.0, "mean": [0.0] * 3, "std": [1.0] * 3,
             "channel_order": "RGB", "layout": layout, "interpolation": "bilinear"}  # fmt: skip
    inputs = [{"name": "x", "shape": shape, "dtype": "uint8", "layout": layout}]
    model = load_model(make_model(inputs=inputs, preprocessing=steps))
    argb = (np.arange(40 * 30, dtype=np.int64) * 2654435) & 0xFFFFFF
    image = np.stack([argb >> 16 & 255, argb >> 8 & 255, argb & 255], axis=-1).astype(np.uint8).reshape(30, 40, 3)
    expected = prepare(image, Preprocessing(**{**steps, "crop": (16, 16)})).reshape(-1).astype(np.uint8).view(np.int8)
    java_hash = 1  # Arrays.hashCode of the bytes
    for value in expected:
        java_hash = (31 * java_hash + int(value)) & 0xFFFFFFFF
    signed = java_hash - (1 << 32) if java_hash >> 31 else java_hash
    message = run(classes, package(tmp_path / "app.apk", model), tmp_path / "files")
    assert message["bytes"] == str(signed)
    assert message["tensor"] == "'tiny' takes uint8 values: bytes() gives them"


def test_an_asset_that_the_build_compressed_is_copied_but_not_mapped(
    classes: Path, model: PackagedModel, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "app.apk", "w", zipfile.ZIP_DEFLATED) as apk:
        for entry in asset_entries([model]):
            apk.writestr(entry.name, entry.read())
    message = run(classes, tmp_path / "app.apk", tmp_path / "files")
    assert message["mapped"] == "FileNotFoundException"
    assert message["file"] == sha256_of(model.nb)


def test_a_damaged_asset_is_refused_and_leaves_no_file(classes: Path, model: PackagedModel, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.apk", "w") as apk:
        for entry in asset_entries([model]):
            apk.writestr(entry.name, entry.read()[:-1] + b"\xee" if entry.name.endswith(".nb") else entry.read())
    message = run(classes, tmp_path / "app.apk", tmp_path / "files")
    assert message["file"] == "the asset models/tiny/model.nb is not the file that its metadata describes"
    assert not list((tmp_path / "files").rglob("*.*"))


def test_an_update_replaces_the_copy_of_the_old_model(classes: Path, model: PackagedModel, tmp_path: Path) -> None:
    home = tmp_path / "files/edgezoo/tiny"
    home.mkdir(parents=True)
    (home / "0123.nb").write_bytes(b"an older version")
    (home / "model1.part").write_bytes(b"another process is writing it")
    run(classes, package(tmp_path / "app.apk", model), tmp_path / "files")
    assert sorted(f.name for f in home.iterdir()) == [f"{sha256_of(model.nb)}.nb", "model1.part"]


def test_a_model_that_is_not_there(classes: Path, model: PackagedModel, tmp_path: Path) -> None:
    message = run(classes, package(tmp_path / "app.apk", model), tmp_path / "files", "other")
    assert message["open"] == "no model 'other' in the assets; there are [tiny]"


def test_a_model_that_another_app_carries(classes: Path, model: PackagedModel, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.apk", "w") as own:
        own.writestr("classes.dex", b"")
    message = run(classes, tmp_path / "app.apk", tmp_path / "files", "tiny", package(tmp_path / "lab.apk", model))
    assert message["models"] == "[tiny]"
    assert message["mapped"] == message["file"] == sha256_of(model.nb)
    assert len(list((tmp_path / "files/edgezoo/tiny").iterdir())) == 1, "the copy is this app's"
