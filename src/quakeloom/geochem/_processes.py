"""Processes behind the scatter of analyses: log-ratios, principal and independent components.

Values below detection limits are drawn within a normal model of log-ratios, and every completed
table is analyzed, so that what is not known of them widens the directions. A component counts
where resampled tables give it again (Himberg et al., 2004, NeuroImage 22, 1214-1222).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.special import ndtr, ndtri
from scipy.stats import wishart
from sklearn.covariance import MinCovDet
from sklearn.decomposition import FastICA

from quakeloom.core import InputError
from quakeloom.geochem._compositions import (
    LIMIT_SHARE,
    centered_log_ratio,
    close_composition,
    helmert_basis,
)

Floats = NDArray[np.float64]

LEAST_STABILITY = 0.8
"""Stability index from which a component counts; chosen here, after Himberg et al. (2004)."""

_NULL_TABLES = 50
"""Tables of independent log-ratios that principal components must exceed; chosen here."""

_WARM_UP, _THINNING = 60, 10
"""Sweeps before the first completed table and between two; chosen here."""

_ICA_SWEEPS = 400
"""Iterations of FastICA at most; scikit-learn's default is 200."""


@dataclass(frozen=True)
class ProcessOptions:
    """How processes are sought.

    Attributes
    ----------
    components : int
        Number of components; 0 finds it by parallel analysis.
    robust : bool
        Mean and covariance of the inner samples (minimum covariance determinant).
    imputations : int
        Completed tables, where values are censored.
    resamples : int
        Tables of samples drawn with replacement.
    """

    components: int = 0
    robust: bool = False
    imputations: int = 10
    resamples: int = 100


@dataclass(frozen=True)
class ProcessResult:
    """Directions of change, in centered log-ratios, and how well they are known.

    Attributes
    ----------
    center : ndarray, (part,)
        Centered log-ratios of the mean.
    variances : ndarray, (part - 1,)
        Variances of the principal components.
    directions : ndarray, (component, part)
        Of length 1; the largest part is positive.
    spreads : ndarray, (component, part)
        Standard deviations over resampled tables.
    radius_deg : ndarray, (component,)
        Angle about the direction that holds 95 % of the resampled ones.
    stability : ndarray, (component,)
        Likeness of resampled components to one another less that to others.
    stable : ndarray of bool, (component,)
    scores : ndarray, (sample, component)
        Unit variance.
    reason : str
        Why no direction can be relied on; empty if one can.
    """

    center: Floats
    variances: Floats
    directions: Floats
    spreads: Floats
    radius_deg: Floats
    stability: Floats
    stable: NDArray[np.bool_]
    scores: Floats
    reason: str


def complete_compositions(
    values: Floats, limits: Floats, count: int, stream: np.random.Generator
) -> Floats:
    """Draw values below detection limits, and missing ones, within a normal log-ratio model.

    Logarithms of parts over one that is known everywhere are normal; their mean and covariance
    are drawn along with what is censored (data augmentation; Palarea-Albaladejo &
    Martin-Fernandez, 2015, Chemom. Intell. Lab. Syst. 143, 85-96, for the model).

    Parameters
    ----------
    values, limits : ndarray, (sample, part)
        NaN where censored or missing, and where nothing is censored.
    count : int
        Completed tables.
    stream : numpy.random.Generator

    Returns
    -------
    ndarray, (count, sample, part)
        In the unit of the values. Known ones are unchanged.

    Raises
    ------
    InputError
        If there are fewer samples than parts need, a value is not positive, or no part is known
        everywhere.
    """
    x = np.asarray(values, float)
    _check_table(x)
    known = np.isfinite(x)
    if known.all():
        return np.broadcast_to(x, (count, *x.shape)).copy()
    whole = np.flatnonzero(known.all(axis=0))
    if not len(whole):
        raise InputError(
            "No part is above its detection limit in all samples, so that no ratio is known "
            "throughout. Nothing was imputed; leave out samples, or parts."
        )
    base = int(whole[0])
    rest = [k for k in range(x.shape[1]) if k != base]
    logs = np.log(x[:, rest] / x[:, [base]])
    upper = np.log(limits[:, rest] / x[:, [base]])
    hidden = ~known[:, rest]
    top = np.where(np.isfinite(upper), upper, np.inf)
    guess = np.broadcast_to(np.nanmean(logs, axis=0), logs.shape)
    start = np.where(np.isfinite(upper), upper + np.log(LIMIT_SHARE), guess)
    state = np.where(hidden, start, logs)
    found = np.empty((count, *x.shape))
    for k in range(count):
        for _ in range(_THINNING if k else _WARM_UP):
            state = _augment(state, hidden, top, stream)
        found[k] = x
        found[k][:, rest] = np.where(hidden, np.exp(state) * x[:, [base]], x[:, rest])
    return found


