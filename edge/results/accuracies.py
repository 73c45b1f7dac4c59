"""Accuracies in the results database: kept, found again, deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from edge.errors import ResultsError, UnknownResultError
from edge.results import rows
from edge.results.accuracy import AMONG_FIVE, RIGHT, UNREADABLE, WRONG, Accuracy
from edge.results.database import Database
from edge.results.domains import DamagedRowError, check_row
from edge.results.identity import DeviceIdentity
from edge.results.measurement import Subject
from edge.results.rows import Row

_OF_SUBJECT = ("weights", "target", "precision", "opt_version", "flops", "params", "verification")


def network_id(subject: Subject) -> str | None:
    """The program, weights and precision of a file, whatever it was made for; None where its metadata does not say."""
    source = (subject.metadata or {}).get("source")
    known = [source.get(name) if isinstance(source, Mapping) else None for name in ("program_sha256", "params_sha256")]
    parts = [*known, subject.precision]
    return " ".join(map(str, parts)) if all(parts) else None


class Accuracies:
    """Of one database, which stays the store's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, one: Accuracy) -> int:
        """Keep it; returns its id, which is not that of `one`.

        What was judged before and came out the same, image by image, stays one row, which now tells of the newer time: also
        of an evaluation that was killed after it was kept, and run again.
        """
        subject = one.subject
        values = {
            "finished": one.finished,
            "seconds": one.seconds,
            "model": subject.name,
            "model_sha256": subject.sha256,
            "network": one.network,
            "bytes": subject.bytes,
            "shapes": rows.shapes_text(subject.shapes),
            **{name: getattr(subject, name) for name in _OF_SUBJECT},
            "metadata": None if subject.metadata is None else _json(subject.metadata),
            "dataset": one.dataset,
            "dataset_sha256": one.dataset_sha256,
            "classes": one.classes,
            "preprocessing": _json(one.preprocessing),
            "engine": one.engine,
            "program": None if one.program is None else _json(one.program),
            "synthetic": int(one.synthetic),
            "address": str(one.device.get("serial") or ""),
            "serialno": DeviceIdentity.of(one.device).serialno or "",
            "device": _json(one.device),
            "remarks": _json({"remarks": one.remarks}),
            "top5": int(one.has_top5),
            "outcomes": one.outcomes,
        }
        names, blanks = ", ".join(values), ", ".join("?" * len(values))
        same = " AND ".join(f"{name} IS :{name}" for name in values if name not in ("finished", "seconds"))
        with self._database.transaction() as execute:
            known = execute(f"SELECT id FROM accuracy WHERE {same} ORDER BY id DESC", values).fetchone()
            if known is not None:
                execute(
                    "UPDATE accuracy SET finished = ?, seconds = ? WHERE id = ?",
                    (one.finished, one.seconds, known["id"]),
                )
                return int(known["id"])
            cursor = execute(f"INSERT INTO accuracy ({names}) VALUES ({blanks})", tuple(values.values()))
            return int(cursor.lastrowid or 0)

    def all(self, *, model: str | None = None, device: str | None = None) -> tuple[list[Accuracy], list[str]]:
        """Those that match, oldest first; and a sentence for each row that is damaged. `device`: serial number or address."""
        found, damaged = [], []
        for row in self._database.rows(
            "SELECT * FROM accuracy WHERE ? IN (model, '') AND (? IN (serialno, address, '')) ORDER BY finished, id",
            model or "",
            device or "",
        ):
            try:
                found.append(_accuracy(row))
            except DamagedRowError as error:
                damaged.append(f"accuracy {row['id']} in {self._database.path} is damaged: {error}")
        return found, damaged

    def get(self, id: int) -> Accuracy:
        """Raises `UnknownResultError` if there is none of that id, `ResultsError` if it is damaged."""
        row = self._database.one("SELECT * FROM accuracy WHERE id = ?", id)
        if row is None:
            raise UnknownResultError(
                f"there is no accuracy {id} in {self._database.path}", hint="see `edgezoo results accuracy`"
            )
        try:
            return _accuracy(row)
        except DamagedRowError as error:
            raise ResultsError(f"accuracy {id} in {self._database.path} is damaged: {error}") from error

    def of(self, subject: Subject) -> Accuracy | None:
        """The newest of that very file, else of the same program, weights and precision in another; none synthetic."""
        for column, value in (("model_sha256", subject.sha256), ("network", network_id(subject))):
            row = self._database.one(
                f"SELECT * FROM accuracy WHERE {column} = ? AND NOT synthetic ORDER BY finished DESC, id DESC", value
            )
            if row is not None:
                try:
                    return _accuracy(row)
                except DamagedRowError:
                    continue  # `results accuracy` names it
        return None

    def delete(self, id: int) -> None:
        """Raises `UnknownResultError` if there is none of that id."""
        with self._database.transaction() as execute:
            if not execute("DELETE FROM accuracy WHERE id = ?", (id,)).rowcount:
                raise UnknownResultError(
                    f"there is no accuracy {id} in {self._database.path}", hint="see `edgezoo results accuracy`"
                )


def _accuracy(row: sqlite3.Row) -> Accuracy:
    check_row("accuracy", row)
    one = Row(row, "accuracy")
    outcomes = one.blob("outcomes")
    remarks = one.mapping("remarks").get("remarks")
    if not set(outcomes) - {UNREADABLE} or not isinstance(remarks, list):
        raise DamagedRowError("it has no image")
    if set(outcomes) - {RIGHT, AMONG_FIVE, WRONG, UNREADABLE}:
        raise DamagedRowError("an image came to what none can")
    return Accuracy(
        id=one.whole("id"),
        finished=one.number("finished"),
        seconds=one.number("seconds"),
        subject=rows.subject(one),
        network=one.text_if_known("network"),
        dataset=one.text("dataset"),
        dataset_sha256=one.text("dataset_sha256"),
        classes=one.whole_if_known("classes"),
        preprocessing=one.mapping("preprocessing"),
        engine=one.text("engine"),
        program=None if row["program"] is None else one.mapping("program"),
        synthetic=bool(one.whole("synthetic")),
        device=one.mapping("device"),
        remarks=tuple(map(str, remarks)),
        has_top5=bool(one.whole("top5")),
        outcomes=outcomes,
    )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
