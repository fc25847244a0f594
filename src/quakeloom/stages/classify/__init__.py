"""Stage ``classify``: earthquakes, tremor, blasts, far earthquakes and noise are told apart."""

from quakeloom.stages.frame.stage import Reads, Stage

CLASSIFY = Stage(
    name="classify",
    summary="Events are earthquakes, tremor, blasts, far earthquakes or noise, by their records.",
    module="quakeloom.stages.classify.verbs",
    chains=("events",),
    group="classify",
    settings=("waveforms.orientation",),
    ways_only=("cluster", "waveforms"),
    reads=(
        Reads("pick", when=lambda s: s.picks_windows),
        Reads("locate", when=lambda s: s.locate is not None),
    ),
    gathers=True,
    part_tables=("event_classes", "station_classes"),
    gathered=("event_classes", "station_classes"),
    tables=("event_classes", "station_classes"),
    report="quakeloom.report:class_section",
)
"""The record of stage ``classify``."""
