"""Loops over pairs of events and stations."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.core.sorting import sort_ascending
from quakeloom.simulate._counted_random import normal, pair_key, uniform

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Keys = NDArray[np.uint64]

READ_WIDTH = 0.15
"""Width of the logistic chance of being read, log10 amplitude; chosen here."""

SMALLEST_RADIATION = 0.03
"""Radiation that scattering leaves at nodal stations, share of the largest; chosen here."""

_EVENT_SCATTER = 0.2
"""Standard deviation of log10 amplitude between events of one magnitude; chosen here."""

_RADIATION_IN_READ = 0.5
"""Power of the radiation in the chance of being read; chosen here below 1: a wave from near a nodal
plane is still seen to arrive."""

_RADIATION_IN_CLEAR = 1.3
"""Power of the radiation in how clear a first motion is; chosen here above 1: near a nodal plane it
is hard to tell."""

_EXTRA_SELECTED = 2.0
"""Mean number of readings above the minimum that a selected event has; chosen here."""

_ECCENTRICITY_SQUARED = 0.0066943799901413165
"""Square of the eccentricity of the WGS84 ellipsoid."""

_EQUATOR_KM = 6378.137
"""Radius of the equator of the WGS84 ellipsoid, km."""

_KM_PER_DEGREE = 110.5
"""A degree of latitude at its shortest, at the equator, km, rounded down: the search for stations
must not miss any."""


class Pairs(NamedTuple):
    """Pairs of events and stations within reach; those of event ``i`` are consecutive.

    Attributes
    ----------
    first : ndarray of int64, shape (events + 1,)
        Pairs ``first[i]`` to ``first[i + 1] - 1`` are those of event ``i``.
    station : ndarray of int64, shape (pairs,)
        Rows of the stations.
    distance_km, azimuth_deg : ndarray, shape (pairs,)
        From epicenter to station.
    takeoff_deg : ndarray, shape (pairs,)
        0 straight down; NaN where no ray arrives.
    """

    first: Integers
    station: Integers
    distance_km: Floats
    azimuth_deg: Floats
    takeoff_deg: Floats


class Sources(NamedTuple):
    """Events as they radiate, one value per event.

    Attributes
    ----------
    keys : ndarray of uint64
        Streams of source and paths.
    magnitude, depth_km : ndarray
    normals, slips : ndarray, shape (events, 3)
        Unit vectors, axes north, east, down.
    """

    keys: Keys
    magnitude: Floats
    depth_km: Floats
    normals: Floats
    slips: Floats


@compiled()
def _near(lon1: float, lat1: float, lon2: float, lat2: float) -> tuple[float, float]:
    """Distance (km) and azimuth (degrees) on the ellipsoid by the mid-latitude formula.

    Within 150 km it agrees with the geodesic to 10 m and some hundredths of a degree.
    """
    middle = math.radians(0.5 * (lat1 + lat2))
    sine = math.sin(middle)
    square = 1.0 - _ECCENTRICITY_SQUARED * sine * sine
    prime = _EQUATOR_KM / math.sqrt(square)
    meridian = prime * (1.0 - _ECCENTRICITY_SQUARED) / square
    dlon = math.radians(lon2 - lon1)
    north = meridian * math.radians(lat2 - lat1)
    east = prime * math.cos(middle) * dlon
    azimuth = math.degrees(math.atan2(east, north) - 0.5 * dlon * sine) % 360.0
    return math.sqrt(north * north + east * east), azimuth


@compiled()
def find_pairs(
    lon: Floats,
    lat: Floats,
    origin: Integers,
    s_lon: Floats,
    s_lat: Floats,
    s_begin: Integers,
    s_row: Integers,
    reach: float,
) -> tuple[Integers, Integers, Floats, Floats]:
    """Stations (sorted by latitude) within reach of each event that record at its time."""
    window = reach / _KM_PER_DEGREE
    first = np.zeros(lon.size + 1, np.int64)
    station = np.empty(0, np.int64)
    distance = np.empty(0)
    azimuth = np.empty(0)
    # The first run counts and the second one writes: a list that grows costs more than to
    # compute the distances twice.
    for run in range(2):
        n = 0
        for i in range(lon.size):
            wide = window / math.cos(math.radians(min(89.0, abs(lat[i]) + window)))
            j = np.searchsorted(s_lat, lat[i] - window)
            while j < s_lat.size and s_lat[j] <= lat[i] + window:
                if abs(s_lon[j] - lon[i]) <= wide and s_begin[j] <= origin[i]:
                    x, a = _near(lon[i], lat[i], s_lon[j], s_lat[j])
                    if x <= reach:
                        if run == 1:
                            station[n] = s_row[j]
                            distance[n] = x
                            azimuth[n] = a
                        n += 1
                j += 1
            first[i + 1] = n
        if run == 0:
            station = np.empty(n, np.int64)
            distance = np.empty(n)
            azimuth = np.empty(n)
    return first, station, distance, azimuth


@compiled(error_model="numpy")
def compute_amplitudes(
    pairs: Pairs,
    sources: Sources,
    station_keys: Keys,
    quietness: Floats,
    exponent: float,
    per_km: float,
    minimum: int,
    selected: float,
) -> tuple[Floats, Floats, Floats, Floats, Integers]:
    """Radiation, amplitude, clearness and score of every pair, and the readings of every event.

    An event has at least as many readings as returned for it: ``minimum`` and some more where it
    is ``selected``, else none. A score above 0 means that the pair is read.
    """
    first, station = pairs.first, pairs.station
    n = station.size
    radiation = np.empty(n)
    amplitude = np.empty(n)
    clearness = np.empty(n)
    score = np.empty(n)
    least = np.zeros(sources.keys.size, np.int64)
    for i in range(sources.keys.size):
        key = pair_key(sources.keys[i], np.uint64(11))
        size = sources.magnitude[i] + _EVENT_SCATTER * normal(key, 0)
        if uniform(key, 2) < selected:
            least[i] = minimum + int(-_EXTRA_SELECTED * math.log(uniform(key, 3)))
        for j in range(first[i], first[i + 1]):
            s = station[j]
            an, aslip = _along_vectors(
                sources.normals[i], sources.slips[i], pairs.azimuth_deg[j], pairs.takeoff_deg[j]
            )
            f = 2.0 * an * aslip
            radiation[j] = f
            r = max(1.0, math.sqrt(pairs.distance_km[j] ** 2 + sources.depth_km[i] ** 2))
            amplitude[j] = (
                size - exponent * math.log10(r / 10.0) - per_km * (r - 10.0) + quietness[s]
            )
            power = math.log10(max(abs(f), SMALLEST_RADIATION))
            u = uniform(pair_key(sources.keys[i], station_keys[s]), 0)
            # Logistic noise on the amplitude makes "above the level" a logistic chance.
            score[j] = (amplitude[j] + _RADIATION_IN_READ * power) / READ_WIDTH
            score[j] += math.log(u / (1.0 - u))
            clearness[j] = amplitude[j] + _RADIATION_IN_CLEAR * power
            # NaN compares false: without a ray there is nothing to read.
            if not pairs.takeoff_deg[j] >= 0.0:
                score[j] = -np.inf
    return radiation, amplitude, clearness, score, least


@compiled()
def _along_vectors(
    normal_vector: Floats, slip: Floats, azimuth: float, takeoff: float
) -> tuple[float, float]:
    """Parts of a ray (degrees) along the normal and the slip of a fault."""
    sine = math.sin(math.radians(takeoff))
    a0 = sine * math.cos(math.radians(azimuth))
    a1 = sine * math.sin(math.radians(azimuth))
    a2 = math.cos(math.radians(takeoff))
    along_normal = a0 * normal_vector[0] + a1 * normal_vector[1] + a2 * normal_vector[2]
    return along_normal, a0 * slip[0] + a1 * slip[1] + a2 * slip[2]


@compiled()
def choose_readings(first: Integers, score: Floats, minimum: Integers) -> Integers:
    """Readings with a score above 0, or as many of the best as an event needs at least."""
    chosen = np.zeros(score.size, np.bool_)
    for i in range(minimum.size):
        a, b = first[i], first[i + 1]
        count = 0
        for j in range(a, b):
            if score[j] > 0.0:
                chosen[j] = True
                count += 1
        if count < minimum[i] and b > a:
            ordered = score[a:b].copy()
            sort_ascending(ordered)
            least = ordered[b - a - min(minimum[i], b - a)]
            for j in range(a, b):
                chosen[j] = score[j] >= least and score[j] > -np.inf
    return np.flatnonzero(chosen)


@compiled()
def count_readings(first: Integers, score: Floats, minimum: Integers) -> int:
    """Number of readings that :func:`choose_readings` would take, without sorting any."""
    total = 0
    for i in range(minimum.size):
        count = 0
        for j in range(first[i], first[i + 1]):
            if score[j] > 0.0:
                count += 1
        total += max(count, min(minimum[i], first[i + 1] - first[i]))
    return total


@compiled()
def draw_readings(
    event_keys: Keys, station_keys: Keys, event: Integers, station: Integers
) -> Floats:
    """Per reading: three uniform numbers (0, 1, 3) and three normal deviates (2, 4, 5)."""
    out = np.empty((event.size, 6))
    for j in range(event.size):
        key = pair_key(event_keys[event[j]], station_keys[station[j]])
        out[j, 0] = uniform(key, 1)
        out[j, 1] = uniform(key, 2)
        out[j, 2] = normal(key, 2)
        out[j, 3] = uniform(key, 3)
        out[j, 4] = normal(key, 3)
        out[j, 5] = normal(key, 4)
    return out


@compiled()
def shear_radiation(
    normals: Floats, slips: Floats, event: Integers, azimuth: Floats, takeoff: Floats
) -> Floats:
    """Length of the S radiation vector, 0 to 1."""
    out = np.empty(event.size)
    for j in range(event.size):
        i = event[j]
        an, aslip = _along_vectors(normals[i], slips[i], azimuth[j], takeoff[j])
        out[j] = math.sqrt(max(0.0, an * an + aslip * aslip - 4.0 * an * an * aslip * aslip))
    return out
