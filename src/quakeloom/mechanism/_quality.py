"""Gaps, misfit, station distribution and quality letters."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled, fault_vectors
from quakeloom.core.sorting import sort_ascending
from quakeloom.mechanism._amplitudes import predicted_log_ratio
from quakeloom.mechanism._codes import ray_vector
from quakeloom.mechanism._options import MechanismOptions
from quakeloom.mechanism._readings import Rays, Readings

Floats = NDArray[np.float64]
StdrMode = Literal["correct", "hash12"]
_A, _B, _C = (0.8, 25.0, 0.15, 0.5), (0.6, 35.0, 0.2, 0.4), (0.5, 45.0, 0.3, 0.3)
"""Probability above, uncertainty (degrees) and misfit up to, station distribution ratio from,
for quality A, B and C: HASH v1.2 (Hardebeck & Shearer 2002)."""


class PlaneVectors(NamedTuple):
    """Unit normals and slips of mechanisms, north, east, down; shape (3,) or (mechanisms, 3)."""

    normal: Floats
    slip: Floats


@compiled(nogil=True)
def gaps_of(azimuths: Floats, takeoffs: Floats, count: int) -> tuple[int, int]:
    """Gaps of the first ``count`` rays; the arrays are scratch and are overwritten."""
    for k in range(count):
        if takeoffs[k] >= 90.0:
            takeoffs[k] = 180.0 - takeoffs[k]
            azimuths[k] -= 180.0
            if azimuths[k] < 0.0:
                azimuths[k] += 360.0
    sort_ascending(azimuths[:count])
    sort_ascending(takeoffs[:count])
    # The results are whole degrees, cut off one by one: a later gap that is larger by a
    # fraction of a degree replaces the earlier one.
    around = 0
    along = 0
    for k in range(1, count):
        if azimuths[k] - azimuths[k - 1] > around:
            around = int(azimuths[k] - azimuths[k - 1])
        if takeoffs[k] - takeoffs[k - 1] > along:
            along = int(takeoffs[k] - takeoffs[k - 1])
    if azimuths[0] - azimuths[count - 1] + 360.0 > around:
        around = int(azimuths[0] - azimuths[count - 1] + 360.0)
    if 90.0 - takeoffs[count - 1] > along:
        along = int(90.0 - takeoffs[count - 1])
    if takeoffs[0] > along:
        along = int(takeoffs[0])
    return around, along


def ray_gaps(azimuth_deg: ArrayLike, takeoff_deg: ArrayLike) -> tuple[int, int]:
    """Return the largest gaps in azimuth and in take-off angle, in whole degrees.

    Rays are folded onto one hemisphere first (a ray and its opposite see the same sign); a
    horizontal ray is turned to its opposite as in HASH, where azimuths of rays that leave upward
    stay.
    The gap in take-off includes those from the vertical to the first ray and from the last
    ray to the horizontal. Fractions are cut off, as in HASH (GET_GAP).

    Parameters
    ----------
    azimuth_deg, takeoff_deg : array_like, shape (n,), n >= 1
    """
    azimuth = np.array(azimuth_deg, dtype=np.float64) % 360.0
    takeoff = np.array(takeoff_deg, dtype=np.float64)
    around, along = gaps_of(azimuth, takeoff, len(azimuth))
    return int(around), int(along)


@compiled(nogil=True)
def misfits_of(
    members: NDArray[np.int64],
    readings: Readings,
    factor: float,
    weigh_onset: bool,
    mechanism: PlaneVectors,
    weighing: PlaneVectors,
) -> tuple[float, float, float]:
    """Polarity misfit, station distribution ratio and S/P misfit of one mechanism.

    ``members`` are the observations, with the rays of trial 0. ``weighing`` is the mechanism
    itself, or another that weighs the stations and predicts S/P (see :func:`weight_vectors`).
    """
    azimuth, takeoff = readings.rays.azimuth[0], readings.rays.takeoff[0]
    polarity, impulsive, ratio = readings.polarity, readings.impulsive, readings.ratio
    normal, slip = mechanism.normal, mechanism.slip
    weight_normal, weight_slip = weighing.normal, weighing.slip
    wrong = weights = distribution = share = apart = pairs = 0.0
    for k in range(members.shape[0]):
        i = members[k]
        a0, a1, a2 = ray_vector(np.float64(azimuth[i]), np.float64(takeoff[i]))
        p = (a0 * normal[0] + a1 * normal[1] + a2 * normal[2]) * (
            a0 * slip[0] + a1 * slip[1] + a2 * slip[2]
        )
        an = a0 * weight_normal[0] + a1 * weight_normal[1] + a2 * weight_normal[2]
        along = a0 * weight_slip[0] + a1 * weight_slip[1] + a2 * weight_slip[2]
        weight = np.sqrt(2.0 * abs(an * along))
        if polarity[i] != 0:
            onset = 0.5 if weigh_onset and not impulsive[i] else 1.0
            # At exactly zero HASH predicts "up" here (and "down" in its search).
            if (p < 0.0) == (polarity[i] > 0):
                wrong += weight * onset
            weights += weight * onset
            distribution += weight * onset
            share += onset
        if np.isfinite(ratio[i]):
            apart += abs(ratio[i] - predicted_log_ratio(an, along, factor))
            pairs += 1.0
            distribution += weight
            share += 1.0
    return (
        wrong / weights if weights > 0.0 else 0.0,
        distribution / share if share > 0.0 else 0.0,
        apart / pairs if pairs > 0.0 else np.nan,
    )


def weight_vectors(
    strike_deg: ArrayLike, dip_deg: ArrayLike, rake_deg: ArrayLike, stdr_mode: StdrMode
) -> PlaneVectors:
    """Return the normal and slip that weigh the stations.

    HASH v1.2 passes angles in radians to a routine that expects degrees, so that its weights
    belong to a mechanism with angles divided by 57.3; ``hash12`` does the same.
    """
    if stdr_mode == "hash12":
        strike_deg, dip_deg, rake_deg = (np.radians(a) for a in (strike_deg, dip_deg, rake_deg))
    return PlaneVectors(*fault_vectors(strike_deg, dip_deg, rake_deg))


def polarity_misfit_stdr(
    mechanism_deg: ArrayLike,
    azimuth_deg: ArrayLike,
    takeoff_deg: ArrayLike,
    polarity: ArrayLike,
    impulsive: ArrayLike | None = None,
    sp_log_ratio: ArrayLike | None = None,
    *,
    weigh_onset: bool = True,
    options: MechanismOptions | None = None,
) -> tuple[float, float, float]:
    """Return polarity misfit, station distribution ratio and S/P misfit of a mechanism.

    ``misfit = sum over wrong of (w o) / sum (w o)`` and ``stdr = sum (w o) / sum o`` with
    ``w = sqrt(|sin 2t cos f|)``, the root of the P radiation, and ``o`` 1 for impulsive and
    0.5 for emergent picks (Reasenberg & Oppenheimer 1985). The S/P misfit is the mean
    ``|observed - predicted|`` of log10 S/P (NaN without any); S/P observations also count in
    the station distribution.

    Parameters
    ----------
    mechanism_deg : array_like, shape (3,)
        Strike, dip and rake.
    azimuth_deg, takeoff_deg : array_like, shape (n,)
        Take-off 0 is straight down.
    polarity : array_like of int, shape (n,)
        +1, -1, or 0 for none.
    impulsive : array_like of bool, shape (n,), optional
        All impulsive if not given.
    sp_log_ratio : array_like, shape (n,), optional
        NaN for none.
    weigh_onset : bool
        HASH does so only in runs without amplitudes.
    options : MechanismOptions, optional
        ``vp_vs_ratio`` and ``stdr_mode``: ``hash12`` takes weights and predicted S/P from the
        mechanism whose angles went through the conversion to radians twice, as HASH v1.2 does.
    """
    options = options or MechanismOptions()
    azimuth = np.atleast_1d(np.asarray(azimuth_deg, dtype=np.float32))
    count = len(azimuth)
    nothing = np.full(count, np.nan, np.float32)
    readings = Readings(
        event_keys=np.zeros(1, np.uint64),
        offsets=np.array([0, count]),
        order=np.arange(count),
        rays=Rays(azimuth[None], np.atleast_1d(np.asarray(takeoff_deg, dtype=np.float32))[None]),
        polarity=np.asarray(polarity, np.int8),
        impulsive=np.ones(count, bool) if impulsive is None else np.asarray(impulsive, bool),
        probability_up=nothing,
        ratio=nothing if sp_log_ratio is None else np.asarray(sp_log_ratio, np.float32),
    )
    strike, dip, rake = np.asarray(mechanism_deg, dtype=float)
    wrong, stdr, apart = misfits_of(
        readings.order,
        readings,
        options.vp_vs_ratio**3,
        weigh_onset,
        PlaneVectors(*fault_vectors(strike, dip, rake)),
        weight_vectors(strike, dip, rake, options.stdr_mode),
    )
    return float(wrong), float(stdr), float(apart)


def rate_quality(
    probability: ArrayLike,
    uncertainty_deg: ArrayLike,
    misfit: ArrayLike,
    station_distribution_ratio: ArrayLike,
    options: MechanismOptions,
) -> NDArray[np.str_]:
    """Return quality letters A to D of solutions.

    ====== ============ =========== ======= ====================
    letter probability  uncertainty misfit  station distribution
    ====== ============ =========== ======= ====================
    A      > 0.8        <= 25       <= 0.15 >= 0.5
    B      > 0.6        <= 35       <= 0.20 >= 0.4
    C      > ``prob_c`` <= 45       <= 0.30 >= 0.3
    ====== ============ =========== ======= ====================

    D otherwise. The bounds of probability are strict, as in HASH's programs (its manual
    prints "at least", and 0.7 for C). ``quality_criteria = "spread"`` asks for probability
    and uncertainty only. E and F are given before the search, for gaps and for too few
    polarities.

    Parameters
    ----------
    probability, uncertainty_deg, misfit, station_distribution_ratio : array_like
        Uncertainty is the mean of those of the two planes.
    options : MechanismOptions
    """
    share, spread, wrong, stdr = np.broadcast_arrays(
        *(np.asarray(a, float) for a in (probability, uncertainty_deg, misfit,
                                         station_distribution_ratio))
    )  # fmt: skip
    letters = np.full(share.shape, "D", dtype="<U1")
    spread_only = options.quality_criteria == "spread"
    for letter, (least, widest, most, fewest) in (("C", _C), ("B", _B), ("A", _A)):
        least = options.prob_c if letter == "C" else least
        good = (share > least) & (spread <= widest)
        if not spread_only:
            good &= (wrong <= most) & (stdr >= fewest)
        letters[good] = letter
    return letters
