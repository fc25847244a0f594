"""Three samplers of ensembles behind one protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError
from quakeloom.inference import (
    InformedSubspace,
    Linearization,
    WhiteProblem,
    function_space_stein,
    informed_subspace,
    laplace_particles,
    maximize_posterior,
    posterior_score,
    projected_stein,
    randomized_member,
    white_draw,
)
from quakeloom.tomography._refraction import RefractionProblem
from quakeloom.tomography._travel_time_networks import NetworkScores, TravelTimeNetworks


@dataclass(frozen=True)
class SamplerOptions:
    """Settings of the samplers.

    Attributes
    ----------
    steps : int
        Most Gauss-Newton steps of a member (``rml``) and of the most probable model.
    tolerance : float
        Share of the number of data by which a step must lower the objective to go on.
    particle_steps : int
        Steps of ``psvgd`` and ``fsvgd``.
    threshold : float
        Least singular value of a data-informed direction.
    degrees_of_freedom : float or None
        Student's t likelihood instead of normal.
    noise_shape : float or None
        Infer one factor of all standard errors (``rml`` only), with this prior shape.
    networks : bool
        Move particles (``psvgd``, ``fsvgd``) by travel times of physics-informed networks
        instead of the eikonal solver; needs torch. Members are described by the solver.
    """

    steps: int = 15
    tolerance: float = 3e-3
    particle_steps: int = 40
    threshold: float = 0.3
    degrees_of_freedom: float | None = None
    noise_shape: float | None = None
    networks: bool = False


@dataclass(frozen=True)
class PreparedPosterior:
    """What all members share: the most probable model and the derivative there.

    Attributes
    ----------
    center : Linearization
    subspace : InformedSubspace
    chi_square : float
        Of the most probable model.
    iterations : int
    converged : bool
    """

    center: Linearization
    subspace: InformedSubspace
    chi_square: float
    iterations: int
    converged: bool


@dataclass(frozen=True)
class EnsembleMembers:
    """Members of an ensemble; the same for every sampler.

    Attributes
    ----------
    members : ndarray of int, (n,)
        Numbers of the members.
    white, score : ndarray, (n, size)
        White coordinates, and gradients of the log-posterior there.
    prediction : ndarray, (n, data)
    log_likelihood, chi_square, noise_factor : ndarray, (n,)
    converged : ndarray of bool, (n,)
    """

    members: NDArray[np.int64]
    white: NDArray[np.float64]
    score: NDArray[np.float64]
    prediction: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    chi_square: NDArray[np.float64]
    noise_factor: NDArray[np.float64]
    converged: NDArray[np.bool_]


def prepare_posterior(problem: WhiteProblem, options: SamplerOptions) -> PreparedPosterior:
    """Find the most probable model and what the data inform about it."""
    fit = maximize_posterior(
        problem,
        steps=2 * options.steps,
        tolerance=options.tolerance / 3,
        degrees_of_freedom=options.degrees_of_freedom,
    )
    center = Linearization(fit.white, *problem.linearize(fit.white))
    residuals = (center.prediction - problem.data) / problem.sigma
    return PreparedPosterior(
        center,
        informed_subspace(problem, center, options.threshold),
        float(np.mean(residuals**2)),
        fit.iterations,
        fit.converged,
    )


def sample_rml(
    problem: WhiteProblem,
    prepared: PreparedPosterior,
    seed: int,
    members: NDArray[np.int64],
    options: SamplerOptions,
) -> EnsembleMembers:
    """Randomized maximum likelihood: independent members, exact for linear problems."""
    fits = [
        randomized_member(
            problem,
            seed,
            int(m),
            prepared.center,
            options.steps,
            options.tolerance,
            options.degrees_of_freedom,
            options.noise_shape,
        )
        for m in members
    ]
    white = np.array([f.white for f in fits]).reshape(len(members), problem.size)
    factors = np.array([f.noise_factor for f in fits])
    converged = np.array([f.converged for f in fits], dtype=bool)
    return _describe(problem, members, white, factors, converged, options)


def sample_psvgd(
    problem: WhiteProblem,
    prepared: PreparedPosterior,
    seed: int,
    members: NDArray[np.int64],
    options: SamplerOptions,
) -> EnsembleMembers:
    """Stein descent in the whitened data-informed subspace, a kernel per coordinate."""
    white = projected_stein(
        laplace_particles(prepared.subspace, seed, members),
        _scores(problem, options, seed, len(members)),
        prepared.subspace,
        options.particle_steps,
    )
    return _describe(problem, members, white, None, None, options)


def sample_fsvgd(
    problem: WhiteProblem,
    prepared: PreparedPosterior,
    seed: int,
    members: NDArray[np.int64],
    options: SamplerOptions,
) -> EnsembleMembers:
    """Function-space Stein descent as published; loses variance, kept for comparison."""
    modes = getattr(problem, "modes", None)
    start = np.array([white_draw(seed, int(m), problem.size) for m in members])
    white = function_space_stein(
        start.reshape(len(members), problem.size),
        _scores(problem, options, seed, len(members)),
        np.eye(problem.size) if modes is None else modes,
        10 * options.particle_steps,
        0.1,
    )
    return _describe(problem, members, white, None, None, options)


Sampler = Callable[
    [WhiteProblem, PreparedPosterior, int, NDArray[np.int64], SamplerOptions], EnsembleMembers
]
SAMPLERS: dict[str, Sampler] = {"fsvgd": sample_fsvgd, "psvgd": sample_psvgd, "rml": sample_rml}
"""Every sampler by name: the same inputs, the same output.

