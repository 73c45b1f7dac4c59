"""What training tools write beside a model, as their exports have it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import FormatError
from edge.images.overrides import Overrides, fitting
from edge.source.config import parse_config, read_config
from edge.zoo.model import Preprocessing

CLAS = """
Global:
  model_name: PPLCNet_x1_0
PreProcess:
  transform_ops:
  - ResizeImage: {resize_short: 256}
  - CropImage: {size: 224}
  - NormalizeImage:
      channel_num: 3
      mean: [0.485, 0.456, 0.406]
      order: ''
      scale: 0.00392156862745098
      std: [0.229, 0.224, 0.225]
  - ToCHWImage: null
PostProcess:
  Topk:
    topk: 5
    label_list: [daisy, rose]
"""
PULC = """
PreProcess:
  transform_ops:
    - ResizeImage: {size: [192, 256], backend: cv2, interpolation: bicubic}
    - NormalizeImage: {scale: 1.0/255.0, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], order: ''}
    - ToCHWImage:
PostProcess:
  main_indicator: Topk
  Topk: {topk: 1, class_id_map_file: ../labels/flowers.txt}
"""
DETECTION = """
mode: paddle
arch: PicoDet
Preprocess:
- interp: 2
  keep_ratio: false
  target_size: [320, 416]
  type: Resize
- is_scale: true
  mean: [0.485, 0.456, 0.406]
  std: [0.229, 0.224, 0.225]
  type: NormalizeImage
- type: Permute
label_list: [person, car]
"""
PADDLEX = """
Model: MobileNetV2
Transforms:
- ResizeByShort: {max_size: -1, short_size: 256}
- CenterCrop: {crop_size: 224}
- Normalize: {mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}
TransformsMode: BGR
_Attributes: {model_type: classifier, num_classes: 2, labels: [cat, dog]}
"""
BYTES = """
Preprocess:
- {interp: 1, keep_ratio: false, target_size: 64, type: Resize}
- {is_scale: false, mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375], type: NormalizeImage}
- {type: Permute}
"""


def prepared(text: str, shape: tuple[int, ...]) -> Preprocessing:
    config = parse_config(text, "inference.yml", lambda name: "0 daisy\n1 rose\n" if "flowers" in name else None)
    assert config.remarks == ()
    assert config.prepared is not None
    return fitting("net", [shape], None, config.prepared)


@pytest.mark.parametrize(
    ("text", "shape", "how"),
    [
        (CLAS, (1, 3, 224, 224), Preprocessing(256, (224, 224), scale=0.00392156862745098)),
        (PULC, (1, 3, 256, 192), Preprocessing(None, (256, 192), mean=(0.5,) * 3, std=(0.5,) * 3,
                                               interpolation="bicubic", resize=(256, 192))),
        (DETECTION, (1, 3, 320, 416), Preprocessing(None, (320, 416), interpolation="bicubic", resize=(320, 416))),
        (PADDLEX, (1, 3, 224, 224), Preprocessing(256, (224, 224), channel_order="BGR")),
        (BYTES, (1, 3, 64, 64), Preprocessing(None, (64, 64), 1.0, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375),
                                              resize=(64, 64))),
    ],
    ids=["PaddleClas", "PULC", "PaddleDetection", "PaddleX", "bytes"],
)  # fmt: skip
def test_preprocessing(text: str, shape: tuple[int, ...], how: Preprocessing) -> None:
    assert prepared(text, shape) == how


@pytest.mark.parametrize(
    ("text", "labels"),
    [(CLAS, ("daisy", "rose")), (PULC, ("daisy", "rose")), (DETECTION, ("person", "car")), (PADDLEX, ("cat", "dog"))],
    ids=["PaddleClas", "a file", "PaddleDetection", "PaddleX"],
)
def test_labels(text: str, labels: tuple[str, ...]) -> None:
    assert parse_config(text, "x.yml", lambda _: "0 daisy\n1 rose\n").labels == labels


@pytest.mark.parametrize(
    ("text", "output"),
    [
        (DETECTION.replace("keep_ratio: false", "keep_ratio: true"), "Resize with keep_ratio is not known"),
        (DETECTION.replace("type: Permute", "type: PadStride"), "the step PadStride is not known"),
        (DETECTION.replace("interp: 2", "interp: 3"), "the interpolation 3 is not known"),
        (CLAS.replace("channel_num: 3", "channel_num: 4"), "channel_num 4 is not known"),
        (CLAS.replace("0.00392156862745098", "__import__('os')"), "the scale __import__"),
        (CLAS.replace("size: 224", "size: [1, 2, 3]"), "cannot be read"),
    ],
    ids=["letterbox", "padding", "area", "four channels", "no number", "three sizes"],
)
def test_what_is_not_known_is_named_and_nothing_is_taken(text: str, output: str) -> None:
    config = parse_config(text, "inference.yml")
    assert config.prepared is None
    (remark,) = config.remarks
    assert output in remark
    assert "its preprocessing" in remark


def test_a_missing_file_of_labels_is_named() -> None:
    config = parse_config(PULC, "inference.yml")
    assert config.labels is None
    assert any("../labels/flowers.txt" in remark for remark in config.remarks)
    assert config.prepared is not None


def test_without_a_step_that_normalises_the_values_stay() -> None:
    config = parse_config("Preprocess: [{type: Resize, target_size: 8, keep_ratio: false}]", "x.yml")
    assert config.prepared == Overrides(None, (0.0,), (1.0,), "bilinear", "RGB", (8, 8), (8, 8), 1.0, "NHWC")


def test_files_beside_the_model(tmp_path: Path) -> None:
    assert read_config(tmp_path) is None
    (tmp_path / "inference.yml").write_text(PULC)
    (tmp_path / "flowers.txt").write_text("1: daisy\n2: rose\n")
    config = read_config(tmp_path)
    assert config is not None
    assert config.labels == ("daisy", "rose")
    (tmp_path / "inference.yml").write_text("a: [")
    config = read_config(tmp_path)
    assert config is not None
    assert "is no YAML" in config.remarks[0]


_WORDS = ("PreProcess", "transform_ops", "Preprocess", "Transforms", "type", "ResizeImage", "size", "_Attributes", "labels",
          "PostProcess", "NormalizeImage", "mean", "scale")  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(_WORDS), inner),
    max_leaves=12,
)


@given(st.text(max_size=200) | _VALUES.map(str))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        parse_config(text, "x.yml")
    except FormatError as error:
        assert "x.yml" in error.message  # noqa: PT017
