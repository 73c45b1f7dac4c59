"""Version 4: labels of measurements, and sets of measurements kept by name to compare with."""

from __future__ import annotations

import sqlite3

TABLES = """
CREATE TABLE label (
  cell INTEGER NOT NULL REFERENCES cell(id),
  text TEXT NOT NULL,
  PRIMARY KEY (cell, text)
);
CREATE TABLE baseline (
  name TEXT PRIMARY KEY,
  saved REAL NOT NULL              -- seconds since the epoch
);
CREATE TABLE baseline_cell (
  baseline TEXT NOT NULL REFERENCES baseline(name),
  cell INTEGER NOT NULL REFERENCES cell(id),
  PRIMARY KEY (baseline, cell)
);
"""


def migrate(connection: sqlite3.Connection) -> None:
    """New tables, empty; what is there stays as it is."""
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
