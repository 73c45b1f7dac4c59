from __future__ import annotations

from itertools import combinations

import numpy as np

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
