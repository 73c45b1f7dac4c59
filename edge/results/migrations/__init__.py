"""The steps from one version of the results database's schema to the next, oldest first.

Each is a module of its own with `migrate(connection)`, is run inside one transaction, and is never changed once it was
released: it must not use today's classes. A new database is made by all of them. Step 2 shows the tables of
measurements as they are, step 3 those of labels and baselines; tests/results/data holds a file of every earlier version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from edge.results.migrations import step_1, step_2, step_3

STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (step_1.migrate, step_2.migrate, step_3.migrate)
SCHEMA_VERSION = len(STEPS)
