"""Stage ``repeaters``: repeating earthquakes, and what they say of readings and stations."""

from quakeloom.stages.frame.stage import Reads, Stage

REPEATERS = Stage(
    name="repeaters",
    summary="Repeating earthquakes judge first motions without the truth, and find reversed "
    "stations.",
    module="quakeloom.stages.repeaters.verbs",
    chains=("events",),
    group="repeaters",
    settings=("waveforms.picker",),
    reads=(Reads("window", whole=True), Reads("pick", whole=True), Reads("polarity", whole=True)),
    partitions="one",
    tables=("repeaters", "repeater_pairs", "repeater_stations", "repeater_reversals"),
)
"""The record of stage ``repeaters``."""
