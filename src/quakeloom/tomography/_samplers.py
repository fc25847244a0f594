"""Three samplers of ensembles behind one protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError
from quakeloom.inference import (
    Fit,
    InformedSubspace,
    Linearization,
    MemberStreams,
    WhiteProblem,
    averaged_subspace,
    function_space_stein,
    langevin_walk,
    laplace_particles,
    maximize_posterior,
    noise_factor,
    posterior_score,
    projected_stein,
    randomized_member,
    robust_weights,
    subspace_of,
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
        Infer one factor of all standard errors, with this prior shape.
    pilots : int
        Members of ``rml`` that the informed directions are averaged over; 0 takes those of
        the most probable model.
    correction_steps : int
        Metropolis-adjusted Langevin steps of every member of ``rml`` and ``psvgd`` at the end,
        which wear off what bias the sampler leaves where the problem is not linear.
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
    pilots: int = 8
    correction_steps: int = 0
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
    accepted : ndarray, (n,)
        Share of the correction's steps that were accepted; NaN where there were none.
    """

    members: NDArray[np.int64]
    white: NDArray[np.float64]
    score: NDArray[np.float64]
    prediction: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    chi_square: NDArray[np.float64]
    noise_factor: NDArray[np.float64]
    converged: NDArray[np.bool_]
    accepted: NDArray[np.float64]


def member_streams(seed: int) -> MemberStreams:
    """Return the random numbers of the members of an ensemble of velocity models."""
    return MemberStreams(seed, "tomography")


_FIRST_PILOT = 1_000_000_000
"""Number of the first pilot member, beyond all that an ensemble can have, so that no pilot shares
its random numbers with a member."""


def prepare_posterior(
    problem: WhiteProblem, options: SamplerOptions, seed: int = 0
) -> PreparedPosterior:
    """Find the most probable model and what the data inform.

    The informed directions are those of the posterior as a whole: averaged over a few pilot
    members, which are drawn as ``rml`` draws its own and then forgotten.
    """
    fit = maximize_posterior(
        problem,
        steps=2 * options.steps,
        tolerance=options.tolerance / 3,
        degrees_of_freedom=options.degrees_of_freedom,
    )
    center = Linearization(fit.white, *problem.linearize(fit.white))
    residuals = (center.prediction - problem.data) / problem.sigma
    models = [fit.white]
    if options.pilots:
        models = [
            _randomized(problem, center, seed, _FIRST_PILOT + k, options).white
            for k in range(options.pilots)
        ]
    return PreparedPosterior(
        center,
        averaged_subspace(problem, models, fit.white, options.threshold),
        float(np.mean(residuals**2)),
        fit.iterations,
        fit.converged,
    )


def prepare_mixture(
    problems: Sequence[RefractionProblem], options: SamplerOptions, seed: int = 0
) -> tuple[PreparedPosterior, ...]:
    """Prepare the posteriors of problems that differ in their prior alone.

    Problems that are given more than once are prepared once. A single one is prepared as by
    :func:`prepare_posterior`. Of several, each starts at the most probable model that times linear
    about that of the first would have, and the pilot members are shared out to them in turn: the
    derivative by the field at a pilot serves all of them.

    Parameters
    ----------
    problems : sequence of RefractionProblem
        With the same nodes, picks and number of white coordinates.
    options : SamplerOptions
    seed : int
    """
    distinct = list({id(p): p for p in problems}.values())
    if len(distinct) == 1:
        found = {id(distinct[0]): prepare_posterior(distinct[0], options, seed)}
        return tuple(found[id(p)] for p in problems)
    centers: list[Linearization] = []
    fits: list[Fit] = []
    first: tuple[NDArray[np.float64], ...] = ()
    for problem in distinct:
        start = _linear_start(problem, first, options) if first else None
        fit = maximize_posterior(
            problem,
            start=start,
            steps=2 * options.steps,
            tolerance=options.tolerance / 3,
            degrees_of_freedom=options.degrees_of_freedom,
        )
        predicted, rows = problem.linearize_field(fit.white)
        centers.append(Linearization(fit.white, predicted, rows @ problem.modes))
        fits.append(fit)
        if not first:
            first = (predicted, rows, problem.prior.field.evaluate(fit.white))
    size = distinct[0].size
    total = [np.zeros((size, size)) for _ in distinct]
    for k in range(max(options.pilots, 1)):
        own = k % len(distinct)
        white = centers[own].white
        if options.pilots:
            pilot = _randomized(distinct[own], centers[own], seed, _FIRST_PILOT + k, options)
            white = pilot.white
        rows = distinct[own].linearize_field(white)[1] / distinct[own].sigma[:, None]
        for sums, problem in zip(total, distinct, strict=True):
            a = problem.prior.field.project(rows.reshape(-1, *problem.prior.field.mean.shape))
            sums += a.T @ a / max(options.pilots, 1)
    made = {}
    for problem, center, fit, sums in zip(distinct, centers, fits, total, strict=True):
        residuals = (center.prediction - problem.data) / problem.sigma
        made[id(problem)] = PreparedPosterior(
            center,
            subspace_of(sums, center.white, options.threshold),
            float(np.mean(residuals**2)),
            fit.iterations,
            fit.converged,
        )
    return tuple(made[id(p)] for p in problems)


