"""Priors of a line whose hyper-parameters are marginalized, not chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from quakeloom.inference import (
    GaussianField,
    HyperLattice,
    SummedField,
    explore_lattice,
    gaussian_field,
    maximize_posterior,
    robust_weights,
)
from quakeloom.tomography._blocks import Blocks, block_shift
from quakeloom.tomography._line_grid import LineGrid
from quakeloom.tomography._refraction import Kernel, RefractionProblem, Scale, VelocityPrior

_STEP = 1.6
"""Factor between neighboring correlation lengths and widths of the lattice; chosen here: the
evidence of a line hardly tells values nearer to each other apart."""

_GROWTH = 0.15
"""Step of the growth of the vertical length per depth; chosen here."""

_LOWEST, _HIGHEST = (-6, -2, -2, 0), (3, 4, 4, 2)
"""Ends of the lattice: steps of the width, of the lengths in depth and along the line, and of the
growth. Widths fall to a seventeenth of what the scatter of the times says, lengths are between 0.4
and 6.6 times the first; chosen here."""

_MOST_POINTS = 80
"""Points of the lattice at which the evidence is computed at most; chosen here."""

_MOST_MODES = 1200
"""Modes that a prior may have; chosen here: the work grows with their cube."""

_ROUGH_SHARE = 0.97
"""Share of the variance of a rough field that is kept in modes: it has many short ones, and the
rest of the variance is given to those kept. Chosen here."""

_STEPS, _TOLERANCE = 15, 3e-3
"""Gauss-Newton steps, and share of the number of data by which one must lower the objective, as in
:class:`SamplerOptions`."""

_CARRIER = (32, 81)
"""Nodes in depth and along the line of the grid on which priors are compared, and the most that
members have; chosen here: lengths down to a thirtieth of the line are told apart."""

_LEAST_NODES = 16
"""Nodes in depth and along the line that a carrier has at least; chosen here, for the layers."""

_LAYER_SHARE, _LAYER_GROWTH = 0.04, 0.25
"""Vertical correlation length of what differs between regions: at the ground as a share of the
section's depth, and its growth per depth. Chosen here: layers are a quarter as thick as they are
deep."""

_EVEN = 1e3
"""Length along the line of what differs between regions, in lengths of the line: it is even."""


@dataclass(frozen=True)
class PriorPoint:
    """One point of the hyper-parameters of a line's prior.

    Attributes
    ----------
    width : float
        Factor on the standard deviation of what differs along the line.
    depth_length, distance_length : float
        Factors on the correlation lengths.
    growth : float
        Growth of the vertical length per depth.
    kernel : str
        Correlation function of what differs along the line: how rough it is.
    blocks : tuple
        Layers and basins in the mean (:func:`quakeloom.tomography.blocks_at`).
    """

    width: float
    depth_length: float
    distance_length: float
    growth: float
    kernel: Kernel = "matern52"
    blocks: Blocks = ()


@dataclass(frozen=True)
class PriorShape:
    """What the priors of a line have in common.

    Attributes
    ----------
    reference : ndarray, (n, 2)
        Depth below ground in km, mean velocity in km/s.
    standard_deviation : ndarray, (n, 2)
        Depth below ground in km, standard deviation of what differs along the line, of the
        scale; before a point's factor.
    lengths_km : (depth, distance)
        Correlation lengths before a point's factors.
    floor : ndarray, (n, 2)
        Depth below ground in km, standard deviation of the logarithm of velocity between regions,
        which no evidence makes smaller; empty for none.
    scale : {"velocity", "log_velocity"}
    share : float
        Share of the variance that is kept in modes.
    bounds_km_s : (lowest, highest)
    """

    reference: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]
    lengths_km: tuple[float, float]
    floor: NDArray[np.float64]
    scale: Scale = "log_velocity"
    share: float = 0.999
    bounds_km_s: tuple[float, float] = (0.1, 12.0)


@dataclass(frozen=True)
class WeighedPriors:
    """Posterior of the hyper-parameters of a line.

    Attributes
    ----------
    points : list of PriorPoint
        Equally probable ones.
    best : PriorPoint
    log_evidence : float
        At the best point, in Laplace's approximation.
    tried : int
    """

    points: list[PriorPoint]
    best: PriorPoint
    log_evidence: float
    tried: int


def point_of(step: tuple[int, ...], kernel: Kernel) -> PriorPoint:
    """Return the hyper-parameters of a point of the lattice."""
    width, depth, distance, growth = step
    return PriorPoint(_STEP**width, _STEP**depth, _STEP**distance, _GROWTH * growth, kernel)


def carrier_nodes(
    grid: LineGrid,
    points: Sequence[PriorPoint] = (),
    shape: PriorShape | None = None,
    nodes_per_length: float = 3.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return depths below ground and distances of a grid that carries priors of a line.

    Depths lie closer near the ground, where structure is finer. Without points the grid is that on
    which priors are compared; with points no finer than the shortest of their lengths needs.
    """
    deepest = float(grid.depth_km[-1] - grid.ground_depth_km.min())
    first, last = float(grid.distance_km[0]), float(grid.distance_km[-1])
    deep, along = _CARRIER
    if points and shape is not None:
        u = np.linspace(0.0, 1.0, 50)
        depth = deepest * 0.5 * (u + u**2)
        needed_deep, needed_along = 0.0, 0.0
        for point in points:
            length = shape.lengths_km[0] * point.depth_length + point.growth * depth
            needed_deep = max(needed_deep, float(np.max(deepest * (0.5 + u) / length)))
            length_along = shape.lengths_km[1] * point.distance_length
            needed_along = max(needed_along, (last - first) / length_along)
        deep = int(np.clip(np.ceil(nodes_per_length * needed_deep) + 1, _LEAST_NODES, deep))
        along = int(np.clip(np.ceil(nodes_per_length * needed_along) + 1, _LEAST_NODES, along))
    even = np.linspace(0.0, 1.0, min(deep, grid.depth_km.size))
    depths = deepest * (0.5 * even + 0.5 * even**2)
    return depths, np.linspace(first, last, min(along, grid.distance_km.size))


