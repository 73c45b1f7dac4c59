"""Version 2: what identifies a measurement in columns, remarks as codes, samples apart from what a list shows."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Sequence
from typing import Any

TABLES = """
CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  started REAL NOT NULL,           -- seconds since the epoch
  seed INTEGER NOT NULL,           -- of the order of launches
  edgezoo TEXT NOT NULL,           -- version
  kind TEXT NOT NULL,              -- android, host: the device itself; '' is unknown
  serialno TEXT NOT NULL,          -- ro.serialno, of a host a hash of its machine id
  build TEXT NOT NULL,             -- fingerprint
  soc TEXT NOT NULL,
  address TEXT NOT NULL,           -- how it was reached: adb's serial, host
  device TEXT NOT NULL             -- JSON: properties, prepared settings, state
);
CREATE TABLE cell (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES session(id),  -- the one it was begun in
  model TEXT NOT NULL,             -- the name it was first measured under
  model_sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  shapes TEXT NOT NULL,            -- of the inputs, with the batch: 1x3x224x224,1x2
  weights TEXT,
  target TEXT,
  precision TEXT,
  opt_version TEXT,
  flops INTEGER,
  params INTEGER,
  verification TEXT,
  threads INTEGER NOT NULL,
  protocol TEXT NOT NULL,          -- JSON: every parameter by name
  program TEXT NOT NULL,
  program_sha256 TEXT NOT NULL,
  threads_honoured INTEGER NOT NULL,
  contract INTEGER,                -- of program and driver; NULL: another program's own way
  status TEXT NOT NULL,            -- unfinished, measured, failed
  reasons TEXT NOT NULL,           -- JSON: codes and values, why it is invalid
  notes TEXT NOT NULL,             -- JSON: codes and values
  error TEXT,
  started REAL NOT NULL,
  finished REAL,
  metadata TEXT                    -- JSON: NAME.json; last, for a list does not read it
);
CREATE INDEX cell_key ON cell (model_sha256, threads, program_sha256, shapes);
CREATE TABLE launch (
  id INTEGER PRIMARY KEY,
  cell INTEGER NOT NULL REFERENCES cell(id),
  session INTEGER NOT NULL REFERENCES session(id),
  number INTEGER NOT NULL,
  runs INTEGER NOT NULL,           -- measured ones
  sampled INTEGER NOT NULL,        -- whether each is told
  level_ms REAL,                   -- the launch as one number: median, or the mean where no samples are told
  mean_ms REAL,
  engine TEXT,
  engine_version TEXT,
  synthetic INTEGER NOT NULL,
  UNIQUE (cell, number)
);
CREATE TABLE launch_data (
  launch INTEGER PRIMARY KEY REFERENCES launch(id),
  samples_ms BLOB NOT NULL,        -- float64, little-endian
  facts TEXT NOT NULL              -- JSON: all else that was said or read
);
CREATE TABLE unreadable (          -- rows of an earlier version that made no sense, as they were
  cell INTEGER NOT NULL,
  session INTEGER NOT NULL,
  why TEXT NOT NULL,
  content TEXT NOT NULL            -- JSON
);
"""


def migrate(connection: sqlite3.Connection) -> None:
    """The old rows into the new tables; every number keeps its bits, every sentence becomes the remark `other`."""
    for table in ("session", "cell", "launch"):
        connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    connection.execute("DROP INDEX cell_key")
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
    for row in _rows(connection, "SELECT * FROM old_session"):
        try:
            connection.execute(f"INSERT INTO session VALUES ({_blanks(10)})", _session(row))
        except sqlite3.OperationalError:
            raise
        except Exception:  # what a damaged row can hold has no end
            connection.execute(f"INSERT OR IGNORE INTO session VALUES ({_blanks(10)})", _bare_session(row))
    for row in _rows(connection, "SELECT * FROM old_cell"):
        launches = _rows(connection, "SELECT * FROM old_launch WHERE cell = ? ORDER BY number", row["id"])
        connection.execute("SAVEPOINT one")
        try:
            _put(connection, _cell(row), [_launch(launch) for launch in launches])
        except sqlite3.OperationalError:  # a full disk, a file that is locked
            raise
        except Exception as error:  # what a damaged row can hold has no end
            connection.execute("ROLLBACK TO one")
            content = json.dumps({"cell": row, "launches": launches}, default=repr)
            why = f"{type(error).__name__}: {error}".encode(errors="replace").decode()[:200]
            connection.execute("INSERT INTO unreadable VALUES (?, ?, ?, ?)", (row["id"], row["session"], why, content))
        connection.execute("RELEASE one")
    for table in ("launch", "cell", "session"):
        connection.execute(f"DROP TABLE old_{table}")


def _put(
    connection: sqlite3.Connection, cell: Sequence[Any], made: Sequence[tuple[Sequence[Any], Sequence[Any]]]
) -> None:
    connection.execute(f"INSERT INTO cell VALUES ({_blanks(len(cell))})", cell)
    for launch, data in made:
        connection.execute(f"INSERT INTO launch VALUES ({_blanks(len(launch))})", launch)
        connection.execute("INSERT INTO launch_data VALUES (?, ?, ?)", (launch[0], *data))


def _bare_session(row: dict[str, Any]) -> Sequence[Any]:
    """With its number alone: its cells stay."""
    return (row["id"], 0.0, 0, "", "unknown", "", "", "", "", "{}")


def _rows(connection: sqlite3.Connection, query: str, *values: object) -> list[dict[str, Any]]:
    cursor = connection.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _blanks(count: int) -> str:
    return ", ".join("?" * count)


def _session(row: dict[str, Any]) -> Sequence[Any]:
    """Its serial was adb's: how the device was reached. Which device it was is not known."""
    try:
        device = dict(json.loads(row["device"]))
    except (ValueError, TypeError):
        device = {}
    soc = str(device.get("soc_model") or device.get("soc") or "")
    kind = str(device.get("kind") or "unknown")
    build = "" if kind == "host" else str(device.get("build") or "")
    address = str(device.get("serial") or "")
    return (row["id"], row["started"], row["seed"], row["edgezoo"], kind, "", build, soc, address, row["device"])


