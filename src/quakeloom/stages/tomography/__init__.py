"""Stage ``tomography``: picked travel times become an ensemble of velocity sections."""

from quakeloom.stages.frame.stage import Stage

TOMOGRAPHY = Stage(
    name="tomography",
    summary="Travel times of a refraction line become an ensemble of velocity sections.",
    module="quakeloom.stages.tomography.verbs",
    chains=("line",),
    group="tomography",
    shown_only=(
        "members",
        "mask_above_ratio",
        "mask_above_km_s",
        "exceedance_km_s",
        "isovelocities_km_s",
        "compare",
    ),
    ways_only=("cluster",),
    partitions="members",
    opens=True,
    gathers=True,
    tables=("travel_time_picks", "travel_time_fits", "rejects"),
    arrays=("ensemble.zarr",),
    files=("tomography.json", "sections.nc", "sections.csv"),
)
"""The record of stage ``tomography``."""
