"""The steps from one version of the results database's schema to the next, oldest first.

Each is a module of its own with `migrate(connection)`, is run inside one transaction, and is never changed once it was
released: it must not use today's classes. A new database is made by all of them. The tables of measurements are step 2's,
with what later steps added, those of labels and baselines step 4's, that of accuracies step 5's; tests/results/data holds a
file of every earlier version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from edge.results.migrations import step_1, step_2, step_3, step_4, step_5

STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    step_1.migrate,
    step_2.migrate,
    step_3.migrate,
    step_4.migrate,
    step_5.migrate,
)
SCHEMA_VERSION = len(STEPS)
