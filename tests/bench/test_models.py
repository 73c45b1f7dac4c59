"""From names on the command line to files for a device."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bench.host_engines import ONNXRUNTIME
from edge.bench.models import prepare
from edge.bench.wanted import Wanted
from edge.device.base import Properties
from edge.device.host import HostDevice
from edge.errors import UnknownModelError, UsageError
from edge.source.weights import Weights
from tests.bench.scripted import ScriptedDevice
from tests.bench.test_subject import describe, external, nb

HOST, PHONE = HostDevice().properties(), ScriptedDevice().properties()
RANDOM = Weights("random")


def names(*wanted: object, device: Properties = PHONE) -> list[str]:
    jobs, errors = prepare(Wanted(tuple(map(str, wanted)), RANDOM), device)
    assert errors == []
    return [job.subject.name for job in jobs]


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    assert names(nb(tmp_path)) == ["PPLCNet_x1_0"]


def test_a_device_takes_a_model_of_one_file(tmp_path: Path) -> None:
    (path := tmp_path / "mine.onnx").write_bytes(external("mine.onnx.data"))
    (tmp_path / "mine.onnx.data").write_bytes(b"12345")
    wanted = Wanted((str(path),), Weights("published"), engine=ONNXRUNTIME)
    (job,), _ = prepare(wanted, HOST)
    assert job.subject.name == "mine"
    with pytest.raises(UsageError, match=r"mine\.onnx has its weights in mine\.onnx\.data"):
        prepare(wanted, PHONE)


def test_a_file_named_twice_is_measured_once(tmp_path: Path) -> None:
    path = nb(tmp_path)
    assert names(path, path) == ["PPLCNet_x1_0"]


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = nb(tmp_path / "a"), nb(tmp_path / "b")
    second.write_bytes(second.read_bytes().replace(b"v2.13-rc", b"v2.14-rc"))
    assert names(first, second) == [str(first), str(second)]


@pytest.mark.parametrize(
    ("target", "device"),
    [("arm", HOST), ("opencl,arm", HOST), ("x86", PHONE)],
    ids=["arm here", "opencl here", "x86 there"],
)
def test_a_file_for_another_kind_of_device_is_refused(target: str, device: Properties, tmp_path: Path) -> None:
    path = nb(tmp_path)
    describe(path, target=target)
    with pytest.raises(UsageError, match="was made for"):
        names(path, device=device)


def test_a_name_that_is_no_model() -> None:
    with pytest.raises(UnknownModelError):
        names("PPLCNet_x10")


def test_weights_of_yours_are_for_one_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="weights of one model"):
        prepare(Wanted(("PPLCNet_x1_0", "PPLCNet_x0_5"), Weights("own", path=tmp_path)), PHONE)
