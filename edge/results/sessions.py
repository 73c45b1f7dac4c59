"""Sessions: when one began, the seed of its launches' order, and the edgezoo that measured."""

from __future__ import annotations

from dataclasses import dataclass

from edge.results.database import Database
from edge.results.domains import is_sound, wrong_in


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """`started` in seconds since the epoch, `edgezoo` the version that measured."""

    id: int
    started: float
    seed: int
    edgezoo: str


class Sessions:
    """Of one database, which stays the store's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[int, SessionRecord]:
        """By id; what is damaged is left out."""
        return {
            row["id"]: SessionRecord(row["id"], float(row["started"]), row["seed"], row["edgezoo"])
            for row in self._database.rows("SELECT * FROM session")
            if is_sound("session", row)
        }

    def damaged(self) -> list[str]:
        """A sentence for each whose columns hold what they may not."""
        return [
            f"session {row['id']} in {self._database.path} is damaged: {why}"
            for row in self._database.rows("SELECT * FROM session ORDER BY id")
            if (why := wrong_in("session", row))
        ]
