"""From sufficient statistics to a stress field: smoothing, ABIC, covariance, resolution."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from quakeloom.core import InputError
from quakeloom.inference import (
    AbicPoint,
    AbicScan,
    BlockCholesky,
    NormalEquations,
    SmoothInversion,
    SmoothPrior,
    dissect_graph,
    minimize_abic,
    with_one_blas_thread,
)
from quakeloom.stress._few_data import (
    ANCHOR_PRECISION,
    NOISE_COUNT,
    HeldAreas,
    count_independent,
    estimate_noise,
    hold_weak_areas,
)
from quakeloom.stress._field import StressField
from quakeloom.stress._grid import StressGrid
from quakeloom.stress._interpolation import find_neighbors
from quakeloom.stress._mechanisms import Basis, basis_change
from quakeloom.stress._statistics import SCALE, StressStatistics
from quakeloom.stress._strengths import likely_strengths

Floats = NDArray[np.float64]
log = logging.getLogger(__name__)


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
        If no mechanism loads any node.

    Notes
    -----
    Areas that are connected neither by smoothness nor data to any mechanism are left out;
    they have no stress, not a confident one. The number of data is ``N = 2 sum w``: the shear
    traction has two components in the fault plane, and a mechanism of weight w counts as w
    mechanisms, however many planes it stands for. A connected area with few mechanisms, or
    with mechanisms that leave the stress partly free, is held by a wide prior
    (:func:`hold_weak_areas`), so that a handful gives a wide answer and no failure; copies of
    one mechanism count as one (:func:`count_independent`).
    """

    def __init__(
        self,
        grid: StressGrid,
        statistics: StressStatistics,
        basis: Basis = "orthonormal",
        order: int = 1,
        metric: Literal["distance", "index"] = "distance",
        solver: Literal["direct", "iterative"] = "direct",
    ) -> None:
        if statistics.slip.shape[0] != grid.node_count:
            raise InputError(
                f"The statistics stand on {statistics.slip.shape[0]} nodes, the grid has "
                f"{grid.node_count}; nothing was inverted. Accumulate them on this grid."
            )
        if not statistics.weight.any():
            raise InputError(
                f"No mechanism loads a node of the grid ({statistics.outside_count} lie outside "
                "it or have no weight), so there is no stress to map; nothing was inverted. Give "
                "a grid that covers the mechanisms."
            )
        self.grid, self.statistics, self.basis = grid, statistics, basis
        penalties = grid.smoothness(order, metric)
        components = _components(grid, penalties)
        has_data = np.bincount(components, weights=statistics.weight) > 0
        self.kept = np.flatnonzero(has_data[components])
        self._place_nodes(penalties, components)
        change = basis_change(basis)
        self._change = change
        slip, weight = statistics.slip_vectors()[self.kept], statistics.weight[self.kept] / SCALE
        areas = int(self._components.max()) + 1
        total = np.bincount(self._components, weight, areas).astype(float)
        sums = np.stack(
            [np.bincount(self._components, b, areas).astype(float) for b in slip.T], axis=1
        )
        self.independent_share = count_independent(sums, total)
        """Share of the weight of each area that counts, see :func:`count_independent`."""
        self.share = self.independent_share[self._components]
        """The same for every solved node."""
        count = float(np.sum(self.independent_share * total))
        whole = bool(np.all(self.independent_share == 1.0))
        count = statistics.total_weight if whole else count
        self._own = self._data_blocks(statistics, change)
        vector = (slip @ change) * self.share[:, None]
        areas_held = self._hold()
        self.held = (areas_held.weak | (self.independent_share < 1.0))[self._components]
        """Nodes that a wide prior holds, or whose mechanisms count in part."""
        held = areas_held.precision if areas_held.weak.any() else None
        self.inversion = SmoothInversion(
            self.dissection,
            NormalEquations(self._own, vector, count, 2.0 * count),
            SmoothPrior(self._penalties, self._components, held),
            solver,
            remedy="Give more mechanisms, or merge unconnected areas.",
        )
        self.freedom = self.inversion.freedom + NOISE_COUNT
        """Degrees of freedom of the noise variance, those of its prior included."""

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
        low, high = np.minimum(pairs[:, 0], pairs[:, 1]), np.maximum(pairs[:, 0], pairs[:, 1])
        keys: NDArray[np.int64] = low * count + high
        return keys

    def _data_blocks(self, statistics: StressStatistics, change: Floats) -> Floats:
        out = np.zeros((self.dissection.pairs.shape[0], 5, 5))
        values = statistics.normal_blocks()[self._pair_used]
        out[self._pair_row] = change.T @ values @ change
        i, j = self.dissection.pairs.T
        # areas that only data couple: each end counts half
        out *= (0.5 * (self.share[i] + self.share[j]))[:, None, None]
        return out

    def _hold(self) -> HeldAreas:
        """Hold the mean of areas with few data, or whose data leave a direction free."""
        i, j = self.dissection.pairs.T
        twice = np.where(i == j, 1.0, 2.0)[:, None, None]
        # data may couple areas across a gap of the smoothness, so each end counts half
        total = np.zeros((int(self._components.max()) + 1, 5, 5))
        np.add.at(total, self._components[i], 0.5 * twice * self._own)
        np.add.at(total, self._components[j], 0.5 * twice * self._own)
        weight = np.bincount(
            self._components, self.share * self.statistics.weight[self.kept] / SCALE
        ).astype(float)
        held = hold_weak_areas(total, weight, self._components)
        if held.weak.any():
            log.warning(
                "The mechanisms of %d of %d separate areas are few or leave the stress partly "
                "free; a wide prior holds it there.",
                int(held.weak.sum()),
                held.weak.size,
            )
        return held

    def noise_variance(self, point: AbicPoint) -> float:
        """Return the noise variance of a slip component, see :func:`estimate_noise`."""
        return estimate_noise(point.objective, self.inversion.freedom)

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

        Where a scan is given, the covariance is that over the likely strengths
        (:func:`likely_strengths`), scatter of their solutions included; the field itself is
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
        ratio, largest = self.score_ratios(m, point)
        covariance = variance * inverse
        others = likely_strengths(scan) if scan is not None and len(alpha2) == 1 else ()
        if len(others):
            covariance = np.zeros_like(inverse)
            later, earlier = self._eliminated.T
            for other in others:
                there, shifted = self.inversion.evaluate((other,))
                off = shifted - m
                covariance += self.noise_variance(there) * self._inverse((other,))
                covariance += off[later, :, None] * off[earlier, None, :]
            covariance /= len(others)
        change = self._change
        return StressField(
            self.expand(m),
            *self._spread_covariance(change @ covariance @ change.T),
            self._fill(own / 5.0),
            self.statistics.weight / SCALE,
            self.statistics.mechanism_count,
            variance,
            ratio,
            largest,
            self.freedom,
            point,
            scan,
            self.inversion.data_count,
            self.inversion.rank,
            self.inversion.parameter_count,
            float(self.independent_share.min()),
            self._spread_mask(self.held),
        )

    @cached_property
    def _eliminated(self) -> NDArray[np.int64]:
        """Nodes of each pair, the one eliminated later first: rows of the selected inverse."""
        place = np.empty(self.kept.size, dtype=np.int64)
        place[np.concatenate([f.pivots for f in self.dissection.fronts])] = np.arange(place.size)
        i, j = self.dissection.pairs.T
        swap = place[i] < place[j]
        return np.stack([np.where(swap, j, i), np.where(swap, i, j)], axis=1)

    def _spread_covariance(self, blocks: Floats) -> tuple[Floats, Floats]:
        """Covariance of every node, and with its neighbors, from the blocks of the pairs."""
        row, column = self.kept[self._eliminated].T
        n = self.grid.node_count
        own = np.full((n, 5, 5), np.nan)
        same = np.flatnonzero(row == column)
        own[row[same]] = blocks[same]
        keys = np.minimum(row, column) * n + np.maximum(row, column)
        order = np.argsort(keys)
        neighbors = find_neighbors(self.grid)
        node, number = np.nonzero(neighbors >= 0)
        other = neighbors[node, number]
        wanted = np.minimum(node, other) * n + np.maximum(node, other)
        at = order[np.minimum(np.searchsorted(keys[order], wanted), order.size - 1)]
        hit = keys[at] == wanted
        node, number, at = node[hit], number[hit], at[hit]
        found = blocks[at]
        turned = row[at] != node
        found[turned] = found[turned].transpose(0, 2, 1)
        between = np.full((n, neighbors.shape[1], 5, 5), np.nan)
        between[node, number] = found
        return own, between

    def _inverse(self, alpha2: Sequence[float]) -> Floats:
        factor = self.inversion.factorize(alpha2)
        if isinstance(factor, BlockCholesky):
            return factor.selected_inverse()
        shape = (self.kept.size, 5, 200)
        draws = factor.draw(np.random.default_rng(0).standard_normal(shape))
        later, earlier = self._eliminated.T
        inverse: Floats = np.einsum("pad,pbd->pab", draws[later], draws[earlier]) / shape[2]
        return inverse

    def score_ratios(self, m: Floats, point: AbicPoint) -> tuple[float, float]:
        """Return mean and largest eigenvalue of ``(sum K)^-1 sum w^2 g g^T / s^2``.

        g is the score ``b - K m`` of a mechanism, summed over all. If mechanisms had independent
        noise of the variance s^2 in each slip component, all five would be 1. Nodes that a prior
        holds are left out.
        """
        components = np.nan_to_num(self.expand(m))
        free = self._spread_mask(~self.held)
        scatter = self.statistics.score_covariance(components)[free].sum(axis=0)
        i, j = self.grid.pairs.T
        twice = np.where(i == j, 1.0, 2.0)[:, None, None]
        twice = twice * (free[i] & free[j])[:, None, None]
        normal = np.sum(twice * self.statistics.normal_blocks(), axis=0)
        values = np.linalg.eigvalsh(normal)
        if values[0] < ANCHOR_PRECISION:
            return 1.0, 1.0
        variance = self.noise_variance(point)
        ratio = np.trace(np.linalg.solve(normal, scatter)) / (5.0 * variance)
        largest = float(eigh(scatter, normal, eigvals_only=True)[-1]) / variance
        return float(np.clip(ratio, 0.02, 1.0)), float(np.clip(largest, 0.02, 1.0))

    @with_one_blas_thread
    def draw_fields(
        self,
        alpha2: Sequence[float],
        count: int,
        seed: int = 0,
        scan: AbicScan | None = None,
    ) -> Floats:
        """Return joint posterior draws of the whole field, shape (draws, nodes, 5).

        Where a scan is given they are drawn at the likely strengths in turn, as the covariance
        of :meth:`solve` is over these. Unlike the covariance of single nodes, draws say how
        nodes err together.
        """
        generator = np.random.default_rng(seed)
        normal = generator.standard_normal((self.kept.size, 5, count))
        stretch = np.sqrt(self.freedom / generator.chisquare(self.freedom, count))
        others = likely_strengths(scan) if scan is not None and len(alpha2) == 1 else ()
        strengths: list[Sequence[float]] = [(other,) for other in others] or [tuple(alpha2)]
        out = np.empty((count, self.grid.node_count, 5))
        for number, strength in enumerate(strengths[:count]):
            mine = np.arange(number, count, len(strengths))
            point, m = self.inversion.evaluate(strength)
            noise = self.inversion.factorize(strength).draw(normal[:, :, mine])
            scale = np.sqrt(self.noise_variance(point)) * stretch[mine]
            for at, draw in enumerate(mine):
                out[draw] = self.expand(m + scale[at] * noise[:, :, at])
        return out

    def expand(self, m: Floats) -> Floats:
        """Return components of the solved nodes for the whole grid, in the orthonormal basis."""
        return self._fill(m @ self._change.T)

    def _spread_mask(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        out = np.zeros(self.grid.node_count, dtype=bool)
        out[self.kept] = kept
        return out

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
    solver: Literal["direct", "iterative"] = "direct",
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
    return inversion.solve(given[:count].tolist())


def _components(grid: StressGrid, penalties: Sequence[coo_array]) -> NDArray[np.int64]:
    n = grid.node_count
    total = coo_array((n, n))
    for matrix in penalties:
        total = total + abs(matrix)
    numbers: NDArray[np.int64] = connected_components(total.tocsr(), directed=False)[1].astype(
        np.int64
    )
    return numbers
