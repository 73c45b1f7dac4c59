"""Version 5: accuracies, each with what every single image came to, so that two of the same images can be compared in pairs."""

from __future__ import annotations

import sqlite3

TABLES = """
CREATE TABLE accuracy (
  id INTEGER PRIMARY KEY,
  finished REAL NOT NULL,          -- seconds since the epoch
  seconds REAL NOT NULL,
  model TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  network TEXT,                    -- program, weights and precision, whatever file they are in; NULL: not known
  bytes INTEGER NOT NULL,
  shapes TEXT NOT NULL,
  weights TEXT,
  target TEXT,
  precision TEXT,
  opt_version TEXT,
  flops INTEGER,
  params INTEGER,
  verification TEXT,
  metadata TEXT,
  dataset TEXT NOT NULL,           -- the folder's name
  dataset_sha256 TEXT NOT NULL,    -- of the contents and classes of all its images
  classes INTEGER,
  preprocessing TEXT NOT NULL,
  engine TEXT NOT NULL,
  program TEXT,                    -- NULL: an engine in its own interpreter
  synthetic INTEGER NOT NULL,
  address TEXT NOT NULL,           -- how the device was reached
  serialno TEXT NOT NULL,
  device TEXT NOT NULL,
  remarks TEXT NOT NULL,
  top5 INTEGER NOT NULL,           -- whether there is a top-5
  outcomes BLOB NOT NULL           -- a byte an image, in the order of contents: 2 right, 1 in best five, 0 wrong, 255 unread
);
CREATE INDEX accuracy_model ON accuracy (model_sha256);
CREATE INDEX accuracy_network ON accuracy (network);
"""


def migrate(connection: sqlite3.Connection) -> None:
    """A new table, empty; what is there stays as it is."""
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
