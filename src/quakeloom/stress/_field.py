"""From sufficient statistics to a stress field: smoothing, ABIC, covariance, resolution."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from quakeloom.core import InputError
from quakeloom.inference import (
    AbicPoint,
    AbicScan,
    BlockCholesky,
    SmoothInversion,
    dissect_graph,
    minimize_abic,
    with_one_blas_thread,
)
from quakeloom.stress._grid import StressGrid
from quakeloom.stress._mechanisms import Basis, basis_change
from quakeloom.stress._statistics import SCALE, StressStatistics

Floats = NDArray[np.float64]
log = logging.getLogger(__name__)

MINIMUM_WEIGHT = 4.0
"""Least sum of mechanism weights from which a stress is computed: five unknowns and their
noise need more than five data, and a mechanism gives two."""

ANCHOR_PRECISION = 0.25
"""Precision of the prior that holds the mean of an area whose mechanisms leave a combination
of the five components free; with the usual noise variance of 0.3 its standard deviation is
about 1, the size of the stress itself."""

_STRENGTHS = 7
_SURE_OF_STRENGTH = 0.1

NOISE_FLOOR = 0.01
"""Least noise variance of a slip component, about 8 degrees of slip direction (see
:meth:`StressInversion.noise_variance`)."""


@dataclass(frozen=True)
class StressField:
    """A smoothed stress field and how well it is known.

    Attributes
    ----------
    components : ndarray, shape (nodes, 5)
        Orthonormal basis, tension positive; NaN where no data reach.
    covariance : ndarray, shape (nodes, 5, 5)
        Posterior covariance of each node's components.
    resolution : ndarray, shape (nodes,)
        Share of a node's estimate that its own data decide, the mean diagonal of
        ``H^-1 G^T G``; the rest is decided by its neighbors through the smoothness.
    data_weight : ndarray, shape (nodes,)
        Sum of the weights of mechanisms.
    mechanism_count : ndarray of int64, shape (nodes,)
    noise_variance : float
    score_ratio : float
        Scatter of what mechanisms ask for relative to what the noise variance makes expect;
        near 1 for known planes, less where both planes or wide sets of acceptable mechanisms
        share an event. Data alone would scatter the field by its square root less.
    freedom : float
        ``N + P - M``, the degrees of freedom of the noise variance.
    point : AbicPoint
        The strength used.
    scan : AbicScan or None
        All strengths tried; None if the strength was given.
    data_count, rank, parameter_count : float, int, int
        N, P and M.
    anchored : bool
        The data left some combination free, and a wide prior holds it.
    """

    components: Floats
    covariance: Floats
    resolution: Floats
    data_weight: Floats
    mechanism_count: NDArray[np.int64]
    noise_variance: float
    score_ratio: float
    freedom: float
    point: AbicPoint
    scan: AbicScan | None
    data_count: float
    rank: int
    parameter_count: int
    anchored: bool


class StressInversion:
    """The smoothed inversion of statistics on a grid, ready for any strength.

    Parameters
    ----------
    grid : StressGrid
    statistics : StressStatistics
    basis : {"orthonormal", "satsi"}
        Components that are smoothed; see :func:`tensor_basis`.
    order : {1, 2}
        First or second differences.
    metric : {"distance", "index"}
        See :meth:`StressGrid.smoothness`.
    solver : {"direct", "iterative"}
        See :class:`quakeloom.inference.SmoothInversion`.

    Raises
    ------
    InputError
        If there is too little to determine a stress.

    Notes
    -----
    Areas that are connected neither by smoothness nor data to any mechanism are left out;
    they have no stress, not a confident one. The number of data is ``N = 2 sum w``: the shear
    traction has two components in the fault plane, and a mechanism of weight w counts as w
    mechanisms, however many planes it stands for.
    """

    def __init__(
        self,
        grid: StressGrid,
        statistics: StressStatistics,
        basis: Basis = "orthonormal",
        order: int = 1,
        metric: Literal["distance", "index"] = "distance",
        solver: str = "direct",
    ) -> None:
        if statistics.slip.shape[0] != grid.node_count:
            raise InputError(
                f"The statistics stand on {statistics.slip.shape[0]} nodes, the grid has "
                f"{grid.node_count}; nothing was inverted. Accumulate them on this grid."
            )
        if statistics.total_weight < MINIMUM_WEIGHT:
            raise InputError(
                f"{int(statistics.mechanism_count.sum())} mechanisms inside the grid with a total "
                f"weight of {statistics.total_weight:.2f} ({statistics.outside_count} more lie "
                "outside it or have no weight) cannot determine a stress tensor, which has five "
                f"unknowns; nothing was inverted. Give mechanisms of a total weight of at least "
                f"{MINIMUM_WEIGHT:.0f}, or a grid that covers them."
            )
        self.grid, self.statistics, self.basis = grid, statistics, basis
        penalties = grid.smoothness(order, metric)
        components = _components(grid, penalties)
        has_data = np.bincount(components, weights=statistics.weight) > 0
        self.kept = np.flatnonzero(has_data[components])
        self._place_nodes(penalties, components)
        change = basis_change(basis)
        self._change = change
        self._own = self._data_blocks(statistics, change)
        vector = statistics.slip_vectors()[self.kept] @ change
        blocks, self.anchored = self._anchor(self._own)
        self.inversion = SmoothInversion(
            self.dissection,
            blocks,
            vector,
            statistics.total_weight,
            2.0 * statistics.total_weight,
            self._penalties,
            self._components,
            solver,
        )

    def _place_nodes(self, penalties: Sequence[coo_array], components: NDArray) -> None:
        grid, n = self.grid, self.grid.node_count
        new = np.full(n, -1, dtype=np.int64)
        new[self.kept] = np.arange(self.kept.size)
        self._components = np.unique(components[self.kept], return_inverse=True)[1]
        count = self.kept.size
        own = new[grid.pairs]
        self._pair_used = (own >= 0).all(axis=1)
        keys = [self._keys(own[self._pair_used], count)]
        upper = []
        for matrix in penalties:
            i, j = new[matrix.coords[0]], new[matrix.coords[1]]
            inside = (i >= 0) & (j >= i)
            upper.append((self._keys(np.stack([i, j], 1)[inside], count), matrix.data[inside]))
            keys.append(upper[-1][0])
        everything = np.unique(np.concatenate([*keys, np.arange(count) * (count + 1)]))
        pairs = np.stack([everything // count, everything % count], axis=1)
        self.dissection = dissect_graph(pairs, grid.places[self.kept])
        self._pair_row = np.searchsorted(everything, keys[0])
        self._penalties = []
        for key, values in upper:
            weights = np.zeros(everything.size)
            weights[np.searchsorted(everything, key)] = values
            if np.any(weights):
                self._penalties.append(weights)

    @staticmethod
    def _keys(pairs: NDArray, count: int) -> NDArray[np.int64]:
        return np.minimum(pairs[:, 0], pairs[:, 1]) * count + np.maximum(pairs[:, 0], pairs[:, 1])

    def _data_blocks(self, statistics: StressStatistics, change: Floats) -> Floats:
        out = np.zeros((self.dissection.pairs.shape[0], 5, 5))
        values = statistics.normal_blocks()[self._pair_used]
        out[self._pair_row] = change.T @ values @ change
        return out

    def _anchor(self, blocks: Floats) -> tuple[Floats, bool]:
        """Hold the mean of areas whose data leave a direction free."""
        i, j = self.dissection.pairs.T
        twice = np.where(i == j, 1.0, 2.0)[:, None, None]
        anchored = False
        out = blocks
        # data may couple areas across a gap of the smoothness, so each end counts half
        total = np.zeros((int(self._components.max()) + 1, 5, 5))
        np.add.at(total, self._components[i], 0.5 * twice * blocks)
        np.add.at(total, self._components[j], 0.5 * twice * blocks)
        least = np.linalg.eigvalsh(total)[:, 0]
        sizes = np.bincount(self._components)
        weak = least < ANCHOR_PRECISION
        if weak.any():
            anchored = True
            out = blocks.copy()
            diagonal = np.flatnonzero(i == j)
            area = self._components[i[diagonal]]
            precision = np.where(weak[area], ANCHOR_PRECISION / sizes[area], 0.0)
            out[diagonal] += precision[:, None, None] * np.eye(5)
            log.warning(
                "The mechanisms of %d of %d separate areas leave the stress partly free; a wide "
                "prior holds it there.",
                int(weak.sum()),
                weak.size,
            )
        return out, anchored

    def noise_variance(self, point: AbicPoint) -> float:
        """Return ``S/(N + P - M)``, not less than a floor.

        Identical mechanisms fit exactly; that says nothing of the noise, so the variance of a
        slip component is taken to be at least that of some 8 degrees.
        """
        return max(point.noise_variance, NOISE_FLOOR)

    def scan(
        self, log_range: tuple[float, float] = (-6.0, 16.0), scan: int = 25, tolerance: float = 1e-3
    ) -> AbicScan:
        """Find the strength of least ABIC (:func:`quakeloom.inference.minimize_abic`)."""
        result = minimize_abic(self.inversion, log_range, scan, tolerance)
        if result.at_edge:
            log.warning(
                "ABIC is least near an end of the range of strengths (alpha2 = %s): at the upper "
                "end the mechanisms show no change of stress over the map, at the lower end they "
                "are met exactly.",
                ", ".join(f"{a:.3g}" for a in result.best.alpha2),
            )
        return result

    @with_one_blas_thread
    def solve(self, alpha2: Sequence[float], scan: AbicScan | None = None) -> StressField:
        """Return the field at a strength with its covariance and resolution.

        The covariance of a node is ``s^2 H^-1`` (exact, by the selected inverse). With both
        planes of every event in the sums, the misfit s^2 also holds the difference of the two
        planes: the ranges are cautious then, by :attr:`StressField.score_ratio`; the bootstrap
        shows the scatter of the data alone.

        Where a scan is given and its curve leaves the strength open, the covariance is that
        over the likely strengths, scatter of their solutions included; the field itself is
        that of the best strength.
        """
        point, m = self.inversion.evaluate(alpha2)
        inverse = self._inverse(alpha2)
        pairs = self.dissection.pairs
        same = pairs[:, 0] == pairs[:, 1]
        trace = np.einsum("pij,pij->p", inverse, self._own)
        own = np.bincount(pairs[:, 0], weights=trace, minlength=self.kept.size)
        own += np.bincount(pairs[~same, 1], weights=trace[~same], minlength=self.kept.size)
        variance = self.noise_variance(point)
        ratio = self.score_ratio(m, point)
        node_covariance = self._node_covariance(point, inverse)
        others = _likely_strengths(scan) if scan is not None and len(alpha2) == 1 else ()
        if len(others):
            total = np.zeros_like(node_covariance)
            for other in others:
                there, shifted = self.inversion.evaluate((other,))
                off = shifted - m
                total += self._node_covariance(there, self._inverse((other,)))
                total += off[:, :, None] * off[:, None, :]
            node_covariance = total / len(others)
        change = self._change
        return StressField(
            self.expand(m),
            self._fill(change @ node_covariance @ change.T),
            self._fill(own / 5.0),
            self.statistics.weight / SCALE,
            self.statistics.mechanism_count,
            variance,
            ratio,
            self.inversion.freedom,
            point,
            scan,
            self.inversion.data_count,
            self.inversion.rank,
            self.inversion.parameter_count,
            self.anchored,
        )

    def _node_covariance(self, point: AbicPoint, inverse: Floats) -> Floats:
        """Covariance of every solved node, shape (solved, 5, 5), in the smoothed basis."""
        pairs = self.dissection.pairs
        same = np.flatnonzero(pairs[:, 0] == pairs[:, 1])
        out = np.empty((self.kept.size, 5, 5))
        out[pairs[same, 0]] = self.noise_variance(point) * inverse[same]
        return out

    def _inverse(self, alpha2: Sequence[float]) -> Floats:
        factor = self.inversion.factorize(alpha2)
        if isinstance(factor, BlockCholesky):
            return factor.selected_inverse()
        shape = (self.kept.size, 5, 200)
        draws = factor.draw(np.random.default_rng(0).standard_normal(shape))
        i, j = self.dissection.pairs.T
        return np.einsum("pad,pbd->pab", draws[i], draws[j]) / shape[2]

    def score_ratio(self, m: Floats, point: AbicPoint) -> float:
        """Return ``c = tr[(sum K)^-1 sum w^2 g g^T] / (5 s^2)`` over all mechanisms.

        g is the score ``b - K m`` of a mechanism. If mechanisms had independent noise of the
        variance s^2 in each slip component, c would be 1.
        """
        components = np.nan_to_num(self.expand(m))
        scatter = self.statistics.score_covariance(components).sum(axis=0)
        i, j = self.grid.pairs.T
        twice = np.where(i == j, 1.0, 2.0)[:, None, None]
        normal = np.sum(twice * self.statistics.normal_blocks(), axis=0)
        values = np.linalg.eigvalsh(normal)
        if values[0] < ANCHOR_PRECISION or self.noise_variance(point) > point.noise_variance:
            return 1.0
        ratio = np.trace(np.linalg.solve(normal, scatter)) / (5.0 * point.noise_variance)
        return float(np.clip(ratio, 0.02, 1.0))

    def draw_fields(self, alpha2: Sequence[float], count: int, seed: int = 0) -> Floats:
        """Return joint posterior draws of the whole field, shape (draws, nodes, 5)."""
        point, m = self.inversion.evaluate(alpha2)
        factor = self.inversion.factorize(alpha2)
        generator = np.random.default_rng(seed)
        noise = factor.draw(generator.standard_normal((*m.shape, count)))
        scale = np.sqrt(self.noise_variance(point))
        freedom = self.inversion.freedom
        scale = scale * np.sqrt(freedom / generator.chisquare(freedom, count))
        return np.stack([self.expand(m + scale[d] * noise[:, :, d]) for d in range(count)])

    def expand(self, m: Floats) -> Floats:
        """Return components of the solved nodes for the whole grid, in the orthonormal basis."""
        return self._fill(m @ self._change.T)

    def _fill(self, values: Floats) -> Floats:
        out = np.full((self.grid.node_count, *values.shape[1:]), np.nan)
        out[self.kept] = values
        return out


def invert_stress(
    grid: StressGrid,
    statistics: StressStatistics,
    alpha2: float | Sequence[float] | None = None,
    basis: Basis = "orthonormal",
    order: int = 1,
    metric: Literal["distance", "index"] = "distance",
    log_range: tuple[float, float] = (-6.0, 16.0),
    solver: str = "direct",
) -> StressField:
    """Invert mechanism statistics for a smoothed stress field.

    Minimizes ``|d - G m|^2 + alpha2 |L m|^2``, the damped inversion of Hardebeck & Michael
    (2006), with the strength of least ABIC unless one is given.

    Parameters
    ----------
    grid : StressGrid
    statistics : StressStatistics
    alpha2 : float or sequence of float, optional
        Smoothing strength over the map, and over depth and time where they exist. SATSI's
        ``damping`` e corresponds to ``alpha2 = e^4``: it multiplies its rows by e^2.
    basis, order, metric, solver
        See :class:`StressInversion`.
    log_range : tuple of float
        Range of ``ln alpha2`` for ABIC.

    Returns
    -------
    StressField

    References
    ----------
    Hardebeck, J. L. & Michael, A. J. (2006). Damped regional-scale stress inversions:
    methodology and examples for southern California and the Coalinga aftershock sequence.
    J. Geophys. Res. 111, B11310.
    """
    inversion = StressInversion(grid, statistics, basis, order, metric, solver)
    count = len(inversion.inversion.penalties)
    if alpha2 is None:
        scan = inversion.scan(log_range)
        return inversion.solve(scan.best.alpha2, scan)
    given = np.broadcast_to(np.atleast_1d(np.asarray(alpha2, dtype=float)), (max(count, 1),))
    if not np.all(given > 0):
        raise InputError(
            f"The smoothing strength alpha2 = {alpha2} is not positive, so nothing was inverted. "
            "Give a positive number, or none to let ABIC choose."
        )
    return inversion.solve(given[:count])


def _likely_strengths(scan: AbicScan) -> Floats:
    """Strengths that stand for the posterior of alpha2, each with the same probability.

    ``p(ln alpha2) ~ exp(-ABIC/2) / alpha``: a uniform prior on the standard deviation of the
    steps between nodes, under which a field without any variation is not certain from the
    start. None where the curve leaves no doubt.
    """
    logs = np.log([p.alpha2[0] for p in scan.points])
    if logs.size < 5:
        return np.empty(0)
    fine = np.linspace(logs[0], logs[-1], 2000)
    abic = PchipInterpolator(logs, [p.abic for p in scan.points])(fine)
    weight = np.exp(-0.5 * (abic - abic.min()) - 0.5 * (fine - fine[np.argmin(abic)]))
    weight /= weight.sum()
    mean = np.sum(weight * fine)
    if np.sqrt(np.sum(weight * (fine - mean) ** 2)) < _SURE_OF_STRENGTH:
        return np.empty(0)
    levels = (np.arange(_STRENGTHS) + 0.5) / _STRENGTHS
    return np.exp(np.interp(levels, np.cumsum(weight), fine))


def _components(grid: StressGrid, penalties: Sequence[coo_array]) -> NDArray[np.int64]:
    n = grid.node_count
    total = coo_array((n, n))
    for matrix in penalties:
        total = total + abs(matrix)
    return connected_components(total.tocsr(), directed=False)[1].astype(np.int64)