def prior_at_point(
    nodes: tuple[NDArray[np.float64], NDArray[np.float64]],
    shape: PriorShape,
    point: PriorPoint,
    size: int = 0,
) -> VelocityPrior:
    """Build the prior of a point on the nodes of :func:`carrier_nodes`.

    The sum of what differs along the line, with the width and the lengths of the point, and of
    what differs between regions, even along the line and never narrower than the floor.

    Parameters
    ----------
    nodes : (depths, distances)
    shape : PriorShape
    point : PriorPoint
    size : int
        White coordinates to pad to.
    """
    below, along = nodes
    mean = np.interp(below, shape.reference[:, 0], shape.reference[:, 1])
    width = np.interp(below, *shape.standard_deviation.T) * point.width
    lz = shape.lengths_km[0] * point.depth_length
    lx = shape.lengths_km[1] * point.distance_length
    shift = block_shift(nodes, point.blocks)
    if shape.scale == "log_velocity":
        center = np.log(mean)[:, None] + shift
    else:
        center = mean[:, None] * np.exp(shift)
    rough = point.kernel == "exponential"
    lateral = gaussian_field(
        (_stretched(below, lz, point.growth), along), (1.0, lx), width[:, None], center,
        point.kernel, min(shape.share, _ROUGH_SHARE) if rough else shape.share,
    )  # fmt: skip
    if rough:
        lost = lateral.standard_deviation / np.sqrt(np.maximum(lateral.variance(), 1e-30))
        lateral = replace(lateral, standard_deviation=lateral.standard_deviation * lost)
    parts = [lateral]
    if len(shape.floor):
        floor = np.interp(below, *shape.floor.T)
        if shape.scale == "velocity":
            floor = floor * mean
        stretched = _stretched(below, _LAYER_SHARE * float(below[-1]), _LAYER_GROWTH)
        length = _EVEN * float(along[-1] - along[0])
        parts.append(
            gaussian_field(
                (stretched, along), (1.0, length), floor[:, None], 0.0, "matern52", shape.share
            )
        )
    made = sum(p.size for p in parts)
    field: GaussianField | SummedField = SummedField(tuple(parts), max(size - made, 0))
    return VelocityPrior(below, along, field, shape.scale, shape.bounds_km_s)


def _stretched(below: NDArray[np.float64], length: float, growth: float) -> NDArray[np.float64]:
    """Depth in correlation lengths that grow with depth."""
    if growth > 0:
        return np.asarray(np.log1p(growth * below / length) / growth)
    return below / length


