"""Paddle 3's programs: read from PIR's JSON and translated into the ProgramDesc that opt and paddle2onnx read."""

from __future__ import annotations

from edge.convert.pir.reading import PirProgram
from edge.convert.pir.translate import Translation, translate

__all__ = ["PirProgram", "Translation", "translate"]
