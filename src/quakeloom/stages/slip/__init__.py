"""Stage ``slip``: slip on a fault from displacements, with uncertain medium and geometry."""

from quakeloom.stages.frame.stage import Stage

SLIP = Stage(
    name="slip",
    summary="Displacements of the surface become slip on a fault, as a mixture of models.",
    module="quakeloom.stages.slip.verbs",
    chains=("analysis",),
    group="slip",
    partitions="one",
    tables=("displacements", "slip_patches", "slip_models"),
    files=("slip.json",),
    report="quakeloom.report:slip_section",
)
"""The record of stage ``slip``."""
