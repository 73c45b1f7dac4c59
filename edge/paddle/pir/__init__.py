"""Paddle 3's programs: read from PIR's JSON and translated into the ProgramDesc that opt and paddle2onnx read."""

from __future__ import annotations

from edge.paddle.pir.reading import PirProgram
from edge.paddle.pir.translate import translate
from edge.paddle.pir.translator import Translation

__all__ = ["PirProgram", "Translation", "translate"]
