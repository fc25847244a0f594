"""Stage ``isocon``: gains and losses of altered rocks without choosing immobile elements."""

from quakeloom.stages.frame.stage import Stage

ISOCON = Stage(
    name="isocon",
    summary="Mass changes, gains and losses of altered rocks follow from analyses.",
    module="quakeloom.stages.isocon.verbs",
    chains=("analysis",),
    group="isocon",
    partitions="one",
    tables=("isocon_samples", "isocon_elements", "isocon_gains", "isocon_left_out"),
    report="quakeloom.report:isocon_section",
)
"""The record of stage ``isocon``."""
