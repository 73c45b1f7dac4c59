"""Reading, preparing and judging images; the network here is a rule that can be worked out by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from edge.bench.request import Job
from edge.errors import BugError, EdgezooError, EvaluationError, ImageError, UsageError
from edge.evaluate import evaluation, session
from edge.evaluate.evaluation import Unreadable, evaluate, remarks
from edge.evaluate.network import Answers, Tensors, stacked
from edge.evaluate.session import output_place
from edge.images.dataset import Dataset, read_folders
from edge.images.overrides import Overrides, steps
from edge.images.preprocess import prepare
from edge.images.reading import read_image
from edge.results.measurement import Subject
from edge.zoo.catalogue import lookup
from edge.zoo.model import Preprocessing
from tests.bench.examples import SUBJECT
from tests.bench.test_session import Heard

PLAIN = Preprocessing(8, (8, 8), mean=(0, 0, 0), std=(1, 1, 1))
COLOURS = {"0": (250, 0, 0), "1": (0, 250, 0), "2": (0, 0, 250)}


class Brightest:
    """Scores are the means of the three channels: it knows red, green and blue."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.thread = threading.current_thread()

    def classify(self, tensors: Tensors) -> NDArray[np.float32]:
        assert threading.current_thread() is self.thread
        self.batches.append(len(tensors))
        return np.stack([tensor.mean(axis=(0, 2, 3)) for tensor in tensors])


@pytest.fixture
def coloured(tmp_path: Path) -> Path:
    """Four images of each colour, and among the red ones a green one."""
    for label, colour in COLOURS.items():
        (tmp_path / label).mkdir()
        for number in range(4):
            Picture.new("RGB", (8, 8), colour).save(tmp_path / label / f"{number}.png")
    Picture.new("RGB", (8, 8), COLOURS["1"]).save(tmp_path / "0" / "3.png")
    return tmp_path


def test_every_image_is_judged_once_and_in_order(coloured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_BATCH_IMAGES", 5)
    network, heard = Brightest(), list[tuple[int, int]]()
    dataset = read_folders(coloured)
    made = evaluate(network, dataset, PLAIN, heard=lambda done, count: heard.append((done, count)))
    assert network.batches == [5, 5, 2]
    assert heard == [(5, 12), (10, 12), (12, 12)]
    assert [one.image for one in made.predictions] == list(dataset.images)
    assert [one.top[0] for one in made.predictions] == [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2]
    assert (made.top1.hits, made.top1.total, made.top5, made.classes) == (11, 12, None, 3)


class Always:
    """Answers by what the image is, as `how` says: integers are classes themselves."""

    def __init__(self, how: Callable[[int], list[int]]) -> None:
        self._how = how

    def classify(self, tensors: Tensors) -> Answers:
        return stacked([np.array([self._how(int(tensor.mean(axis=(0, 2, 3)).argmax()))]) for tensor in tensors])


def test_classes_that_the_network_ranks_itself_are_taken_as_they_are(coloured: Path) -> None:
    made = evaluate(Always(lambda label: [label, 7, 8, 9, 6]), read_folders(coloured), PLAIN)
    assert (made.top1.hits, made.classes) == (11, None)
    assert made.predictions[0].top == (0, 7, 8, 9, 6)
    assert made.top5 is not None


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda _: [2], "every image is of class 2"),
        (lambda label: [label + 9], "no image is right"),
        (lambda label: [label - 1], "with every label one less, 11 of 12 are right: do the labels count from 1"),
        (lambda label: [label + 1], "with every label one more, 11 of 12 are right"),
        (lambda label: [label], None),
    ],
    ids=["one class", "none", "from 1", "from 0", "right"],
)
def test_what_looks_like_a_mistake_is_remarked(
    coloured: Path, how: Callable[[int], list[int]], message: str | None
) -> None:
    made = remarks(evaluate(Always(how), read_folders(coloured), PLAIN))
    assert [message in one for one in made] == ([True] if message else []) if message is not None else made == []


def test_of_several_outputs_one_must_be_named() -> None:
    two = subject(outputs=[{"name": "boxes", "shape": [1, 100, 4]}, {"name": "scores", "shape": [1, 10]}])
    assert output_place(two, "scores") == 1
    with pytest.raises(UsageError, match=r"has 2 outputs: boxes \[1, 100, 4\], scores \[1, 10\]"):
        output_place(two, None)
    with pytest.raises(UsageError, match="has no output classes"):
        output_place(two, "classes")
    assert output_place(subject(), None) == 0


