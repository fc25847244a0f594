"""Stage ``fluids``: lithology, fluid, porosity and pore shape of voxels."""

from quakeloom.stages.frame.stage import Reads, Stage

FLUIDS = Stage(
    name="fluids",
    summary="Velocities and conductivity become lithology, fluid, porosity and pore shape.",
    module="quakeloom.stages.fluids.verbs",
    chains=("analysis",),
    group="fluids",
    settings=("rockphysics",),
    reads=(Reads("rockphysics", whole=True),),
    partitions="one",
    tables=("fluid_voxels",),
    files=("fluids.nc",),
    report="quakeloom.report:fluids_section",
)
"""The record of stage ``fluids``."""
