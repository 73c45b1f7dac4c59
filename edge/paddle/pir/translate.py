"""The translation of a whole program: the translator with every handler there is."""

from __future__ import annotations

from edge.errors import ProgramError
from edge.paddle.pir.flow import FLOW
from edge.paddle.pir.reading import PirProgram
from edge.paddle.pir.special import SPECIAL
from edge.paddle.pir.translator import Translation, Translator
from edge.untrusted.guard import guarded


def translate(pir: PirProgram) -> Translation:
    """Raises `ProgramError`, which names the first operator that has no translation."""
    with guarded(ProgramError, f"{pir.where} is damaged: it cannot be translated"):
        return Translator(pir, {**SPECIAL, **FLOW}).run()
