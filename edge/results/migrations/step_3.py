"""Version 3: a list knows which launches are set aside, without reading what was said of each."""

from __future__ import annotations

import sqlite3


def migrate(connection: sqlite3.Connection) -> None:
    """A launch is sound where no reason speaks against it."""
    connection.execute("ALTER TABLE launch ADD COLUMN sound INTEGER NOT NULL DEFAULT 1")
    connection.execute(
        "UPDATE launch SET sound = 0 WHERE id IN (SELECT launch FROM launch_data WHERE"
        " json_array_length(facts, '$.reasons') > 0)"
    )
