"""First-arrival times on regular grids: the factored eikonal equation, solved and reversed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quakeloom.core import InputError
from quakeloom.travel import _eikonal_kernels as kernels
from quakeloom.travel import _eikonal_reverse as reverse
from quakeloom.travel._eikonal_layout import GridLayout, start_around_source, straight_lines

_LIMIT = 8 * 200
"""Most sweeps of the first pass, eight to a round of all directions (chosen here: many times what
media of any roughness tried have needed)."""

_GRAPH_SWEEPS = 8
"""Sweeps of the second pass, every direction once; what is left then is followed node by node."""

_COARSE = 1e-5
"""Relative change of a time below which the first pass lets it be (chosen here: it only puts the
nodes in order, which the second pass then follows exactly)."""


@dataclass(frozen=True)
class EikonalSolution:
    """First-arrival times from one source in a grid of velocities.

    The field is kept as apparent slowness ``u`` with ``T = r u``, where ``r`` is the distance
    from the source; ``u`` is smooth where ``T`` has its cone, so interpolation is done in it.

    Attributes
    ----------
    velocity : ndarray, (depth, distance) or (depth, north, east), km/s
        What was solved for.
    spacing_km, origin_km, source_km : tuple of float
        Per axis.
    order : int
        1 or 2.
    """

    velocity: NDArray[np.float64]
    spacing_km: tuple[float, ...]
    origin_km: tuple[float, ...]
    source_km: tuple[float, ...]
    order: int
    _time: NDArray[np.float64]
    _u: NDArray[np.float64]
    _slowness: NDArray[np.float64]
    _state: NDArray[np.uint8]
    _codes: NDArray[np.uint16]
    _layout: GridLayout

    @cached_property
    def apparent_slowness(self) -> NDArray[np.float64]:
        """Travel time per distance from the source, s/km; infinite where no ray arrives."""
        return self._layout.crop(self._u)

    @cached_property
    def times_s(self) -> NDArray[np.float64]:
        """Travel times at the nodes in s; infinite outside the active region."""
        axes = np.ogrid[tuple(slice(0, n) for n in self.velocity.shape)]
        square = sum(
            ((i - c) * h) ** 2 for i, c, h in zip(axes, self._nodes, self.spacing_km, strict=True)
        )
        u = self.apparent_slowness
        with np.errstate(invalid="ignore"):
            return np.where(np.isfinite(u), np.sqrt(square) * u, np.inf)

    @property
    def _nodes(self) -> tuple[float, ...]:
        return tuple(
            (x - o) / h
            for x, o, h in zip(self.source_km, self.origin_km, self.spacing_km, strict=True)
        )

    def times_at(self, points_km: ArrayLike) -> NDArray[np.float64]:
        """Interpolate travel times in s at points of shape (n, axes); NaN outside."""
        points = np.atleast_2d(np.asarray(points_km, dtype=np.float64))
        index, weight = self._layout.corners(self._position(points), self._state)
        r = np.linalg.norm(points - self.source_km, axis=1)
        finite = weight > 0
        u = np.where(finite, weight * np.where(finite, self._u[index], 0.0), weight).sum(1)
        return np.asarray(r * u)

    def gradients_at(self, points_km: ArrayLike) -> NDArray[np.float64]:
        """Gradient of the travel time in s/km at points (n, axes): the slowness vector.

        It points along the ray away from the source.
        """
        points = np.atleast_2d(np.asarray(points_km, dtype=np.float64))
        index, weight, slope = self._layout.corner_slopes(self._position(points), self._state)
        offset = points - self.source_km
        r = np.linalg.norm(offset, axis=1)
        values = self._u[index]
        values[~np.isfinite(values)] = 0.0
        u = (weight * values).sum(1)
        unit = np.divide(offset, r[:, None], out=np.zeros_like(offset), where=r[:, None] > 0)
        gradient: NDArray[np.float64] = unit * u[:, None]
        for axis, h in enumerate(self.spacing_km):
            gradient[:, axis] += r * (slope[:, :, axis] * values).sum(1) / h
        gradient[np.isnan(weight).any(axis=1)] = np.nan
        return gradient

    def takeoff_angles(self, points_km: ArrayLike) -> NDArray[np.float64]:
        """Take-off angle in degrees of the ray that leaves each point for the source.

        By reciprocity the source may be a station: then points are hypocenters. 0 is straight
        down, 180 straight up; axis 0 is depth.
        """
        gradient = self.gradients_at(points_km)
        norm = np.linalg.norm(gradient, axis=1)
        return np.asarray(np.degrees(np.arccos(np.clip(-gradient[:, 0] / norm, -1.0, 1.0))))

    def takeoff_azimuths(self, points_km: ArrayLike) -> NDArray[np.float64]:
        """Azimuth in degrees, clockwise from axis 1 (north), of the ray leaving each point.

        Three axes are needed: depth, north, east.
        """
        gradient = self.gradients_at(points_km)
        return np.degrees(np.arctan2(-gradient[:, 2], -gradient[:, 1])) % 360.0

    def backpropagate(self, points_km: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
        """Return the gradient of ``sum(weights * times_at(points))`` by slowness at the nodes.

        The reverse of the discrete scheme, exact to rounding, at the cost of about one
        solution for any number of points: the adjoint-state gradient without its
        discretization error.

        Parameters
        ----------
        points_km : array_like, (n, axes)
        weights : array_like, (n,)
            Derivative of the objective by every travel time, 1/s.

        Returns
        -------
        ndarray, shape of the velocity
            In units of ``weights`` times km.
        """
        points = np.atleast_2d(np.asarray(points_km, dtype=np.float64))
        index, weight = self._layout.corners(self._position(points), self._state)
        _refuse_outside(weight, points)
        r = np.linalg.norm(points - self.source_km, axis=1)
        lam = np.zeros(self._u.size)
        np.add.at(lam, index, weight * (np.asarray(weights) * r)[:, None])
        gradient = np.zeros(self._u.size)
        touched = np.empty(self._order.size, dtype=np.int64)
        last = self._order.size - 1
        carried = reverse.Sensitivities(lam, gradient, touched)
        reverse.reverse_sweep(self._updates, last, carried)
        fixed, (around, share) = straight_lines(self._layout, self._nodes, self._state)
        np.add.at(gradient, around, share * lam[fixed][:, None])
        return self._layout.crop(gradient)

    def sensitivities(self, points_km: ArrayLike, projection: object) -> NDArray[np.float64]:
        """Return d T / d parameters for every point, the rows of the Jacobian.

        Parameters
        ----------
        points_km : array_like, (n, axes)
        projection : scipy sparse array, (nodes, parameters)
            Derivative of the slowness of every node (C order) by the parameters.

        Returns
        -------
        ndarray, (n, parameters)
        """
        points = np.atleast_2d(np.asarray(points_km, dtype=np.float64))
        index, weight = self._layout.corners(self._position(points), self._state)
        _refuse_outside(weight, points)
        r = np.linalg.norm(points - self.source_km, axis=1)
        rank = np.full(self._u.size, -1, dtype=np.int64)
        rank[self._order] = np.arange(self._order.size)
        matrix = sparse.csr_array(projection)
        if matrix.shape[0] != self.velocity.size:
            raise InputError(
                f"The projection has {matrix.shape[0]} rows, but the grid has "
                f"{self.velocity.size} nodes. Give one row per node."
            )
        rows = np.zeros((len(points), matrix.shape[1]))
        la = self._layout
        fixed, straight = straight_lines(la, self._nodes, self._state)
        parameters = reverse.ParameterRows(
            la.spread(np.arange(self.velocity.size), 0, np.int64),
            matrix.indptr.astype(np.int64),
            matrix.indices.astype(np.int64),
            matrix.data,
        )
        carried = reverse.Sensitivities(
            np.zeros(self._u.size), np.zeros(self._u.size), np.empty(self._order.size, np.int64)
        )
        times = reverse.NodeSums(index, weight * r[:, None])
        starts = rank[index].max(axis=1)
        reverse.reverse_rows(
            self._updates, starts, times, fixed, straight, parameters, carried, rows
        )
        return rows

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        reached = np.flatnonzero(np.isfinite(self._time))
        return reached[np.argsort(self._time[reached], kind="stable")]

    def _position(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return (points - self.origin_km) / self.spacing_km

    @cached_property
    def _updates(self) -> reverse.LinearUpdates:
        """The updates of the reached nodes, with their derivatives."""
        la = self._layout
        count = self._order.size
        updates = reverse.LinearUpdates(
            self._order,
            self._codes,
            la.stride,
            np.zeros(count),
            np.zeros((count, 3)),
            np.zeros((count, 3)),
        )
        grid = la.place(self.spacing_km, self._nodes)
        reverse.linearize_updates(self._u, self._slowness, self._state, grid, updates)
        return updates


def solve_eikonal(
    velocity: ArrayLike,
    spacing_km: ArrayLike,
    source_km: ArrayLike,
    origin_km: ArrayLike | None = None,
    active: ArrayLike | None = None,
    order: int = 2,
) -> EikonalSolution:
    r"""Solve the eikonal equation for first-arrival times from one source.

    With :math:`T = r u`, where :math:`r` is the distance from the source, the equation
    :math:`|u \nabla r + r \nabla u| = 1/v` is discretized upwind. First-order times are found
    by fast sweeping in which only nodes with news are visited; they fix for every node
    which neighbors lie upwind, and the second-order values are computed on that graph, which
    has no cycles, so the result does not depend on the order of sweeps and its derivative is
    exact. First arrivals only: later branches and reflections are not found.

    Parameters
    ----------
    velocity : array_like, (depth, distance) or (depth, north, east), km/s
        At the nodes, linear between them. Also needed, positive, in inactive nodes.
    spacing_km : float or array_like
        Node spacing, per axis.
    source_km : array_like
        Source position, per axis; need not be a node.
    origin_km : array_like, optional
        Position of the first node; zeros.
    active : array_like of bool, optional
        Nodes that rays may use, e.g. those below the ground. Give one layer of nodes above
        the ground the velocity below them and keep them active, so that the ground lies
        between nodes.
    order : {1, 2}
        Order of accuracy.

    Returns
    -------
    EikonalSolution

    Raises
    ------
    InputError
        If a velocity is not positive and finite, the source lies outside, or velocities jump by
        orders of magnitude from node to node.

    References
    ----------
    Fomel, S., Luo, S. and Zhao, H. (2009), Fast sweeping method for the factored eikonal
    equation, J. Comput. Phys. 228. Treister, E. and Haber, E. (2016), A fast marching
    algorithm for the factored eikonal equation, J. Comput. Phys. 324.
    """
    if order not in (1, 2):
        raise InputError(f"Order {order} of the eikonal solver does not exist; give 1 or 2.")
    velocity = _check_velocity(velocity)
    spacing = _per_axis(spacing_km, velocity.ndim)
    origin = _per_axis(0.0 if origin_km is None else origin_km, velocity.ndim)
    source = _per_axis(source_km, velocity.ndim)
    nodes = _place_source(velocity.shape, spacing, origin, source)
    la = GridLayout(velocity.shape)
    mask = np.ones(velocity.shape, dtype=bool) if active is None else np.asarray(active, bool)
    state = la.spread(mask.astype(np.uint8), kernels.OUTSIDE, np.uint8)
    slowness = la.spread(1.0 / velocity, 1.0, np.float64)
    time, u = np.full(state.size, np.inf), np.full(state.size, np.inf)
    rows = np.zeros(la.padded[0] * la.padded[1], dtype=np.uint8)
    start_around_source(la, nodes, spacing, slowness, state, time, u, rows)
    if not np.isfinite(time).any():
        raise InputError(
            f"The source at {source} km lies outside the active region (in the air). It "
            "has no travel times; put it on or below the ground."
        )
    codes = np.zeros(state.size, dtype=np.uint16)
    fields = time, u, slowness, state, rows, codes
    if not _solve_in_two_passes(*fields, la.place(spacing, nodes), order):
        raise InputError(
            f"Velocities from {velocity.min():g} to {velocity.max():g} km/s change so much from "
            f"node to node that first arrivals from the source at {source} km could not be put in "
            "order. No travel times were computed; smooth the model, or make its grid finer."
        )
    return EikonalSolution(
        velocity, spacing, origin, source, order, time, u, slowness, state, codes, la
    )


def _solve_in_two_passes(
    time: kernels.Floats,
    u: kernels.Floats,
    slowness: kernels.Floats,
    state: kernels.States,
    rows: kernels.States,
    codes: kernels.Codes,
    grid: kernels.SolverGrid,
    order: int,
) -> bool:
    """Put the nodes in order by first-order times, then follow it; return whether that went well.

    At first order the first pass alone would do, but its result depends a little on the order of
    sweeps, and its derivative is not exact.
    """
    unsettled = kernels.sweep_first_order(time, u, slowness, state, rows, grid, _LIMIT, _COARSE)
    kernels.choose_stencils(time, state, rows, grid, codes)
    if order == 1:
        codes &= np.uint16(kernels.ALL_NEAR)
    if kernels.sweep_on_graph(u, slowness, state, rows, codes, grid, _GRAPH_SWEEPS):
        kernels.follow_graph(u, slowness, state, codes, grid)
    return not unsettled and kernels.count_unsolved(time, u) == 0


def _check_velocity(values: ArrayLike) -> NDArray[np.float64]:
    velocity = np.ascontiguousarray(values, dtype=np.float64)
    if velocity.ndim not in (2, 3) or min(velocity.shape) < 2:
        raise InputError(
            f"The velocity grid has shape {velocity.shape}. Travel times need two or three axes "
            "of at least two nodes; give (depth, distance) or (depth, north, east)."
        )
    if not (np.isfinite(velocity).all() and velocity.min() > 0):
        finite = velocity[np.isfinite(velocity)]
        least = f"{finite.min():g} km/s" if finite.size else "nothing finite"
        raise InputError(
            f"The velocity grid holds values from {least}, or NaN. Travel "
            "times need positive velocities everywhere; fill air and gaps as well."
        )
    return velocity


def _place_source(
    shape: tuple[int, ...],
    spacing: tuple[float, ...],
    origin: tuple[float, ...],
    source: tuple[float, ...],
) -> tuple[float, ...]:
    """Return the source in nodes from the first."""
    n = np.asarray(shape)
    nodes = (np.array(source) - origin) / spacing
    if (nodes < -1e-9).any() or (nodes > n - 1 + 1e-9).any():
        raise InputError(
            f"The source at {source} km lies outside the grid, which reaches from "
            f"{origin} to {_in_words(np.array(origin) + (n - 1) * spacing)} km. It has no "
            "travel times; widen the grid or put the source aside."
        )
    return tuple(float(x) for x in np.clip(nodes, 0, n - 1))


def _per_axis(values: ArrayLike, axes: int) -> tuple[float, ...]:
    return tuple(float(x) for x in np.broadcast_to(np.asarray(values, dtype=float), axes))


def _in_words(place: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(place.tolist())


def _refuse_outside(weight: NDArray[np.float64], points: NDArray[np.float64]) -> None:
    bad = np.isnan(weight).any(axis=1)
    if bad.any():
        raise InputError(
            f"{bad.sum()} points lie outside the grid or above the ground, the first at "
            f"{_in_words(points[bad][0])} km. Their travel times have no derivative; put them "
            "aside."
        )
