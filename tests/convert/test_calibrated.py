"""Static int8 with the real engines: what is quantised, that right networks pass verification, and that wrong ones fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
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
from edge.paddle.draft import Draft, NewOp
from edge.paddle.program import Program
from edge.source import own
from edge.source.model import InferenceModel
from edge.toolchain.toolbox import Toolbox
from edge.zoo.model import Preprocessing
from tests.convert.verify.test_verify import CHANNELS, ENGINE, LAYERS, SHAPES, leave_out, network, turn, weights
from tests.paddle.programs import program, write_params

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
        algorithm: str = "avg",
        how: Preprocessing = HOW,
        images: Path = photos,
        of: InferenceModel = source,
        *,
        for_x86: bool = False,
        keep: float | None = None,
    ) -> Calibrated:
        calibration = Calibration(images_below(images, 8), algorithm, keep)
        lend = partial(tools.lend, "paddle", script="quantise_worker.py")
        return calibrated("net", of, how, calibration, lend, for_x86=for_x86)

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
def test_a_filter_that_is_computed_is_quantised_as_what_it_becomes(quantise: Quantise, tmp_path: Path) -> None:
    """Of a network that reads the filter as it is, too, nothing is computed from the whole numbers that it becomes."""
    place = next(k for k, op in enumerate(LAYERS) if op.type == "conv2d")
    conv = LAYERS[place]
    name = conv.inputs["Filter"][0]
    halved = NewOp("scale", {"X": [name]}, {"Out": ["half"]}, {"scale": 0.5, "bias": 0.0, "bias_after_scale": True})
    turned = NewOp("scale", {"X": ["half"]}, {"Out": ["made"]}, {"scale": 2.0, "bias": 0.01, "bias_after_scale": True})
    computed = replace(conv, inputs={**conv.inputs, "Filter": ["made"]})
    shape = weights()[name].shape
    layers = [halved, turned, *LAYERS[:place], computed, *LAYERS[place + 1 :]]
    shapes = {**SHAPES, "half": shape, "made": shape}
    made = program(layers, {"x": (1, 3, 32, 32)}, ["y"], shapes, {name: a.shape for name, a in weights().items()})
    (tmp_path / "inference.pdmodel").write_bytes(made.serialize())
    write_params(tmp_path / "inference.pdiparams", weights())
    found = quantise(of=own.read(tmp_path))
    assert (found.facts["quantised"], found.facts["possible"]) == (2, 2)
    assert found.facts["mean_cosine"] > 0.98


@pytest.mark.slow
def test_what_cannot_be_calibrated_with_is_said(quantise: Quantise, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="net is quantised already"):
        quantise(of=quantise().model)
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"broken\.png is no image"):
        quantise(images=tmp_path)


ODD = (1, 3, 36, 36)  # 3888 elements: 16 more than a multiple of 32, which the x86 engine rounds wrongly
ODD_SHAPES = (
    SHAPES | dict.fromkeys(("c1", "n1", "a1"), (1, CHANNELS, 18, 18)) | dict.fromkeys(("c2", "a2"), (1, CHANNELS, 9, 9))
)
IN_ONE = (
    NewOp("reshape2", {"X": ["p"]}, {"Out": ["flat"], "XShape": ["s1"]}, {"shape": [CHANNELS]}),
    NewOp("reshape2", {"X": ["flat"]}, {"Out": ["f"], "XShape": ["s2"]}, {"shape": [1, CHANNELS]}),
)


@pytest.fixture
def odd(tmp_path: Path, module_cache: Path) -> Callable[..., InferenceModel]:
    """The network for an image that the x86 engine rounds wrongly; `single`: it cannot take two images at once."""
    del module_cache

    def odd(*, single: bool = False) -> InferenceModel:
        layers = list(LAYERS)
        if single:
            place = next(k for k, op in enumerate(layers) if op.type == "flatten_contiguous_range")
            layers[place : place + 1] = IN_ONE
        shapes = {**ODD_SHAPES, "flat": (CHANNELS,), "s1": (0, 1, CHANNELS, 1, 1), "s2": (0, CHANNELS)}
        made = program(layers, {"x": ODD}, ["y"], shapes, {name: a.shape for name, a in weights().items()})
        folder = tmp_path / f"odd {single}"
        folder.mkdir()
        (folder / "inference.pdmodel").write_bytes(made.serialize())
        write_params(folder / "inference.pdiparams", weights())
        return own.read(folder)

    return odd


@pytest.mark.slow
def test_what_x86_alone_computes_wrongly_is_left_float_for_x86_alone(
    quantise: Quantise, odd: Callable[..., InferenceModel], tools: Toolbox, tmp_path: Path
) -> None:
    how, net = Preprocessing(36, (36, 36)), odd()
    spared = quantise(how=how, of=net, for_x86=True)
    assert spared.facts["quantised"] < spared.facts["possible"] == 2
    whole = quantise(how=how, of=net)
    assert (whole.facts["quantised"], whole.facts["possible"]) == (2, 2)
    for name, mutate, status in (("right", lambda _: None, "passed"), ("wrong", leave_out("relu"), "failed")):
        (tmp_path / name).mkdir()
        assert verdict(whole, tools, tmp_path / name, mutate).status == status


@pytest.mark.slow
def test_a_network_that_takes_one_image_only_is_spared_too(
    quantise: Quantise, odd: Callable[..., InferenceModel], tools: Toolbox, tmp_path: Path
) -> None:
    spared = quantise(how=Preprocessing(36, (36, 36)), of=odd(single=True))
    assert spared.facts["quantised"] < spared.facts["possible"] == 2
    assert verdict(spared, tools, tmp_path, lambda _: None).status == "passed"


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


@pytest.mark.slow
@pytest.mark.parametrize(("keep", "kept"), [(1, 1), (0.5, 0)])
def test_layers_stay_float_and_the_network_is_verified(
    quantise: Quantise, tools: Toolbox, tmp_path: Path, keep: float, kept: int
) -> None:
    whole, made = quantise(), quantise(keep=keep)
    layers = made.facts["layers"]
    assert [layer["kept"] for layer in layers] == [True] * kept + [False] * (2 - kept)
    assert (made.facts["quantised"], made.facts["possible"], made.facts["keep"]) == (2 - kept, 2, keep)
    assert layers[0]["harm"] >= layers[1]["harm"]
    assert layers[0]["harm"] > 1e-6
    if kept:
        assert made.facts["mean_cosine"] > whole.facts["mean_cosine"]
    else:
        assert made.facts["mean_cosine"] == pytest.approx(whole.facts["mean_cosine"], abs=1e-6)
    program = Program.read(made.model.program)
    floats = {
        op.input("Filter") for op in program.ops("conv2d") if not (op.input("Input") or "").endswith(".quantized")
    }
    assert {layer["layer"] for layer in layers if layer["kept"]} <= floats
    assert quantise(keep=keep).reused
    for name, mutate, status in (("right", lambda _: None, "passed"), ("wrong", leave_out("relu"), "failed")):
        (tmp_path / name).mkdir()
        assert verdict(made, tools, tmp_path / name, mutate).status == status


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
