"""Stress from focal mechanisms: smoothed inversion, SHmax, regimes and their uncertainty.

Floor 4. Arrays in, arrays out. Stress is deviatoric and tension positive; axes are north,
east, down; its length is arbitrary (the mean shear traction on faults is 1).
"""

from quakeloom.stress._bootstrap import Bootstrap, bootstrap_confidence
from quakeloom.stress._boundary import crosses_boundary
from quakeloom.stress._families import find_families
from quakeloom.stress._field import StressField, independent_scatter, widen_field
from quakeloom.stress._grid import StressGrid, fill_gaps, mask_near, mask_polygons
from quakeloom.stress._interpolation import (
    NEIGHBOR_SHIFTS,
    find_neighbors,
    interpolate_covariance,
    interpolate_field,
)
from quakeloom.stress._inversion import StressInversion, invert_stress
from quakeloom.stress._keyed import add_keyed, grid_around, key_statistics, stack_keyed
from quakeloom.stress._mechanisms import (
    SET_SIZE,
    acceptance_table,
    basis_change,
    design_rows,
    mechanism_statistics,
    tensor_basis,
    thin_acceptance,
    weigh_acceptance,
)
from quakeloom.stress._plane_inversion import (
    MechanismSets,
    PlaneModel,
    ProbableStress,
    invert_probable_planes,
    join_sets,
    plan_sampling,
)
from quakeloom.stress._plane_posterior import Sampling
from quakeloom.stress._planes import (
    FRICTIONS,
    PlacedMechanisms,
    PlaneChoice,
    choose_random_planes,
    invert_unstable_planes,
    length_ratio,
    plane_instability,
)
from quakeloom.stress._statistics import (
    StressStatistics,
    accumulate_statistics,
    sum_statistics,
)
from quakeloom.stress._tensors import (
    REGIMES,
    StressDescription,
    axial_difference,
    classify_regime,
    describe_stress,
    regime_number,
    shape_ratio,
    shmax_deviations,
    shmax_direction,
    shmax_lund_townend,
    stress_components,
    stress_tensors,
)
from quakeloom.stress._uncertainty import (
    StressUncertainty,
    draw_nodes,
    grade_quality,
    summarize_draws,
    summarize_posterior,
    summarize_replicates,
)

__all__ = [
    "FRICTIONS",
    "NEIGHBOR_SHIFTS",
    "REGIMES",
    "SET_SIZE",
    "Bootstrap",
    "MechanismSets",
    "PlacedMechanisms",
    "PlaneChoice",
    "PlaneModel",
    "ProbableStress",
    "Sampling",
    "StressDescription",
    "StressField",
    "StressGrid",
    "StressInversion",
    "StressStatistics",
    "StressUncertainty",
    "acceptance_table",
    "accumulate_statistics",
    "add_keyed",
    "axial_difference",
    "basis_change",
    "bootstrap_confidence",
    "choose_random_planes",
    "classify_regime",
    "crosses_boundary",
    "describe_stress",
    "design_rows",
    "draw_nodes",
    "fill_gaps",
    "find_families",
    "find_neighbors",
    "grade_quality",
    "grid_around",
    "independent_scatter",
    "interpolate_covariance",
    "interpolate_field",
    "invert_probable_planes",
    "invert_stress",
    "invert_unstable_planes",
    "join_sets",
    "key_statistics",
    "length_ratio",
    "mask_near",
    "mask_polygons",
    "mechanism_statistics",
    "plan_sampling",
    "plane_instability",
    "regime_number",
    "shape_ratio",
    "shmax_deviations",
    "shmax_direction",
    "shmax_lund_townend",
    "stack_keyed",
    "stress_components",
    "stress_tensors",
    "sum_statistics",
    "summarize_draws",
    "summarize_posterior",
    "summarize_replicates",
    "tensor_basis",
    "thin_acceptance",
    "weigh_acceptance",
    "widen_field",
]
