"""Stage ``catalogs``: catalogs of mechanisms, split into calendar bins for the stress map."""

from quakeloom.stages.frame.stage import Stage

CATALOGS = Stage(
    name="catalogs",
    summary="Catalogs of mechanisms become one table.",
    module="quakeloom.stages.catalogs.verbs",
    chains=("mechanisms",),
    settings=("stress.catalogs",),
    ways_only=("partition",),
    partitions="one",
    tables=("mechanisms", "rejects"),
)
"""The record of stage ``catalogs``."""
