"""A stage of another package: events near in time to the one before, counted by partition."""

import numpy as np
from pydantic import BaseModel

from quakeloom.report import Section, Text
from quakeloom.schema import TableSpec, Variable, make_table, register_table, time_values
from quakeloom.stages.frame.chains import plugin_options
from quakeloom.stages.frame.stage import Reads, Stage
from quakeloom.store import read_table


class Options(BaseModel, extra="forbid"):
    """Settings of the stage."""

    within_days: float = 2.0


register_table(
    TableSpec("swarms", "Events that follow another one.", ("event_id", "follows_days")),
    [Variable("follows_days", "float64", "d", "Time since the event before.", minimum=0)],
)

SWARM = Stage(
    name="swarm",
    summary="Events that follow another one are counted.",
    module=__name__,
    chains=("events",),
    group="plugins.swarm",
    reads=(Reads("mechanism"),),
    gathers=True,
    part_tables=("swarms",),
    gathered=("swarms",),
    tables=("swarms",),
    report="swarm:section",
    rules="swarm.smk",
    options="swarm:Options",
)


def find_swarms(times, within_days):
    """Return which events follow another one, and after how many days; times are sorted."""
    days = np.diff(times) / np.timedelta64(1, "D")
    near = np.flatnonzero(days <= within_days)
    return near + 1, days[near]


def compute(settings, layout, partition):
    """Find the events of a partition that follow another one."""
    events = read_table(layout.part("mechanism", partition) / "events.parquet", "events")
    times = time_values(events.column("origin_time"))
    rows, days = find_swarms(times, plugin_options(SWARM, settings).within_days)
    ids = events.column("event_id").take(rows)
    return {"swarms": make_table("swarms", {"event_id": ids, "follows_days": days}, len(rows))}


def section(settings, layout):
    """Return the section of the report."""
    count = read_table(layout.table("swarms"), "swarms").num_rows
    return Section("swarm", "Swarms").add(Text(f"{count} events follow another one."))
