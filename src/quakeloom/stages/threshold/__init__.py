"""Stage ``threshold``: the minimum probability of first motions, by the mechanisms it gives."""

from quakeloom.stages.frame.stage import Reads, Stage

THRESHOLD = Stage(
    name="threshold",
    summary="The minimum probability of first motions is chosen by the mechanisms that it gives.",
    module="quakeloom.stages.threshold.verbs",
    chains=("events",),
    group="threshold",
    settings=("selection", "takeoff", "mechanism", "waveforms", "storage"),
    reads=(
        Reads("takeoff", whole=True),
        Reads("polarity"),
        Reads("locate", when=lambda s: s.takeoff.angles == "ensemble"),
    ),
    opens=True,
    gathers=True,
    opens_late=True,
    part_tables=("threshold_trials",),
    gathered=("threshold_trials",),
    tables=("threshold_trials", "threshold_curve"),
    files=("threshold.json",),
)
"""The record of stage ``threshold``."""