Members of ``rml`` are independent of each other. The particles of ``psvgd`` and ``fsvgd``
that are given together move together, so their batches are part of the result.
"""


def sample_ensemble(
    sampler: str,
    problem: WhiteProblem,
    seed: int,
    members: NDArray[np.int64],
    options: SamplerOptions | None = None,
    prepared: PreparedPosterior | None = None,
) -> EnsembleMembers:
    """Sample members of an ensemble with one of :data:`SAMPLERS`.

    Parameters
    ----------
    sampler : str
    problem : WhiteProblem
    seed : int
        Root of the members' random streams.
    members : ndarray of int
        Numbers of the members to compute.
    options : SamplerOptions, optional
    prepared : PreparedPosterior, optional
        From :func:`prepare_posterior`; computed if absent.
    """
    if sampler not in SAMPLERS:
        raise SettingsError(
            f"Sampler '{sampler}' does not exist, so there is no ensemble. Write one of: "
            f"{', '.join(SAMPLERS)}."
        )
    options = options or SamplerOptions()
    prepared = prepared or prepare_posterior(problem, options)
    return SAMPLERS[sampler](problem, prepared, seed, np.asarray(members), options)


def _scores(
    problem: WhiteProblem, options: SamplerOptions, seed: int, particles: int
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    if options.networks and isinstance(problem, RefractionProblem):
        networks = TravelTimeNetworks(
            problem.grid.depth_km,
            problem.grid.distance_km,
            np.unique(problem.picks.shots_km, axis=0),
            particles,
            seed,
        )
        return NetworkScores(problem, networks, degrees_of_freedom=options.degrees_of_freedom)

    def scores(white: NDArray[np.float64]) -> NDArray[np.float64]:
        nu = options.degrees_of_freedom
        return np.array([posterior_score(problem, w, nu)[0] for w in white])

    return scores


def _describe(
    problem: WhiteProblem,
    members: NDArray[np.int64],
    white: NDArray[np.float64],
    factors: NDArray[np.float64] | None,
    converged: NDArray[np.bool_] | None,
    options: SamplerOptions,
) -> EnsembleMembers:
    """Predict, score and weigh finished members."""
    n = len(white)
    score = np.empty_like(white)
    prediction = np.empty((n, problem.data.size))
    chi_square, log_likelihood = np.empty(n), np.empty(n)
    for k, w in enumerate(white):
        score[k], residuals, log_likelihood[k] = posterior_score(
            problem, w, options.degrees_of_freedom
        )
        prediction[k] = problem.data + residuals * problem.sigma
        chi_square[k] = float(np.mean(residuals**2))
    return EnsembleMembers(
        np.asarray(members, dtype=np.int64),
        white,
        score,
        prediction,
        log_likelihood,
        chi_square,
        np.ones(n) if factors is None else factors,
        np.ones(n, dtype=bool) if converged is None else converged,
    )
