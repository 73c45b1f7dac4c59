"""The translation of a whole program: the translator with every handler there is."""

from __future__ import annotations

from edge.paddle.pir.reading import PirProgram
from edge.paddle.pir.special import SPECIAL
from edge.paddle.pir.translator import Translation, Translator


def translate(pir: PirProgram) -> Translation:
    """Raises `ProgramError`, which names the first operator that has no translation."""
    return Translator(pir, SPECIAL).run()
