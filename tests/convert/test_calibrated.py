"""Static int8 with the real engines: what is quantised, that right networks pass verification, and that wrong ones fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.convert.calibrated import Calibrated, Calibration, calibrated, images_below
from edge.convert.legalise import legalise
from edge.convert.recipe import Recipe
from edge.convert.verify.verify import Verification, verify
from edge.convert.verify.x86_int8 import is_quantised
from edge.errors import ImageError, UsageError
from edge.paddle.draft import Draft
from edge.paddle.program import Program
from edge.source import own
from edge.source.model import InferenceModel
from edge.toolchain.toolbox import Toolbox
from edge.zoo.model import Preprocessing
from tests.convert.verify.test_verify import ENGINE, leave_out, network, turn, weights
from tests.paddle.programs import write_params

RECIPE = Recipe("test", ENGINE, precision="int8-static")
HOW = Preprocessing(32, (32, 32))


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as box:
        yield box


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve images of coarse and fine coloured noise in two folders."""
    root = tmp_path_factory.mktemp("photos")
    draw = np.random.default_rng(2)
    for number in range(12):
        folder = root / f"of {number % 2}"
        folder.mkdir(exist_ok=True)
        tiles = draw.integers(0, 256, (4 << number % 3, 4 << number % 3, 3), np.uint8)
        Image.fromarray(tiles).resize((48, 40), Image.Resampling.NEAREST).save(folder / f"{number:02}.png")
    return root


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, module_cache: Path) -> InferenceModel:
    del module_cache
    folder = tmp_path_factory.mktemp("net")
    (folder / "inference.pdmodel").write_bytes(network().serialize())
    write_params(folder / "inference.pdiparams", weights())
    return own.read(folder)


Quantise = Callable[..., Calibrated]


@pytest.fixture(scope="module")
def quantise(tools: Toolbox, photos: Path, source: InferenceModel) -> Quantise:
    def quantise(
        algorithm: str = "avg", how: Preprocessing = HOW, images: Path = photos, of: InferenceModel = source
    ) -> Calibrated:
        calibration = Calibration(images_below(images, 8), algorithm)
        return calibrated("net", of, how, calibration, lambda: tools.lend("paddle", script="quantise_worker.py"))

    return quantise


def test_images_are_spread_over_all(photos: Path) -> None:
    assert len(images_below(photos, 64)) == 12
    assert [path.stem for path in images_below(photos, 4)] == ["00", "06", "01", "07"]


@pytest.mark.parametrize(("name", "says"), [("none", "is no folder"), ("empty", "holds no images")])
def test_no_images(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=says):
        images_below(tmp_path / name, 4)


@pytest.mark.slow
def test_both_convolutions_are_quantised_once(quantise: Quantise, source: InferenceModel) -> None:
    made = quantise()
    assert is_quantised(Program.read(made.model.program))
    assert (made.facts["quantised"], made.facts["possible"], made.facts["images"]) == (2, 2, 8)
    assert made.facts["mean_cosine"] > 0.98
    assert made.facts["preprocessing"]["crop"] == (32, 32)
    assert made.model.program_sha256 != source.program_sha256
    assert quantise().reused
    assert not quantise("abs_max").reused
    assert quantise("abs_max").model.params_sha256 != made.model.params_sha256


@pytest.mark.slow
def test_what_cannot_be_calibrated_with_is_said(quantise: Quantise, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="net is quantised already"):
        quantise(of=quantise().model)
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"broken\.png is no image"):
        quantise(images=tmp_path)


def verdict(made: Calibrated, tools: Toolbox, folder: Path, mutate: Callable[[Draft], object]) -> Verification:
    draft = Draft.of(legalise(Program.read(made.model.program), engine=ENGINE)[0])
    mutate(draft)
    (folder / "legal").write_bytes(draft.build().serialize())
    scratch = folder / "scratch"
    scratch.mkdir()
    return verify(
        made.model,
        folder / "legal",
        RECIPE,
        scratch,
        lend_engine=lambda: tools.lend("paddlelite", ENGINE),
        lend_paddle=lambda: tools.lend("paddle"),
    )


@pytest.mark.slow
def test_a_right_network_passes(quantise: Quantise, tools: Toolbox, tmp_path: Path) -> None:
    result = verdict(quantise(), tools, tmp_path, lambda _: None)
    assert result.status == "passed", result.reason
    assert result.reason is not None
    assert "7 bits" in result.reason
    assert result.rounded is not None  # the fully connected layer's weights
    assert result.rounded.relative_error < 0.1


MUTATIONS: dict[str, Callable[[Draft], object]] = {
    "no activation": leave_out("relu"),
    "no hard swish": leave_out("hard_swish"),
    "max instead of average": turn("pool2d", pooling_type="max"),
    "padding moved": turn("conv2d", paddings=[0, 2, 0, 2]),
    "no bias": leave_out("elementwise_add"),
    "batch norm's epsilon": turn("batch_norm", epsilon=1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("mutate", MUTATIONS.values(), ids=MUTATIONS)
def test_a_wrong_network_fails(
    quantise: Quantise, tools: Toolbox, tmp_path: Path, mutate: Callable[[Draft], object]
) -> None:
    result = verdict(quantise(), tools, tmp_path, mutate)
    assert result.status == "failed", result
