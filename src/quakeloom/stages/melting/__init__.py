"""Stage ``melting``: degrees of melting of basalts and the composition of their source."""

from quakeloom.stages.frame.stage import Stage

MELTING = Stage(
    name="melting",
    summary="Degrees of melting of basalts and the composition of their source.",
    module="quakeloom.stages.melting.verbs",
    chains=("analysis",),
    group="melting",
    partitions="one",
    tables=("melting_samples", "melting_source", "melting_models", "melting_left_out"),
    report="quakeloom.report:melting_section",
)
"""The record of stage ``melting``."""
