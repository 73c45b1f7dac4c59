"""Does int8-static pay on ARM? What it saves in instructions, beside fp32: counted, or expected by what is in the file.

Counted were whole inferences on Paddle-Lite's ARM engine in an emulator, one thread, with dot product
(docs/explanation/arm.md). The rule: an int8 multiply-accumulate costs less than one of float32, each number that an int8
convolution puts out has to be scaled and rounded, and a cast handles each number once. Its three costs are the least squares
over the ten counted networks, relative to their fp32: all ten are met within 5.1 % of fp32's instructions, each within 6.1 %
by the costs that the nine others give. fp32's own instructions, for the share, are met within 20 %.
tests/convert/test_gain.py makes both again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType

from edge.nb.program import NbOp
from edge.paddle.program import Program

SAVED_BY_MAC, SPENT_BY_OUTPUT, SPENT_BY_CAST = 0.234, 3.33, 0.541  # instructions
FP32_BY_MAC, FP32_BY_OUTPUT = (
    0.314,
    5.67,
)  # the same of the same convolutions in fp32, with all that stands between them
_CONVOLUTIONS = ("conv2d", "depthwise_conv2d")


@dataclass(frozen=True, slots=True)
class Int8Work:
    """What a file's int8 convolutions do for one image: multiply-accumulates but for depthwise ones, numbers that they put out,
    depthwise ones too, and numbers that casts between them and float operators handle."""

    macs: int
    outputs: int
    casts: int

    @property
    def saved(self) -> float:
        """The share of fp32's instructions that is expected to be saved; negative where more are needed."""
        spared = SAVED_BY_MAC * self.macs - SPENT_BY_OUTPUT * self.outputs - SPENT_BY_CAST * self.casts
        return spared / (FP32_BY_MAC * self.macs + FP32_BY_OUTPUT * self.outputs)


# Instructions an inference, millions: fp32 and int8-static, all convolutions in int8, of 1000 classes. The work is that of the
# counted file: another size of the input, or a layer in float, is another network.
COUNTED: Mapping[str, tuple[float, float, Int8Work]] = MappingProxyType(
    {
        "ShuffleNetV2_x0_25": (8.86, 7.50, Int8Work(16068864, 671888, 430416)),
        "ESNet_x0_25": (14.23, 11.20, Int8Work(26376480, 803654, 741276)),
        "PPLCNet_x0_25": (9.21, 9.16, Int8Work(11714560, 732208, 442496)),
        "PPLCNet_x1_0": (58.70, 34.99, Int8Work(141111296, 2523584, 1117696)),
        "MobileNetV1_x0_25": (15.77, 11.47, Int8Work(36427776, 1260672, 150528)),
        "MobileNetV3_small_x0_35": (7.64, 8.02, Int8Work(9192800, 639682, 292264)),
        "MobileNetV3_small_x1_0": (26.02, 20.00, Int8Work(51378976, 1617622, 532856)),
        "MobileNetV3_large_x0_35": (18.52, 16.96, Int8Work(29291520, 1748224, 750464)),
        "GhostNet_x0_5": (22.53, 22.48, Int8Work(31836416, 1770376, 2533584)),
        "MobileNetV2_x0_25": (14.98, 15.76, Int8Work(24021760, 1816920, 239512)),
    }
)
CLASSES = 1000


def counted(architecture: str, work: Int8Work, classes: int | None) -> float | None:
    """The share of fp32's instructions that int8-static was counted to save; None of a network that was not counted."""
    fp32, static, its_own = COUNTED.get(architecture, (1.0, 1.0, None))
    return 1 - static / fp32 if its_own == work and classes == CLASSES else None


@dataclass(frozen=True, slots=True)
class _Size:
    inputs: int
    outputs: int
    macs: int


def int8_work(ops: Sequence[NbOp], program: Program) -> Int8Work | None:
    """The work of a file's operators; sizes are those of `program`, which it was made of.

    None where there is none, or a convolution or cast cannot be found there, or its size is open.
    """
    sizes = {name: size for op in program.ops(*_CONVOLUTIONS) if (name := op.input("Filter"))
             and (size := _size(program, op.input("Input"), op.output("Output"), name)) is not None}  # fmt: skip
    computed = [op for op in ops if op.type in _CONVOLUTIONS and op.precision == "int8"]
    if not computed or any(_filter(op) not in sizes for op in computed):
        return None
    casts = [_numbers(ops, place, sizes) for place, op in enumerate(ops) if op.type == "calib"]
    if None in casts:
        return None
    return Int8Work(
        macs=sum(sizes[_filter(op)].macs for op in computed if op.type == "conv2d"),
        outputs=sum(sizes[_filter(op)].outputs for op in computed),
        casts=sum(number or 0 for number in casts),
    )


def _numbers(ops: Sequence[NbOp], place: int, sizes: Mapping[str, _Size]) -> int | None:
    """How many numbers a cast handles: those of a convolution that reads them, or of the one that made them."""
    cast = ops[place]
    made, read = _all(cast.outputs), _all(cast.inputs)
    for op in ops[place + 1 :]:
        if made & _all(op.inputs) and _filter(op) in sizes:
            return sizes[_filter(op)].inputs
        if made & _all(op.outputs):  # the variable's next tensor
            break
    maker = next((op for op in reversed(ops[:place]) if read & _all(op.outputs)), None)
    return sizes[_filter(maker)].outputs if maker is not None and _filter(maker) in sizes else None


def _size(program: Program, read: str | None, made: str | None, weight: str) -> _Size | None:
    x, y, w = (program.tensor(name or "") for name in (read, made, weight))
    if x is None or y is None or w is None or min(*x.shape[1:], *y.shape[1:]) < 1:
        return None
    outputs = prod(y.shape[1:])
    return _Size(prod(x.shape[1:]), outputs, outputs * prod(w.shape[1:]))


def _filter(op: NbOp) -> str:
    return next(iter(op.inputs.get("Filter", ())), "")


def _all(slots: Mapping[str, Sequence[str]]) -> set[str]:
    return {name for names in slots.values() for name in names}
