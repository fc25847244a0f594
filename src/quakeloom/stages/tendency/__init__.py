"""Stage ``tendency``: slip tendency of faults in the stress map."""

from quakeloom.stages.frame.stage import Reads, Stage

TENDENCY = Stage(
    name="tendency",
    summary="Slip tendency of faults in the stress map.",
    module="quakeloom.stages.tendency.verbs",
    chains=("events", "mechanisms"),
    group="tendency",
    reads=(
        Reads("stress", whole=True),
        Reads("faults", whole=True, when=lambda s: s.tendency is not None and s.tendency.found),
    ),
    partitions="one",
    tables=("tendency",),
    files=("tendency.csv", "tendency.geojson"),
)
"""The record of stage ``tendency``."""
