"""Stage ``associate``: picks over all time become events, with an account of every pick."""

from quakeloom.stages.frame.stage import Reads, Stage

_TABLES = ("associations", "assignments", "unassigned_picks")
"""Tables of every day, and of the run."""

ASSOCIATE = Stage(
    name="associate",
    summary="Picks over all time become events, with an account of every pick.",
    module="quakeloom.stages.associate.verbs",
    chains=("events",),
    group="associate",
    settings=("takeoff.models",),
    reads=(Reads("ingest"), Reads("detect", beside=1)),
    partitions="days",
    finds_events=True,
    gathers=True,
    part_tables=_TABLES,
    tables=_TABLES,
    report="quakeloom.report:found_events_section",
)
"""The record of stage ``associate``."""
