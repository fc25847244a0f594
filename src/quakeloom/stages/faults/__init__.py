"""Stage ``faults``: planes found in the hypocenters and mechanisms of a run."""

from quakeloom.stages.frame.stage import Reads, Stage

FAULTS = Stage(
    name="faults",
    summary="Finite planes are found in hypocenters and mechanisms.",
    module="quakeloom.stages.faults.verbs",
    chains=("events",),
    group="faults",
    ways_only=("cluster",),
    reads=(Reads("locate", whole=True), Reads("mechanism", whole=True)),
    partitions="one",
    tables=("faults", "fault_members", "fault_draws"),
    files=("faults.geojson",),
    report="quakeloom.report:fault_section",
)
"""The record of stage ``faults``."""
