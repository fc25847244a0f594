"""Stage ``ingest``: foreign files become registered tables, and rows find partitions."""

from quakeloom.stages.frame.stage import Reads, Stage

INGEST = Stage(
    name="ingest",
    summary="Source files become tables, and events find their partitions, while planning.",
    module="quakeloom.stages.ingest.verbs",
    chains=("events",),
    settings=("sources", "simulation", "data"),
    ways_only=("partition", "cluster"),
    reads=(Reads("simulate", whole=True),),
    partitions="planning",
)
"""The record of stage ``ingest``."""
