"""Stage ``simulate``: a synthetic catalog with known truth, as source tables."""

from quakeloom.stages.frame.stage import Stage

SIMULATE = Stage(
    name="simulate",
    summary="A synthetic catalog with known truth, while planning.",
    module="quakeloom.stages.simulate.verbs",
    chains=("events",),
    group="simulation",
    settings=("waveforms", "takeoff.models"),
    partitions="planning",
)
"""The record of stage ``simulate``."""
