"""The structures that were tried, what came of each, and the page that tells it: docs/reference/structures.md.

usage: python -m tests.convert.structures.rows docs/reference/structures.md
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

VERIFIED = "verified"
OLDER = "`inference.pdmodel` (Paddle 2.6)"
NEWER = "`inference.json` (Paddle 3.3)"
NO_VERSION = "the target arm has no kernel for: {0} (no version of Paddle-Lite has {0})"
TO_ONNX = "paddle2onnx cannot translate the operators {0}"
CUSTOM = "is no operator of Paddle but custom: no version of Paddle-Lite can have a kernel"
ROUNDED = "inconclusive: what came also rounds where no int8 kernel does"


@dataclass(frozen=True)
class Row:
    """A structure: `name` in programs.py, in words, the shapes of its open inputs.

    What comes of the older and the newer format, and of ONNX from the older one: `VERIFIED`, or the sentence that tells why
    not.
    """

    name: str
    what: str
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    older: str = VERIFIED
    newer: str | None = VERIFIED
    onnx: str | None = VERIFIED


DETECTOR = {"image": (1, 3, 320, 320), "scale_factor": (1, 2)}
ROWS = (
    Row("yolo", "detector: `im_shape`, `image`, `scale_factor`; YOLO boxes, NMS", {"im_shape": (1, 2), **DETECTOR}),
    Row("ppyoloe", "detector: `image`, `scale_factor`; boxes divided by the factor, NMS", DETECTOR),
    Row("grey", "one channel"),
    Row("nhwc", "channels last"),
    Row("bytes", "uint8 images"),
    Row("ids", "int32 words"),
    Row("bert", "two inputs of int64 words, both open; attention", {"input_ids": (1, 12), "token_type_ids": (1, 12)}),
    Row("any_all", "`reduce_any`, `reduce_all`"),
    Row("loop", "`while` and `conditional_block` that end by `any` and `all`"),
    Row("branch", "`conditional_block`"),
    Row("lstm", "LSTM (`rnn`), two layers, both directions"),
    Row("gru", "GRU (`rnn`)"),
    Row("einsum", "`einsum`: attention"),
    Row("masked_fill", "`masked_fill`"),
    Row("repeat_interleave", "`repeat_interleave`"),
    Row("deformable", "deformable convolution without a mask", onnx=TO_ONNX.format("deformable_conv_v1")),
    Row("conv3d", "`conv3d`", older=NO_VERSION.format("conv3d"), newer=NO_VERSION.format("conv3d")),
    Row("masked_select", "`masked_select`", older=NO_VERSION.format("masked_select"), newer=NO_VERSION.format("masked_select"),
        onnx=TO_ONNX.format("masked_select")),
    Row("custom", "a custom operator", older=CUSTOM, newer=None,
        onnx=TO_ONNX.format("my_swish")),
    *(Row(f"{when}_{form}_{scales}", f"quantised {words}, {written}, {per}", newer=None, onnx=None,
          older=ROUNDED if (when, form) == ("qat", "onnx") else VERIFIED)
      for when, words in (("ptq", "after training"), ("qat", "in training"))
      for form, written in (("fake", "`fake_quantize_*`"), ("onnx", "`quantize_linear` (`onnx_format=True`)"))
      for scales, per in (("abs_max", "a scale for each tensor"), ("channel_wise_abs_max", "a scale for each channel"))),
)  # fmt: skip

ENGINES = "as Paddle"
NO_IMAGE = "it must be one image at a time, of 3 channels or 1"


@dataclass(frozen=True)
class Use:
    """A kind of input: `name` in programs.py, the options that say its preprocessing, and what comes of the uses that not every
    kind has: `VERIFIED` for one that works, or the sentence. `helper` is the method of `EdgeModel` that makes the input, or
    the note of `package`.
    """

    name: str
    what: str
    how: tuple[str, ...] = ()
    images: str = VERIFIED
    helper: str = "tensor(bitmap)"
    engines: str = ENGINES


_FLOATS = ("--resize", "32,32", "--mean", "0.5", "--std", "0.25")
USES = (
    Use("grey", "one channel", _FLOATS),
    Use("nhwc", "channels last", _FLOATS),
    Use("bytes", "uint8 images", ("--resize", "32,32", "--scale", "1", "--mean", "0", "--std", "1"),
        helper="bytes(bitmap)"),
    Use("ids", "int32 words", images=NO_IMAGE, helper="takes something else than one image: the app makes its inputs itself"),
    Use("bert", "two inputs of int64 words",
        ("--input-shape", "input_ids=1,12", "--input-shape", "token_type_ids=1,12"),
        images=NO_IMAGE, helper="takes something else than one image: the app makes its inputs itself",
        engines="as Paddle; Paddle Inference was not tried"),
)  # fmt: skip

_USES_HEAD = """
## What can be done with other inputs

Networks of grey images, of channels last, and of whole numbers, through everything that edgezoo does with a network.
`bench --check-output` compares with Paddle what Paddle-Lite, ONNX Runtime and Paddle Inference put out on this machine, and
Paddle-Lite in `edgebench`, the C++ program that runs on phones. `eval` and int8-static are of images. A test makes all of it,
`tests/convert/structures/test_uses.py`.

| input | convert, verify | `bench --check-output`, each engine | `eval`, int8-static | AAR, APK | the app's input |
|---|---|---|---|---|---|
"""

_HEAD = f"""# Structures that were tried

Small networks of the structures that people's models have, written by Paddle itself, converted for ARM and verified as
every network is. A cell is what `edgezoo convert` said; `pytest tests/convert/structures` writes, converts and compares all
of them. ONNX files are made of the older format's programs.

Quantised networks get int8 kernels for their convolutions ([how](../explanation/precisions.md#networks-that-came-quantised)).
Control flow of Paddle 3 (`if`, `while`) becomes the older format's `conditional_block` and `while`.

| structure | {OLDER} | {NEWER} | ONNX |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    lines = [f"| {row.what} | {row.older} | {row.newer or ''} | {row.onnx or ''} |" for row in ROWS]
    uses = [
        f"| {use.what} | verified | {use.engines} | {_works(use.images)} | made | {_method(use.helper)} |"
        for use in USES
    ]
    return _HEAD + "\n".join(lines) + "\n" + _USES_HEAD + "\n".join(uses) + "\n"


def _works(told: str) -> str:
    return "judged; calibrated, as Paddle's simulation" if told == VERIFIED else f"refused: {told}"


def _method(told: str) -> str:
    return f"`EdgeModel.{told}`" if told.endswith("(bitmap)") else told


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
