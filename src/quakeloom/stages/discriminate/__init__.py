"""Stage ``discriminate``: which elements tell settings or sources of rocks apart."""

from quakeloom.stages.frame.stage import Stage

DISCRIMINATE = Stage(
    name="discriminate",
    summary="Subsets of elements that tell settings of rocks apart are searched and judged.",
    module="quakeloom.stages.discriminate.verbs",
    chains=("analysis",),
    group="discriminate",
    partitions="one",
    tables=(
        "discriminate_models",
        "discriminate_density",
        "discriminate_columns",
        "discriminate_scores",
        "discriminate_samples",
        "discriminate_left_out",
    ),
    report="quakeloom.report:discriminate_section",
)
"""The record of stage ``discriminate``."""
