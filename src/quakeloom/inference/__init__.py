"""Inference shared by the sciences: ABIC, sparse precisions, Gaussian fields, ensembles.

Floor 3. Arrays in, arrays out. :class:`SmoothInversion` smooths unknowns on the nodes of a
graph as strongly as the data ask for. :func:`gaussian_field` is a prior on a function over a
grid in standard normal ("white") coordinates; a :class:`WhiteProblem` adds data,
:func:`randomized_member` gives the members of an ensemble one by one, :func:`projected_stein`
and :func:`function_space_stein` move all of them together, :func:`langevin_walk` wears off what
bias they have, and :func:`assess_ensemble` tells how many independent draws an ensemble is worth.
:func:`mix_models` weighs models by their evidence, for hypocenters and for slip.
"""

from quakeloom.inference._abic import (
    AbicPoint,
    AbicScan,
    LanczosProbes,
    NormalEquations,
    SmoothInversion,
    SmoothPrior,
    minimize_abic,
)
from quakeloom.inference._cholesky import (
    BlockCholesky,
    NotPositiveDefiniteError,
    grounded_log_determinant,
)
from quakeloom.inference._dissection import Dissection, dissect_graph
from quakeloom.inference._ensemble_diagnostics import (
    EnsembleQuality,
    assess_ensemble,
    assess_mixture,
    central_range,
    coverage_spread,
    ensemble_agreement,
)
from quakeloom.inference._gaussian_fields import (
    GaussianField,
    SummedField,
    condition_white,
    correlation_matrix,
    gaussian_field,
)
from quakeloom.inference._hyperparameters import HyperLattice, explore_lattice
from quakeloom.inference._informed_subspace import (
    InformedSubspace,
    averaged_subspace,
    informed_subspace,
    laplace_particles,
    log_evidence,
    subspace_of,
)
from quakeloom.inference._lanczos import (
    ConvergenceError,
    ScaledPrecision,
    conjugate_gradients,
    lanczos_inverse_root,
    lanczos_log_determinant,
)
from quakeloom.inference._langevin import Walk, langevin_walk
from quakeloom.inference._mixtures import (
    Mixture,
    between_covariance,
    effective_number,
    few_models_warning,
    mix_models,
    mixture_exceedance,
    mixture_quantile,
    temper_log_weights,
    total_variance,
)
from quakeloom.inference._populations import Population, population_posterior, walk_in_cube
from quakeloom.inference._positive_gaussians import log_positive_probability, sample_positive
from quakeloom.inference._randomized_maximum import (
    Fit,
    Linearization,
    MemberDraw,
    maximize_posterior,
    randomized_member,
)
from quakeloom.inference._stein import function_space_stein, projected_stein
from quakeloom.inference._threads import one_blas_thread, with_one_blas_thread
from quakeloom.inference._white_problems import (
    LinearProblem,
    MemberStreams,
    WhiteProblem,
    noise_factor,
    posterior_score,
    robust_weights,
    white_draw,
)

__all__ = [
    "AbicPoint",
    "AbicScan",
    "BlockCholesky",
    "ConvergenceError",
    "Dissection",
    "EnsembleQuality",
    "Fit",
    "GaussianField",
    "HyperLattice",
    "InformedSubspace",
    "LanczosProbes",
    "LinearProblem",
    "Linearization",
    "MemberDraw",
    "MemberStreams",
    "Mixture",
    "NormalEquations",
    "NotPositiveDefiniteError",
    "Population",
    "ScaledPrecision",
    "SmoothInversion",
    "SmoothPrior",
    "SummedField",
    "Walk",
    "WhiteProblem",
    "assess_ensemble",
    "assess_mixture",
    "averaged_subspace",
    "between_covariance",
    "central_range",
    "condition_white",
    "conjugate_gradients",
    "correlation_matrix",
    "coverage_spread",
    "dissect_graph",
    "effective_number",
    "ensemble_agreement",
    "explore_lattice",
    "few_models_warning",
    "function_space_stein",
    "gaussian_field",
    "grounded_log_determinant",
    "informed_subspace",
    "lanczos_inverse_root",
    "lanczos_log_determinant",
    "langevin_walk",
    "laplace_particles",
    "log_evidence",
    "log_positive_probability",
    "maximize_posterior",
    "minimize_abic",
    "mix_models",
    "mixture_exceedance",
    "mixture_quantile",
    "noise_factor",
    "one_blas_thread",
    "population_posterior",
    "posterior_score",
    "projected_stein",
    "randomized_member",
    "robust_weights",
    "sample_positive",
    "subspace_of",
    "temper_log_weights",
    "total_variance",
    "walk_in_cube",
    "white_draw",
    "with_one_blas_thread",
]
