from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from edge.convert.auxiliary import given
from edge.convert.verify.inputs import samples
from edge.images.noise import seeded_noise
from edge.paddle.program import TensorSpec

IMAGE = TensorSpec("x", (-1, 3, 32, 32), "float32")


def test_the_first_sample_is_the_seeded_one() -> None:
    first = samples([IMAGE], [(1, 3, 32, 32)], seed=7)[0]["x"]
    assert np.array_equal(first, seeded_noise((1, 3, 32, 32), 7))


def test_samples_are_alike_for_one_seed_and_differ_for_another() -> None:
    a, b, c = (samples([IMAGE], [(1, 3, 32, 32)], seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(p["x"], q["x"]) for p, q in zip(a, b, strict=True))
    assert not any(np.array_equal(p["x"], q["x"]) for p, q in zip(a, c, strict=True))


def test_samples_are_in_the_range_of_real_images_and_unlike_one_another() -> None:
    images = [sample["x"] for sample in samples([IMAGE], [(1, 3, 32, 32)])]
    assert len(images) == 8
    for image in images:
        assert image.dtype == np.float32
        assert image.min() >= -2.11
        assert image.max() <= 2.61
        assert image.std() > 0.3
    for a, b in combinations(images, 2):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.9
    # Contrast and smoothness differ too: neighbouring pixels go from nearly equal to unrelated.
    steps = [np.abs(np.diff(image, axis=-1)).mean() / image.std() for image in images]
    assert max(steps) > 10 * min(steps)


def test_other_inputs_are_harmless_numbers() -> None:
    feeds = [
        TensorSpec("scale_factor", (-1, 2), "float32"),
        TensorSpec("ids", (-1, 5), "int64"),
        TensorSpec("on", (1,), "bool"),
    ]
    for sample in samples(feeds, [(1, 2), (1, 5), (1,)])[1:]:
        assert 0.5 <= sample["scale_factor"].min() <= sample["scale_factor"].max() < 1.5
        assert sample["ids"].dtype == np.int64
        assert 0 <= sample["ids"].min() <= sample["ids"].max() < 8
        assert sample["on"].dtype == np.bool_


def test_a_detectors_inputs_beside_the_image_hold_what_they_are_called() -> None:
    """YOLO's boxes are cut at the image's edge: an image of 1 x 1 would make them all alike."""
    feeds = [
        TensorSpec("im_shape", (-1, 2), "float32"),
        TensorSpec("image", (-1, 3, -1, -1), "float32"),
        TensorSpec("scale_factor", (-1, 2), "float32"),
        TensorSpec("im_size", (-1, 2), "int32"),
        TensorSpec("im_info", (-1, 3), "float32"),
    ]
    shapes = [(2, 2), (2, 3, 32, 48), (2, 2), (2, 2), (2, 3)]
    for sample in samples(feeds, shapes):
        assert sample["im_shape"].tolist() == sample["im_size"].tolist() == [[32, 48]] * 2
        assert sample["im_size"].dtype == np.int32
        assert sample["im_info"].tolist() == [[32, 48, 1]] * 2
        assert 0.5 <= sample["scale_factor"].min() <= sample["scale_factor"].max() < 1.5
    assert given(feeds, shapes) == "im_shape held 32,48; im_size held 32,48; im_info held 32,48,1"


def test_channels_last_images_get_the_same_kinds_of_patterns() -> None:
    """White noise averages out: each sample would look alike."""
    for dtype, low, high in (("float32", -2.1, 2.6), ("uint8", 0, 255), ("int32", 0, 255)):
        first = samples([TensorSpec("x", (1, 3, 32, 32), dtype)], [(1, 3, 32, 32)])
        last = samples([TensorSpec("x", (1, 32, 32, 3), dtype)], [(1, 32, 32, 3)])
        for a, b in list(zip(first, last, strict=True))[1:]:
            assert (a["x"] == b["x"].transpose(0, 3, 1, 2)).all()
            assert low <= b["x"].min() < b["x"].max() <= high


# Mean, standard deviation, and three pixels of sample 0 to 8 for a picture of 32 x 32.
PINNED = [
    (-0.0042, 0.5809, 0.7666, -0.0802, -0.0375),
    (0.0001, 0.9528, 2.2564, -0.9154, 0.0631),
    (0.0010, 1.2727, -0.7141, -0.4475, 0.5394),
    (-0.6279, 1.0460, -2.0295, -0.5677, -1.7311),
    (-0.5834, 0.9438, -0.2319, 1.5994, 1.2910),
    (-0.0159, 1.3474, -1.7762, -2.1000, 1.5642),
    (0.1436, 1.0013, -0.8323, -0.0661, 1.4046),
    (-0.1385, 0.8329, 0.0000, -0.2316, -0.2163),
    (0.0000, 0.9531, -0.6969, -0.9324, 0.0367),
]


def test_the_inputs_stay_what_they_are() -> None:
    """Every figure in docs/reference/coverage.md and in the metadata of models was made with them: change both or none."""
    drawn = [sample["x"][0] for sample in samples([IMAGE], [(1, 3, 32, 32)], count=len(PINNED))]
    for x, pinned in zip(drawn, PINNED, strict=True):
        assert (x.mean(), x.std(), x[0, 0, 0], x[1, 7, 19], x[2, 16, 16]) == pytest.approx(pinned, abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 3, 3, 8), (1, 3, 8, 3), (1, 12), (2, 3, 4)])
def test_what_is_no_picture_gets_numbers_around_one(shape: tuple[int, ...]) -> None:
    drawn = samples([TensorSpec("x", shape, "float32")], [shape])[1]["x"]
    assert 0.5 <= drawn.min() <= drawn.max() < 1.5


def test_the_smallest_picture_is_one() -> None:
    assert samples([TensorSpec("x", (-1, 3, 4, 4), "float32")], [(1, 3, 4, 4)])[1]["x"].min() < 0


def test_the_images_of_a_batch_differ() -> None:
    for sample in samples([IMAGE], [(2, 3, 32, 32)])[1:]:
        assert not np.array_equal(sample["x"][0], sample["x"][1])


def test_integers_are_of_all_small_numbers_and_booleans_of_both() -> None:
    drawn = samples([TensorSpec("ids", (500,), "int64"), TensorSpec("on", (500,), "bool")], [(500,), (500,)])[0]
    assert {*drawn["ids"].tolist()} == {*range(8)}
    assert {*drawn["on"].tolist()} == {False, True}


def test_every_input_has_its_own_noise() -> None:
    first = samples([TensorSpec("a", (4,), "float32"), TensorSpec("b", (4,), "float64")], [(4,), (4,)], seed=3)[0]
    assert np.array_equal(first["a"], seeded_noise((4,), 3, 0))
    assert np.array_equal(first["b"], seeded_noise((4,), 3, 1).astype(np.float64))
    assert first["b"].dtype == np.float64