def _augment(
    state: Floats, hidden: NDArray[np.bool_], top: Floats, stream: np.random.Generator
) -> Floats:
    """Draw mean and covariance of log-ratios, then what is hidden of them."""
    n, d = state.shape
    scatter = np.cov(state.T, bias=True).reshape(d, d) * n
    # one pseudo-sample of the diagonal keeps the draw proper where few samples are
    scatter += np.diag(np.diag(scatter) / n + 1e-12)
    inverse = np.linalg.inv(scatter)
    precision = np.asarray(
        wishart.rvs(n + 1, 0.5 * (inverse + inverse.T), random_state=stream)
    ).reshape(d, d)
    root = np.linalg.cholesky(precision)
    mean = state.mean(axis=0) + np.linalg.solve(root.T, stream.standard_normal(d)) / np.sqrt(n)
    new = state.copy()
    for j in np.flatnonzero(hidden.any(axis=0)):
        rows = hidden[:, j]
        sd = 1.0 / np.sqrt(precision[j, j])
        away = new[rows] - mean
        pull = away @ precision[j] - away[:, j] * precision[j, j]
        middle = mean[j] - pull * sd**2
        share = ndtr((top[rows, j] - middle) / sd)
        # far above its limit the share underflows: the limit itself is then the draw
        draw = middle + sd * ndtri(np.clip(share * stream.random(rows.sum()), 1e-300, 1 - 1e-16))
        new[rows, j] = np.minimum(draw, top[rows, j])
    return new


def count_components(coordinates: Floats, stream: np.random.Generator) -> int:
    """Return how many principal components exceed those of shuffled log-ratios.

    Horn (1965, Psychometrika 30, 179-185), with the 95 % quantile; columns are shuffled.
    """
    own = _variances(coordinates)
    null = [
        _variances(np.column_stack([stream.permutation(c) for c in coordinates.T]))
        for _ in range(_NULL_TABLES)
    ]
    over = own > np.quantile(null, 0.95, axis=0)
    return int(np.argmin(over)) if not over.all() else len(over)


def analyze_processes(
    values: Floats,
    limits: Floats,
    stream: np.random.Generator,
    options: ProcessOptions | None = None,
) -> ProcessResult:
    """Find the directions in which processes move compositions.

    Parameters
    ----------
    values, limits : ndarray, (sample, part)
        In one unit; NaN where censored or missing, and where nothing is censored.
    stream : numpy.random.Generator
    options : ProcessOptions, optional

    Raises
    ------
    InputError
        As :func:`complete_compositions`.
    """
    o = options or ProcessOptions()
    tables = complete_compositions(values, limits, max(o.imputations, 1), stream)
    basis = helmert_basis(tables.shape[2])
    logs = np.array([centered_log_ratio(close_composition(t)) @ basis for t in tables])
    base = logs.mean(axis=0)
    count = o.components or count_components(base, stream)
    mean, covariance = _moments(base, o.robust, stream)
    variances = np.maximum(np.linalg.eigvalsh(covariance)[::-1], 0.0)
    if count == 0:
        empty = np.empty((0, tables.shape[2]))
        none = np.empty(0)
        return ProcessResult(
            basis @ mean, variances, empty, empty, none, none, none.astype(bool),
            np.empty((len(base), 0)), "no component exceeds those of shuffled log-ratios",
        )  # fmt: skip
    unmix, mix = _components(base, count, o.robust, stream)
    seen, ways = [], []
    for k in range(o.resamples):
        rows = stream.integers(0, len(base), len(base))
        one, two = _components(logs[k % len(logs)][rows], count, o.robust, stream)
        order, sign = _match(unmix @ covariance @ one.T)
        seen.append(one[order] * sign[:, None])
        ways.append(_unit((basis @ (two[:, order] * sign)).T))
    stability = _stability(np.array(seen), covariance)
    ways_found = np.array(ways)
    directions = _unit((basis @ mix).T)
    sign = np.sign(directions[np.arange(count), np.abs(directions).argmax(axis=1)])
    cosine = np.clip((ways_found * directions).sum(axis=2), -1.0, 1.0)
    stable = stability > LEAST_STABILITY
    return ProcessResult(
        basis @ mean, variances, directions * sign[:, None], ways_found.std(axis=0),
        np.quantile(np.degrees(np.arccos(cosine)), 0.95, axis=0), stability, stable,
        (base - mean) @ unmix.T * sign, "" if stable.any() else "no stable independent component",
    )  # fmt: skip


