"""What the engines' workers answer, an operation a type; `Worker.ask` reads an answer as one of these."""

from __future__ import annotations

from msgspec import Struct


class Output(Struct, frozen=True):
    """A network's output."""

    name: str


class Ran(Struct, frozen=True):
    """`run`: the names of the outputs in their order."""

    outputs: tuple[str | Output, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The outputs by name."""
        return tuple(one if isinstance(one, str) else one.name for one in self.outputs)


class Exported(Struct, frozen=True):
    """`to_onnx`: the version of the exporter."""

    paddle2onnx: str


class Quantised(Struct, frozen=True):
    """`quantise`: operators with int8 activations of those that could have them; and beside the float network on the same
    images the share of equal top classes, and the mean cosine of the outputs."""

    quantised: int
    possible: int
    same_top: float
    mean_cosine: float


class FloatAgreement(Struct, frozen=True):
    """A network beside the float network on the same images, as `Quantised` has it."""

    same_top: float
    mean_cosine: float


class Measured(Struct, frozen=True):
    """`measure`: the figures of each variant, in their order."""

    figures: tuple[FloatAgreement, ...]
