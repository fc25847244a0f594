"""Stage ``pick``: P and S in the windows of a partition."""

from quakeloom.stages.frame.stage import Reads, Stage

PICK = Stage(
    name="pick",
    summary="P and S are picked in the windows.",
    module="quakeloom.stages.pick.verbs",
    chains=("events",),
    group="waveforms",
    on=lambda settings: settings.cuts_windows,
    later_only=("fetch", "polarity", "polarities", "picks"),
    reads=(Reads("window"),),
    opens=True,
    gathers=True,
    part_tables=("picks",),
    gathered=("picks",),
    tables=("picks",),
)
"""The record of stage ``pick``."""
