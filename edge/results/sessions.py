"""Sessions: when one began, the seed of its launches' order, and the edgezoo that measured."""

from __future__ import annotations

from dataclasses import dataclass

from edge.results.database import Database


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
        rows = self._database.rows(
            "SELECT id, started, seed, edgezoo FROM session WHERE typeof(seed) = 'integer' AND typeof(edgezoo) = 'text'"
            " AND typeof(started) IN ('integer', 'real') AND started BETWEEN 0 AND 253402300799"
        )
        return {row["id"]: SessionRecord(row["id"], float(row["started"]), row["seed"], row["edgezoo"]) for row in rows}
