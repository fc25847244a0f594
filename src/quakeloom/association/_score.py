"""The account of one event: which picks are its own, and how much more likely it is than chance."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from quakeloom.association._network import (
    Detection,
    PickRows,
    Rates,
    hour_of,
    log_residual_density,
)
from quakeloom.association._times import (
    KERNEL,
    Floats,
    Ints,
    Stations,
    TimeTables,
    look_up,
    look_up_slopes,
)
from quakeloom.core import compiled

_STEPS = 12
"""Most steps of Gauss and Newton; most events need four (chosen here)."""

_CLOSE = 1e-7
"""Change of a hypocenter in km (and 1/10 of it in s) at which it is found."""

_NOTHING = -1
"""In place of the row of a pick where a station has none."""

_LOG_TWO_PI = math.log(2.0 * math.pi)
"""ln 2 pi, of the volume of a Gaussian."""


class World(NamedTuple):
    """All that does not change while events are sought.

    Attributes
    ----------
    stations : Stations
    tables : TimeTables
    rows : PickRows
    rates : Rates
    detection : Detection
    scale : ndarray, shape (2,)
        Factors of standard deviations of P and S residuals.
    box : ndarray, shape (3, 2)
        Least and largest depth, north, east, km.
    depth_prior : ndarray, shape (2,)
        Mean and standard deviation of depth, km.
    reach_km : float
        Largest epicentral distance of a pick.
    log_density : float
        ln of the expected events per km^3 and s.
    """

    stations: Stations
    tables: TimeTables
    rows: PickRows
    rates: Rates
    detection: Detection
    scale: Floats
    box: Floats
    depth_prior: Floats
    reach_km: float
    log_density: float


@compiled(**KERNEL)
def epicentral_km(world: World, place: Floats, station: int) -> float:
    """Return the distance of a station in the plane."""
    north = world.stations.place[station, 1] - place[1]
    east = world.stations.place[station, 2] - place[2]
    return math.sqrt(north * north + east * east)


@compiled(**KERNEL)
def log_distance(world: World, place: Floats, station: int, epicentral: float) -> float:
    """Return ln of the hypocentral distance in km, of which 1 km is the least.

    ``epicentral`` is the distance of the station in the plane in km, see :func:`epicentral_km`.
    """
    drop = place[0] - world.stations.place[station, 0]
    return 0.5 * math.log(epicentral * epicentral + drop * drop + 1.0)


@compiled(**KERNEL)
def first_row(rows: PickRows, slot: int, time_s: float) -> int:
    """Return the first row of a slot that is not before a time."""
    low, high = rows.start[slot], rows.start[slot + 1]
    while low < high:
        middle = (low + high) // 2
        if rows.time_s[middle] < time_s:
            low = middle + 1
        else:
            high = middle
    return int(low)


@compiled(**KERNEL)
def log_detection(detection: Detection, slot: int, log_r: float, size: int) -> float:
    """Return ln P of a pick of an event of some size."""
    most = detection.most[slot // 2, slot % 2]
    fall = math.exp((log_r - detection.log_half[size]) / detection.width)
    return math.log(most / (1.0 + fall))


@compiled(**KERNEL)
def pick_gain(world: World, row: int, residual: float, sigma_s: float) -> float:
    """Return ln of density under the event over the rate of false picks; -infinity off the gate."""
    slot = world.rows.slot[row]
    factor = world.scale[slot % 2]
    scale = factor * math.sqrt(world.rows.variance[row] + sigma_s * sigma_s)
    density = log_residual_density(residual, scale)
    if density == -np.inf:
        return density
    rate = world.rates.log_rate[slot, hour_of(world.rates, world.rows.time_s[row])]
    return float(density - rate + world.rows.evidence[row])


@compiled(**KERNEL)
def best_picks(
    world: World, place: Floats, origin_s: float, free: Ints, size: int, chosen: Ints
) -> int:
    """Choose for every station and phase the free pick with the largest gain; return the count.

    A pick is chosen where the event with it is more likely than the event without.

    Parameters
    ----------
    free : ndarray of int, shape (picks,)
        Picks with 0 may be chosen.
    size : int
        Number of the size, for the probability of a pick.
    chosen : ndarray of int, shape (stations * 2,)
        Filled: row of the pick, -1 where there is none.
    """
    count = 0
    for station in range(world.stations.level.size):
        distance = epicentral_km(world, place, station)
        chosen[2 * station] = _NOTHING
        chosen[2 * station + 1] = _NOTHING
        if distance > world.reach_km:
            continue
        log_r = log_distance(world, place, station, distance)
        for phase in range(2):
            slot = 2 * station + phase
            time, sigma = look_up(
                world.tables, phase, world.stations.level[station], distance, place[0]
            )
            expected = origin_s + time
            chance = math.exp(log_detection(world.detection, slot, log_r, size))
            least = math.log(1.0 - chance) - math.log(chance)
            row = first_row(world.rows, slot, expected - 8.0)
            while row < world.rows.start[slot + 1]:
                residual = world.rows.time_s[row] - expected
                if residual > 8.0:
                    break
                if free[row] == 0:
                    gain = pick_gain(world, row, residual, sigma)
                    if gain > least:
                        least = gain
                        chosen[slot] = row
                row += 1
            if chosen[slot] >= 0:
                count += 1
    return count


@compiled(**KERNEL)
def locate(world: World, place: Floats, origin_s: float, chosen: Ints) -> tuple[float, Floats]:
    """Move a hypocenter to the maximum of its posterior; ``place`` is changed.

    Iterated least squares with the weights of Student's t, a Gaussian prior of depth, and limits
    of the box.

    Returns
    -------
    origin_s : float
    covariance : ndarray, shape (4, 4)
        Of depth, north, east and origin time.
    """
    normal = np.zeros((4, 4))
    right = np.zeros(4)
    slope = np.zeros(4)
    for _ in range(_STEPS):
        normal[:] = 0.0
        right[:] = 0.0
        for slot in range(chosen.size):
            row = chosen[slot]
            if row < 0:
                continue
            station, phase = slot // 2, slot % 2
            distance = epicentral_km(world, place, station)
            time, sigma, along, down = look_up_slopes(
                world.tables, phase, world.stations.level[station], distance, place[0]
            )
            variance = world.scale[phase] ** 2 * (world.rows.variance[row] + sigma * sigma)
            residual = world.rows.time_s[row] - origin_s - time
            weight = 5.0 / (4.0 + residual * residual / variance) / variance
            safe = max(distance, 0.05)
            slope[0] = down
            slope[1] = along * (place[1] - world.stations.place[station, 1]) / safe
            slope[2] = along * (place[2] - world.stations.place[station, 2]) / safe
            slope[3] = 1.0
            for i in range(4):
                right[i] += weight * slope[i] * residual
                for j in range(4):
                    normal[i, j] += weight * slope[i] * slope[j]
        tight = 1.0 / world.depth_prior[1] ** 2
        normal[0, 0] += tight
        right[0] += tight * (world.depth_prior[0] - place[0])
        for i in range(1, 3):  # as good as no prior; keeps few picks solvable
            normal[i, i] += 1e-4
        step = np.linalg.solve(normal, right)
        length = math.sqrt(step[0] ** 2 + step[1] ** 2 + step[2] ** 2)
        if length > 10.0:
            step *= 10.0 / length
        for i in range(3):
            place[i] = min(max(place[i] + step[i], world.box[i, 0]), world.box[i, 1])
        origin_s += step[3]
        if length < _CLOSE and abs(step[3]) < 0.1 * _CLOSE:
            break
    covariance: Any = np.linalg.inv(normal)
    return origin_s, covariance


@compiled(**KERNEL)
def score(
    world: World, place: Floats, origin_s: float, covariance: Floats, chosen: Ints
) -> tuple[float, int]:
    """Return ln of the odds of an event against chance, and the number of its likeliest size.

    ``S = ln(rho V) + ln sum_a p(a) prod P_a h / lambda prod (1 - P_a)`` with the volume of the
    posterior ``V = (2 pi)^2 |C|^(1/2)`` and the expected density of events ``rho``.
    """
    detection = world.detection
    sizes = detection.log_half.size
    sums = detection.log_prior.copy()
    shared = 0.0
    for station in range(world.stations.level.size):
        distance = epicentral_km(world, place, station)
        if distance > world.reach_km:
            continue
        log_r = log_distance(world, place, station, distance)
        for phase in range(2):
            slot = 2 * station + phase
            row = chosen[slot]
            time, sigma = look_up(
                world.tables, phase, world.stations.level[station], distance, place[0]
            )
            gain = -np.inf
            if row >= 0:
                gain = pick_gain(world, row, world.rows.time_s[row] - origin_s - time, sigma)
            own = gain > -np.inf  # a pick that the event has moved away from is none of its own
            if own:
                shared += gain
            elif not world.rates.works[slot, hour_of(world.rates, origin_s + time)]:
                continue
            most = detection.most[station, phase]
            for a in range(sizes):
                fall = math.exp((log_r - detection.log_half[a]) / detection.width)
                if own:
                    sums[a] += math.log(most / (1.0 + fall))
                else:
                    sums[a] += math.log(1.0 - most / (1.0 + fall))
    best = int(np.argmax(sums))
    total = 0.0
    for a in range(sizes):
        total += math.exp(sums[a] - sums[best])
    volume = 2.0 * _LOG_TWO_PI + 0.5 * math.log(max(np.linalg.det(covariance), 1e-30))
    evidence = shared + sums[best] + math.log(total)
    return evidence + world.log_density + min(volume, 12.0), best


@compiled(**KERNEL)
def settle(
    world: World, place: Floats, origin_s: float, free: Ints, size: int, chosen: Ints
) -> tuple[float, Floats, float, int]:
    """Choose picks and locate by turns until the choice stays; ``place`` and ``chosen`` change.

    Returns
    -------
    origin_s : float
    covariance : ndarray, shape (4, 4)
    score : float
        -infinity where fewer than four picks are left.
    size : int
    """
    before = chosen.copy()
    covariance = np.eye(4)
    value = -np.inf
    for turn in range(6):
        count = best_picks(world, place, origin_s, free, size, chosen)
        if count < 4:
            return origin_s, covariance, -np.inf, size
        if turn > 0 and np.array_equal(before, chosen):
            break
        before[:] = chosen
        origin_s, covariance = locate(world, place, origin_s, chosen)
        value, size = score(world, place, origin_s, covariance, chosen)
    return origin_s, covariance, value, size
