"""Verification problems with known answers: the 1-D line and the 2-D refraction line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.inference import GaussianField, LinearProblem, gaussian_field
from quakeloom.tomography._line_grid import LineGrid, make_line_grid
from quakeloom.tomography._refraction import (
    RefractionProblem,
    VelocityCorrelation,
    VelocityPrior,
    make_velocity_prior,
)
from quakeloom.tomography._travel_time_picks import TravelTimePicks

_RECEIVERS_KM = (1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0)
"""Distances of the receivers of the 1-D problem from its source, km; part of its definition."""

_NEAREST_KM = 2.0
"""Shortest offset that is picked, km; chosen here: nearer, the wave through the water is first."""


@dataclass(frozen=True)
class LineVerification:
    """The 1-D verification problem with its exact posterior.

    Attributes
    ----------
    distance_km : ndarray, (51,)
    problem : LinearProblem
    field : GaussianField
        Prior of the slowness, s/km.
    mean, standard_deviation : ndarray, (51,)
        Exact posterior of the slowness, s/km.
    """

    distance_km: NDArray[np.float64]
    problem: LinearProblem
    field: GaussianField
    mean: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]


def line_verification() -> LineVerification:
    """Return the 1-D travel-time problem whose posterior is known in closed form.

    Slowness on 0 (0.2) 10 km is a Gaussian process with mean 0.25 s/km, standard deviation
    0.02 s/km and a squared exponential of length 1.5 km; a source at 0, receivers at 1, 2, 3,
    4, 5, 8 and 10 km, trapezoidal travel times with standard errors of 0.01 s, and noise-free
    data of the truth 0.25 + 0.02 sin(2 pi x / 6).
    """
    x = np.asarray(np.arange(51) * 0.2, dtype=np.float64)
    prior = gaussian_field([x], [1.5], 0.02, 0.25, share=1.0, jitter=1e-10)
    weights = np.zeros((len(_RECEIVERS_KM), x.size))
    for row, receiver in zip(weights, _RECEIVERS_KM, strict=True):
        last = round(receiver / 0.2)
        row[: last + 1] = 0.2
        row[[0, last]] = 0.1
    truth = 0.25 + 0.02 * np.sin(2 * np.pi * x / 6.0)
    problem = LinearProblem(
        weights @ prior.modes,
        weights @ prior.mean,
        weights @ truth,
        np.full(len(weights), 0.01),
        prior.modes,
    )
    white, covariance = problem.posterior()
    variance = np.einsum("ij,jk,ik->i", prior.modes, covariance, prior.modes)
    return LineVerification(x, problem, prior, prior.evaluate(white), np.sqrt(variance))


@dataclass(frozen=True)
class SyntheticLine:
    """A refraction line with a known velocity section.

    Attributes
    ----------
    problem : RefractionProblem
    velocity : ndarray, (depth, distance), km/s
        The truth at the nodes.
    """

    problem: RefractionProblem
    velocity: NDArray[np.float64]


@dataclass(frozen=True)
class LineSurvey:
    """Layout of a marine refraction survey: ocean-bottom stations and airgun shots.

    Attributes
    ----------
    stations, shots : int
        Evenly spaced along the line.
    length_km, depth_km : float
        Extent of the section.
    error_s : float
        Standard error of the picks.
    maximum_offset_km : float
        Pairs farther apart have no pick.
    """

    stations: int = 10
    shots: int = 60
    length_km: float = 40.0
    depth_km: float = 12.0
    error_s: float = 0.03
    maximum_offset_km: float = np.inf


def synthetic_line(
    seed: int,
    truth: int = 0,
    survey: LineSurvey | None = None,
    spacing_km: tuple[float, float] = (0.2, 0.25),
    finer: int = 2,
) -> SyntheticLine:
    """Draw a marine refraction line with a known velocity section.

    The truth is drawn from the prior, 2 + 0.5 z km/s below a sea floor at 1 to 2 km with a
    standard deviation of 0.4 km/s and lengths of 1.5 km in depth and 6 km along the line.
    Its times are computed on a grid finer than the one used for inversion, so that
    discretization is part of what the inversion must bear, and are perturbed by normal errors.
    Pairs nearer than 2 km have no pick.

    Parameters
    ----------
    seed : int
    truth : int
        Number of the truth; each has its own section, sea floor and errors.
    survey : LineSurvey, optional
    spacing_km : (depth, distance)
        Node spacing of the inversion.
    finer : int
        Times are computed on a grid so many times finer.
    """
    survey = survey or LineSurvey()
    length_km, error_s = survey.length_km, survey.error_s
    rng = random_stream(seed, "synthetic_line", truth)
    phase = rng.uniform(0, 2 * np.pi)
    x = np.linspace(0.0, length_km, 201)
    floor = np.column_stack([x, 1.5 + 0.4 * np.sin(2 * np.pi * x / 25.0 + phase)])

    def section(spacing: tuple[float, float]) -> LineGrid:
        return make_line_grid((0.0, length_km), (0.0, survey.depth_km), spacing, floor, 0.0)

    grid = section(spacing_km)
    prior = synthetic_prior(grid)
    x_stations = np.linspace(0.05, 0.95, survey.stations) * length_km
    x_shots = np.linspace(0.01, 0.99, survey.shots) * length_km
    shot, station = np.meshgrid(x_shots, x_stations, indexing="ij")
    pairs = np.column_stack([shot.ravel(), station.ravel()])
    offset = np.abs(pairs[:, 0] - pairs[:, 1])
    pairs = pairs[(offset > _NEAREST_KM) & (offset <= survey.maximum_offset_km)]
    places = np.zeros((len(pairs), 2)), np.column_stack([grid.ground_at(pairs[:, 1]), pairs[:, 1]])
    places[0][:, 1] = pairs[:, 0]
    errors = np.full(len(pairs), error_s)
    picks = TravelTimePicks(*places, np.zeros(len(pairs)), errors, np.full(len(pairs), "P"))
    white = rng.standard_normal(prior.field.size)
    fine = section((spacing_km[0] / finer, spacing_km[1] / finer))
    exact = RefractionProblem(fine, prior, picks).predict(white)
    noisy = exact + error_s * rng.standard_normal(len(pairs))
    picks = TravelTimePicks(*places, noisy, errors, picks.phases)
    problem = RefractionProblem(grid, prior, picks)
    return SyntheticLine(problem, problem.velocity(white))


def long_line(seed: int, truth: int = 0) -> SyntheticLine:
    """Draw the line of 100 km that ensembles are held against many truths with.

    14 stations and 80 shots with offsets to 30 km, some 540 picks. Compared with a line of 40 km
    it holds three times as many independent pieces of structure, so that the coverage of one
    truth scatters little enough to be judged (:func:`quakeloom.inference.coverage_spread`).
    """
    survey = LineSurvey(14, 80, length_km=100.0, maximum_offset_km=30.0)
    return synthetic_line(seed, truth, survey, spacing_km=(0.25, 0.5))


def synthetic_prior(grid: LineGrid) -> VelocityPrior:
    """Return the prior of :func:`synthetic_line`."""
    reference = [[0.0, 2.0], [20.0, 12.0]]
    correlation = VelocityCorrelation((1.5, 6.0))
    return make_velocity_prior(grid, reference, 0.4, correlation, bounds_km_s=(1.0, 9.0))
