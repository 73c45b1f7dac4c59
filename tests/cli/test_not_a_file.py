"""What is no regular file is refused at once, wherever a path is named: a pipe is not waited for, a device has no end."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from edge.cli.main import run
from edge.cli.output import write_file
from edge.errors import ImageError
from edge.images.reading import check_image, read_image

TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"
ROOM = 8 << 30  # bytes: endless reading ends here

# A command line, and where in the folder it runs in the pipe, device or loop is.
NAMED = {
    "a model to bench": ("bench x.nb --device host", "x.nb"),
    "metadata to bench": ("bench net.nb --device host", "net.json"),
    "inputs to compare with": ("bench net.nb --device host --check-output --inputs x.npz", "x.npz"),
    "a benchmark program": ("bench net.nb --device host --runner x", "x"),
    "a database": ("bench net.nb --device host --db x.db", "x.db"),
    "a model to judge": ("eval x.nb --data images", "x.nb"),
    "a list of images": ("eval net.nb --data images --list x.txt", "x.txt"),
    "labels of folders": ("eval net.nb --data images --labels x.txt", "x.txt"),
    "a recipe": ("convert PPLCNet_x0_25 --weights random --config x.toml", "x.toml"),
    "a checkpoint": ("convert PPLCNet_x0_25 --weights x.pdparams", "x.pdparams"),
    "inputs of a conversion": ("convert PPLCNet_x0_25 --weights random --inputs x.npz", "x.npz"),
    "a folder with a model": ("convert --model-dir x", "x"),
    "a program": ("convert --model-dir folder", "folder/inference.pdmodel"),
    "a model to package": ("package x.nb", "x.nb"),
    "metadata to package": ("package net.nb", "net.json"),
    "labels to package": ("package net.nb --labels x.txt", "x.txt"),
    "a keystore": ("package net.nb --format apk --keystore x.jks --key-password env:HOME", "x.jks"),
    "a library": ("package net.nb --lite-lib lite", "lite/java/so/libpaddle_lite_jni.so"),
    "a jar": ("package net.nb --lite-lib lite", "lite/java/jar/PaddlePredictor.jar"),
    "a file to inspect": ("inspect x.nb", "x.nb"),
    "an ONNX file to inspect": ("inspect x.onnx", "x.onnx"),
    "a package to inspect": ("inspect x.aar", "x.aar"),
    "results": ("results list --db x.db", "x.db"),
}  # fmt: skip


KINDS = ["pipe", "device", "loop"]


def put(there: Path, kind: str) -> None:
    """Make one of `KINDS`."""
    there.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(there)
    else:
        there.symlink_to("/dev/zero" if kind == "device" else there)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With a model, an image and a folder; what hangs, or eats memory, is ended."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(TINY, "net.nb")
    shutil.copyfile(TINY.with_suffix(".json"), "net.json")
    for folder in ("images/0", "images/1", "folder", "lite/java/so", "lite/java/jar"):
        Path(folder).mkdir(parents=True)
    for name in ("images/0/a.png", "images/1/b.png"):
        Image.new("RGB", (8, 8)).save(name)

    def late(number: int, _: object) -> None:
        raise AssertionError(f"signal {number}: it waits for ever")

    before, limits = signal.signal(signal.SIGALRM, late), resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, limits[1]))
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("line", "place"), NAMED.values(), ids=NAMED)
def test_it_is_refused_in_a_sentence(
    line: str, place: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "loop" and place.endswith(".json"):
        pytest.skip("as if there were no metadata")
    put(tmp_path / place, kind)
    assert run(line.split()) in (1, 2)
    said = capsys.readouterr().err
    assert "Error: " in said, said
    assert "bug" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_is_no_file_is_one_that_cannot_be_read(kind: str, tmp_path: Path) -> None:
    put(tmp_path / "x.png", kind)
    for read in (read_image, check_image):
        with pytest.raises(ImageError, match=r"x\.png cannot be read"):
            read(tmp_path / "x.png")


def test_a_report_takes_the_place_of_a_link_to_itself(tmp_path: Path) -> None:
    put(tmp_path / "r.md", "loop")
    write_file(tmp_path / "r.md", "text")
    assert (tmp_path / "r.md").read_text() == "text"


def test_a_pipe_that_has_a_reader_takes_a_report(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.md")
    with os.fdopen(os.open(tmp_path / "r.md", os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        write_file(tmp_path / "r.md", "text")
        assert reader.read() == b"text"