def trace_process(center: Floats, direction: Floats, steps: Floats) -> Floats:
    """Return the closed compositions along a process, for arrows in Harker plots.

    Parameters
    ----------
    center, direction : ndarray, (part,)
        In centered log-ratios.
    steps : ndarray, (step,)
        In units of the direction's length.
    """
    logs = center + np.asarray(steps)[:, None] * direction
    return close_composition(np.exp(logs - logs.max(axis=1, keepdims=True)))


def _check_table(x: Floats) -> None:
    if (x <= 0).any():
        raise InputError(
            f"{int((x <= 0).sum())} values of a composition are zero or negative. Their "
            "logarithms do not exist; give them as below a detection limit, or leave them out."
        )
    if len(x) < x.shape[1] + 2:
        raise InputError(
            f"{len(x)} samples of {x.shape[1]} parts are too few for a covariance of log-ratios. "
            "Nothing was computed; give more samples, or fewer parts."
        )


def _moments(x: Floats, robust: bool, stream: np.random.Generator) -> tuple[Floats, Floats]:
    if robust:
        found = MinCovDet(random_state=int(stream.integers(2**31))).fit(x)
        return found.location_, found.covariance_
    return x.mean(axis=0), np.cov(x.T).reshape(x.shape[1], -1)


def _variances(x: Floats) -> Floats:
    return np.asarray(np.linalg.eigvalsh(np.cov(x.T).reshape(x.shape[1], -1))[::-1])


def _components(
    x: Floats, count: int, robust: bool, stream: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return rows that unmix log-ratios, and columns that mix scores of unit variance."""
    mean, covariance = _moments(x, robust, stream)
    sizes, axes = np.linalg.eigh(covariance)
    sizes, axes = sizes[::-1][:count], axes[:, ::-1][:, :count]
    white = (x - mean) @ (axes / np.sqrt(sizes))
    turn = np.eye(count)
    if count > 1:
        inner = white
        if robust:
            # ICA weighs tails, so that what lies outside is kept from it as well
            far = (white**2).sum(axis=1)
            inner = white[far <= np.quantile(far, 0.95)]
        ica = FastICA(
            whiten=False, fun="cube", max_iter=_ICA_SWEEPS, tol=1e-3,
            random_state=int(stream.integers(2**31)),
        )  # fmt: skip
        turn = ica.fit(inner).components_
    return turn @ (axes / np.sqrt(sizes)).T, (axes * np.sqrt(sizes)) @ turn.T


def _match(likeness: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return which component is which, and its sign."""
    _, order = linear_sum_assignment(-np.abs(likeness))
    return order, np.where(likeness[np.arange(len(order)), order] < 0, -1.0, 1.0)


def _stability(unmixing: Floats, covariance: Floats) -> Floats:
    """Return likeness within a component over resamples, less that between components."""
    count = unmixing.shape[1]
    white = unmixing @ np.linalg.cholesky(covariance)
    white /= np.linalg.norm(white, axis=2, keepdims=True)
    index = np.empty(count)
    for k in range(count):
        alike = np.abs(white[:, k] @ white[:, k].T)
        within = (alike.sum() - len(alike)) / max(len(alike) * (len(alike) - 1), 1)
        others = [np.abs(white[:, k] @ white[:, j].T).mean() for j in range(count) if j != k]
        index[k] = within - (np.mean(others) if others else 0.0)
    return index


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
