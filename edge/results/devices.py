"""The devices that a database has measurements of."""

from __future__ import annotations

from edge.results.database import Database
from edge.results.identity import DeviceIdentity


def equal_devices(database: Database, one: DeviceIdentity) -> list[DeviceIdentity]:
    """Those of the same kind, chip and system, that one among them; a chip that is not known equals no other."""
    rows = database.rows(
        "SELECT DISTINCT kind, serialno, build, soc, CASE serialno WHEN '' THEN address END AS address FROM session"
        " WHERE kind = ? AND build = ? AND soc = ? AND soc != ''",
        *(one.kind, one.build or "", one.soc or ""),
    )
    return [
        DeviceIdentity(row["kind"], row["serialno"] or None, row["build"] or None, row["soc"] or None, row["address"])
        for row in rows
    ]