def test_images_that_cannot_be_read_are_named_and_not_judged(coloured: Path) -> None:
    (coloured / "0" / "0.png").write_bytes(b"no image")
    (coloured / "1" / "1.png").write_bytes((coloured / "1" / "0.png").read_bytes()[:40])
    heard: list[Unreadable] = []
    made = evaluate(Brightest(), read_folders(coloured), PLAIN, bad=heard.append)
    assert [one.image.name for one in made.unreadable] == ["0/0.png", "1/1.png"]
    assert heard == list(made.unreadable)
    assert (made.top1.hits, made.top1.total) == (9, 10)


def test_images_of_which_none_can_be_read_are_no_result(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "a.png").touch()
    with pytest.raises(EvaluationError, match="none of the 1 images"):
        evaluate(Brightest(), read_folders(tmp_path), PLAIN)


def test_labels_that_do_not_fit_the_network_are_refused(coloured: Path) -> None:
    few = Dataset(read_folders(coloured).images, sorted_folders=4)
    with pytest.raises(UsageError, match="3 classes and the data 4 folders"):
        evaluate(Brightest(), few, PLAIN)


def test_grey_transparent_and_turned_images_become_upright_colour(tmp_path: Path) -> None:
    Picture.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3)).save(tmp_path / "grey.png")
    assert read_image(tmp_path / "grey.png")[..., 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    Picture.new("RGBA", (2, 2), (9, 8, 7, 0)).save(tmp_path / "clear.png")
    assert read_image(tmp_path / "clear.png")[0, 0].tolist() == [9, 8, 7]
    turned = Picture.new("RGB", (4, 2))
    turned.getexif()[0x0112] = 6
    turned.save(tmp_path / "turned.png", exif=turned.getexif())
    assert read_image(tmp_path / "turned.png").shape == (4, 2, 3)


def test_images_that_eight_bits_cannot_hold_are_refused(tmp_path: Path) -> None:
    Picture.fromarray(np.full((2, 2), 40_000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(ImageError, match="more than 8 bits"):
        read_image(tmp_path / "deep.png")
    with pytest.raises(ImageError, match="does not exist"):
        read_image(tmp_path / "missing.png")


HALVES = Overrides(mean=(0.5,), std=(0.5,))


def subject(shape: tuple[int, ...] = (1, 3, 224, 224), **metadata: object) -> Subject:
    return Subject("net", "", 0, (shape,), metadata=metadata or None)


def test_the_preprocessing_is_the_metadatas_with_what_the_user_says() -> None:
    model = lookup("DeiT_tiny_patch16_224")
    known = {"resize_short": 256, "crop": [224, 224], "scale": 1 / 255, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
             "channel_order": "RGB", "layout": "NCHW", "interpolation": "bicubic"}  # fmt: skip
    made = steps(subject(preprocessing=known), Overrides(channel_order="BGR", std=(1, 1, 1)))
    assert made == Preprocessing(256, (224, 224), 1 / 255, (0.5, 0.5, 0.5), (1, 1, 1), "BGR", "NCHW", "bicubic")
    assert steps(subject(model={"name": model.name}), Overrides()) == model.preprocessing
    message = Overrides(140, (0.5,), (0.25,))
    assert steps(subject((1, 3, 96, 128)), message) == Preprocessing(140, (96, 128), mean=(0.5,) * 3, std=(0.25,) * 3)


@pytest.mark.parametrize(
    ("shape", "overrides", "problem"),
    [
        ((1, 3, 224, 224), Overrides(), "nothing is known"),
        ((1, 3, 224, 224), Overrides(resize_short=256), "too little is known"),  # and not ImageNet's
        ((1, 4, 28, 28), replace(HALVES, resize_short=28), "of 3 channels or 1"),
        ((8, 3, 224, 224), replace(HALVES, resize_short=256), "one image at a time"),
        ((1, 3, 224, 224), replace(HALVES, resize_short=200), "too small"),
        ((1, 3, 96, 128), replace(HALVES, resize=(96, 96)), "too small"),
        ((1, 3, 96, 128), replace(HALVES, resize=(128, 160), crop=(64, 64)), "crops to 64 x 64"),
        ((1, 1, 28, 28), replace(HALVES, resize_short=28, channel_order="BGR"), "1 channels, and not BGR"),
        ((1, 3, 28, 28), replace(HALVES, resize_short=28, channel_order="GREY"), "3 channels, and not GREY"),
        ((1, 3, 28, 28), replace(HALVES, resize_short=28, layout="NHWC"), "no NHWC image"),
        ((1, 3, 28, 3), replace(HALVES, resize_short=28), "channels first or last"),
        ((1, 3, 28, 28), Overrides(28, (127.5,), (127.5,)), r"the mean .* is not of values of 0 to 1"),
        ((1, 3, 28, 28), Overrides(28, (0.0,), (255.0,)), r"the std .* is not of values of 0 to 1"),
        ((1, 3, 28, 28), Overrides(28, (0.485,), (0.225,), scale=1), r"the std .* is not of values of 0 to 255"),
        ((1, 3, 28, 28), Overrides(28, (0.5, 0.5), (0.5,)), "2 values"),
    ],
)
def test_a_preprocessing_that_cannot_feed_the_network_is_refused(
    shape: tuple[int, ...], overrides: Overrides, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        steps(subject(shape), overrides)


def test_a_network_of_another_size_than_its_preprocessing_is_refused() -> None:
    with pytest.raises(UsageError, match="crops to 224 x 224"):
        steps(subject((1, 3, 320, 320), model={"name": "PPLCNet_x1_0"}), Overrides())


@pytest.mark.parametrize("kind", ["own", "checkpoint"])
def test_the_users_weights_are_not_given_the_catalogues_preprocessing(kind: str) -> None:
    with pytest.raises(UsageError, match="nothing is known"):
        steps(subject(model={"name": "PPLCNet_x1_0"}, source={"kind": kind}), Overrides())


def test_a_mean_over_the_values_of_bytes_is_told_of_the_scale_that_fits() -> None:
    with pytest.raises(UsageError) as raised:
        steps(subject((1, 3, 28, 28)), Overrides(28, (127.5,) * 3, (127.5,) * 3))
    assert raised.value.hint is not None
    assert "--scale 1" in raised.value.hint
    made = steps(subject((1, 3, 28, 28)), Overrides(28, (127.5,) * 3, (127.5,) * 3, scale=1))
    assert (made.scale, made.mean) == (1, (127.5, 127.5, 127.5))


@pytest.mark.parametrize(
    ("shape", "layout", "order"),
    [
        ((1, 3, 20, 30), "NCHW", "RGB"),
        ((1, 20, 30, 3), "NHWC", "RGB"),
        ((1, 1, 20, 30), "NCHW", "GREY"),
        ((1, 20, 30, 1), "NHWC", "GREY"),
    ],
)
def test_layout_and_grey_are_what_the_shape_shows(shape: tuple[int, ...], layout: str, order: str) -> None:
    made = steps(subject(shape), replace(HALVES, resize=(20, 30)))
    assert (made.layout, made.channel_order, made.crop, made.resize) == (layout, order, (20, 30), (20, 30))
    tensor = prepare(np.zeros((9, 7, 3), np.uint8), made)
    assert tensor.shape == shape
    assert set(tensor.reshape(-1).tolist()) == {-1.0}


@pytest.mark.parametrize("shape", [(1, 10, 4, 4), (5,), (2, 10), (1, 1)])
def test_outputs_that_are_no_class_scores_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EvaluationError, match="not one score a class"):
        stacked([np.zeros(shape, np.float32)])


def test_a_bug_met_with_one_network_of_several_is_its_own_outcome(coloured: Path) -> None:
    judging = session._Judging(read_folders(coloured), said := Heard(), (wrong := list[EdgezooError]()).append)
    job = Job(Path("A.nb"), SUBJECT)
    with judging.apart(job, alone=False):
        raise ZeroDivisionError("nobody foresaw it")
    assert [type(error) for error in wrong] == [BugError]
    assert "nobody foresaw it" in said.lines[-1]
    with pytest.raises(ZeroDivisionError), judging.apart(job, alone=True):
        raise ZeroDivisionError
    with pytest.raises(UsageError), judging.apart(job, alone=False):
        raise UsageError("the labels do not fit")
