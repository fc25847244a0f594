"""Stage ``takeoff``: tables of take-off angles and travel times, one per velocity model."""

from quakeloom.stages.frame.stage import Stage

TAKEOFF = Stage(
    name="takeoff",
    summary="Velocity models become tables of take-off angles.",
    module="quakeloom.stages.takeoff.verbs",
    chains=("events",),
    group="takeoff",
    on=lambda settings: settings.takeoff.angles == "layered",
    settings=("selection.maximum_distance_km",),
    later_only=(
        "angles",
        "azimuth_error_deg",
        "takeoff_error_deg",
        "depth_error_km",
        "epicenter_errors",
        "epicenter_error_km",
        "distance",
    ),
    partitions="one",
)
"""The record of stage ``takeoff``."""
