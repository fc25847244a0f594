"""What a sample of models leaves between its members, for one event."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from quakeloom.location._density import EventPicks
from quakeloom.location._interpolation import Floats, all_times, member_times
from quakeloom.location._options import LocationOptions
from quakeloom.location._tables import NEVER, EnsembleTimes

_KERNEL_DIMENSIONS = 60.0
"""Dimensions of the density of travel times that the kernel smooths, which set its width: 0.90 of
the scatter of 40 members, 0.89 of 100, 0.86 of 1,000. Measured: with it 95 % ranges of depth hold
94 to 96 %, with 24 (0.8) 91 % (``benchmarks/calibration_rows/locations.py``)."""

_KEPT_SHARE = 0.999
"""Share of the scatter of members that the kernel takes along. Chosen here: the rest is a
thirtieth of the standard deviation."""

_REWEIGHTED = 6
"""Rounds of reweighting for robust weights; they change by less than a hundredth then."""

LOOSE = 1e-4
"""Precision of a change of the hypocenter, 1/km^2: it is free within a hundred kilometers."""

STEP_KM = 0.2
"""Step of derivatives of travel times, less than the spacing of usual tables. Chosen here."""

_STEPS, _LONGEST_STEP_KM, _SHORT_STEP_KM = 4, 5.0, 0.2
"""Most steps toward the best hypocenter, the longest one, and one that is the last, in km. Chosen
here: times are linear over the latter."""


def smooth_members(
    times: EnsembleTimes,
    picks: EventPicks,
    options: LocationOptions,
    start: Floats,
    random: np.random.Generator,
) -> tuple[EventPicks, Floats]:
    """Return picks with delays that smooth a sample of models, and logarithms of their weights.

    The density of travel times ``g`` that a sample ``g_k`` stands for is taken as

        sum_k N(g; m + s (g_k - m), h^2 S),  s^2 + h^2 = 1,

    with mean ``m`` and covariance ``S`` of the sample, which it keeps (Silverman 1986, Density
    estimation, section 6.4). Every member gets one draw ``g = m + s (g_k - m) + h U z`` of its
    kernel. It is drawn where the picks ask for it, from the posterior of ``z`` that a member has
    when times are linear around the best hypocenter, and counts by ``p(z) / q(z)``: importance
    sampling, right whatever the draw comes from.

    Parameters
    ----------
    times : EnsembleTimes
    picks : EventPicks
        With the variance of all independent errors.
    options : LocationOptions
    start : ndarray, shape (3,)
        Depth, north and east near the best hypocenter.
    random : Generator

    Returns
    -------
    EventPicks
        With ``delay_s`` of all members.
    ndarray, shape (members,)
        To be added to the logarithms of prior weights.
    """
    members = times.member_count
    delay = np.zeros((picks.time_s.size, members)) if picks.delay_s is None else picks.delay_s
    gain = np.zeros(members)
    for _ in range(_STEPS):
        found = _times_at(times, picks, start) + delay.T
        known = np.all(found < NEVER, axis=1)
        if known.sum() < 3:
            return picks, gain
        found = found[known]
        fit = _fit_kernel(found, mean_slopes(times, picks, start, options), picks, options)
        step = fit.step * min(1.0, _LONGEST_STEP_KM / max(float(np.abs(fit.step).max()), 1e-12))
        place = start + step
        place[0] = np.clip(place[0], options.minimum_depth_km, options.maximum_depth_km)
        if np.abs(step).max() < _SHORT_STEP_KM:
            break
        start = place
    shrunk = (np.sqrt(1.0 - kernel_width(members) ** 2) - 1.0) * fit.apart
    residual = picks.time_s - found - shrunk
    mean = (fit.solve @ residual.T)[4:].T
    root = np.linalg.cholesky(fit.covariance[4:, 4:])
    standard = random.standard_normal((members, mean.shape[1]))[known]
    drawn = mean + standard @ root.T
    delay = delay.copy()
    delay[:, known] += (shrunk + drawn @ fit.kernel.T).T
    gain[known] = 0.5 * np.sum(standard**2, axis=1) - 0.5 * np.sum(drawn**2, axis=1)
    return replace(picks, delay_s=delay), gain


def kernel_width(members: int) -> float:
    """Width of the kernel of so many members, as a share of their scatter.

    Silverman (1986), equation 4.14: ``h = (4 / (n (d + 2)))^(1 / (d + 4))``.
    """
    d = _KERNEL_DIMENSIONS
    return float((4.0 / (members * (d + 2.0))) ** (1.0 / (d + 4.0)))


class _Fit(NamedTuple):
    """Hypocenter, origin time and kernel of the mean member fitted to the picks."""

    apart: Floats
    kernel: Floats
    covariance: Floats
    solve: Floats
    step: Floats


def _times_at(times: EnsembleTimes, picks: EventPicks, place: Floats) -> Floats:
    """Travel times in every member, shape (members, picks)."""
    found = np.empty((picks.time_s.size, times.member_count))
    all_times(times.arrays, place[None, :], picks.receivers, found)
    return found.T


def mean_slopes(
    times: EnsembleTimes, picks: EventPicks, place: Floats, options: LocationOptions
) -> Floats:
    """Derivatives of mean travel times by depth, north and east, shape (picks, 3)."""
    nodes = place + np.concatenate([np.eye(3), -np.eye(3)]) * STEP_KM
    nodes[:, 0] = np.clip(nodes[:, 0], options.minimum_depth_km, options.maximum_depth_km)
    found = np.empty((6, picks.time_s.size))
    member_times(times.arrays, nodes, np.full(6, -1), picks.receivers, found)
    width = (nodes[:3] - nodes[3:])[np.arange(3), np.arange(3)]
    slope = (found[:3] - found[3:]) / width[:, None]
    return np.asarray(np.where(np.abs(slope) < 10.0, slope, 0.0).T)


def _fit_kernel(found: Floats, slope: Floats, picks: EventPicks, options: LocationOptions) -> _Fit:
    """Fit the mean of members, moved along their scatter, by least squares with robust weights."""
    middle = found.mean(axis=0)
    apart = found - middle
    # a change common to all picks is one of the origin time
    apart -= np.average(apart, axis=1, weights=1.0 / picks.variance)[:, None]
    _, size, axes = np.linalg.svd(apart / np.sqrt(len(apart) - 1.0), full_matrices=False)
    share = np.cumsum(size**2) / max(float(np.sum(size**2)), 1e-30)
    rank = int(np.searchsorted(share, _KEPT_SHARE)) + 1
    scatter = axes[:rank].T * size[:rank]
    residual = picks.time_s - middle
    prior = np.diag(np.concatenate([np.full(3, LOOSE), [0.0], np.ones(rank)]))
    design = np.column_stack([slope, np.ones(residual.size), scatter])
    weight = _robust_weights(residual, design, prior, picks.variance, options)
    step = np.linalg.solve((design.T * weight) @ design + prior, (design.T * weight) @ residual)
    kernel = kernel_width(len(found)) * scatter
    design[:, 4:] = kernel
    covariance = np.linalg.inv((design.T * weight) @ design + prior)
    return _Fit(apart, kernel, covariance, covariance @ (design.T * weight), step[:3])


def _robust_weights(
    residual: Floats, design: Floats, prior: Floats, variance: Floats, options: LocationOptions
) -> Floats:
    """Weights of picks where the mean of all members fits best."""
    weight = 1.0 / variance
    if options.likelihood == "gaussian":
        return np.asarray(weight)
    freedom = options.freedom
    for _ in range(_REWEIGHTED):
        fit = np.linalg.solve((design.T * weight) @ design + prior, (design.T * weight) @ residual)
        left = residual - design @ fit
        weight = (freedom + 1.0) / (freedom * variance + left**2)
    return np.asarray(weight)
