"""Stage ``fluids``: lithology, fluid, porosity and pore shape of voxels."""

from quakeloom.stages.frame.stage import Reads, Stage

FLUIDS = Stage(
    name="fluids",
    summary="Velocities and conductivity become lithology, fluid, porosity and pore shape.",
    module="quakeloom.stages.fluids.verbs",
    chains=("analysis", "line", "region"),
    group="fluids",
    settings=("rockphysics",),
    reads=(
        Reads("rockphysics", whole=True),
        Reads("tomography", whole=True, when=lambda s: s.fluids is not None and s.fluids.ensemble),
        Reads("regional", whole=True, when=lambda s: s.fluids is not None and s.fluids.ensemble),
    ),
    partitions="one",
    tables=("fluid_voxels",),
    files=("fluids.nc",),
    report="quakeloom.report:fluids_section",
)
"""The record of stage ``fluids``."""
