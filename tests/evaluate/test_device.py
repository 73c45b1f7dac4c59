"""Images judged by the benchmark program: on this machine with the real engine, and on a phone whose link drops."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.bench.host_engines import PADDLE_LITE
from edge.bench.programs import Runner, find_runner
from edge.bench.runners import flavour
from edge.device.adb.android import AndroidDevice
from edge.device.host import HostDevice
from edge.errors import ContractError, DeviceSpaceError, RunnerError, UsageError
from edge.evaluate import device_network, evaluation
from edge.evaluate.network import HostNetwork, Tensors
from edge.evaluate.report import EvaluatedModel, as_dict, predictions_csv, table
from edge.evaluate.session import Candidate, EvaluationDevice, judge_on_device, judge_on_host
from edge.images.dataset import Dataset, read_folders
from edge.images.overrides import Overrides
from edge.images.preprocess import prepare
from edge.images.reading import read_image
from edge.results.measurement import RunnerProgram
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import blas_environment
from edge.zoo.model import Preprocessing
from tests.device_layer.conftest import AdbServer, MakePhone, program
from tests.device_layer.places import BLOBS, RUN
from tests.device_layer.simulated.device import SimulatedDevice
from tests.device_layer.simulated.system import Model
from tests.evaluate.small import SIDE, job, write_images

pytestmark = pytest.mark.slow

IMAGES = 50
OVERRIDES = Overrides(SIDE, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HOW = Preprocessing(SIDE, (SIDE, SIDE))


class Heard:
    """See Listener."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.moments: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    error = line

    def now(self, text: str, done: int = 0, of: int = 0) -> None:
        self.moments.append(f"{text}: {done} of {of}")

    def kept(self) -> None:
        pass

    def working(self, name: str) -> Callable[[str, int, int], None]:  # noqa: ARG002
        return lambda _what, _done, _of: None


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Fifty images, in batches of twenty."""
    monkeypatch.setattr(evaluation, "_BATCH_IMAGES", 20)
    return read_folders(write_images(tmp_path / "data", IMAGES))


def runner(path: Path) -> Runner:
    """A program that is not asked for which CPU it was built: the simulated phone says it is an ARM one."""
    return Runner(RunnerProgram("edgebench", "ab" * 32), flavour("edgebench"), path)


def judged(place: EvaluationDevice, nb: Path, dataset: Dataset, heard: Heard | None = None) -> EvaluatedModel:
    (one,) = judge_on_device([job(nb)], place, dataset, OVERRIDES, heard or Heard())
    return one


# With the real engine


def test_the_program_finds_what_the_python_engine_finds(
    edgebench: Path, models: dict[str, Path], dataset: Dataset
) -> None:
    (here,) = judge_on_host([Candidate(job(models["x86"]), PADDLE_LITE)], dataset, OVERRIDES, Heard())
    device, heard = HostDevice(), Heard()
    there = judged(EvaluationDevice(device, find_runner(device, str(edgebench))), models["x86"], dataset, heard)
    assert there.evaluation == here.evaluation
    assert len(there.evaluation.predictions) == IMAGES
    assert len({one.top for one in there.evaluation.predictions}) > 1
    assert predictions_csv([there]) == predictions_csv([here])
    assert heard.moments == [f"tiny_x86: images: {done} of 50" for done in (20, 40, 50)]
    assert (there.engine, there.device) == ("paddle-lite v2.13-rc", "host")
    assert "Program: edgebench" in table([there])
    assert "Program" not in table([here])
    assert {**as_dict(there), **dict.fromkeys(("engine", "seconds", "program", "hardware"))} == {
        **as_dict(here), **dict.fromkeys(("engine", "seconds", "program", "hardware")),
    }  # fmt: skip


def test_the_scores_are_the_python_engines_bit_for_bit(
    edgebench: Path, models: dict[str, Path], dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both ways that a batch is stored: a tensor that is no image's goes as float32. With the same code of MKL."""
    for name, value in blas_environment(Path("/proc/cpuinfo").read_text()).items():
        monkeypatch.setenv(name, value)
    tensors: Tensors = [prepare(read_image(one.path), HOW) for one in dataset.images[:8]]
    odd = [tensor * 1.001 for tensor in tensors]
    device = HostDevice()
    there = device_network.DeviceNetwork(
        device, runner(edgebench), job(models["x86"]), HOW, tmp_path, Heard(), timeout=60
    )
    with Toolbox() as tools:
        here = HostNetwork(models["x86"], "nb", "x", lambda: tools.lend("paddlelite", None), tmp_path)
        for batch in (tensors, odd):
            assert there.classify(batch).tobytes() == here.classify(batch).tobytes()
    assert list(tmp_path.glob("*.batch")) == []


