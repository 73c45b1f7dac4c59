"""What the x86 engine's int8 kernels get wrong, and an equal program with other weights that they get right.

It is needed for programs quantised together with their activations (`edge.convert.calibrated`, or Paddle's own post-training
quantisation with `onnx_format=False`): their x86 files, and the x86 twin that stands for a phone's. Read in Paddle-Lite
v2.13-rc, seen in 2.13rc0 (tests/convert/verify/test_x86_int8.py):

- The product (lite/backends/x86/math/gemm_s8u8_kernel.cc) adds 128 to the activations and multiplies with `vpmaddubsw`, which
  sums two products and cuts the sum off at 16 bits: 2 * 255 * 127 = 64770 becomes 32767, without a word. With weights from -63
  to 63 a sum is 32130 at most. ARM's kernels multiply signed bytes, 2 * 127 * 127 = 32258, and need none of this.
- A `hard_swish` fused into a convolution is forgotten (lite/kernels/x86/conv_compute.cc knows relu, relu6 and leaky_relu). As
  x * hard_sigmoid(x) it is not fused.

- The end of a tensor is rounded wrongly where its elements, beyond a multiple of 32, are 8 or more
  (lite/backends/x86/math/calib.cc). Twins get so many images at once that none ends there (edge.convert.verify.batches); in
  files for x86, and where a network takes no batches, convolutions of such tensors stay float.

Not mended, so not quantised by edgezoo: fully connected layers (lite/kernels/x86/fc_compute.cc adds the first number of the
bias to every class).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.verify.rounded import nearest, quantised_weights
from edge.paddle.draft import Draft, NewOp, OpDraft
from edge.paddle.program import Program
from edge.paddle.rewritten import rewritten

_WHOLE, _HALF = np.float32(127), np.float32(63)


def is_quantised(program: Program) -> bool:
    """Whether activations are quantised, too, with a scale for each channel of the weights."""
    return bool(quantised_weights(program))


def split_hard_swish(program: Program) -> Program:
    """The program without `hard_swish`, if it is quantised."""
    if not is_quantised(program) or "hard_swish" not in program.op_types:
        return program
    draft = Draft.of(program)
    for op in list(draft.ops("hard_swish")):
        _split(draft, op)
    return draft.build()


def _split(draft: Draft, op: OpDraft) -> None:
    """x * min(max(x + offset, 0), threshold) / scale, which is a hard sigmoid only where threshold equals scale."""
    x, out, scale = op.input("X"), op.output("Out"), op.attr("scale", 6.0)
    if x is None or out is None or op.attr("threshold", 6.0) != scale:
        return
    described = draft.tensor(out)
    shape, dtype = (described.shape, described.dtype) if described else ((), "float32")
    gate = draft.new_tensor(out, dtype, shape, block=op.block)
    attrs = {"slope": 1 / scale, "offset": op.attr("offset", 3.0) / scale}
    draft.replace(
        op,
        NewOp("hard_sigmoid", {"X": [x]}, {"Out": [gate]}, attrs),
        NewOp("elementwise_mul", {"X": [x], "Y": [gate]}, {"Out": [out]}, {"axis": -1}),
    )


def halved(program: Program, params: Path, out: Path) -> Path:
    """The parameters with every quantised weight rounded to 63 steps instead of 127, and its scales to match.

    Returns `out`, a copy, or `params` themselves where `program` is not quantised.
    """
    weights = quantised_weights(program)
    if not weights:
        return params
    changes: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {}
    for scales, weight in weights.items():
        changes[weight] = lambda steps: nearest(steps * (_HALF / _WHOLE))
        changes[scales] = partial(np.multiply, _WHOLE / _HALF)
    return rewritten(program, params, out, changes)
