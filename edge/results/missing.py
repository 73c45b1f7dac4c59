"""What could not be measured, because there is no file for it or because its engine cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

from edge.errors import EdgezooError


@dataclass(frozen=True, slots=True)
class Missing:
    """A network that is not measured in an engine, and why. `file`: no verified file could be made; else it is the engine."""

    name: str
    engine: str
    error: EdgezooError
    file: bool = True

    @property
    def sentence(self) -> str:
        """What is missing, why, and what to do about it."""
        hint = f" ({self.error.hint})" if self.error.hint else ""
        return f"{'no verified file' if self.file else 'not measured'}: {self.error.message}{hint}"
