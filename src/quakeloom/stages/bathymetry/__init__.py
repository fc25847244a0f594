"""Stage ``bathymetry``: a grid of depths made finer, with ranges."""

from quakeloom.stages.frame.stage import Stage

BATHYMETRY = Stage(
    name="bathymetry",
    summary="A grid of the sea floor is made finer, with ranges and what is invented.",
    module="quakeloom.stages.bathymetry.verbs",
    chains=("analysis",),
    group="bathymetry",
    ways_only=("cluster",),
    partitions="one",
    tables=("seafloor_scores",),
    arrays=("bathymetry.zarr",),
    files=("bathymetry.nc", "bathymetry.json", "seafloor_samples.nc"),
    report="quakeloom.report:bathymetry_section",
)
"""The record of stage ``bathymetry``."""
