"""What a sample of models leaves between its members, for one event."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.location._density import EventPicks
from quakeloom.location._interpolation import Floats, all_times, member_times
from quakeloom.location._options import LocationOptions
from quakeloom.location._tables import NEVER, EnsembleTimes

SMOOTHED_FROM = 10
"""Members from which on an ensemble is taken for a sample of models, and smoothed and tempered;
fewer are models that somebody chose, and taken as they are."""

_KERNEL_DIMENSIONS = 60.0
"""Dimensions of the density of travel times that the kernel smooths, which set its width: 0.90 of
the scatter of 40 members, 0.89 of 100, 0.86 of 1,000. Measured: with it 95 % ranges of depth hold
94 to 96 %, with 24 (0.8) 91 % (``benchmarks/calibration_rows/locations.py``)."""

_KEPT_SHARE = 0.999
"""Share of the scatter of members that the kernel takes along. Chosen here: the rest is a
thirtieth of the standard deviation."""

LATERAL_LEVELS = np.exp(0.5 * np.array([-1.28, -0.52, 0.0, 0.52, 1.28]))
"""Factors of the spread of velocity sideways, one for each fifth of the members: regions differ by
a factor of 1.6, one standard deviation. Chosen here."""

_GOLDEN = 0.6180339887498949
"""Fraction whose multiples fill the unit interval evenly: that of the golden ratio."""

_LEAST_ERROR_S = 0.002
"""Errors of all paths together that are left out: a tenth of the error of the best picks."""

_PATH_POINTS = 6
"""Points of a path at which lateral structure is averaged. Chosen here: paths of 60 km then have
points a correlation length and less apart."""

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
) -> tuple[EventPicks, Floats, float]:
    """Return picks with delays that smooth a sample of models, and logarithms of their weights.

    The density of travel times ``g`` that a sample ``g_k`` stands for is taken as

        sum_k N(g; m + s (g_k - m), h^2 S),  s^2 + h^2 = 1,

    with mean ``m`` and covariance ``S`` of the sample, which it keeps (Silverman 1986, Density
    estimation, section 6.4). Every member gets one draw ``g = m + s (g_k - m) + h U z`` of its
    kernel. It is drawn where the picks ask for it, from the posterior of ``z`` that a member has
    when times are linear around the best hypocenter, and counts by ``p(z) / q(z)``: importance
    sampling, right whatever the draw comes from. In flat models the errors of
    :func:`lateral_scatter` are drawn with it, of the spread that the member has.

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
    float
        How many directions of the scatter of members the picks tell.
    """
    members = times.member_count
    delay = np.zeros((picks.time_s.size, members)) if picks.delay_s is None else picks.delay_s
    gain = np.zeros(members)
    for _ in range(_STEPS):
        found = _times_at(times, picks, start) + delay.T
        known = np.all(found < NEVER, axis=1)
        if known.sum() < 3:
            return picks, gain, 0.0
        found = found[known]
        sideways = np.empty((picks.time_s.size, 0))
        if times.radial:  # others have structure of their own
            sideways = lateral_scatter(picks.station, start, found.mean(axis=0), options)
        slope = mean_slopes(times, picks, start, options)
        fit = _fit_kernel(found, sideways, slope, picks, options)
        step = fit.step * min(1.0, _LONGEST_STEP_KM / max(float(np.abs(fit.step).max()), 1e-12))
        place = start + step
        place[0] = np.clip(place[0], options.minimum_depth_km, options.maximum_depth_km)
        if np.abs(step).max() < _SHORT_STEP_KM:
            break
        start = place
    rank = fit.kernel.shape[1] - sideways.shape[1]
    told = rank - float(np.trace(fit.covariance[4 : 4 + rank, 4 : 4 + rank]))
    shrunk = (np.sqrt(1.0 - kernel_width(members) ** 2) - 1.0) * fit.apart
    residual = picks.time_s - found - shrunk
    delay, where = delay.copy(), np.flatnonzero(known)
    standard = random.standard_normal((members, fit.kernel.shape[1]))
    for level, own in _share_levels(members, sideways.shape[1] > 0):
        # members with rays, by their rows among all and among those with rays
        own = own[known[own]]
        row = np.searchsorted(where, own)
        fit = _fit_kernel(found, level * sideways, slope, picks, options)
        mean = (fit.solve @ residual[row].T)[4:].T
        root = np.linalg.cholesky(fit.covariance[4:, 4:])
        drawn = mean + standard[own] @ root.T
        delay[:, own] += (shrunk[row] + drawn @ fit.kernel.T).T
        gain[own] = 0.5 * np.sum(standard[own] ** 2 - drawn**2, axis=1)
        gain[own] += np.log(np.diag(root)).sum()
    return replace(picks, delay_s=delay), gain, told


def even_places(members: int) -> Floats:
    """Return places in the unit interval that any run of members fills evenly.

    Members next to each other are far apart, so that no part of an ensemble has one place.
    """
    return np.asarray(np.mod((np.arange(members) + 0.5) * _GOLDEN, 1.0))


def _share_levels(members: int, lateral: bool) -> list[tuple[float, NDArray[np.int64]]]:
    """Return factors of the lateral spread, and the members that have each."""
    if not lateral:
        return [(1.0, np.arange(members))]
    level = (even_places(members) * len(LATERAL_LEVELS)).astype(np.int64)
    return [(float(f), np.flatnonzero(level == i)) for i, f in enumerate(LATERAL_LEVELS)]


def lateral_scatter(
    station: Floats, place: Floats, travel_s: Floats, options: LocationOptions
) -> Floats:
    """Errors of travel times in flat models where velocity changes sideways.

    The logarithm of velocity is taken to scatter sideways as a Gaussian field with standard
    deviation ``s`` (``lateral_spread``) and correlation ``exp(-d^2 / 2 L^2)`` over horizontal
    distances ``d`` (``lateral_km``). A travel time ``t`` then errs by ``t`` times the mean of the
    field along the path, here a straight one, so that errors of paths to neighboring stations are
    alike. What changes steadily from side to side looks as another epicenter does, and residuals
    tell nothing of it.

    Parameters
    ----------
    station : ndarray, shape (picks, 3)
        Depth, north and east in km.
    place : ndarray, shape (3,)
        Of the hypocenter.
    travel_s : ndarray, shape (picks,)
    options : LocationOptions

    Returns
    -------
    ndarray, shape (picks, rank)
        Of unit normal numbers it makes errors in s.

    References
    ----------
    Rodi & Myers (2013), Geophys. J. Int. 194, 1582-1595, for errors of travel times as path
    integrals of a random field.
    """
    if not options.lateral_spread > 0.0:
        return np.empty((travel_s.size, 0))
    part = (np.arange(_PATH_POINTS) + 0.5) / _PATH_POINTS
    path = place[1:] + part[:, None, None] * (station[:, 1:] - place[1:])
    points = path.reshape(-1, 2)
    apart = np.sum((points[:, None] - points[None]) ** 2, axis=-1)
    alike = np.exp(-0.5 * apart / options.lateral_km**2)
    count = travel_s.size
    mean = alike.reshape(_PATH_POINTS, count, _PATH_POINTS, count).mean(axis=(0, 2))
    size, axes = np.linalg.eigh(mean * np.outer(travel_s, travel_s) * options.lateral_spread**2)
    size, axes = np.maximum(size[::-1], 0.0), axes[:, ::-1]
    rank = int(np.sum(size > _LEAST_ERROR_S**2))
    return np.asarray(axes[:, :rank] * np.sqrt(size[:rank]))


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


def _fit_kernel(
    found: Floats, sideways: Floats, slope: Floats, picks: EventPicks, options: LocationOptions
) -> _Fit:
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
    prior = np.diag(np.concatenate([np.full(3, LOOSE), [0.0], np.ones(rank + sideways.shape[1])]))
    design = np.column_stack([slope, np.ones(residual.size), scatter, sideways])
    weight = _robust_weights(residual, design, prior, picks.variance, options)
    step = np.linalg.solve((design.T * weight) @ design + prior, (design.T * weight) @ residual)
    kernel = np.column_stack([kernel_width(len(found)) * scatter, sideways])
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
