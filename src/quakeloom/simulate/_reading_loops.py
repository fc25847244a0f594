"""Loops over pairs of events and stations."""

from __future__ import annotations

import math

import numpy as np

from quakeloom.core import compiled
from quakeloom.core.sorting import sort_ascending
from quakeloom.simulate._counted_random import normal, pair_key, uniform

READ_WIDTH = 0.15  # of the logistic chance of being read, in log10 amplitude
_EVENT_SCATTER = 0.2
# Powers of the radiation: a wave from near a nodal plane is still seen to arrive, but its first
# motion is hard to tell.
_RADIATION_IN_READ = 0.5
_RADIATION_IN_CLEAR = 1.3
SMALLEST_RADIATION = 0.03  # scattering lets no station be quite nodal
_EXTRA_SELECTED = 2.0  # mean of the readings above the minimum of a selected event


@compiled()
def _near(lon1, lat1, lon2, lat2):
    """Distance (km) and azimuth (degrees) on the ellipsoid by the mid-latitude formula.

    Within 150 km it agrees with the geodesic to 10 m and some hundredths of a degree.
    """
    middle = math.radians(0.5 * (lat1 + lat2))
    sine = math.sin(middle)
    square = 1.0 - 0.0066943799901413165 * sine * sine
    prime = 6378.137 / math.sqrt(square)
    meridian = prime * (1.0 - 0.0066943799901413165) / square
    dlon = math.radians(lon2 - lon1)
    north = meridian * math.radians(lat2 - lat1)
    east = prime * math.cos(middle) * dlon
    azimuth = math.degrees(math.atan2(east, north) - 0.5 * dlon * sine) % 360.0
    return math.sqrt(north * north + east * east), azimuth


@compiled()
def find_pairs(lon, lat, origin, s_lon, s_lat, s_begin, s_row, reach):
    """Stations (sorted by latitude) within reach of each event that record at its time."""
    window = reach / 110.5
    first = np.zeros(lon.size + 1, np.int64)
    station = np.empty(0, np.int64)
    distance = np.empty(0)
    azimuth = np.empty(0)
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
    first, station, event_keys, station_keys, magnitude, depth, normals, slips, quietness,
    distance, azimuth, takeoff, exponent, per_km, minimum, selected,
):  # fmt: skip
    n = station.size
    radiation = np.empty(n)
    amplitude = np.empty(n)
    clearness = np.empty(n)
    score = np.empty(n)
    least = np.zeros(event_keys.size, np.int64)
    for i in range(event_keys.size):
        key = pair_key(event_keys[i], np.uint64(11))
        size = magnitude[i] + _EVENT_SCATTER * normal(key, 0)
        if uniform(key, 2) < selected:
            least[i] = minimum + int(-_EXTRA_SELECTED * math.log(uniform(key, 3)))
        for j in range(first[i], first[i + 1]):
            s = station[j]
            sine = math.sin(math.radians(takeoff[j]))
            a0 = sine * math.cos(math.radians(azimuth[j]))
            a1 = sine * math.sin(math.radians(azimuth[j]))
            a2 = math.cos(math.radians(takeoff[j]))
            along_normal = a0 * normals[i, 0] + a1 * normals[i, 1] + a2 * normals[i, 2]
            along_slip = a0 * slips[i, 0] + a1 * slips[i, 1] + a2 * slips[i, 2]
            f = 2.0 * along_normal * along_slip
            radiation[j] = f
            r = max(1.0, math.sqrt(distance[j] ** 2 + depth[i] ** 2))
            amplitude[j] = (
                size - exponent * math.log10(r / 10.0) - per_km * (r - 10.0) + quietness[s]
            )
            power = math.log10(max(abs(f), SMALLEST_RADIATION))
            u = uniform(pair_key(event_keys[i], station_keys[s]), 0)
            score[j] = (amplitude[j] + _RADIATION_IN_READ * power) / READ_WIDTH
            score[j] += math.log(u / (1.0 - u))
            clearness[j] = amplitude[j] + _RADIATION_IN_CLEAR * power
            if not takeoff[j] >= 0.0:
                score[j] = -np.inf
    return radiation, amplitude, clearness, score, least


@compiled()
def choose_readings(first, score, minimum):
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
def count_readings(first, score, minimum):
    total = 0
    for i in range(minimum.size):
        count = 0
        for j in range(first[i], first[i + 1]):
            if score[j] > 0.0:
                count += 1
        total += max(count, min(minimum[i], first[i + 1] - first[i]))
    return total


@compiled()
def draw_readings(event_keys, station_keys, event, station):
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
def shear_radiation(normals, slips, event, azimuth, takeoff):
    """Length of the S radiation vector, 0 to 1."""
    out = np.empty(event.size)
    for j in range(event.size):
        i = event[j]
        sine = math.sin(math.radians(takeoff[j]))
        a0 = sine * math.cos(math.radians(azimuth[j]))
        a1 = sine * math.sin(math.radians(azimuth[j]))
        a2 = math.cos(math.radians(takeoff[j]))
        an = a0 * normals[i, 0] + a1 * normals[i, 1] + a2 * normals[i, 2]
        aslip = a0 * slips[i, 0] + a1 * slips[i, 1] + a2 * slips[i, 2]
        out[j] = math.sqrt(max(0.0, an * an + aslip * aslip - 4.0 * an * an * aslip * aslip))
    return out
