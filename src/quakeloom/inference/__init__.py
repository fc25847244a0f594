"""Inference shared by the sciences: ABIC, sparse precisions, Gaussian fields, ensembles.

Floor 3. Arrays in, arrays out. :class:`SmoothInversion` smooths unknowns on the nodes of a
graph as strongly as the data ask for. :func:`gaussian_field` is a prior on a function over a
grid in standard normal ("white") coordinates; a :class:`WhiteProblem` adds data,
:func:`randomized_member` gives the members of an ensemble one by one, :func:`projected_stein`
and :func:`function_space_stein` move all of them together, :func:`langevin_walk` wears off what
bias they have, and :func:`assess_ensemble` tells how many independent draws an ensemble is worth.
:func:`fit_grid_field` and :func:`fit_masked_field` find noise and smoothness of Markov random
fields on grids by evidence, :func:`restore_with_edges` keeps their edges.
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
from quakeloom.inference._chain_diagnostics import ChainDiagnostics, diagnose_chains
from quakeloom.inference._cholesky import (
    BlockCholesky,
    NotPositiveDefiniteError,
    grounded_log_determinant,
)
from quakeloom.inference._coupled_fields import CoupledFields, fit_coupled_fields
from quakeloom.inference._discrete_fields import Beliefs, propagate_beliefs, sample_potts
from quakeloom.inference._dissection import Dissection, dissect_graph
from quakeloom.inference._edge_fields import EdgeField, edges_on_nodes, restore_with_edges
from quakeloom.inference._ensemble_diagnostics import (
    EnsembleQuality,
    assess_ensemble,
    assess_mixture,
    central_range,
    coverage_spread,
    ensemble_agreement,
)
from quakeloom.inference._exact_sums import ExactSums, no_sums, sum_rows
from quakeloom.inference._gaussian_fields import (
    GaussianField,
    SummedField,
    condition_white,
    correlation_matrix,
    gaussian_field,
)
from quakeloom.inference._grid_fields import (
    ROUGHNESS,
    GridFit,
    Roughness,
    best_grid_fit,
    fit_grid_field,
    grid_log_evidence,
    laplacian_eigenvalues,
    penalty_eigenvalues,
    posterior_deviation,
    posterior_mean,
    spectral_diagonal,
    with_precisions,
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
from quakeloom.inference._masked_fields import (
    MaskedField,
    PrecisionOperator,
    as_masked_field,
    best_masked_fit,
    drawn_variance,
    fit_masked_field,
    masked_log_evidence,
    restore_masked_field,
    solve_preconditioned,
)
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
from quakeloom.inference._mode_covariances import covariance_in_modes
from quakeloom.inference._populations import Population, population_posterior, walk_in_cube
from quakeloom.inference._positive_gaussians import log_positive_probability, sample_positive
from quakeloom.inference._randomized_maximum import (
    Fit,
    Linearization,
    MemberDraw,
    maximize_posterior,
    randomized_member,
)
from quakeloom.inference._replica_exchange import (
    ExchangeOptions,
    ExchangeResult,
    TemperedProblem,
    exchange_replicas,
)
from quakeloom.inference._stein import function_space_stein, projected_stein
from quakeloom.inference._subset_exchange import DrawnSubsets, exchange_subsets
from quakeloom.inference._subset_search import (
    FoldedData,
    every_subset,
    fold_data,
    predict_folds,
    search_subsets,
    stratified_folds,
    subset_columns,
)
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
    "ROUGHNESS",
    "AbicPoint",
    "AbicScan",
    "Beliefs",
    "BlockCholesky",
    "ChainDiagnostics",
    "ConvergenceError",
    "CoupledFields",
    "Dissection",
    "DrawnSubsets",
    "EdgeField",
    "EnsembleQuality",
    "ExactSums",
    "ExchangeOptions",
    "ExchangeResult",
    "Fit",
    "FoldedData",
    "GaussianField",
    "GridFit",
    "HyperLattice",
    "InformedSubspace",
    "LanczosProbes",
    "LinearProblem",
    "Linearization",
    "MaskedField",
    "MemberDraw",
    "MemberStreams",
    "Mixture",
    "NormalEquations",
    "NotPositiveDefiniteError",
    "Population",
    "PrecisionOperator",
    "Roughness",
    "ScaledPrecision",
    "SmoothInversion",
    "SmoothPrior",
    "SummedField",
    "TemperedProblem",
    "Walk",
    "WhiteProblem",
    "as_masked_field",
    "assess_ensemble",
    "assess_mixture",
    "averaged_subspace",
    "best_grid_fit",
    "best_masked_fit",
    "between_covariance",
    "central_range",
    "condition_white",
    "conjugate_gradients",
    "correlation_matrix",
    "covariance_in_modes",
    "coverage_spread",
    "diagnose_chains",
    "dissect_graph",
    "drawn_variance",
    "edges_on_nodes",
    "effective_number",
    "ensemble_agreement",
    "every_subset",
    "exchange_replicas",
    "exchange_subsets",
    "explore_lattice",
    "few_models_warning",
    "fit_coupled_fields",
    "fit_grid_field",
    "fit_masked_field",
    "fold_data",
    "function_space_stein",
    "gaussian_field",
    "grid_log_evidence",
    "grounded_log_determinant",
    "informed_subspace",
    "lanczos_inverse_root",
    "lanczos_log_determinant",
    "langevin_walk",
    "laplace_particles",
    "laplacian_eigenvalues",
    "log_evidence",
    "log_positive_probability",
    "masked_log_evidence",
    "maximize_posterior",
    "minimize_abic",
    "mix_models",
    "mixture_exceedance",
    "mixture_quantile",
    "no_sums",
    "noise_factor",
    "one_blas_thread",
    "penalty_eigenvalues",
    "population_posterior",
    "posterior_deviation",
    "posterior_mean",
    "posterior_score",
    "predict_folds",
    "projected_stein",
    "propagate_beliefs",
    "randomized_member",
    "restore_masked_field",
    "restore_with_edges",
    "robust_weights",
    "sample_positive",
    "sample_potts",
    "search_subsets",
    "solve_preconditioned",
    "spectral_diagonal",
    "stratified_folds",
    "subset_columns",
    "subspace_of",
    "sum_rows",
    "temper_log_weights",
    "total_variance",
    "walk_in_cube",
    "white_draw",
    "with_one_blas_thread",
    "with_precisions",
]
