"""Regional ensembles in three dimensions: perturbations of a starting model, with what is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError
from quakeloom.inference import GaussianField, condition_white, gaussian_field, white_draw
from quakeloom.tomography._samplers import member_streams


@dataclass(frozen=True)
class RegionalPrior:
    """A Gaussian field of velocity around a starting model, and what is known of it.

    Attributes
    ----------
    depth_km, north_km, east_km : ndarray
        Coordinates of the nodes, evenly spaced.
    field : GaussianField
        Of the natural logarithm of velocity over the starting model's.
    reference : ndarray, (depth, north, east), km/s
    operator : ndarray, (known, modes)
        Derivative of the known values by the white coordinates; empty if nothing is known.
    known, sigma : ndarray, (known,)
        Logarithms of known velocities over the starting model's, and their errors.
    points_km : ndarray, (known, 3)
        Where they are known.
    """

    depth_km: NDArray[np.float64]
    north_km: NDArray[np.float64]
    east_km: NDArray[np.float64]
    field: GaussianField
    reference: NDArray[np.float64]
    operator: NDArray[np.float64]
    known: NDArray[np.float64]
    sigma: NDArray[np.float64]
    points_km: NDArray[np.float64]

    @property
    def spacing_km(self) -> tuple[float, float, float]:
        """Node spacing per axis."""
        depth, north, east = (np.diff(a[:2]) for a in (self.depth_km, self.north_km, self.east_km))
        return float(depth[0]), float(north[0]), float(east[0])

    def read_field(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Read a field (depth, north, east) at the points where velocity is known."""
        lower, share = _bracket_points(self.points_km, (self.depth_km, self.north_km, self.east_km))
        out = np.zeros(len(self.points_km))
        for nodes, weight in _corners(lower, share):
            out += weight * values[nodes]
        return out

    @property
    def origin_km(self) -> tuple[float, float, float]:
        """Position of the first node."""
        return float(self.depth_km[0]), float(self.north_km[0]), float(self.east_km[0])


def make_regional_prior(
    axes_km: tuple[ArrayLike, ArrayLike, ArrayLike],
    reference: ArrayLike,
    standard_deviation: ArrayLike,
    lengths_km: tuple[float, float, float],
    known_points_km: ArrayLike | None = None,
    known_velocities_km_s: ArrayLike | None = None,
    known_errors: ArrayLike = 0.01,
    share: float = 0.95,
) -> RegionalPrior:
    """Build the prior of a regional ensemble.

    Parameters
    ----------
    axes_km : (depth, north, east)
        Coordinates of the nodes.
    reference : array_like, (n, 2) or (depth, north, east)
        Starting model: depth in km and velocity in km/s, or a velocity at every node.
    standard_deviation : float or array_like, broadcast to the grid
        Of the logarithm of velocity.
    lengths_km : (depth, north, east)
        Correlation lengths.
    known_points_km : array_like, (m, 3), optional
        Where velocity is known (boreholes, a survey's mean section).
    known_velocities_km_s : array_like, (m,), optional
    known_errors : array_like
        Relative errors of the known velocities.
    share : float
        Share of the variance that is kept in modes.
    """
    depth, north, east = (np.asarray(a, dtype=float) for a in axes_km)
    shape = depth.size, north.size, east.size
    model = np.asarray(reference, dtype=float)
    if model.ndim == 2 and model.shape[1] == 2:
        column = np.interp(depth, model[:, 0], model[:, 1])
        model = np.broadcast_to(column[:, None, None], shape).copy()
    if model.shape != shape:
        raise InputError(
            f"The starting model has shape {model.shape}, the grid {shape}. No ensemble can be "
            "drawn; give a velocity per node, or rows of depth and velocity."
        )
    if not model.min() > 0:
        raise InputError(
            f"The starting model falls to {np.nanmin(model):g} km/s or holds what is no number. No "
            "ensemble can be drawn around it; give positive velocities everywhere."
        )
    field = gaussian_field(
        (depth, north, east), lengths_km, standard_deviation, 0.0, "squared_exponential", share
    )
    operator = np.zeros((0, field.size))
    known = sigma = np.zeros(0)
    points = np.zeros((0, 3))
    if known_points_km is not None and known_velocities_km_s is not None:
        points = np.atleast_2d(np.asarray(known_points_km, dtype=float))
        start, operator = _read_points(points, (depth, north, east), model, field)
        known = np.log(np.asarray(known_velocities_km_s, dtype=float) / start)
        sigma = np.broadcast_to(np.asarray(known_errors, dtype=float), known.shape).copy()
    return RegionalPrior(depth, north, east, field, model, operator, known, sigma, points)


def _bracket_points(
    points: NDArray[np.float64], axes: tuple[NDArray[np.float64], ...]
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.float64]]]:
    """Lower nodes and shares of the upper ones, per axis."""
    lower, share = [], []
    for values, axis, name in zip(points.T, axes, ("depth", "north", "east"), strict=True):
        outside = ~((values >= axis[0]) & (values <= axis[-1]))
        if outside.any():
            raise InputError(
                f"A known velocity lies outside the grid ({name} {values[outside][0]:g} km; the "
                f"grid reaches from {axis[0]:g} to {axis[-1]:g} km). Widen the grid or leave it "
                "out."
            )
        i = np.clip(np.searchsorted(axis, values, side="right") - 1, 0, axis.size - 2)
        lower.append(i)
        share.append((values - axis[i]) / (axis[i + 1] - axis[i]))
    return lower, share


def _corners(
    lower: list[NDArray[np.int64]], share: list[NDArray[np.float64]]
) -> Iterator[tuple[tuple[NDArray[np.int64], ...], NDArray[np.float64]]]:
    """Nodes around points with their trilinear weights, corner by corner."""
    for corner in np.ndindex(2, 2, 2):
        nodes = tuple(i + c for i, c in zip(lower, corner, strict=True))
        parts = [s if c else 1.0 - s for s, c in zip(share, corner, strict=True)]
        yield nodes, np.prod(parts, axis=0)


def _read_points(
    points: NDArray[np.float64],
    axes: tuple[NDArray[np.float64], ...],
    model: NDArray[np.float64],
    field: GaussianField,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Starting model and derivative of the field at points, trilinear between nodes."""
    start = np.zeros(len(points))
    operator = np.zeros((len(points), field.size))
    for nodes, weight in _corners(*_bracket_points(points, axes)):
        start += weight * model[nodes]
        operator += weight[:, None] * field.rows_at(nodes)
    return start, operator


def draw_regional_member(prior: RegionalPrior, seed: int, member: int) -> NDArray[np.float64]:
    """Draw one member: velocities at the nodes in km/s, (depth, north, east).

    The prior is conditioned on what is known, with its errors; a member's draw belongs to its
    number.
    """
    streams = member_streams(seed)
    white = white_draw(streams, member, prior.field.size, "regional")
    if prior.known.size:
        noise = white_draw(streams, member, prior.known.size, "regional_known")
        observed = prior.known + prior.sigma * noise
        white = condition_white(prior.operator, observed[None], prior.sigma, white[None])[0]
    return prior.reference * np.exp(prior.field.evaluate(white))
