"""Version 1: sessions, cells, launches; most of a cell as the JSON of its classes."""

from __future__ import annotations

import sqlite3

_TABLES = """
CREATE TABLE session (
  id INTEGER PRIMARY KEY, started REAL NOT NULL, seed INTEGER NOT NULL, edgezoo TEXT NOT NULL, device TEXT NOT NULL
);
CREATE TABLE cell (
  id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session(id), model TEXT NOT NULL,
  model_sha256 TEXT NOT NULL, serial TEXT NOT NULL, threads INTEGER NOT NULL, protocol TEXT NOT NULL,
  program_sha256 TEXT NOT NULL, subject TEXT NOT NULL, program TEXT NOT NULL, status TEXT NOT NULL,
  reasons TEXT NOT NULL, notes TEXT NOT NULL, error TEXT, started REAL NOT NULL, finished REAL
);
CREATE INDEX cell_key ON cell (model_sha256, serial, threads, program_sha256);
CREATE TABLE launch (
  id INTEGER PRIMARY KEY, cell INTEGER NOT NULL REFERENCES cell(id),
  session INTEGER NOT NULL REFERENCES session(id), number INTEGER NOT NULL, samples_ms TEXT NOT NULL,
  facts TEXT NOT NULL, UNIQUE (cell, number)
);
"""


def migrate(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
