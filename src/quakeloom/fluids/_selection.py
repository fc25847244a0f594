"""Which lithology and which fluid: exact evidence by summing over porosity and shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError, compiled
from quakeloom.fluids._candidates import ForwardTables

Floats = NDArray[np.float64]

_CUT = 80.0
"""Squared misfit in standard deviations above which a node counts for nothing: e^-40."""

_FAR = 25.0
"""Squared misfit of the best node from which data lie outside of all models: 5 deviations."""

LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)
"""Quantiles that are told: median, 68 % and 95 % ranges."""

VOXEL_STATUSES = ("solved", "outside", "missing", "impossible")
"""What became of a voxel: solved; its data fit no candidate; data are missing; velocities of no
stable solid."""


@dataclass(frozen=True)
class VoxelData:
    """Observations of voxels.

    Attributes
    ----------
    values : ndarray, (voxel, 3)
        Vp and Vs in km/s, log10 of conductivity in S/m; a column that is NaN throughout a voxel is
        not used there (Vp alone, no conductivity).
    covariance : ndarray, (voxel, 3, 3)
        Of the errors, in the same units squared.
    """

    values: Floats
    covariance: Floats


@dataclass(frozen=True)
class Selection:
    """Posterior of voxels over candidates, porosity and shapes.

    Attributes
    ----------
    log_evidence : ndarray, (voxel, candidate)
        ``ln p(data | candidate)``, -inf where nothing fits.
    best_joint : ndarray, (voxel, candidate)
        Largest ``ln p(data, porosity, shapes | candidate)`` up to a constant of the voxel.
    porosity, ratio, path_ratio : ndarray, (voxel, 5)
        Quantiles at :data:`LEVELS` over all candidates.
    misfit : ndarray, (voxel,)
        Smallest squared misfit of any node of any candidate, in standard deviations.
    status : ndarray of int8
        Index into :data:`VOXEL_STATUSES`.
    reason : list of str
    """

    log_evidence: Floats
    best_joint: Floats
    porosity: Floats
    ratio: Floats
    path_ratio: Floats
    misfit: Floats
    status: NDArray[np.int8]
    reason: list[str]

    def probabilities(self, log_prior: Floats | None = None) -> Floats:
        """Return the probability of every candidate, (voxel, candidate); NaN where not solved."""
        values = self.log_evidence if log_prior is None else self.log_evidence + log_prior
        return _normalized(values)

    def joint_probabilities(self) -> Floats:
        """Return what the largest joint density would say of candidates, normalized over them."""
        return _normalized(self.best_joint)


def _normalized(values: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        top = values.max(axis=1, keepdims=True)
        p = np.exp(values - np.where(np.isfinite(top), top, np.nan))
        return np.asarray(p / p.sum(axis=1, keepdims=True))


def select_candidates(tables: ForwardTables, data: VoxelData) -> Selection:
    r"""Return evidence of every candidate and the posterior of porosity and shapes, exactly.

    Velocities depend on porosity and pore shape, conductivity on porosity and path shape, so that

    .. math:: Z = \sum_\phi w_\phi [\sum_\alpha w_\alpha p(V_p, V_s|\phi, \alpha)]
        [\sum_\epsilon w_\epsilon p(\log\sigma | \phi, \epsilon)]

    where the errors of conductivity are independent of those of velocity; else the second sum is
    conditional on the residuals of the first, and stands within it. Rows of the tables whose range
    lies beyond nine standard deviations are left out.

    Parameters
    ----------
    tables : ForwardTables
    data : VoxelData

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        If a covariance is not positive definite where there are data.
    """
    values = np.ascontiguousarray(data.values, dtype=np.float64)
    n, candidates = len(values), tables.vp.shape[0]
    status, reason = judge_voxels(values)
    grid = tables.grid
    weights = [_trapezoid(a.size) for a in (grid.porosity, grid.ratio, grid.path_ratio)]
    bounds = _row_bounds(tables)
    log_z, joint = np.full((n, candidates), -np.inf), np.full((n, candidates), -np.inf)
    sums = [np.zeros((n, a.size)) for a in (grid.porosity, grid.ratio, grid.path_ratio)]
    for used, rows in _groups(values, status):
        terms = _precisions(data.covariance[rows], used)
        found = _sum_over_nodes(
            (tables.vp, tables.vs, tables.log_sigma), (weights[0], weights[1], weights[2]), bounds,
            np.nan_to_num(values[rows]), terms,
        )  # fmt: skip
        log_z[rows], joint[rows] = found[0], found[1]
        for target, own in zip(sums, found[2:], strict=True):
            target[rows] = own
    misfit = -2.0 * joint.max(axis=1)
    far = (status == 0) & ~(misfit < _FAR)
    status[far] = 1
    for v in np.flatnonzero(far):
        reason[v] = "no lithology with any fluid comes within five standard deviations of the data"
        log_z[v] = -np.inf
    axes = (grid.porosity, grid.ratio, grid.path_ratio)
    quantiles = [_quantiles(s, np.log(a)) for s, a in zip(sums, axes, strict=True)]
    for q in quantiles:
        q[status != 0] = np.nan
    no_path = ~np.isfinite(values[:, 2])
    quantiles[2][no_path] = np.nan
    quantiles[1][~np.isfinite(values[:, :2]).any(axis=1)] = np.nan
    return Selection(log_z, joint, quantiles[0], quantiles[1], quantiles[2], misfit, status, reason)


def judge_voxels(values: Floats) -> tuple[NDArray[np.int8], list[str]]:
    """Return the status of voxels before anything is computed, and the reasons.

    Of what is no rock at all; a shear wave faster than sqrt(3)/2 of the P wave needs a negative
    bulk modulus.
    """
    status = np.zeros(len(values), dtype=np.int8)
    reason = [""] * len(values)
    with np.errstate(invalid="ignore"):
        unstable: NDArray = values[:, 1] > np.sqrt(0.75) * values[:, 0]
        negative: NDArray = np.asarray((values[:, :2] <= 0).any(axis=1))
    nothing: NDArray = np.asarray(~np.isfinite(values).any(axis=1))
    infinite: NDArray = np.asarray(np.isinf(values).any(axis=1))
    for v in np.flatnonzero(nothing | unstable | negative | infinite):
        p, s = values[v, :2]
        if infinite[v]:
            status[v], reason[v] = 3, "a datum is infinite"
        elif nothing[v]:
            status[v], reason[v] = 2, "no datum here"
        elif negative[v]:
            status[v], reason[v] = 3, f"Vp {p:g} and Vs {s:g} km/s are not positive"
        else:
            status[v] = 3
            reason[v] = (
                f"Vs {s:g} is more than 0.866 of Vp {p:g} km/s: the bulk modulus would be negative"
            )
    return status, reason


def _groups(values: Floats, status: NDArray) -> list[tuple[tuple[bool, bool, bool], NDArray]]:
    """Voxels by which data they have."""
    have = np.isfinite(values)
    found: list[tuple[tuple[bool, bool, bool], NDArray]] = []
    patterns: NDArray = np.unique(have[status == 0], axis=0)
    for pattern in patterns:
        rows = np.flatnonzero((status == 0) & (have == pattern).all(axis=1))
        found.append(((bool(pattern[0]), bool(pattern[1]), bool(pattern[2])), rows))
    return found


def _precisions(covariance: Floats, used: tuple[bool, bool, bool]) -> Floats:
    """Return per voxel: 2 x 2 precision of velocities, gain of log sigma on their residuals, its
    conditional precision, and the constant of the likelihood: columns xx, xy, yy, g1, g2, z, c."""
    own = [i for i in range(3) if used[i]]
    block = covariance[:, own][:, :, own]
    if not np.all(np.linalg.eigvalsh(block)[:, 0] > 0):
        v = int(np.flatnonzero(~(np.linalg.eigvalsh(block)[:, 0] > 0))[0])
        raise InputError(
            f"The covariance of the errors of voxel {v} is not positive definite: "
            f"{np.array2string(block[v], precision=3)}. Nothing was selected; give positive "
            "standard deviations and correlations below 1."
        )
    n = len(covariance)
    terms = np.zeros((n, 7))
    terms[:, 6] = -0.5 * (np.linalg.slogdet(block)[1] + len(own) * np.log(2.0 * np.pi))
    fast = [i for i in own if i < 2]
    if fast:
        inverse = np.zeros((n, 2, 2))
        small = np.linalg.inv(covariance[:, fast][:, :, fast])
        for a, i in enumerate(fast):
            for b, j in enumerate(fast):
                inverse[:, i, j] = small[:, a, b]
        terms[:, 0], terms[:, 1], terms[:, 2] = inverse[:, 0, 0], inverse[:, 0, 1], inverse[:, 1, 1]
        if used[2]:
            terms[:, 3:5] = np.einsum("ni,nij->nj", covariance[:, 2, :2], inverse)
    if used[2]:
        left = covariance[:, 2, 2] - np.einsum("ni,ni->n", terms[:, 3:5], covariance[:, 2, :2])
        terms[:, 5] = 1.0 / left
    return terms


def _trapezoid(n: int) -> Floats:
    """Weights of a uniform prior over evenly spaced nodes; they sum to 1."""
    w = np.ones(n)
    if n > 1:
        w[[0, -1]] = 0.5
    return np.asarray(w / w.sum())


def _row_bounds(tables: ForwardTables) -> Floats:
    """Least and largest Vp and Vs of every candidate and porosity, (candidate, porosity, 4)."""
    with np.errstate(all="ignore"):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = [f(t, axis=2) for t in (tables.vp, tables.vs) for f in (np.nanmin, np.nanmax)]
    return np.ascontiguousarray(np.stack(found, axis=2))


@compiled(nogil=True, error_model="numpy")
def _sum_over_nodes(
    tables: tuple[Floats, Floats, Floats],
    weights: tuple[Floats, Floats, Floats],
    bounds: Floats,
    data: Floats,
    terms: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Sums over porosity and shapes of every voxel and candidate; see `select_candidates`."""
    vp, vs, ls = tables
    wp, wa, we = weights
    n, candidates = data.shape[0], vp.shape[0]
    log_z = np.full((n, candidates), -np.inf)
    joint = np.full((n, candidates), -np.inf)
    sum_p, sum_a, sum_e = np.zeros((n, wp.size)), np.zeros((n, wa.size)), np.zeros((n, we.size))
    near = np.empty(wa.size)
    row_e = np.empty(we.size)
    for v in range(n):
        xx, xy, yy, g1, g2, zz, constant = terms[v]
        dp, ds, dl = data[v]
        rp, rs = _reach(xx, xy, yy)
        coupled = g1 != 0.0 or g2 != 0.0
        for c in range(candidates):
            total, best = 0.0, np.inf
            for i in range(wp.size):
                lo_p, hi_p, lo_s, hi_s = bounds[c, i]
                if not (dp > lo_p - rp and dp < hi_p + rp and ds > lo_s - rs and ds < hi_s + rs):
                    continue
                if zz > 0 and not coupled:
                    inner, least_e = _path_sum(ls[c, i], we, dl, zz, row_e)
                    if inner == 0.0:
                        continue
                else:
                    inner, least_e = 1.0, 0.0
                row, least = 0.0, np.inf
                for j in range(wa.size):
                    near[j] = 0.0
                    r1, r2 = dp - vp[c, i, j], ds - vs[c, i, j]
                    q = 0.0
                    if xx > 0:
                        q += xx * r1 * r1
                    if yy > 0:
                        q += yy * r2 * r2
                    if xy != 0.0:
                        q += 2.0 * xy * r1 * r2
                    if not q < _CUT:
                        continue
                    e = wa[j] * np.exp(-0.5 * q)
                    if coupled:
                        part, own = _path_sum(ls[c, i], we, dl - g1 * r1 - g2 * r2, zz, row_e)
                        for k in range(we.size):
                            sum_e[v, k] += wp[i] * e * row_e[k]
                        e *= part
                        q += own
                    near[j] = e
                    row += e
                    least = min(least, q)
                if row == 0.0:
                    continue
                total += wp[i] * row * inner
                best = min(best, least + least_e)
                sum_p[v, i] += wp[i] * row * inner
                for j in range(wa.size):
                    sum_a[v, j] += wp[i] * near[j] * inner
                if zz > 0 and not coupled:
                    for k in range(we.size):
                        sum_e[v, k] += wp[i] * row * row_e[k]
            if total > 0:
                log_z[v, c] = np.log(total) + constant
                joint[v, c] = -0.5 * best
    return log_z, joint, sum_p, sum_a, sum_e