def weigh_priors(
    build: Callable[[PriorPoint], RefractionProblem],
    free: tuple[bool, bool, bool],
    kernels: Sequence[Kernel],
    count: int,
    degrees_of_freedom: float | None = None,
) -> WeighedPriors:
    r"""Weigh width, lengths, growth and roughness of a prior by the evidence.

    The evidence of every point of a lattice is that of times that are linear in the field about
    the most probable model :math:`f_0`,

    .. math:: d \sim N\left(g(f_0) + J (\mu - f_0),\; \Sigma + J C J^T\right),

    with the mean :math:`\mu` and the covariance C of the point. The prior of the
    hyper-parameters is uniform in the width, so that a line without any structure along it is not
    certain from the start, in the logarithms of the lengths, and over the kernels. The model is
    that of the best point of the first kernel, found anew when it has changed.

    Parameters
    ----------
    build : callable
        Returns the problem of a point; all on the same nodes.
    free : (width, lengths, growth)
        Which may differ from the first point.
    kernels : sequence of str
        Correlation functions that are equally likely before.
    count : int
        Equally probable points to return.
    degrees_of_freedom : float, optional
        Student's t likelihood.
    """
    open_axes = np.array([free[0], free[1], free[1], free[2]])
    lowest = np.where(open_axes, _LOWEST, 0).tolist()
    highest = np.where(open_axes, _HIGHEST, 0).tolist()
    best: tuple[int, ...] = (0, 0, 0, 1 if free[2] else 0)
    tried = 0
    density = _linear_evidence(build, point_of(best, kernels[0]), degrees_of_freedom)
    found = _explore(density, kernels[:1], best, (lowest, highest))
    tried += found.tried
    if found.best[1:] != best:
        best = found.best[1:]
        density = _linear_evidence(build, point_of(best, kernels[0]), degrees_of_freedom)
    found = _explore(density, kernels, best, (lowest, highest))
    tried += found.tried

    def point(step: tuple[int, ...]) -> PriorPoint:
        return point_of(step[1:], kernels[step[0]])

    log_evidence = float(found.log_density.max()) - float(np.log(_STEP)) * found.best[1]
    points = [point(s) for s in found.equally_probable(count)]
    return WeighedPriors(points, point(found.best), log_evidence, tried)


def _explore(
    density: Callable[[tuple[int, ...], Kernel], float],
    kernels: Sequence[Kernel],
    start: tuple[int, ...],
    ends: tuple[list[int], list[int]],
) -> HyperLattice:
    """Explore a lattice per kernel; the number of the kernel becomes the first axis."""
    lattices = [
        explore_lattice(partial(_of_kernel, density, k), start, *ends, _MOST_POINTS)
        for k in kernels
    ]
    steps = [
        np.column_stack([np.full(len(found.steps), k), found.steps])
        for k, found in enumerate(lattices)
    ]
    return HyperLattice(
        np.concatenate(steps),
        np.concatenate([found.log_density for found in lattices]),
        sum(found.tried for found in lattices),
    )


def _of_kernel(
    density: Callable[[tuple[int, ...], Kernel], float], kernel: Kernel, step: tuple[int, ...]
) -> float:
    return density(step, kernel)


def _linear_evidence(
    build: Callable[[PriorPoint], RefractionProblem],
    first: PriorPoint,
    degrees_of_freedom: float | None,
) -> Callable[[tuple[int, ...], Kernel], float]:
    """Return evidence times prior of lattice points, with times linear about one model."""
    problem = build(first)
    fit = maximize_posterior(
        problem, steps=_STEPS, tolerance=_TOLERANCE, degrees_of_freedom=degrees_of_freedom
    )
    predicted, rows = problem.linearize_field(fit.white)
    field = problem.prior.field
    shape = field.mean.shape
    center = field.evaluate(fit.white)
    residuals = (problem.data - predicted) / problem.sigma
    root = np.sqrt(robust_weights(residuals, degrees_of_freedom)[0]) / problem.sigma
    rows *= root[:, None]
    constant = float(np.sum(np.log(root)) - 0.5 * root.size * np.log(2.0 * np.pi))

    def density(at: tuple[int, ...], kernel: Kernel) -> float:
        point = point_of(at, kernel)
        there = build(point).prior.field
        if there.size > _MOST_MODES and point != first:
            return -np.inf
        a = there.project(rows.reshape(-1, *shape))
        r = root * (problem.data - predicted) - rows @ (there.mean - center).ravel()
        small = a.T @ a if a.shape[0] > a.shape[1] else a @ a.T
        small[np.diag_indices(len(small))] += 1.0
        factor = np.linalg.cholesky(small)
        logdet = 2.0 * float(np.sum(np.log(np.diag(factor))))
        if a.shape[0] > a.shape[1]:
            y = linalg.solve_triangular(factor, a.T @ r, lower=True)
            square = float(r @ r - y @ y)
        else:
            y = linalg.solve_triangular(factor, r, lower=True)
            square = float(y @ y)
        # uniform in the width: the lattice is even in its logarithm
        return constant - 0.5 * (square + logdet) + float(np.log(_STEP)) * at[0]

    return density
