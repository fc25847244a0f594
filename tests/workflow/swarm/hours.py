"""Two stages of another package: one finds its partitions by running, the other follows."""

import numpy as np

from quakeloom.schema import make_table, time_values
from quakeloom.stages.frame.stage import Reads, Stage
from quakeloom.store import read_json, read_table, write_json_if_changed

FIND = Stage(
    name="findhours",
    summary="Hours of the day that have events are found.",
    module=__name__,
    chains=("events",),
    group="plugins.findhours",
    reads=(Reads("mechanism", whole=True),),
    partitions="one",
    files=("hours.json",),
    rules="hours.smk",
)
HOURS = Stage(
    name="hours",
    summary="Events by hours that were found.",
    module="hours_of",
    chains=("events",),
    group="plugins.findhours",
    reads=(Reads("findhours", whole=True),),
    found_by="findhours",
    rules="hours.smk",
    gathers=True,
    part_tables=("rejects",),
)


def part(settings, layout):
    """Find the hours."""
    from quakeloom.stages.frame.partition_states import open_part

    times = time_values(read_table(layout.table("events"), "events").column("origin_time"))
    hours = np.unique(times.astype("datetime64[h]").astype(int) % 24)
    with open_part(layout, "findhours", "one") as job:
        write_json_if_changed(layout.root / "hours.json", [f"h{h:02d}" for h in hours])
        job.also.append(layout.root / "hours.json")
    return job.summary


def count(layout, partition):
    """Return the events of an hour, as rows."""
    assert partition in read_json(layout.root / "hours.json")
    return {"rejects": make_table("rejects", {"reason": [partition]}, 1)}
