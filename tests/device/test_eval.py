"""`eval` on a real device (or a stand-in with a real adbd), with a program that pretends to compute.

One bit of an image changes all its scores, so equal predictions mean that every byte arrived.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bench.contract import CONTRACT_VERSION
from edge.images.preprocess import prepare
from edge.images.reading import read_image
from edge.toolchain.environment import Environment
from edge.zoo.model import Preprocessing
from tests.android_runner.network import SHAPE, convert
from tests.device.test_scenarios import RealSubject
from tests.device_layer.places import BASE, BLOBS, RUN
from tests.device_layer.subject import eventually
from tests.evaluate.small import SIDE, described, write_images

pytestmark = [pytest.mark.device, pytest.mark.slow]

IMAGES = 300
IMAGENETS = ("--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from edge.toolchain.engines import engine
    from edge.toolchain.environment import ensure

    environment: Environment = ensure(engine("paddlelite"))
    folder = tmp_path_factory.mktemp("network")
    return described(convert(environment, folder, "arm"), folder, "arm")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("data"), IMAGES)


class Eval:
    """Starts `edgezoo eval` for that device."""

    def __init__(self, serial: str, network: Path, data: Path, runner: Path, table: Path) -> None:
        self.table = table
        self._command = [
            sys.executable, "-m", "edge", "eval", str(network), "--data", str(data), "-s", serial,
            "--runner", str(runner), "--resize-short", str(SIDE), *IMAGENETS, "--json", "--predictions", str(table),
        ]  # fmt: skip

    def start(self, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen([*self._command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def whole(self) -> tuple[dict[str, Any], list[str], str]:
        """The report, the lines of predictions, and what was said meanwhile."""
        process = self.start("--allow-synthetic")
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        (report,) = json.loads(out)
        return report, self.table.read_text().splitlines()[1:], err


@pytest.fixture
def evaluation(serial: str, network: Path, data: Path, runner: Path, tmp_path: Path) -> Eval:
    return Eval(serial, network, data, runner, tmp_path / "predictions.csv")


def left(subject: RealSubject) -> tuple[int, str]:
    """How many blobs there are, and what is left of launches."""
    return len(subject.shell(f"ls {BLOBS}").split()), subject.shell(f"ls {RUN}")


def test_a_set_is_judged_and_none_of_it_stays(
    subject: RealSubject, evaluation: Eval, network: Path, data: Path, runner: Path, tmp_path: Path
) -> None:
    report, predictions, _ = evaluation.whole()
    assert (report["images"], report["classes"], report["synthetic"]) == (IMAGES, 1000, True)
    assert report["engine"].startswith("synthetic")
    assert report["hardware"]["kind"] == "android"
    assert len(predictions) == IMAGES
    assert left(subject) == (2, "")
    # Single launches, with the tensor itself, find the same.
    device, tensor = subject.connect(), tmp_path / "tensor"
    with device.lock():
        for line in predictions[::100]:
            _, image, _, best = line.split(",")
            tensor.write_bytes(prepare(read_image(data / image), Preprocessing(SIDE, (SIDE, SIDE))).tobytes())
            places = device.push([runner, network])
            with device.temporary([tensor]) as lent:
                done = device.run(
                    [str(places[runner]), "--contract", str(CONTRACT_VERSION), "--model", str(places[network]), "--shape",
                     ",".join(map(str, SHAPE)), "--input", f"file:{lent[tensor]}", "--output", "values", "--warmup", "0",
                     "--warmup-ms", "0", "--repeats", "1", "--repeats-ms", "0"], timeout=60
                )  # fmt: skip
            values = next(json.loads(one)["values"] for one in done.stdout.splitlines() if '"output"' in one)
            assert np.argsort(-np.array(values), kind="stable")[:5].tolist() == [int(each) for each in best.split()]


def test_a_dropped_link_changes_no_number(subject: RealSubject, evaluation: Eval) -> None:
    _, whole, _ = evaluation.whole()

    def drop() -> None:
        if eventually(lambda: subject.running("--images"), seconds=60):
            subject.drop_link()

    thread = threading.Thread(target=drop)
    thread.start()
    _, again, message = evaluation.whole()
    thread.join(300)
    assert again == whole
    assert "once more" in message
    assert left(subject) == (2, "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "kill"])
def test_an_interrupt_leaves_nothing_running_and_no_images(
    subject: RealSubject, evaluation: Eval, how: signal.Signals
) -> None:
    process = evaluation.start("--allow-synthetic")
    assert eventually(lambda: subject.running("--images"), seconds=60), process.communicate(timeout=300)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + how
    assert "Traceback" not in err
    assert json.loads(out)["error"]["exit_code"] == 128 + how
    assert not evaluation.table.exists()
    assert eventually(lambda: not subject.running("--images"))
    assert left(subject) == (2, "")
    assert subject.shell(f"ls {BASE}").split() == ["blobs", "run"]


def test_a_synthetic_program_is_refused(subject: RealSubject, evaluation: Eval) -> None:
    process = evaluation.start()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert json.loads(out)["error"]["type"] == "ContractError"
    assert "synthetic engine" in err
    assert "Traceback" not in err
    assert left(subject) == (2, "")