def test_the_engines_end_is_a_sentence(
    edgebench: Path, models: dict[str, Path], dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "m.nb").write_bytes(models["x86"].read_bytes().replace(b"softmax", b"hardmax"))
    heard = Heard()
    with pytest.raises(RunnerError, match="SIGABRT"):
        judged(EvaluationDevice(HostDevice(), runner(edgebench)), tmp_path / "m.nb", dataset, heard)
    assert [line.endswith("once more") for line in heard.lines] == [True]


# On a phone, with a program that pretends to compute: one bit of an image changes all its scores


@pytest.fixture
def place(phone: SimulatedDevice, adb_server: AdbServer, synthetic: Path) -> EvaluationDevice:
    return EvaluationDevice(
        AndroidDevice(adb_server.address, phone.serial), runner(synthetic), 60, synthetic_allowed=True
    )


def left(phone: SimulatedDevice) -> tuple[int, int]:
    """How many files are among the blobs, and how many launches' directories are left."""
    blobs, launches = (len(list(phone.system.real(where).glob("*"))) for where in (BLOBS, RUN))
    return blobs, launches


def test_a_phone_finds_the_same_and_keeps_no_images(
    place: EvaluationDevice, phone: SimulatedDevice, models: dict[str, Path], dataset: Dataset
) -> None:
    here = judged(EvaluationDevice(HostDevice(), place.runner, synthetic_allowed=True), models["x86"], dataset)
    there = judged(place, models["x86"], dataset)
    assert there.evaluation == here.evaluation
    assert there.evaluation.classes == 1000
    assert left(phone) == (2, 0)
    batches = [path for path, _ in phone.pushed if "/run/" in path]
    assert len(batches) == 3
    assert sum(size for path, size in phone.pushed if path in batches) == 3 * 3 * 256 * 4 + IMAGES * 3 * SIDE * SIDE
    overrides = as_dict(there)
    assert (overrides["device"], overrides["engine"], overrides["synthetic"]) == (phone.serial, "synthetic 0.1.0", True)
    assert (overrides["program"]["name"], overrides["program"]["version"]) == ("edgebench", "0.1.0")
    assert overrides["hardware"]["model"]
    assert f"Device: {phone.serial} (" in table([there])
    assert table([there]).endswith("! synthetic engine: no accuracy of the network")


def test_an_old_phone_finds_the_same(
    make_phone: MakePhone, adb_server: AdbServer, synthetic: Path, models: dict[str, Path], dataset: Dataset
) -> None:
    """Android 5: all output comes through a terminal, and there are no exit codes."""
    phone = make_phone(Model(sdk=22, without=("sha256sum",)))
    place = EvaluationDevice(
        AndroidDevice(adb_server.address, phone.serial), runner(synthetic), 60, synthetic_allowed=True
    )
    here = judged(EvaluationDevice(HostDevice(), place.runner, synthetic_allowed=True), models["x86"], dataset)
    assert judged(place, models["x86"], dataset).evaluation == here.evaluation
    assert left(phone) == (2, 0)


def _pushing(phone: SimulatedDevice) -> None:
    phone.faults.drop_after_pushed = 100_000  # more than program and network have


def _printing(phone: SimulatedDevice) -> None:
    phone.faults.drop_after_output = 50_000


def _spoiling(phone: SimulatedDevice) -> None:
    phone.faults.corrupt_push = True


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        pytest.param(_pushing, "dropped", id="the link drops while a batch is sent"),
        pytest.param(_printing, "dropped", id="the link drops in the middle of the scores"),
        pytest.param(_spoiling, "did not arrive", id="a batch arrives spoilt"),
    ],
)
def test_what_goes_wrong_on_the_way_changes_no_number(
    place: EvaluationDevice,
    phone: SimulatedDevice,
    models: dict[str, Path],
    dataset: Dataset,
    trouble: Callable[[SimulatedDevice], None],
    words: str,
) -> None:
    whole = judged(place, models["x86"], dataset)
    trouble(phone)
    heard = Heard()
    again = judged(place, models["x86"], dataset, heard)
    assert again.evaluation == whole.evaluation
    assert words in heard.lines[0]
    assert [line.endswith("once more") for line in heard.lines].count(True) == 1
    assert left(phone) == (2, 0)


