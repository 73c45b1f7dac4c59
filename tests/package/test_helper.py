"""The Android helper's plain Java against the Python preprocessing: equal to the last bit."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.images.preprocess import INTERPOLATIONS, prepare, resized_size
from edge.zoo.model import Preprocessing
from tests.package.jvm import HELPER, Helper, builder, running
from tests.untrusted.mutations import mutate_json

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("javac") is None, reason="needs a JDK: apt-get install default-jdk-headless"),
]


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Helper]:
    with running(tmp_path_factory.mktemp("classes")) as helper:
        yield helper


def metadata(how: Preprocessing) -> str:
    """A model.json that says how to preprocess."""
    return json.dumps(
        {
            "name": "net",
            "sha256": "0" * 64,
            "bytes": 1,
            "inputs": [{"name": "x", "shape": [1, 3, *how.crop]}],
            "preprocessing": asdict(how),
            "source": {"kind": "random"},
        }
    )


def assert_same_bits(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert np.array_equal(ours.reshape(-1).view(np.uint32), theirs.view(np.uint32))


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize(
    ("size", "resize_short", "crop"),
    [
        pytest.param((375, 500), 256, (224, 224), id="photo"),
        pytest.param((512, 512), 256, (224, 224), id="exactly-half"),
        pytest.param((1500, 1000), 248, (224, 224), id="large-upright"),
        pytest.param((60, 40), 256, (224, 224), id="enlarged"),
        pytest.param((256, 300), 256, (256, 256), id="same-size"),
        pytest.param((1, 1), 32, (32, 32), id="one-pixel"),
        pytest.param((3, 700), 320, (299, 101), id="odd-crop"),
    ],
)
def test_tensor_equals_python(
    helper: Helper, interpolation: str, size: tuple[int, int], resize_short: int, crop: tuple[int, int]
) -> None:
    image = np.random.default_rng(7).integers(0, 256, (*size, 3), dtype=np.uint8)
    how = Preprocessing(resize_short, crop, interpolation=interpolation)
    assert_same_bits(prepare(image, how), helper.tensor(metadata(how), image))


def test_tensor_of_bgr_with_other_constants(helper: Helper) -> None:
    image = np.random.default_rng(8).integers(0, 256, (99, 120, 3), dtype=np.uint8)
    how = Preprocessing(64, (56, 48), 1 / 128, (0.1, 0.2, 0.3), (0.3, 0.7, 1.1), channel_order="BGR")
    assert_same_bits(prepare(image, how), helper.tensor(metadata(how), image))


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("order", ["GREY", "BGR"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_tensor_of_a_whole_image_grey_and_channels_last(
    helper: Helper, interpolation: str, order: str, layout: str
) -> None:
    image = np.random.default_rng(9).integers(0, 256, (70, 110, 3), dtype=np.uint8)
    values = (0.4,) if order == "GREY" else (0.1, 0.2, 0.3)
    how = Preprocessing(None, (24, 50), 1 / 255, values, values, order, layout, interpolation, resize=(32, 50))
    ours = prepare(image, how)
    assert ours.shape == {"NCHW": (1, how.channels, 24, 50), "NHWC": (1, 24, 50, how.channels)}[layout]
    assert_same_bits(ours, helper.tensor(metadata(how), image))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_image_gives_the_same_bits(helper: Helper, data: st.DataObject) -> None:
    height, width, short = (data.draw(st.integers(1, 200), label=name) for name in ("height", "width", "short"))
    wide, high = resized_size(width, height, short)
    if wide * high > 10**6:
        short, wide, high = 1, *resized_size(width, height, 1)
    crop = data.draw(st.tuples(st.integers(1, high), st.integers(1, wide)), label="crop")
    numbers = st.floats(0.01, 2)
    triples = st.tuples(numbers, numbers, numbers)
    how = Preprocessing(
        short,
        crop,
        data.draw(numbers, label="scale"),
        data.draw(triples, label="mean"),
        data.draw(triples, label="std"),
        interpolation=data.draw(st.sampled_from(INTERPOLATIONS), label="interpolation"),
    )
    seed = data.draw(st.integers(0, 2**32 - 1), label="pixels")
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert_same_bits(prepare(image, how), helper.tensor(metadata(how), image))


@given(
    scores=st.lists(st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.0]), max_size=50),
    k=st.integers(0, 60),
)
@settings(deadline=None)
def test_top_equals_a_stable_sort(helper: Helper, scores: list[float], k: int) -> None:
    values = np.array(scores, np.float32)
    assert helper.top(values, k) == np.argsort(-values, kind="stable")[:k].tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": [1, -0.5e3, true, null, {}], "ü": "\\u00fc\\n\\"𝄞"}', '{a=[1.0, -500.0, true, null, {}], ü=ü\n"𝄞}'),
        ("[1]", "error: broken JSON at character 3: a single JSON object was expected"),
        ('{"a": 1} x', "error: broken JSON at character 9: a single JSON object was expected"),
        ('{"a": 01}', "error: broken JSON at character 8: a value was expected"),
        ('{"a": tru}', "error: broken JSON at character 6: a value was expected"),
        ('{"a', "error: broken JSON at character 3: it ends too early"),
        ('{"a\\x"}', "error: broken JSON at character 5: an unknown escape"),
        ('{"a" 1}', "error: broken JSON at character 5: ':' was expected"),
        ('{"a": 1e999}', "error: broken JSON at character 11: a number is beyond those of 64 bits"),
        ('{"a": ' + "[" * 5000, "error: broken JSON at character 69: more than 64 levels in one another"),
    ],
)
def test_json_reader(helper: Helper, text: str, message: str) -> None:
    assert helper.json(text) == message


WRONG: dict[str, tuple[object, ...]] = {
    "name": ("../x", "..", "", None, 5, "a/b"),
    "sha256": ("00", "../" + "0" * 61, None),
    "bytes": (-1, 0, 1.5, 1e300, "1", None),
    "class_num": (-1, 0, 1e18, 1.5, "5"),
    "inputs": ([], [{"name": "x", "shape": [1, -3]}], [{"name": "x", "shape": [1e18]}], [{"name": "x"}], 7),
}
WRONG_STEPS: dict[str, tuple[object, ...]] = {
    "crop": ([-1, 5], [5], [1e9, 5], [20_000, 20_000], "5", None, [1.5, 2]),
    "resize_short": (-1, 1e18, 0, None),
    "std": ([0, 1, 1], [1], [1, 1, 1e300], [1, 1, 1e-300], None),
    "mean": ([1], [1, 1, 1e300]),
    "scale": (1e300, None),
    "channel_order": ("CMYK", None, 5),
}


def test_metadata_beyond_its_limits_is_refused(helper: Helper) -> None:
    sound = json.loads(metadata(Preprocessing(32, (24, 24))))
    assert helper.info(json.dumps(sound)) == "net"
    for field, values in WRONG.items():
        for value in values:
            said = helper.info(json.dumps({**sound, field: value}))
            assert said.startswith("error: the model's metadata is"), (field, value, said)
    for field, values in WRONG_STEPS.items():
        for value in values:
            said = helper.info(json.dumps({**sound, "preprocessing": {**sound["preprocessing"], field: value}}))
            assert said.startswith("error: the model's metadata is"), (field, value, said)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_damage_of_the_metadata_is_refused_or_read(helper: Helper, seed: int) -> None:
    damaged = mutate_json(metadata(Preprocessing(32, (24, 24))).encode(), Random(seed))
    helper.info(damaged.decode(errors="replace"))  # anything else than a refusal of its own ends the JVM


def test_the_shipped_classes_are_the_sources_compiled() -> None:
    version = subprocess.run(["javac", "-version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("javac 17."):
        pytest.skip(f"other compilers may write other bytes: needs JDK 17, not {version.strip()}")
    assert HELPER.read_bytes() == builder["build"](), "run scripts/build_android_helper"
