"""Stage ``merge``: events that a run found, beside those of a catalog."""

from quakeloom.stages.frame.stage import Reads, Stage

MERGE = Stage(
    name="merge",
    summary="Events that were found are compared with a catalog: the same, new, or not found.",
    module="quakeloom.stages.merge.verbs",
    chains=("events",),
    group="merge",
    reads=(Reads("locate", whole=True),),
    partitions="one",
    tables=("matches",),
    report="quakeloom.report:merge_section",
)
"""The record of stage ``merge``."""
