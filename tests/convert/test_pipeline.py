"""From a name to a verified file with the real engines, and what happens when a conversion is cut off or doubled."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.cache.hashing import sha256_of
from edge.convert.metadata import NbModel
from edge.convert.order import Conversion
from edge.convert.pipeline import convert_models
from edge.convert.products.nb import NbOrder
from edge.convert.recipe import choose
from edge.errors import OutputError
from edge.metadata.file import as_document
from edge.nb.header import read_header
from edge.source.weights import Weights
from edge.zoo.catalogue import lookup

pytestmark = pytest.mark.slow

SMALL = "MobileNetV1_x0_25"


def order(name: str = SMALL, **recipe: Any) -> NbOrder:
    return NbOrder(name, lookup(name), Weights("random"), choose(**recipe))


def edgezoo(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edge", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def until(ready: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def converted(module_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Conversion[NbModel]]:
    del module_cache
    out = tmp_path_factory.mktemp("models")
    return out, convert_models([order()], out)[0]


def test_a_name_becomes_a_verified_file(converted: tuple[Path, Conversion[NbModel]]) -> None:
    out, outcome = converted
    assert outcome.error is None
    assert outcome.made is not None
    metadata = json.loads((out / f"{SMALL}.json").read_text())
    assert metadata == as_document(outcome.made.metadata)
    assert metadata["sha256"] == sha256_of(out / f"{SMALL}.nb")
    assert metadata["bytes"] == (out / f"{SMALL}.nb").stat().st_size
    assert metadata["opt_version"] == read_header(out / f"{SMALL}.nb").opt_version == "v2.13-rc"
    assert metadata["source"]["kind"] == "random"
    assert metadata["inputs"][0]["shape"] == [1, 3, 224, 224]
    assert metadata["outputs"][0]["shape"] == [1, 1000]
    verification = metadata["verification"]
    assert verification["status"] == "passed"
    assert verification["cosine"] > 0.9999
    assert verification["argmax_agreement"] == 1.0
    assert verification["spread"] > 0.1
    assert round(metadata["flops"] / 1e6, 2) == metadata["published"]["flops_m"]
    assert round(metadata["params"] / 1e6, 2) == metadata["published"]["params_m"]


def test_a_second_run_does_nothing(converted: tuple[Path, Conversion[NbModel]]) -> None:
    out, _ = converted
    convert_models([order()], out)  # whatever another test has done to the file
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert convert_models([order()], out)[0].reused
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before


def test_an_output_that_was_replaced_is_made_good_from_the_cache(converted: tuple[Path, Conversion[NbModel]]) -> None:
    out, first = converted
    assert first.made is not None
    (out / f"{SMALL}.nb").unlink()
    (out / f"{SMALL}.nb").write_bytes(b"damaged")
    outcome = convert_models([order()], out)[0]
    assert not outcome.reused
    assert "convert" not in outcome.seconds
    assert sha256_of(out / f"{SMALL}.nb") == first.made.sha256


def test_an_output_that_was_written_to_is_converted_again(converted: tuple[Path, Conversion[NbModel]]) -> None:
    out, first = converted
    assert first.made is not None
    (out / f"{SMALL}.nb").write_bytes(b"damaged")  # and with it the cached file, which shares its blocks
    outcome = convert_models([order()], out)[0]
    assert not outcome.reused
    assert sha256_of(out / f"{SMALL}.nb") == first.made.sha256


@pytest.mark.parametrize("place", ["the output", "the cache", "the export"])
def test_a_flipped_bit_is_never_placed_as_verified(
    converted: tuple[Path, Conversion[NbModel]], module_cache: Path, tmp_path: Path, place: str
) -> None:
    out, first = converted
    assert first.made is not None
    entry = next(p for p in (module_cache / "nb").glob("*/model.nb") if sha256_of(p) == first.made.sha256)
    (out / f"{SMALL}.nb").unlink()  # it may be a hard link: what is damaged here is one of the two
    shutil.copy2(entry, out / f"{SMALL}.nb")
    if place == "the output":
        flip(out / f"{SMALL}.nb")
    else:
        out = tmp_path
        flip(entry)
    if place == "the export":
        flip(max((module_cache / "exports").glob("*/inference.pdiparams"), key=lambda p: p.stat().st_mtime_ns))
    outcome = convert_models([order()], out)[0]
    assert outcome.made is not None
    assert not outcome.reused
    assert ("convert" in outcome.seconds) == (place != "the output")
    assert sha256_of(out / f"{SMALL}.nb") == outcome.made.metadata.sha256 == first.made.sha256


def flip(path: Path) -> None:
    """Change a bit in the middle and nothing that `stat` tells."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(times.st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.usefixtures("converted")
