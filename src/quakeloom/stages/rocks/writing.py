"""Writing the tables of a stage of rock analyses."""

from __future__ import annotations

import pyarrow as pa

from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import PartJob
from quakeloom.stages.frame.stage import Stage
from quakeloom.store import RunLayout, write_table


def write_rock_tables(
    stage: Stage, layout: RunLayout, job: PartJob, tables: dict[str, pa.Table]
) -> None:
    """Write the tables of a stage that is one job, and tell the job that they are its own."""
    provenance = read_kept_provenance(layout, stage.name)
    for name, table in tables.items():
        write_table(layout.table(name), name, table, provenance)
    job.also += [layout.root / name for name in stage.owned]
