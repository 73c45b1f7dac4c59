"""The steps from one version of the results database's schema to the next, oldest first.

Each is a module of its own with `migrate(connection)`, is run inside one transaction, and is never changed once it was
released: it must not use today's classes. A new database is made by all of them. The tables of measurements are step 2's,
with what later steps added, those of labels and baselines step 4's, that of accuracies step 5's; tests/results/data holds a
file of every earlier version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from edge.results.migrations import step_1, step_2, step_3, step_4, step_5

STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    step_1.migrate,
    step_2.migrate,
    step_3.migrate,
    step_4.migrate,
    step_5.migrate,
)
SCHEMA_VERSION = len(STEPS)
_COLUMNS = """SELECT one.name, group_concat(its.name) FROM sqlite_master AS one JOIN pragma_table_info(one.name) AS its
              WHERE one.type = 'table' GROUP BY one.name"""
# What `columns` finds in a database of this version.
COLUMNS: Mapping[str, str] = {
    "accuracy": "id,finished,seconds,model,model_sha256,network,bytes,shapes,weights,target,precision,opt_version,flops,params,"
    "verification,metadata,dataset,dataset_sha256,classes,preprocessing,engine,program,synthetic,address,serialno,device,"
    "remarks,top5,outcomes",
    "baseline": "name,saved",
    "baseline_cell": "baseline,cell",
    "cell": "id,session,model,model_sha256,bytes,shapes,weights,target,precision,opt_version,flops,params,verification,threads,"
    "protocol,program,program_sha256,threads_honoured,contract,status,reasons,notes,error,started,finished,metadata",
    "label": "cell,text",
    "launch": "id,cell,session,number,runs,sampled,level_ms,mean_ms,engine,engine_version,synthetic,sound",
    "launch_data": "launch,samples_ms,facts",
    "session": "id,started,seed,edgezoo,kind,serialno,build,soc,address,device",
    "unreadable": "cell,session,why,content",
}


def columns(connection: sqlite3.Connection) -> dict[str, str]:
    """The names of every table's columns, in order."""
    return {str(table): str(names) for table, names in connection.execute(_COLUMNS)}
