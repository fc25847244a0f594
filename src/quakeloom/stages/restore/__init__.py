"""Stage ``restore``: fields with noise and holes are restored."""

from quakeloom.stages.frame.stage import Stage

RESTORE = Stage(
    name="restore",
    summary="Images, maps and volumes with noise and holes are restored.",
    module="quakeloom.stages.restore.verbs",
    chains=("analysis",),
    group="restore",
    partitions="one",
    tables=("restorations",),
    files=("restored.nc",),
    report="quakeloom.report:restore_section",
)
"""The record of stage ``restore``."""
