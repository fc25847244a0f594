"""Stage ``stations``: how often the readings of a station contradict the mechanisms."""

from quakeloom.stages.frame.stage import Reads, Stage

STATIONS = Stage(
    name="stations",
    summary="How often stations contradict the mechanisms; which look reversed.",
    module="quakeloom.stages.stations.verbs",
    chains=("events",),
    settings=("selection", "mechanism.polarity_error_rate"),
    reads=(Reads("mechanism", whole=True),),
    partitions="one",
    tables=("station_report", "station_months", "reversal_proposals"),
)
"""The record of stage ``stations``."""
