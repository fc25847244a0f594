"""Search and average the events of a block, one after the other, in compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._amplitudes import run_length
from quakeloom.mechanism._blocks import STATUSES
from quakeloom.mechanism._counters import MAXIMUM_PLANES, STRIDE
from quakeloom.mechanism._hash_average import hash_solutions
from quakeloom.mechanism._keyed import stream_start, uniform
from quakeloom.mechanism._preferred import MAXIMUM_SOLUTIONS, weighted_solutions
from quakeloom.mechanism._quality import gaps_of
from quakeloom.mechanism._search import Workspace, search_acceptable, search_posterior

SOLVED, TOO_FEW, AZIMUTHAL_GAP, TAKEOFF_GAP, NO_SOLUTION, ERROR = (
    STATUSES.index(name)
    for name in (
        "solved",
        "too_few_polarities",
        "azimuthal_gap",
        "takeoff_gap",
        "no_solution",
        "error",
    )
)
MAXIMUM_READINGS = (1 << (MAXIMUM_PLANES - 1)) - 1
"""Counters hold this many; an event with more is not searched."""

_SUBSET = 4
_STACKS = 5


class Readings(NamedTuple):
    """The arrays of an :class:`ObservationBlock`, and the order of its observations."""

    event_keys: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    order: NDArray[np.int64]
    azimuth: NDArray[np.float32]
    takeoff: NDArray[np.float32]
    polarity: NDArray[np.int8]
    impulsive: NDArray[np.bool_]
    probability_up: NDArray[np.float32]
    ratio: NDArray[np.float32]


class Limits(NamedTuple):
    """The settings that the compiled loop needs (see :class:`MechanismOptions`).

    ``presence_of_count`` and ``level_of_count`` give the weight for probability and spread
    and the stored weight of a mechanism that so many trials accept.
    """

    minimum: int
    widest_azimuth: float
    widest_takeoff: float
    use_onset: bool
    use_emergent: bool
    use_probabilities: bool
    rate: float
    floor: float
    amplitude_error: float
    maxout: int
    average_hash: bool
    angle_deg: float
    least: float
    presence_of_count: NDArray[np.float32]
    level_of_count: NDArray[np.uint8]


class GridArrays(NamedTuple):
    """Mechanisms of the grid: normals, slips, quaternions and weights."""

    normals: NDArray[np.float64]
    slips: NDArray[np.float64]
    quaternions: NDArray[np.float32]
    weights: NDArray[np.float64]


class Found(NamedTuple):
    """What is found, per event.

    ``counts`` are polarities, S/P ratios, ignored observations, acceptable mechanisms and
    solutions; ``gaps`` azimuth and take-off. The last four hold up to five solutions.
    """

    status: NDArray[np.int8]
    counts: NDArray[np.int32]
    gaps: NDArray[np.float64]
    acceptance: NDArray[np.uint8]
    normals: NDArray[np.float64]
    slips: NDArray[np.float64]
    shares: NDArray[np.float64]
    spreads: NDArray[np.float64]


def empty_found(events: int, mechanisms: int) -> Found:
    """Return arrays for the results of so many events."""
    return Found(
        status=np.zeros(events, np.int8),
        counts=np.zeros((events, 5), np.int32),
        gaps=np.full((events, 2), np.nan),
        acceptance=np.zeros((events, mechanisms), np.uint8),
        normals=np.zeros((events, MAXIMUM_SOLUTIONS, 3)),
        slips=np.zeros((events, MAXIMUM_SOLUTIONS, 3)),
        shares=np.zeros((events, MAXIMUM_SOLUTIONS)),
        spreads=np.zeros((events, MAXIMUM_SOLUTIONS, 2)),
    )


@compiled(nogil=True)
def _select(event, readings, limits, used, paired):
    """List the observations of an event that count: polarities, impulsive first, and S/P.

    Returns the numbers of polarities, of impulsive ones, of S/P ratios and of observations
    without angles.
    """
    count = pairs = ignored = sharp = 0
    for wanted in range(2):
        for k in range(readings.offsets[event], readings.offsets[event + 1]):
            i = readings.order[k]
            impulsive = readings.impulsive[i]
            known = np.isfinite(readings.azimuth[0, i]) and np.isfinite(readings.takeoff[0, i])
            signed = readings.polarity[i] != 0
            if limits.use_probabilities:
                signed = signed or np.isfinite(readings.probability_up[i])
            signed = signed and (limits.use_emergent or impulsive)
            if wanted == 0:
                if not known:
                    ignored += 1
                elif np.isfinite(readings.ratio[i]):
                    paired[pairs] = i
                    pairs += 1
            if known and signed and impulsive == (wanted == 0):
                used[count] = i
                count += 1
        if wanted == 0:
            sharp = count
    return count, sharp, pairs, ignored


@compiled(nogil=True)
def _find_gaps(used, count, readings, azimuths, takeoffs):
    """Gaps of the used polarities; the last two arguments are scratch."""
    for k in range(count):
        angle = np.float64(readings.azimuth[0, used[k]])
        azimuths[k] = angle - 360.0 * np.floor(angle / 360.0)
        takeoffs[k] = readings.takeoff[0, used[k]]
    return gaps_of(azimuths, takeoffs, count)


@compiled(nogil=True)
def _log_odds_up(i, readings, limits):
    """Log odds that a first motion is up, by its probability or else by its sign."""
    p = np.float64(readings.probability_up[i])
    if not np.isfinite(p):
        p = 1.0 - limits.rate if readings.polarity[i] > 0 else limits.rate
    p = limits.floor + (1.0 - 2.0 * limits.floor) * min(max(p, 0.0), 1.0)
    return np.log(p / (1.0 - p))


@compiled(nogil=True)
def _weigh(found, limits, grid, space, weights, presence, acceptance):
    """Weights of the listed mechanisms for mean, for spread, and for storing."""
    indices = space.indices
    if limits.use_probabilities:
        greatest = 0.0
        for k in range(found):
            weights[k] = space.posterior[indices[k]] * grid.weights[indices[k]]
            presence[k] = weights[k]
            greatest = max(greatest, space.posterior[indices[k]])
        for k in range(found):
            level = 255.0 * space.posterior[indices[k]] / greatest
            acceptance[indices[k]] = max(np.int64(level + 0.5), 1)
    else:
        for k in range(found):
            count = space.counts[k]
            weights[k] = count * grid.weights[indices[k]]
            presence[k] = limits.presence_of_count[count]
            acceptance[indices[k]] = limits.level_of_count[count]


@compiled(nogil=True)
def _draw_subset(event_key, indices, weights, presence, found, maxout):
    """Move a random subset to the front, in the order drawn."""
    start = stream_start(event_key, np.uint64(0), _SUBSET)
    for k in range(maxout):
        other = min(k + np.int64(uniform(start, k) * (found - k)), found - 1)
        indices[k], indices[other] = indices[other], indices[k]
        weights[k], weights[other] = weights[other], weights[k]
        presence[k], presence[other] = presence[other], presence[k]
    return maxout


@compiled(nogil=True)
def solve_block(readings, limits, rows, predictions, grid, results):
    """Search and average every event of a block; write to ``results`` (a :class:`Found`)."""
    planes = rows.frames32.shape[2]
    size = grid.normals.shape[0]
    events = readings.event_keys.shape[0]
    most = 0
    for event in range(events):
        held = readings.offsets[event + 1] - readings.offsets[event]
        most = max(most, held if held <= MAXIMUM_READINGS else 0)
    with_ratios = False
    for i in range(readings.ratio.shape[0]):
        with_ratios = with_ratios or np.isfinite(readings.ratio[i])
    length = run_length(rows.cosines.shape[0])
    space = Workspace(
        np.zeros((most + 1) * rows.mask.shape[0], np.int8),
        np.zeros(planes, np.int8),
        np.zeros((2, most + 1), np.int64),
        np.zeros((_STACKS, MAXIMUM_PLANES * STRIDE), np.int64),
        np.zeros((4, planes), np.int32),
        np.zeros(planes * length if with_ratios else 1, np.float32),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size if limits.use_probabilities else 1),
    )
    used, paired, flips = (
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
    )
    log_odds, azimuths, takeoffs = np.empty(most), np.empty(most), np.empty(most)
    weights, presence = np.empty(size, np.float32), np.empty(size, np.float32)
    # Scratch of the weighted mean.
    q, q_left, q_some = (
        np.empty((4, size), np.float32),
        np.empty((4, size), np.float32),
        np.empty((4, size), np.float32),
    )
    lines = np.empty((4, size), np.float32)
    for event in range(events):
        if readings.offsets[event + 1] - readings.offsets[event] > MAXIMUM_READINGS:
            results.status[event] = ERROR
            continue
        count, sharp, pairs, ignored = _select(event, readings, limits, used, paired)
        counts, gaps = results.counts[event], results.gaps[event]
        counts[0], counts[1], counts[2] = count, pairs, ignored
        if count > 0:
            gaps[0], gaps[1] = _find_gaps(used, count, readings, azimuths, takeoffs)
        if count < limits.minimum or count + pairs == 0:
            results.status[event] = TOO_FEW
            continue
        if gaps[0] > limits.widest_azimuth:
            results.status[event] = AZIMUTHAL_GAP
            continue
        if gaps[1] > limits.widest_takeoff:
            results.status[event] = TAKEOFF_GAP
            continue
        if limits.use_probabilities:
            for k in range(count):
                log_odds[k] = _log_odds_up(used[k], readings, limits)
            found = search_posterior(
                used[:count], log_odds[:count], paired[:pairs], readings.ratio,
                readings.azimuth, readings.takeoff, limits.amplitude_error, rows, predictions,
                space,
            )  # fmt: skip
        else:
            for k in range(count):
                flips[k] = -1 if readings.polarity[used[k]] > 0 else 0
            split = limits.use_onset and pairs == 0
            found = search_acceptable(
                used[:count], flips, sharp, paired[:pairs], readings.ratio, readings.azimuth,
                readings.takeoff, split, limits.rate, limits.amplitude_error, rows,
                predictions, space,
            )  # fmt: skip
        counts[3] = found
        if found == 0:
            results.status[event] = NO_SOLUTION
            continue
        _weigh(found, limits, grid, space, weights, presence, results.acceptance[event])
        indices = space.indices
        if 0 < limits.maxout < found:
            key = readings.event_keys[event]
            found = _draw_subset(key, indices, weights, presence, found, limits.maxout)
        normals, slips = results.normals[event], results.slips[event]
        shares, spreads = results.shares[event], results.spreads[event]
        if limits.average_hash:
            vectors = np.empty((6, found))
            for k in range(found):
                for j in range(3):
                    vectors[j, k] = grid.normals[indices[k], j]
                    vectors[j + 3, k] = grid.slips[indices[k], j]
            counts[4] = hash_solutions(
                vectors, found, limits.angle_deg, limits.least, normals, slips, shares, spreads
            )
        else:
            for k in range(found):
                for j in range(4):
                    q[j, k] = grid.quaternions[indices[k], j]
            counts[4] = weighted_solutions(
                q, weights, presence, found, limits.angle_deg, limits.least, q_left, lines[0],
                lines[1], q_some, lines[2], lines[3], normals, slips, shares, spreads,
            )  # fmt: skip
