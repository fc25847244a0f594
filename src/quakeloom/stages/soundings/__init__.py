"""Stage ``soundings``: soundings of a survey judged and gridded."""

from quakeloom.stages.frame.stage import Stage

SOUNDINGS = Stage(
    name="soundings",
    summary="Soundings are judged by the ground around them, and gridded; none is deleted.",
    module="quakeloom.stages.soundings.verbs",
    chains=("analysis",),
    group="soundings",
    partitions="one",
    tables=("soundings",),
    files=("soundings.nc", "soundings.json"),
    report="quakeloom.report:sounding_section",
)
"""The record of stage ``soundings``."""