def test_leaving_out_the_verification_is_recorded(tmp_path: Path) -> None:
    outcome = convert_models([order()], tmp_path, verify=False)[0]
    assert outcome.made is not None
    assert as_document(outcome.made.metadata)["verification"]["status"] == "skipped"


@pytest.mark.usefixtures("converted")
@pytest.mark.parametrize("choice", [{"target": "x86"}, {"precision": "int8"}, {"precision": "fp16"}, {"target": "opencl,arm"}],
                         ids=lambda c: "-".join(c.values()))  # fmt: skip
def test_every_target_and_precision_is_verified(tmp_path: Path, choice: dict[str, str]) -> None:
    outcome = convert_models([order(**choice)], tmp_path)[0]
    assert outcome.made is not None, outcome.error
    assert as_document(outcome.made.metadata)["verification"]["status"] == "passed"
    if choice.get("precision") == "int8":
        assert outcome.made.bytes < 0.4 * 1_960_000


@pytest.mark.usefixtures("module_cache")
def test_one_model_that_fails_stops_no_other(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "inference.pdmodel").write_bytes(b"")
    (broken / "inference.pdiparams").write_bytes(b"")
    own = NbOrder("mine", None, Weights("own", path=broken), choose())
    heard: list[str] = []
    outcomes = convert_models([own, order()], tmp_path / "out", done=lambda o: heard.append(o.order.name))
    assert [o.error is None for o in outcomes] == [False, True]
    assert sorted(heard) == [SMALL, "mine"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [f"{SMALL}.json", f"{SMALL}.nb"]


@pytest.mark.usefixtures("module_cache")
def test_two_converts_of_one_model_at_once_give_one_sound_file(tmp_path: Path) -> None:
    arguments = ("convert", SMALL, "--weights", "random", "--seed", "7", "-o", str(tmp_path), "-q")
    running = [edgezoo(*arguments) for _ in range(2)]
    assert [(process.wait(300), process.communicate(timeout=300)[1]) for process in running] == [(0, ""), (0, "")]
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{SMALL}.json", f"{SMALL}.nb"]
    assert sha256_of(tmp_path / f"{SMALL}.nb") == json.loads((tmp_path / f"{SMALL}.json").read_text())["sha256"]


@pytest.mark.parametrize("stage", ["exports", "nb", "verified"])
def test_after_kill_9_in_any_stage_the_next_run_is_right(tmp_path: Path, module_cache: Path, stage: str) -> None:
    seed = {"exports": "11", "nb": "12", "verified": "13"}[stage]
    arguments = ("convert", SMALL, "--weights", "random", "--seed", seed, "-o", str(tmp_path), "-q")
    begun = set((module_cache / stage).glob("*.part")) if (module_cache / stage).is_dir() else set()
    process = edgezoo(*arguments)
    until(lambda: bool(set((module_cache / stage).glob("*.part")) - begun) or process.poll() is not None)
    assert process.poll() is None
    process.kill()
    process.wait(300)
    assert not list(tmp_path.glob("*.nb"))
    again = edgezoo(*arguments)
    assert (again.wait(300), again.communicate(timeout=300)[1]) == (0, "")
    assert sha256_of(tmp_path / f"{SMALL}.nb") == json.loads((tmp_path / f"{SMALL}.json").read_text())["sha256"]
    assert json.loads((tmp_path / f"{SMALL}.json").read_text())["verification"]["status"] == "passed"
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{SMALL}.json", f"{SMALL}.nb"]


def test_ctrl_c_leaves_no_process_and_no_file(tmp_path: Path, module_cache: Path) -> None:
    process = edgezoo("convert", SMALL, "--weights", "random", "--seed", "21", "-o", str(tmp_path))
    until(lambda: bool(workers_of(process.pid)))
    children = workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert "Interrupted" in process.communicate(timeout=300)[1]
    until(
        lambda: not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    )  # the kernel takes a moment to bury them
    assert list(tmp_path.iterdir()) == []
    assert not list(module_cache.glob("*/*.part"))


def workers_of(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def test_a_place_that_is_a_file_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        convert_models([order()], tmp_path / "file" / "out")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount the small disk that is to be full")
@pytest.mark.usefixtures("module_cache")
def test_a_full_disk_is_one_sentence_and_nothing_half_written(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False).returncode != 0:
        pytest.skip("this machine does not let root mount")
    try:
        outcome = convert_models([order()], disk)[0]
        assert isinstance(outcome.error, OutputError)
        assert "No space left" in outcome.error.message
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)
