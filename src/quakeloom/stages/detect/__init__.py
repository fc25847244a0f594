"""Stage ``detect``: picks over all time of a continuous archive, a day at a time."""

from quakeloom.stages.frame.stage import Reads, Stage

DETECT = Stage(
    name="detect",
    summary="Continuous records become picks over all time, with first motions and amplitudes.",
    module="quakeloom.stages.detect.verbs",
    chains=("events",),
    group="detect",
    settings=("waveforms.picker", "waveforms.polarity", "waveforms.orientation"),
    ways_only=("cluster", "waveforms"),
    reads=(Reads("ingest"),),
    partitions="days",
    gathers=True,
    part_tables=("detections", "detection_days", "rejects"),
    gathered=("detection_days",),
    tables=("detection_days",),
)
"""The record of stage ``detect``."""
