"""What could not be measured because there is no file for it."""

from __future__ import annotations

from dataclasses import dataclass

from edge.errors import EdgezooError


@dataclass(frozen=True, slots=True)
class Missing:
    """A network that has no verified file in an engine, and why."""

    name: str
    engine: str
    error: EdgezooError
