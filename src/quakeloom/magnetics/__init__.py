"""Magnetization below a volcano from the total field above it, sparse, with its uncertainty.

Floor 4. Arrays in, arrays out. :func:`total_field_matrix` has the exact field of prisms,
:func:`sparse_magnetization` the L1 and L2 solution, :func:`validate_penalties` chooses its
penalties on flight lines left out, :func:`magnetization_posterior` gives standard deviations.
"""

from quakeloom.magnetics._posterior import MagnetizationPosterior, magnetization_posterior
from quakeloom.magnetics._prisms import prism_field, total_field_matrix
from quakeloom.magnetics._sparse import Validation, sparse_magnetization, validate_penalties
from quakeloom.magnetics._surveys import check_survey

__all__ = [
    "MagnetizationPosterior",
    "Validation",
    "check_survey",
    "magnetization_posterior",
    "prism_field",
    "sparse_magnetization",
    "total_field_matrix",
    "validate_penalties",
]
