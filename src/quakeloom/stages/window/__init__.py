"""Stage ``window``: waveforms around expected arrivals, cut once and stored as one array."""

from quakeloom.stages.frame.stage import Reads, Stage

WINDOW = Stage(
    name="window",
    summary="Waveforms around expected arrivals are cut and stored.",
    module="quakeloom.stages.window.verbs",
    chains=("events",),
    group="waveforms",
    on=lambda settings: settings.cuts_windows,
    settings=("selection.maximum_distance_km", "selection.station_epochs", "takeoff.angles"),
    later_only=(
        "fetch",
        "picks",
        "p_threshold",
        "s_threshold",
        "polarity",
        "polarities",
        "tolerance_s",
        "tolerance_share",
    ),
    reads=(Reads("takeoff", whole=True),),
    opens=True,
    gathers=True,
    part_tables=("windows",),
    gathered=("windows",),
    tables=("windows",),
)
"""The record of stage ``window``."""