@compiled(nogil=True, error_model="numpy")
def _reach(xx: float, xy: float, yy: float) -> tuple[float, float]:
    """Nine standard deviations of each velocity by itself, infinite where it is not used."""
    determinant = xx * yy - xy * xy
    if determinant > 0:
        return 9.0 * np.sqrt(yy / determinant), 9.0 * np.sqrt(xx / determinant)
    reach_p = 9.0 / np.sqrt(xx) if xx > 0 else np.inf
    return reach_p, 9.0 / np.sqrt(yy) if yy > 0 else np.inf


@compiled(nogil=True, error_model="numpy")
def _path_sum(
    row: Floats, weights: Floats, value: float, precision: float, each: Floats
) -> tuple[float, float]:
    """Sum over path shapes of one porosity, the least misfit; ``each`` gets the terms."""
    total, least = 0.0, np.inf
    for k in range(weights.size):
        r = value - row[k]
        q = precision * r * r
        each[k] = 0.0
        if q < _CUT:
            each[k] = weights[k] * np.exp(-0.5 * q)
            total += each[k]
            least = min(least, q)
    return total, least


def _quantiles(sums: Floats, log_axis: Floats) -> Floats:
    """Return quantiles of sums over nodes, each node's mass spread over its cell of the axis."""
    n = log_axis.size
    edges = np.concatenate([log_axis[:1], 0.5 * (log_axis[1:] + log_axis[:-1]), log_axis[-1:]])
    total = sums.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        below = np.concatenate([np.zeros((len(sums), 1)), np.cumsum(sums, axis=1)], axis=1) / total
    found = np.full((len(sums), len(LEVELS)), np.nan)
    for v in np.flatnonzero(total[:, 0] > 0):
        found[v] = np.exp(np.interp(LEVELS, below[v], edges))
    assert n == sums.shape[1]
    return found
