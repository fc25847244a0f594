"""First-arrival refraction as an inverse problem in white coordinates, on the eikonal solver."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quakeloom.core import InputError
from quakeloom.inference import GaussianField, SummedField, gaussian_field
from quakeloom.tomography._line_grid import LineGrid
from quakeloom.tomography._travel_time_picks import TravelTimePicks
from quakeloom.travel import EikonalSolution, solve_eikonal

Scale = Literal["velocity", "log_velocity"]
"""What of the velocity is Gaussian."""

Kernel = Literal["squared_exponential", "matern52", "matern32", "exponential"]
"""Correlation functions; see :func:`quakeloom.inference.correlation_matrix`."""


@dataclass(frozen=True)
class VelocityCorrelation:
    """How velocities at two places of a line are correlated.

    Attributes
    ----------
    lengths_km : (depth, distance)
        Correlation lengths; that in depth holds at the ground.
    length_growth : float
        Increase of the vertical correlation length per depth: structure is finer near the
        ground. Correlations are taken in the depth stretched so that the length is even.
    kernel : str
        Correlation function over distance in lengths.
    """

    lengths_km: tuple[float, float]
    length_growth: float = 0.0
    kernel: Kernel = "squared_exponential"


@dataclass(frozen=True)
class VelocityPrior:
    """Gaussian prior on the velocity below the ground.

    Attributes
    ----------
    below_ground_km, distance_km : ndarray
        Nodes of the coarse grid that carries the prior; depth counts from the ground.
    field : GaussianField or SummedField
        Of velocity in km/s, or of its natural logarithm.
    scale : {"velocity", "log_velocity"}
        What is Gaussian. Velocities are cut at the bounds where velocity is.
    bounds_km_s : (lowest, highest)
    """

    below_ground_km: NDArray[np.float64]
    distance_km: NDArray[np.float64]
    field: GaussianField | SummedField
    scale: Scale
    bounds_km_s: tuple[float, float]


def make_velocity_prior(
    grid: LineGrid,
    reference: ArrayLike,
    standard_deviation: ArrayLike,
    correlation: VelocityCorrelation,
    scale: Scale = "velocity",
    nodes_per_length: float = 3.0,
    share: float = 0.999,
    bounds_km_s: tuple[float, float] = (0.1, 10.0),
) -> VelocityPrior:
    """Build the prior of a line: mean and width by depth below ground, and correlations.

    Parameters
    ----------
    grid : LineGrid
    reference : array_like, (n, 2)
        Depth below ground in km and mean velocity in km/s, linear between.
    standard_deviation : float, or array_like (n, 2)
        In km/s (``velocity``) or of the logarithm (``log_velocity``); by depth below ground
        if a table.
    correlation : VelocityCorrelation
    scale, bounds_km_s
        See :class:`VelocityPrior`.
    nodes_per_length : float
        Density of the coarse grid.
    share : float
        Share of the variance that is kept in modes.

    Raises
    ------
    InputError
        If the reference falls to a velocity of zero or less.
    """
    lz, lx = correlation.lengths_km
    deepest = float(grid.depth_km[-1] - grid.ground_depth_km.min())
    first, last = float(grid.distance_km[0]), float(grid.distance_km[-1])
    stretched, below = _stretch(deepest, lz, correlation.length_growth, nodes_per_length)
    along = np.linspace(
        first, last, max(3, int(np.ceil((last - first) * nodes_per_length / lx)) + 1)
    )
    table = np.atleast_2d(np.asarray(reference, dtype=float))
    mean = np.interp(below, table[:, 0], table[:, 1])
    if mean.min() <= 0:
        raise InputError(
            f"The reference velocity falls to {mean.min():g} km/s. Travel times need positive "
            "velocities; correct `reference`."
        )
    width = np.asarray(standard_deviation, dtype=float)
    if width.ndim:
        width = np.interp(below, width[:, 0], width[:, 1])[:, None]
    if scale == "log_velocity":
        mean = np.log(mean)
    prior = gaussian_field(
        (stretched, along), (1.0, lx), width, mean[:, None], correlation.kernel, share
    )
    return VelocityPrior(below, along, prior, scale, bounds_km_s)


def _stretch(
    deepest: float, length: float, growth: float, density: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Depths whose spacing follows the correlation length, and depth in such lengths."""
    if growth > 0:
        total = np.log1p(growth * deepest / length) / growth
    else:
        total = deepest / length
    even = np.linspace(0.0, total, max(3, int(np.ceil(total * density)) + 1))
    if growth > 0:
        return even, length * np.expm1(growth * even) / growth
    return even, length * even


