"""The command blocks of README.md, docs/how-to and docs/tutorial are run as they are typed, in an empty directory, offline.

Published archives come from an https server of this test: the same networks, with other numbers in their weights. What needs
more than this machine, or hours, is named in SKIPPED with its reason.
"""

from __future__ import annotations

import io
import re
import shlex
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.cli.main import run
from edge.source import published
from edge.source.download import download
from edge.source.load import load_source
from edge.source.weights import Weights
from edge.toolchain.toolbox import Toolbox
from edge.zoo.catalogue import catalogue, lookup
from tests.android_runner.network import open_model
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch
from tests.source.conftest import Server, certificate, server  # noqa: F401

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs/how-to").glob("*.md")),
    *sorted((ROOT / "docs/tutorial").glob("*.md")),
]

PHONE_ONLY = "needs a phone: tests/device"
HOURS = "all those networks take long: edgezoo coverage, docs/reference/coverage.md"
RELEASE = "needs an Android release of Paddle-Lite: tests/package/test_commands.py makes one"
ANDROID = "needs the NDK and ONNX Runtime's Android package"
ONNX_PHONE = "needs a phone: tests/device/test_onnxruntime.py"
WALK = "typed as it stands, from a wheel, to a stand-in phone: tests/device/test_walk.py"
IDS = "names measurements of the reader's own: tests/cli/test_every_option.py"
IMAGES = "needs ImageNet's images: tests/evaluate makes digits"
OWN = "names a model of the reader's own: tests/cli/test_every_option.py, tests/convert/structures"
ENGINES = "takes minutes, and TensorFlow is 2 GB: tests/bench/test_host_engines.py runs every engine"
TOOLS = "needs Android's tools and a phone: tests/package/test_commands.py"
BOARD = "needs a board: tests/device_layer/test_board_cli.py"
LAB = "takes a coordinator and phones: tests/lab"
SKIPPED = {
    "edgezoo bench --light --threads 1,4 --lab 127.0.0.1:20408 --match soc=sd855": LAB,
    "edgezoo bench --light --threads 1,4 --lab 127.0.0.1:20408 --match soc=sd855 --devices 2": LAB,
    "edgezoo bench --light --threads 1,4 --lab 127.0.0.1:20408 --match soc=sd855 --devices 2 --split": LAB,
    "edgezoo results merge rig2.sqlite": "takes another host's results: tests/results/test_merge.py",
    "edgezoo bench --plan plan.toml": "takes a plan of the reader's own: tests/bench/test_planned.py",
    "edgezoo bench PPLCNet_x1_0 MobileNetV3_small_x1_0 --threads 1,4 --device ssh:pi@raspberrypi.local": BOARD,
    "edgezoo eval models/PPLCNet_x1_0.nb --data ILSVRC2012/val --device ssh:orin:2222": BOARD,
    "edgezoo device clean --device ssh:pi@raspberrypi.local": BOARD,
    "edgezoo runner build --for linux-armv7": "needs a release of Paddle-Lite for 32-bit ARM Linux: tests/runner/test_armv7.py",
    "edgezoo runner build --for linux-armv7 --engine onnxruntime --ort-lib libonnxruntime.so.1.21.0": "needs a board's library",
    "edgezoo runner build --for linux-arm64 --engine synthetic": "takes a cross compiler: tests/device_layer/test_board_cli.py",
    "edgezoo runner build --for linux-arm64 --lite-lib inference_lite_lib.armlinux.armv8.gcc.with_extra": "needs a release of "
    "Paddle-Lite for ARM Linux",
    "scripts/demo": "takes the steps of the tutorial, which are run; tests/test_documents.py compares them",
    "scripts/test": "runs this test",
    "scripts/setup": "this test runs in what it sets up",
    "edgezoo runner build": WALK,
    "edgezoo runner build --engine onnxruntime --ort-lib onnxruntime-android-1.22.0.aar": ANDROID,
    "edgezoo bench PPLCNet_x1_0 -s 3f2a1b --engine onnxruntime --threads 1,2,4 --check-output": ONNX_PHONE,
    "edgezoo eval models/PPLCNet_x1_0.onnx -s 3f2a1b --engine onnxruntime --data ILSVRC2012/val": ONNX_PHONE,
    "edgezoo bench PPLCNet_x1_0 -s 3f2a1b --engine paddle-lite,onnxruntime --threads 1,4 --check-output": ONNX_PHONE,
    "edgezoo bench PPLCNet_x1_0 -s 3f2a1b --engine paddle-lite,onnxruntime "
    "--precision int8-static --calibrate photos/": ONNX_PHONE,
    "edgezoo devices": WALK,
    "edgezoo bench models/PPLCNet_x0_25.nb --threads 1,4": WALK,
    "edgezoo bench models/*.nb --threads 1,2,4": PHONE_ONLY,
    "edgezoo eval models/*.nb --data ILSVRC2012/val --device android": PHONE_ONLY,
    "edgezoo bench before.nb after.nb --compare": PHONE_ONLY,
    "edgezoo bench before.nb after.nb --threads 4 --compare": PHONE_ONLY,
    "edgezoo bench --light --threads 1,4": PHONE_ONLY,
    "edgezoo bench --light --threads 1,4 --fresh": PHONE_ONLY,
    "edgezoo bench PPLCNet_x1_0 MobileNetV3_small_x1_0 --threads 4 --sustained 10m": PHONE_ONLY,
    "edgezoo bench --light --weights random --threads 4 -s 3f2a1b": PHONE_ONLY,
    "edgezoo choose --max-ms 10 --threads 4 -s 3f2a1b": PHONE_ONLY,
    "edgezoo choose --max-ms 10 -s 3f2a1b --on val": PHONE_ONLY,
    "edgezoo estimate nets/flowers/inference.pdmodel --calibrate-on 3f2a1b": PHONE_ONLY,
    "edgezoo eval MobileNetV3_large_x1_0_ssld PPLCNet_x1_0_ssld --precision int8 --data ILSVRC2012/val": IMAGES,
    "edgezoo results accuracy 1 2": IDS,
    "edgezoo estimate mine.nb --threads 4": OWN,
    "edgezoo estimate PPLCNetV2_base models/flowers.nb": OWN,
    "edgezoo convert --model-dir picodet/ --input-shape image=1,3,320,320 --input-shape scale_factor=1,2": OWN,
    "edgezoo results compare --baseline main": IDS,
    "edgezoo results compare --baseline main --fail-over 3%": IDS,
    "edgezoo results compare 12 15": IDS,
    'edgezoo results label 12 13 14 "in its case"': IDS,
    "edgezoo results delete 12 13": IDS,
    'edgezoo report --label "in its case" -o hot.html': IDS,
    "edgezoo bench PPLCNet_x1_0 --device host --engine all": ENGINES,
    "edgezoo bench PPLCNet_x0_25 --weights random --device host --engine all --threads 1,2 --markdown": ENGINES,
    "edgezoo bench PPLCNet_x0_25 --weights random --device host --engine onnxruntime,openvino,ncnn,mnn --threads 1": ENGINES,
    "edgezoo convert --light --weights random": HOURS,
    "edgezoo convert --all --weights random": HOURS,
    "edgezoo convert PPLCNet_x1_0 --weights best_model.pdparams": "needs a checkpoint: tests/source/test_checkpoint.py",
    "edgezoo package models/PPLCNet_x1_0.nb --lite-lib inference_lite_lib.android.armv8.clang.c++_static.with_extra": RELEASE,
    "edgezoo package models/PPLCNet_x1_0.nb --format assets --app ~/MyApp --lite-lib ...": RELEASE,
    "edgezoo inspect PPLCNet_x1_0.aar": RELEASE,
    "edgezoo package models/*.nb --format apk -o lab.apk": TOOLS,
    "edgezoo install PPLCNet_x1_0 --device 8a1b2c3d": TOOLS,
}


