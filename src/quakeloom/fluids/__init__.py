"""Rock physics and fluids: from velocities and conductivity to porosity, pore shape and rock.

Floor 4. Arrays in, arrays out. :func:`rock_velocities` is the forward model behind one protocol
(:data:`ELASTIC_MODELS`), :data:`MIXING` has the mixing laws of conductivity; brine and melt follow
from pressure, temperature, salinity and water. :func:`select_candidates` gives the exact evidence
of every lithology with every fluid.
"""

from quakeloom.fluids._candidates import (
    LITHOLOGY_COLUMNS,
    Candidate,
    ForwardTables,
    Lithology,
    PoreGrid,
    make_candidates,
    read_lithologies,
    tabulate_candidates,
)
from quakeloom.fluids._conductivity import (
    MIXING,
    brine_conductivity,
    depolarization,
    melt_conductivity,
    mix_archie,
    mix_lower,
    mix_spheroids,
    mix_tubes,
    mix_upper,
    solid_conductivity,
)
from quakeloom.fluids._moduli import (
    ELASTIC_MODELS,
    ElasticModel,
    Material,
    fill_pores,
    find_elastic_model,
    hashin_shtrikman,
    rock_velocities,
    velocities,
)
from quakeloom.fluids._pore_fluids import (
    MELTS,
    PoreFluid,
    WaterTable,
    aqueous_fluid,
    silicate_melt,
)
from quakeloom.fluids._porosity_map import PorosityMap, map_porosity
from quakeloom.fluids._selection import (
    LEVELS,
    VOXEL_STATUSES,
    Selection,
    VoxelData,
    judge_voxels,
    select_candidates,
)
from quakeloom.fluids._simulated import SimulatedVoxels, simulate_voxels
from quakeloom.fluids._spheroids import (
    differential_grid,
    self_consistent_grid,
    spheroid_factors,
)

__all__ = [
    "ELASTIC_MODELS",
    "LEVELS",
    "LITHOLOGY_COLUMNS",
    "MELTS",
    "MIXING",
    "VOXEL_STATUSES",
    "Candidate",
    "ElasticModel",
    "ForwardTables",
    "Lithology",
    "Material",
    "PoreFluid",
    "PoreGrid",
    "PorosityMap",
    "Selection",
    "SimulatedVoxels",
    "VoxelData",
    "WaterTable",
    "aqueous_fluid",
    "brine_conductivity",
    "depolarization",
    "differential_grid",
    "fill_pores",
    "find_elastic_model",
    "hashin_shtrikman",
    "judge_voxels",
    "make_candidates",
    "map_porosity",
    "melt_conductivity",
    "mix_archie",
    "mix_lower",
    "mix_spheroids",
    "mix_tubes",
    "mix_upper",
    "read_lithologies",
    "rock_velocities",
    "select_candidates",
    "self_consistent_grid",
    "silicate_melt",
    "simulate_voxels",
    "solid_conductivity",
    "spheroid_factors",
    "tabulate_candidates",
    "velocities",
]