@dataclass
class RefractionProblem:
    """Travel times of a line as a function of white coordinates of the velocity.

    Implements :class:`quakeloom.inference.WhiteProblem`. One eikonal solution per shot, or
    per receiver where those are fewer (travel times are reciprocal).

    Attributes
    ----------
    grid : LineGrid
    prior : VelocityPrior
    picks : TravelTimePicks
        Checked by :func:`check_picks`.
    order : {1, 2}
        Of the eikonal solver.
    """

    grid: LineGrid
    prior: VelocityPrior
    picks: TravelTimePicks
    order: int = 2
    _last: tuple[bytes, list[EikonalSolution]] | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """Number of white coordinates."""
        return self.prior.field.size

    @property
    def modes(self) -> NDArray[np.float64]:
        """Derivative of the velocity function by the white coordinates."""
        return self.prior.field.modes

    @property
    def data(self) -> NDArray[np.float64]:
        """Travel times, s."""
        return self.picks.times_s

    @property
    def sigma(self) -> NDArray[np.float64]:
        """Their standard errors, s."""
        return self.picks.errors_s

    @cached_property
    def _interpolation(self) -> sparse.csr_array:
        return self.grid.interpolation(self.prior.below_ground_km, self.prior.distance_km)

    @cached_property
    def _gathers(self) -> tuple[NDArray[np.float64], list[NDArray[np.int64]], bool]:
        """Sources of the solver, rows of the picks of each, and whether they are receivers."""
        shots, shot = np.unique(self.picks.shots_km, axis=0, return_inverse=True)
        receivers, receiver = np.unique(self.picks.receivers_km, axis=0, return_inverse=True)
        swap = len(receivers) < len(shots)
        sources, which = (receivers, receiver) if swap else (shots, shot)
        which = which.ravel()
        return sources, [np.flatnonzero(which == k) for k in range(len(sources))], swap

    @property
    def solutions_per_model(self) -> int:
        """Eikonal solutions that one model needs."""
        return len(self._gathers[0])

    def velocity(self, white: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return velocities at the nodes in km/s, rock and water, (depth, distance)."""
        return 1.0 / self._slowness(white)[0].reshape(self.grid.shape)

    def _slowness(
        self, white: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Slowness at the nodes and its derivative by the prior's field there."""
        values = self._interpolation @ self.prior.field.evaluate(white).ravel()
        if self.prior.scale == "log_velocity":
            low, high = np.log(self.prior.bounds_km_s)
            inside = (values > low) & (values < high)
            s = np.exp(-np.clip(values, low, high))
            slope = np.where(inside, -s, 0.0)
        else:
            low, high = self.prior.bounds_km_s
            inside = (values > low) & (values < high)
            v = np.clip(values, low, high)
            s = 1.0 / v
            slope = np.where(inside, -s * s, 0.0)
        share = self.grid.rock_share.ravel()
        water = 1.0 / self.grid.water_velocity_km_s
        return share * s + (1.0 - share) * water, share * slope

    def _solve(self, white: NDArray[np.float64]) -> list[EikonalSolution]:
        key = np.ascontiguousarray(white).tobytes()
        if self._last is None or self._last[0] != key:
            velocity = self.velocity(white)
            origin = (self.grid.depth_km[0], self.grid.distance_km[0])
            self._last = (
                key,
                [
                    solve_eikonal(
                        velocity, self.grid.spacing_km, s, origin, self.grid.active, self.order
                    )
                    for s in self._gathers[0]
                ],
            )
        return self._last[1]

    def _ends(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        swap = self._gathers[2]
        return (self.picks.shots_km if swap else self.picks.receivers_km)[rows]

    def predict(self, white: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return travel times in s."""
        out = np.empty(len(self.picks))
        for solution, rows in zip(self._solve(white), self._gathers[1], strict=True):
            out[rows] = solution.times_at(self._ends(rows))
        return out

    def linearize_field(
        self, white: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return travel times and their derivative by the prior's field, (picks, nodes)."""
        predicted = self.predict(white)
        slope = self._slowness(white)[1]
        projection = sparse.csr_array(sparse.diags_array(slope) @ self._interpolation)
        rows = np.empty((len(self.picks), projection.shape[1]))
        for solution, which in zip(self._solve(white), self._gathers[1], strict=True):
            rows[which] = solution.sensitivities(self._ends(which), projection)
        return predicted, rows

    def linearize(
        self, white: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return travel times and their exact derivative by the white coordinates."""
        predicted, rows = self.linearize_field(white)
        return predicted, rows @ self.prior.field.modes

    def pull_back(
        self, white: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the gradient of ``weights @ predict``, one reverse sweep per solution."""
        total = np.zeros(self.grid.shape)
        for solution, rows in zip(self._solve(white), self._gathers[1], strict=True):
            total += solution.backpropagate(self._ends(rows), weights[rows])
        return self.pull_slowness(white, total)

    def pull_slowness(
        self, white: NDArray[np.float64], gradient: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Turn a derivative by the slowness of the nodes into one by white coordinates."""
        by_field = self._interpolation.T @ (gradient.ravel() * self._slowness(white)[1])
        return np.asarray(by_field @ self.prior.field.modes)

    def ray_coverage(self, white: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean length of rays in km per node over the picks, (depth, distance).

        The derivative of the mean travel time by the slowness of every node.
        """
        total = np.zeros(self.grid.shape)
        weight = np.full(len(self.picks), 1.0 / len(self.picks))
        for solution, rows in zip(self._solve(white), self._gathers[1], strict=True):
            total += solution.backpropagate(self._ends(rows), weight[rows])
        return total
