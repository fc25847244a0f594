"""Akaike's Bayesian information criterion (ABIC) for smoothed linear inversions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from quakeloom.core import InputError
from quakeloom.inference._cholesky import BlockCholesky, grounded_log_determinant
from quakeloom.inference._dissection import Dissection
from quakeloom.inference._lanczos import ScaledPrecision
from quakeloom.inference._threads import with_one_blas_thread

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AbicPoint:
    """The inversion at one smoothing strength.

    Attributes
    ----------
    alpha2 : tuple of float
        Smoothing strengths, ratios of the variance of the data to that of the prior; one
        per penalty.
    abic : float
        ABIC without the constants that do not depend on ``alpha2``.
    evidence : float
        ABIC with all constants, -2 times the logarithm of the marginal likelihood at the best
        noise: comparable between penalties, boundaries and grids of the same data.
    objective : float
        ``S``, misfit plus weighted roughness.
    misfit : float
        ``|d - G m|^2``.
    roughness : tuple of float
        ``m^T R m`` of each penalty.
    noise_variance : float
        ``S / (N + P - M)``.
    log_determinant : float
        ``ln |G^T G + sum alpha2 R|``.
    """

    alpha2: tuple[float, ...]
    abic: float
    evidence: float
    objective: float
    misfit: float
    roughness: tuple[float, ...]
    noise_variance: float
    log_determinant: float


@dataclass(frozen=True)
class AbicScan:
    """All strengths that were tried, and the best.

    Attributes
    ----------
    best : AbicPoint
    points : tuple of AbicPoint
        In order of ``alpha2``.
    at_edge : bool
        The least ABIC lies at an end of the range: the data do not decide the strength.
    """

    best: AbicPoint
    points: tuple[AbicPoint, ...]
    at_edge: bool


@dataclass(frozen=True)
class NormalEquations:
    """Everything that a linear inversion needs of its data, whose covariance is ``s^2 E``.

    Attributes
    ----------
    blocks : ndarray, shape (pairs, block, block)
        ``G^T E^-1 G`` at the pairs of a :class:`Dissection`, symmetric blocks.
    vector : ndarray, shape (nodes, block)
        ``G^T E^-1 d``.
    square : float
        ``d^T E^-1 d``.
    count : float
        ``N``, the number of independent data.
    """

    blocks: Floats
    vector: Floats
    square: float
    count: float


@dataclass(frozen=True)
class SmoothPrior:
    """What an inversion knows of its unknowns beforehand: that neighbors are alike.

    Attributes
    ----------
    penalties : sequence of ndarray, shape (pairs,)
        ``R_q``, symmetric graph matrices that vanish on constants of every component.
    components : ndarray of int, shape (nodes,)
        Connected components of the sum of the penalties.
    held : ndarray, shape (nodes,), optional
        Precision of a fixed prior around zero, the same for all unknowns of a node, in units
        of the noise: added to the diagonal whatever the strength. Positive on all nodes of a
        connected component or on none.
    """

    penalties: Sequence[Floats]
    components: NDArray[np.int64]
    held: Floats | None = None


@dataclass(frozen=True)
class LanczosProbes:
    """How a determinant is estimated where the factor does not fit.

    Attributes
    ----------
    count : int
        Random probes; the error falls as one over its root. All strengths have the same.
    steps : int
        Lanczos steps of each.
    seed : int
    """

    count: int = 30
    steps: int = 80
    seed: int = 0


class SmoothInversion:
    """A linear inversion with quadratic data statistics and smoothness penalties.

    Minimizes ``|d - G m|^2 + sum_q alpha2_q m^T (R_q x I) m`` over unknowns in blocks of
    ``block`` per node.

    Parameters
    ----------
    dissection : Dissection
        Pattern that holds data and penalties.
    data : NormalEquations
    prior : SmoothPrior
    solver : {"direct", "iterative"}
        Exact factorization; or conjugate gradients with a stochastic Lanczos determinant,
        for grids whose factor does not fit (:meth:`Dissection.factor_bytes`).
    probes : LanczosProbes
        Of the iterative solver.
    remedy : str
        Last sentence of the error, in the words of the caller's data.

    Raises
    ------
    InputError
        If there are so few data that no noise can be estimated.

    Notes
    -----
    ``held`` makes the prior proper on its components: P counts them whole, and the middle term
    below is that of the whole prior.

    ``ABIC = (N + P - M) ln S - ln|sum alpha2_q R_q|+ + ln|G^T G + sum alpha2_q R_q|`` (Yabuki
    & Matsu'ura 1992), the middle term normalized to ``P ln alpha2`` for one penalty; P is
    ``block * (nodes - components)``, M is ``block * nodes``. With all constants it is -2
    times the logarithm of the marginal likelihood (:attr:`AbicPoint.evidence`).

    References
    ----------
    Akaike, H. (1980). Likelihood and the Bayes procedure. Trab. Estad. 31, 143-166.
    Yabuki, T. & Matsu'ura, M. (1992). Geodetic data inversion using a Bayesian information
    criterion. Geophys. J. Int. 109, 363-375.
    """

    def __init__(
        self,
        dissection: Dissection,
        data: NormalEquations,
        prior: SmoothPrior,
        solver: Literal["direct", "iterative"] = "direct",
        probes: LanczosProbes | None = None,
        remedy: str = "Give more data, or join parts that are not connected.",
    ) -> None:
        self.dissection = dissection
        self.data_blocks = data.blocks
        self.data_vector = data.vector
        self.data_square = float(data.square)
        self.data_count = float(data.count)
        self.penalties = tuple(prior.penalties)
        self.components = prior.components
        nodes, self.block = data.vector.shape
        self.parameter_count = nodes * self.block
        self._held: Floats | None = None
        free = np.unique(self.components)
        if prior.held is not None:
            i, j = dissection.pairs.T
            self._held = np.where(i == j, np.asarray(prior.held, dtype=float)[i], 0.0)
            free = np.setdiff1d(free, self.components[np.asarray(prior.held) > 0])
            self.data_blocks = data.blocks + np.multiply.outer(self._held, np.eye(self.block))
        self.rank = self.block * (nodes - int(free.size))
        self.freedom = self.data_count + self.rank - self.parameter_count
        if self.freedom <= 0:
            raise InputError(
                f"{self.data_count:.1f} data cannot determine {self.parameter_count} unknowns "
                f"with {self.rank} smoothness conditions, so no noise can be estimated and no "
                f"inversion was made. {remedy}"
            )
        pairs = dissection.pairs
        # a pair stands for two entries of the symmetric matrix, a diagonal one for itself
        self._twice = np.where(pairs[:, 0] == pairs[:, 1], 1.0, 2.0)
        self._unit = self._penalty_log_determinant((1.0,) * len(self.penalties))
        self._probes: Floats | None = None
        if solver == "iterative":
            probes = probes or LanczosProbes()
            shape = (self.parameter_count, probes.count)
            self._steps = probes.steps
            draws = np.random.default_rng(probes.seed).integers(0, 2, shape)
            self._probes = np.asarray(2.0 * draws - 1.0, dtype=np.float64)

    def precision(self, alpha2: Sequence[float]) -> Floats:
        """Return the blocks of ``G^T G + sum alpha2 R``, shape (pairs, block, block)."""
        weights = np.zeros(self._twice.size)
        for a, r in zip(alpha2, self.penalties, strict=True):
            weights = weights + a * r
        return np.asarray(self.data_blocks + np.multiply.outer(weights, np.eye(self.block)))

    def factorize(self, alpha2: Sequence[float]) -> BlockCholesky | ScaledPrecision:
        """Return what solves and draws with the precision at a strength."""
        values = self.precision(alpha2)
        if self._probes is not None:
            return ScaledPrecision(self.dissection.pairs, values, self.dissection.node_count)
        return BlockCholesky(self.dissection, values)

    def evaluate(self, alpha2: Sequence[float]) -> tuple[AbicPoint, Floats]:
        """Return ABIC and all its parts, and the solution, shape (nodes, block)."""
        alpha2 = tuple(float(a) for a in alpha2)
        factor = self.factorize(alpha2)
        if isinstance(factor, BlockCholesky):
            log_determinant = factor.log_determinant
        else:
            assert self._probes is not None
            log_determinant = float(np.mean(factor.log_determinant(self._probes, self._steps)))
        m = factor.solve(self.data_vector)
        objective = self.data_square - float(np.sum(self.data_vector * m))
        roughness = tuple(self._quadratic(r, m) for r in self.penalties)
        smooth = sum(a * r for a, r in zip(alpha2, roughness, strict=True))
        # rounding alone decides the sign where the data are met exactly
        objective = max(objective, smooth, 1e-14 * self.data_square)
        if len(alpha2) == 1 and self._held is None:
            prior = self.rank * np.log(alpha2[0])
        else:
            prior = self._penalty_log_determinant(alpha2) - self._unit
        abic = self.freedom * np.log(objective) - prior + log_determinant
        constant = self.freedom * (1.0 + np.log(2.0 * np.pi / self.freedom)) - self._unit
        point = AbicPoint(
            alpha2,
            float(abic),
            float(abic + constant),
            objective,
            objective - smooth,
            roughness,
            objective / self.freedom,
            log_determinant,
        )
        return point, m

    def _quadratic(self, weights: Floats, m: Floats) -> float:
        i, j = self.dissection.pairs.T
        return float(np.sum(self._twice * weights * np.sum(m[i] * m[j], axis=1)))

    def _held_nodes(self, held: Floats) -> NDArray[np.int64]:
        return np.asarray(self.dissection.pairs[held > 0, 0])

    def _penalty_log_determinant(self, alpha2: Sequence[float]) -> float:
        if self.rank == 0:
            return 0.0
        held = np.zeros(self._twice.size) if self._held is None else self._held
        weights = held
        for a, r in zip(alpha2, self.penalties, strict=True):
            weights = weights + a * r
        # of order 1, so that the node that is grounded by a 1 on its diagonal fits the others
        scale = float(np.max(np.abs(weights)))
        proper = np.unique(self.components[self._held_nodes(held)])
        value = grounded_log_determinant(self.dissection, weights / scale, self.components, proper)
        return float(self.block * value + self.rank * np.log(scale))


@with_one_blas_thread
def minimize_abic(
    inversion: SmoothInversion,
    log_range: tuple[float, float] = (-6.0, 16.0),
    scan: int = 25,
    tolerance: float = 1e-3,
) -> AbicScan:
    """Find the smoothing strength of least ABIC.

    Parameters
    ----------
    inversion : SmoothInversion
    log_range : tuple of float
        Range of ``ln alpha2``.
    scan : int
        Strengths of the first look; with two penalties ``isqrt(2 scan)`` along each.
    tolerance : float
        Of ``ln alpha2`` at the minimum.

    Returns
    -------
    AbicScan
    """
    points: dict[tuple[float, ...], AbicPoint] = {}

    def look(log_alpha2: Sequence[float]) -> float:
        key = tuple(float(np.clip(v, *log_range)) for v in log_alpha2)
        if key not in points:
            points[key] = inversion.evaluate([float(np.exp(v)) for v in key])[0]
        return points[key].abic

    count = len(inversion.penalties)
    if count == 0 or inversion.rank == 0:
        point = inversion.evaluate((1.0,) * count)[0]
        return AbicScan(point, (point,), False)
    if count == 1:
        grid = np.linspace(*log_range, scan)
        values = [look((v,)) for v in grid]
        at = int(np.argmin(values))
        if 0 < at < scan - 1:
            # within a bracket: interpolation by parabolas where it helps, golden section else
            minimize_scalar(
                lambda v: look((v,)),
                bounds=(grid[at - 1], grid[at + 1]),
                method="bounded",
                options={"xatol": tolerance},
            )
    else:
        grid = np.linspace(*log_range, max(4, int(np.sqrt(2 * scan))))
        for logs in itertools.product(grid, repeat=count):
            look(logs)
        start = np.array(min(points, key=lambda k: points[k].abic))
        step = 0.5 * (grid[1] - grid[0])
        simplex = np.vstack([start, start + step * np.eye(count)])
        minimize(
            look,
            start,
            method="Nelder-Mead",
            options={
                "initial_simplex": simplex,
                "xatol": max(tolerance, 1e-2),
                "fatol": 1e-3,
                "maxfev": 150,
            },
        )
    best = min(points, key=lambda k: points[k].abic)
    ends = np.array(log_range)
    at_edge = bool(np.any(np.abs(np.array(best)[:, None] - ends[None, :]) < 1e-6))
    ordered = tuple(points[k] for k in sorted(points))
    return AbicScan(points[best], ordered, at_edge)
