"""Inference shared by the sciences: Gaussian fields, samplers of ensembles, diagnostics.

Floor 3. :func:`gaussian_field` is a prior on a function over a grid in standard normal
("white") coordinates; a :class:`WhiteProblem` adds data. :func:`randomized_member` gives the
members of an ensemble one by one, :func:`projected_stein` and :func:`function_space_stein`
move all of them together, and :func:`assess_ensemble` tells how many independent draws an
ensemble is worth.
"""

from quakeloom.inference._ensemble_diagnostics import (
    EnsembleQuality,
    assess_ensemble,
    ensemble_agreement,
)
from quakeloom.inference._gaussian_fields import (
    GaussianField,
    condition_white,
    correlation_matrix,
    gaussian_field,
)
from quakeloom.inference._randomized_maximum import (
    Fit,
    Linearization,
    maximize_posterior,
    randomized_member,
)
from quakeloom.inference._stein import (
    InformedSubspace,
    function_space_stein,
    informed_subspace,
    laplace_particles,
    projected_stein,
)
from quakeloom.inference._white_problems import (
    LinearProblem,
    WhiteProblem,
    posterior_score,
    robust_weights,
    white_draw,
)

__all__ = [
    "EnsembleQuality",
    "Fit",
    "GaussianField",
    "InformedSubspace",
    "LinearProblem",
    "Linearization",
    "WhiteProblem",
    "assess_ensemble",
    "condition_white",
    "correlation_matrix",
    "ensemble_agreement",
    "function_space_stein",
    "gaussian_field",
    "informed_subspace",
    "laplace_particles",
    "maximize_posterior",
    "posterior_score",
    "projected_stein",
    "randomized_member",
    "robust_weights",
    "white_draw",
]
