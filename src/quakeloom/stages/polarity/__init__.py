"""Stage ``polarity``: first motions at the P picks of a partition."""

from quakeloom.stages.frame.stage import Reads, Stage

POLARITY = Stage(
    name="polarity",
    summary="First motions are read at P picks.",
    module="quakeloom.stages.polarity.verbs",
    chains=("events",),
    group="waveforms",
    on=lambda settings: settings.cuts_windows,
    later_only=("fetch",),
    reads=(Reads("window"), Reads("pick")),
    opens=True,
    gathers=True,
    part_tables=("polarities", "rejects"),
)
"""The record of stage ``polarity``."""
