"""Stage ``rockphysics``: candidates of lithology and fluid at depth."""

from quakeloom.stages.frame.stage import Stage

ROCKPHYSICS = Stage(
    name="rockphysics",
    summary="Lithologies with fluids in their pores: properties at pressure and temperature.",
    module="quakeloom.stages.rockphysics.verbs",
    chains=("analysis", "line", "region"),
    group="rockphysics",
    partitions="one",
    tables=("rock_candidates",),
    report="quakeloom.report:rockphysics_section",
)
"""The record of stage ``rockphysics``."""