def _linear_start(
    problem: RefractionProblem, first: tuple[NDArray[np.float64], ...], options: SamplerOptions
) -> Linearization:
    """Return the most probable model where times are linear about another prior's."""
    predicted, rows, center = first
    residuals = (problem.data - predicted) / problem.sigma
    root = np.sqrt(robust_weights(residuals, options.degrees_of_freedom)[0]) / problem.sigma
    a = (rows @ problem.modes) * root[:, None]
    r = root * (problem.data - predicted - rows @ (problem.prior.field.mean - center).ravel())
    white = a.T @ np.linalg.solve(a @ a.T + np.eye(len(a)), r)
    return Linearization(white, *problem.linearize(white))


def point_of_member(member: int, points: int, block: int) -> int:
    """Return which of equally probable points of the prior a member belongs to.

    In turn, so that more members stand for the points as few do; ``block`` is 1 for samplers whose
    members are independent, and the number of particles that move together for others.
    """
    return (member // block) % points


def _randomized(
    problem: WhiteProblem, center: Linearization, seed: int, member: int, options: SamplerOptions
) -> Fit:
    return randomized_member(
        problem,
        member_streams(seed),
        member,
        center,
        options.steps,
        options.tolerance,
        options.degrees_of_freedom,
        options.noise_shape,
    )


def sample_rml(
    problem: WhiteProblem,
    prepared: PreparedPosterior,
    seed: int,
    members: NDArray[np.int64],
    options: SamplerOptions,
) -> EnsembleMembers:
    """Randomized maximum likelihood: independent members, exact for linear problems."""
    fits = [_randomized(problem, prepared.center, seed, int(m), options) for m in members]
    white = np.array([f.white for f in fits]).reshape(len(members), problem.size)
    white, accepted = _correct(problem, prepared, white, seed, members, options)
    converged = np.array([f.converged for f in fits], dtype=bool)
    return _describe(problem, seed, members, white, converged, accepted, options)


def sample_psvgd(
    problem: WhiteProblem,
    prepared: PreparedPosterior,
    seed: int,
    members: NDArray[np.int64],
    options: SamplerOptions,
) -> EnsembleMembers:
    """Stein descent in the whitened data-informed subspace, a kernel per coordinate."""
    white = projected_stein(
        laplace_particles(prepared.subspace, member_streams(seed), members),
        _scores(problem, options, seed, len(members)),
        prepared.subspace,
        options.particle_steps,
    )
    white, accepted = _correct(problem, prepared, white, seed, members, options)
    return _describe(problem, seed, members, white, None, accepted, options)


def sample_fsvgd(
    problem: WhiteProblem,
    prepared: PreparedPosterior,
    seed: int,
    members: NDArray[np.int64],
    options: SamplerOptions,
) -> EnsembleMembers:
    """Function-space Stein descent as published; loses variance, kept for comparison."""
    modes = getattr(problem, "modes", None)
    streams = member_streams(seed)
    start = np.array([white_draw(streams, int(m), problem.size) for m in members])
    white = function_space_stein(
        start.reshape(len(members), problem.size),
        _scores(problem, options, seed, len(members)),
        np.eye(problem.size) if modes is None else modes,
        10 * options.particle_steps,
        0.1,
    )
    return _describe(problem, seed, members, white, None, None, options)


Sampler = Callable[
    [WhiteProblem, PreparedPosterior, int, NDArray[np.int64], SamplerOptions], EnsembleMembers
]
"""A sampler: problem, what all members share, seed, numbers of members, options."""

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
    prepared = prepared or prepare_posterior(problem, options, seed)
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
        nu, shape = options.degrees_of_freedom, options.noise_shape
        return np.array([posterior_score(problem, w, nu, shape)[0] for w in white])

    return scores


def _correct(
    problem: WhiteProblem,
    prepared: PreparedPosterior,
    white: NDArray[np.float64],
    seed: int,
    members: NDArray[np.int64],
    options: SamplerOptions,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Let every member walk on by steps that leave the posterior as it is."""
    if not options.correction_steps:
        return white, None

    def target(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        gradient, _, log_likelihood = posterior_score(
            problem, x, options.degrees_of_freedom, options.noise_shape
        )
        return log_likelihood - 0.5 * float(x @ x), gradient

    streams = member_streams(seed)
    walks = [
        langevin_walk(target, w, prepared.subspace, streams, int(m), options.correction_steps)
        for w, m in zip(white, members, strict=True)
    ]
    return np.array([w.white for w in walks]), np.array([w.accepted for w in walks])


def _describe(
    problem: WhiteProblem,
    seed: int,
    members: NDArray[np.int64],
    white: NDArray[np.float64],
    converged: NDArray[np.bool_] | None,
    accepted: NDArray[np.float64] | None,
    options: SamplerOptions,
) -> EnsembleMembers:
    """Predict, score and weigh finished members."""
    n = len(white)
    streams = member_streams(seed)
    score = np.empty_like(white)
    prediction = np.empty((n, problem.data.size))
    chi_square, log_likelihood, factors = np.empty(n), np.empty(n), np.ones(n)
    for k, w in enumerate(white):
        score[k], residuals, log_likelihood[k] = posterior_score(
            problem, w, options.degrees_of_freedom, options.noise_shape
        )
        prediction[k] = problem.data + residuals * problem.sigma
        if options.noise_shape is not None:
            factors[k] = noise_factor(residuals, options.noise_shape, streams, int(members[k]))
        chi_square[k] = float(np.mean((residuals / factors[k]) ** 2))
    return EnsembleMembers(
        np.asarray(members, dtype=np.int64),
        white,
        score,
        prediction,
        log_likelihood,
        chi_square,
        factors,
        np.ones(n, dtype=bool) if converged is None else converged,
        np.full(n, np.nan) if accepted is None else accepted,
    )