def _cell(row: dict[str, Any]) -> Sequence[Any]:
    subject, program, protocol = (dict(json.loads(row[name])) for name in ("subject", "program", "protocol"))
    shapes = ",".join("x".join(str(int(number)) for number in shape) for shape in subject["shapes"])
    name = str(program["name"])
    metadata = subject.get("metadata")
    return (
        *(row["id"], row["session"], row["model"], row["model_sha256"], subject["bytes"], shapes),
        *(subject.get(one) for one in ("weights", "target", "precision", "opt_version", "flops", "params")),
        *(subject.get("verification"), row["threads"], json.dumps(protocol, sort_keys=True)),
        *(name, row["program_sha256"], int(program.get("threads_honoured", True))),
        None if name.startswith("benchmark_bin") else 1,  # there was one contract
        *(row["status"], _remarks(json.loads(row["reasons"])), _remarks(json.loads(row["notes"]))),
        *(row["error"], row["started"], row["finished"]),
        None if metadata is None else json.dumps(metadata, ensure_ascii=False),
    )


def _launch(row: dict[str, Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    facts, samples = dict(json.loads(row["facts"])), [float(one) for one in json.loads(row["samples_ms"])]
    extremes = facts.get("extremes")
    ordered, middle = sorted(samples), len(samples) // 2
    level: float | None
    mean: float | None
    if samples:
        runs, mean = len(samples), sum(samples) / len(samples)
        level = ordered[middle] if len(samples) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    else:
        runs, mean = (extremes["runs"], extremes["mean"]) if extremes else (0, None)
        level = mean
    engine, version, synthetic = facts.pop("engine", None), facts.pop("engine_version", None), facts.pop("synthetic")
    del facts["number"]
    for name in ("reasons", "notes"):
        facts[name] = json.loads(_remarks(facts[name]))
    launch: Sequence[Any] = (row["id"], row["cell"], row["session"], row["number"], runs, int(bool(samples)))
    launch = (*launch, level, mean, engine, version, int(synthetic))
    return launch, (_blob(samples), json.dumps(facts, ensure_ascii=False))


def _remarks(sentences: Sequence[str]) -> str:
    return json.dumps([{"code": "other", "parameters": {"text": str(one)}} for one in sentences], ensure_ascii=False)


def _blob(samples: Sequence[float]) -> bytes:
    from sys import byteorder

    values = array("d", samples)
    if byteorder == "big":
        values.byteswap()
    return values.tobytes()