def commands(page: Path) -> list[str]:
    """The command lines of a page, without what is said of them."""
    lines, language = [], None
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            language = line[3:] if language is None else None
        elif language in ("", "sh"):
            lines.append(line)
    typed = [re.split(r"\s+# ", line)[0].strip().replace(".venv/bin/", "") for line in lines]
    return [line for line in typed if re.match(r"edgezoo |scripts/", line)]


def test_what_is_skipped_is_on_a_page() -> None:
    assert set(SKIPPED) <= {command for page in PAGES for command in commands(page)}


@pytest.fixture
def archives(
    server: Server,  # noqa: F811
    certificate: Path,  # noqa: F811
    module_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], None]:
    """Publishes a network at its own address, as far as edgezoo can see. What one page made is there for the next, as on a
    reader's machine."""
    del module_cache
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def here(url: str, *given: object, **more: object) -> object:
        return replace(download(f"{server.url}/{Path(url).name}", *given, **more), url=url)  # type: ignore[arg-type]

    monkeypatch.setattr(published, "download", here)

    def publish(name: str) -> None:
        model = lookup(name)
        assert model.inference_url is not None
        with Toolbox() as tools:
            source = load_source(model, Weights("random", seed=1), lambda: tools.lend("paddle"))
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(source.program, f"{name}_infer/inference.pdmodel")
            tar.add(source.params, f"{name}_infer/inference.pdiparams")
        server.files[f"/{Path(model.inference_url).name}"] = packed.getvalue()

    return publish


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, but for what the pages call the reader's own."""
    place = tmp_path / "here"
    for folder in ("photos", "my_net", "app/libs"):
        (place / folder).mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 256, 256, 3), np.uint8)
    for number, one in enumerate(pixels):
        Image.fromarray(one).save(place / "photos" / f"{number}.png")
    open_model(place / "my_net")
    monkeypatch.chdir(place)
    return place


def something_measured() -> None:
    """For pages whose measurements need a phone."""
    from edge.cache.paths import results_database
    from edge.results.protocol import ROBUST
    from edge.results.store import Store

    with Store(results_database()) as store:
        session = store.new_session(seed=1, device=PHONE)
        cell = store.begin(session, subject=SUBJECT, threads=1, protocol=ROBUST, program=PROGRAM)
        store.add_launch(cell, session, launch(0, 10.0))
        store.finish(cell)


@pytest.mark.slow
@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_do_what_it_says(
    page: Path, archives: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    typed = commands(page)
    assert typed
    if any(command.startswith("edgezoo results") for command in typed):
        something_measured()
    words = {word for one in typed if one not in SKIPPED and "random" not in one for word in one.split()}
    for name in words & {model.name for model in catalogue()}:
        archives(name)
    for command in typed:
        if command in SKIPPED:
            continue
        code = run(shlex.split(command.removeprefix("edgezoo ")))
        told = capsys.readouterr()
        assert code == 0, f"{command}\n{told.err}{told.out}"