def test_a_restart_in_between_changes_no_number(
    place: EvaluationDevice, phone: SimulatedDevice, models: dict[str, Path], dataset: Dataset
) -> None:
    """The phone comes back empty, so the network goes over again."""
    whole = judged(place, models["x86"], dataset)

    class Restarting(Heard):
        def now(self, text: str, done: int = 0, of: int = 0) -> None:
            if done == 20:
                phone.restart()
            super().now(text, done, of)

    heard = Restarting()
    assert judged(place, models["x86"], dataset, heard).evaluation == whole.evaluation
    assert left(phone) == (2, 0)
    assert heard.moments[-1].endswith("images: 50 of 50")


def test_an_interrupt_leaves_nothing(
    place: EvaluationDevice, phone: SimulatedDevice, models: dict[str, Path], dataset: Dataset
) -> None:
    class Impatient(Heard):
        def now(self, text: str, done: int = 0, of: int = 0) -> None:
            super().now(text, done, of)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(place, models["x86"], dataset, Impatient())
    assert left(phone) == (2, 0)


def test_a_synthetic_engine_is_refused_unless_allowed(
    place: EvaluationDevice, phone: SimulatedDevice, models: dict[str, Path], dataset: Dataset
) -> None:
    with pytest.raises(ContractError, match="synthetic engine") as caught:
        judged(EvaluationDevice(place.device, place.runner, 60), models["x86"], dataset)
    assert "--allow-synthetic" in caught.value.hint
    assert left(phone) == (2, 0)


def test_a_phone_without_room_is_a_sentence(
    place: EvaluationDevice, phone: SimulatedDevice, models: dict[str, Path], dataset: Dataset
) -> None:
    with place.device.lock():
        place.device.push([models["x86"], place.runner.path])
    (phone.system.state / "free_kib").write_text("16500\n")
    with pytest.raises(DeviceSpaceError, match="do not fit"):
        judged(place, models["x86"], dataset)
    assert left(phone) == (2, 0)


# Programs and requests that cannot


@pytest.mark.parametrize(
    ("more", "words"),
    [
        pytest.param(["--device", "all"], "one device at a time", id="all devices"),
        pytest.param(["--engine", "onnxruntime", "--runner", "/bin/true"], "does not measure", id="another engine"),
        pytest.param(["--runner", "/nowhere"], "does not exist", id="no such program"),
        pytest.param(["--runner", "/bin/true"], "no benchmark program", id="another program"),
    ],
)
def test_a_request_that_makes_no_sense_is_a_sentence(dataset: Dataset, more: list[str], words: str) -> None:
    data = str(dataset.images[0].path.parents[1])
    command = [sys.executable, "-m", "edge", "eval", "PPLCNet_x0_25", "--data", data, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_older_program_is_told_to_be_built_again(models: dict[str, Path], dataset: Dataset, tmp_path: Path) -> None:
    """What edgebench of contract 1 answered."""
    hello = {"type": "hello", "contract": 1, "runner": "0.1.0", "engine": "paddle-lite", "engine_version": None,
             "abi": "x86_64", "compiler": "gcc", "pid": 1}  # fmt: skip
    end = {"type": "end", "status": "error", "exit": 2, "lines": 1, "kind": "bad_argument",
           "message": "unknown option '--images'; edgebench --help lists them"}  # fmt: skip
    (tmp_path / "answer").write_text(f"{json.dumps(hello)}\n{json.dumps(end)}\n")
    old = program(tmp_path / "old", f"cat {tmp_path / 'answer'}; exit 2")
    with pytest.raises(ContractError, match="speaks device contract 1, edgezoo speaks 2") as caught:
        judged(EvaluationDevice(HostDevice(), runner(old)), models["x86"], dataset)
    assert "edgezoo runner build" in caught.value.hint


def test_a_stock_program_is_refused(models: dict[str, Path], dataset: Dataset) -> None:
    stock = Runner(RunnerProgram("benchmark_bin", "ab" * 32), flavour("benchmark_bin"), Path("/bin/true"))
    with pytest.raises(UsageError, match="does not tell outputs"):
        judged(EvaluationDevice(HostDevice(), stock), models["x86"], dataset)


def test_a_program_that_hangs_is_ended(models: dict[str, Path], dataset: Dataset, tmp_path: Path) -> None:
    slow = program(tmp_path / "slow", "exec sleep 1010")
    with pytest.raises(RunnerError, match="hung") as caught:
        judged(EvaluationDevice(HostDevice(), runner(slow), launch_timeout=0.5), models["x86"], dataset)
    assert "--timeout" in caught.value.hint
