"""Stage ``magnitude``: amplitudes of the run become magnitudes, and these a catalog's measure."""

from quakeloom.stages.frame.stage import Reads, Stage

MAGNITUDE = Stage(
    name="magnitude",
    summary="Magnitudes from the run's amplitudes, completeness and b-values.",
    module="quakeloom.stages.magnitude.verbs",
    chains=("events",),
    group="magnitude",
    on=lambda s: s.finds_events,
    reads=(Reads("associate", whole=True), Reads("locate", whole=True)),
    partitions="one",
    tables=("magnitudes", "station_magnitudes", "magnitude_terms", "completeness"),
    files=("magnitude.json",),
    report="quakeloom.report:magnitude_section",
)
"""The record of stage ``magnitude``."""
