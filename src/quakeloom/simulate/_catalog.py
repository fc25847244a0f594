"""Earthquakes: when, where, how large, on which fault."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled, plane_angles, string_keys
from quakeloom.simulate._coastline import KM_PER_DEGREE
from quakeloom.simulate._counted_random import normal_rows, pair_key, uniform_rows
from quakeloom.simulate._fault_planes import draw_planes, slip_directions, tilt_planes
from quakeloom.simulate._land import map_land
from quakeloom.simulate._mapped_faults import (
    choose_faults,
    fault_normals,
    place_on_faults,
)
from quakeloom.simulate._options import SimulationOptions
from quakeloom.simulate._stress_field import stress_tensor_at

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

_SHARED_PLANE = 0.6
"""Share of the events of a sequence that slip on about its own fault; chosen here, so that
sequences hold both like and unlike mechanisms."""

_SHARED_TILT_DEG = 8.0
"""Standard deviation of the tilt of those faults from that of the sequence, degrees; chosen here,
below the error of a well-read mechanism."""

_SWARMS = 0.4
"""Share of the sequences that are swarms, the others being aftershocks; chosen here."""

_OMORI_C_DAYS = 0.05
"""Constant c of Omori's law, days; chosen here, an ordinary value for aftershocks."""

_OMORI_P = 1.1
"""Exponent p of Omori's law; chosen here, an ordinary value for aftershocks."""

_OMORI_END_DAYS = 1500.0
"""Length of an aftershock sequence, days; chosen here: later ones are part of the background."""

_ERROR_FACTOR = math.log(1.5)
"""Standard deviation of the logarithm of standard errors of hypocenters: a factor of 1.5, as
:class:`SimulationOptions` says; chosen here."""

_FAMILY = 16
"""Repeating earthquakes repeat the first of so many consecutive numbers; chosen here."""


@dataclass(frozen=True)
class SimulatedEvents:
    """Earthquakes as reported, and as they were.

    Attributes
    ----------
    events : dict of arrays
        Columns of the table ``events``; hypocenters carry errors.
    truth : dict of arrays
        Columns of the table ``truth``.
    true_longitude, true_latitude, true_depth_km : ndarray, shape (events,)
    normal, slip : ndarray, shape (events, 3)
        Unit vectors of the true mechanism; axes north, east, down.
    cluster : ndarray of int64, shape (events,)
        Number of the swarm or aftershock sequence, -1 for background; mapped faults follow the
        sequences.
    keys : ndarray of uint64, shape (events,)
        Random streams.
    source_keys : ndarray of uint64, shape (events,)
        Streams of source and paths; those of another event where that one is repeated.
    """

    events: dict[str, Any]
    truth: dict[str, Any]
    true_longitude: Floats
    true_latitude: Floats
    true_depth_km: Floats
    normal: Floats
    slip: Floats
    cluster: NDArray[np.int64]
    keys: Keys
    source_keys: Keys


def simulate_events(
    options: SimulationOptions, seed: int, first: int = 0, count: int = 1000
) -> SimulatedEvents:
    """Simulate earthquakes by number.

    Event ``k`` is the same however many are simulated and in whatever chunks. Events are
    in order of their number, not of time.

    Parameters
    ----------
    options : SimulationOptions
    seed : int
        Root seed of the run.
    first, count : int
        Numbers of the events: ``first`` to ``first + count - 1``.

    Returns
    -------
    SimulatedEvents
    """
    ids, own, keys = _event_keys(options, seed, first, count)
    begin = np.datetime64(f"{options.start_year}-01-01", "ns")
    span_days = (np.datetime64(f"{options.end_year}-01-01", "ns") - begin) / np.timedelta64(1, "D")

    u = uniform_rows(_purpose(keys, 1), 0, 8)
    magnitude = _magnitudes(u[:, 0], options)
    lon, lat = map_land(options, seed).places(u[:, 1], u[:, 2], u[:, 3])
    depth = options.greatest_depth_km * _hump(u[:, 4])
    # A repeated event has place and magnitude of another one, but its own time.
    days = span_days * uniform_rows(_purpose(own, 1), 0, 8)[:, 5]

    cluster = np.full(count, -1, np.int64)
    sequences = _sequences(options, seed, span_days)
    normals_shared = np.zeros((count, 3))
    if sequences is not None:
        member = np.flatnonzero(u[:, 6] < options.cluster_fraction)
        number = np.minimum(
            np.searchsorted(sequences.cumulative, u[member, 7]), options.cluster_count - 1
        )
        cluster[member] = number
        offset = normal_rows(_purpose(keys[member], 2), 0, 3)
        lon[member], lat[member], depth[member] = sequences.place(number, offset)
        days[member] = sequences.when(number, uniform_rows(_purpose(own[member], 3), 0, 2))
        normals_shared[member] = sequences.normal[number]
    member = _on_faults(u[:, 6], options)
    if member.size:
        number = choose_faults(options.faults, u[member, 7])
        cluster[member] = options.cluster_count + number
        where = uniform_rows(_purpose(keys[member], 2), 0, 2)
        across = normal_rows(_purpose(keys[member], 9), 0, 1)[:, 0]
        lon[member], lat[member], depth[member] = place_on_faults(
            options.faults, number, where, across
        )
        start = span_days * np.array([f.start for f in options.faults])[number]
        even = uniform_rows(_purpose(own[member], 3), 0, 1)[:, 0]
        days[member] = start + _omori_days(np.minimum(_OMORI_END_DAYS, span_days - start), even)
        normals_shared[member] = fault_normals(options.faults)[number]
    depth = _reflect(depth, options.greatest_depth_km)

    normal, slip = _draw_mechanisms(keys, (lon, lat), normals_shared, cluster, options)
    strike, dip, rake = plane_angles(normal, slip)
    milliseconds = np.floor(days * 86_400_000.0).astype("timedelta64[ms]")
    events = {
        "event_id": np.array(ids, dtype=object),
        "origin_time": begin + milliseconds.astype("timedelta64[ns]"),
        **_report_sources(own, (lon, lat, depth), magnitude, options),
    }
    truth = {
        "event_id": events["event_id"],
        "strike_deg": strike,
        "dip_deg": dip,
        "rake_deg": rake,
    }
    return SimulatedEvents(events, truth, lon, lat, depth, normal, slip, cluster, own, keys)


def _on_faults(u: Floats, options: SimulationOptions) -> NDArray[np.int64]:
    """Rows of the events that are aftershocks of mapped faults, by their even deviate."""
    if not options.faults:
        return np.zeros(0, np.int64)
    low = options.cluster_fraction if options.cluster_count else 0.0
    return np.flatnonzero((u >= low) & (u < low + options.fault_fraction))


def _event_keys(
    options: SimulationOptions, seed: int, first: int, count: int
) -> tuple[list[str], Keys, Keys]:
    """Identifiers of events, their own streams, and those of the event that each one repeats."""
    ids = [f"sim{k:08d}" for k in range(first, first + count)]
    own = string_keys(ids, seed)
    keys = own.copy()
    if options.repeating_fraction > 0.0:
        repeats = uniform_rows(_purpose(own, 8), 0, 1)[:, 0] < options.repeating_fraction
        heads = [f"sim{k - k % _FAMILY:08d}" for k in range(first, first + count)]
        keys[repeats] = string_keys(heads, seed)[repeats]
    return ids, own, keys


def _draw_mechanisms(
    keys: Keys,
    place: tuple[Floats, Floats],
    normals_shared: Floats,
    cluster: NDArray[np.int64],
    options: SimulationOptions,
) -> tuple[Floats, Floats]:
    """Normals and slips: faults near failure, or near that of the event's sequence."""
    stress = stress_tensor_at(*place, options)
    normal: Floats = draw_planes(
        _purpose(keys, 4),
        stress,
        options.friction,
        options.friction_scatter,
        options.instability_width,
        0,
    )
    shared = (cluster >= 0) & (uniform_rows(_purpose(keys, 5), 0, 1)[:, 0] < _SHARED_PLANE)
    # what lies on a mapped fault slips on it
    shared |= cluster >= options.cluster_count
    deviates = normal_rows(_purpose(keys, 6), 0, 6)
    normal[shared] = tilt_planes(normals_shared, deviates[:, :3], _SHARED_TILT_DEG)[shared]
    return normal, slip_directions(stress, normal, deviates[:, 3], options.rake_scatter_deg)


def _report_sources(
    keys: Keys,
    true_place: tuple[Floats, Floats, Floats],
    magnitude: Floats,
    options: SimulationOptions,
) -> dict[str, Floats]:
    """Columns of places with errors, magnitudes, and the standard errors that are stated."""
    lon, lat, depth = true_place
    errors = normal_rows(_purpose(keys, 7), 0, 5)
    horizontal = options.horizontal_error_km * np.exp(_ERROR_FACTOR * errors[:, 0])
    vertical = options.vertical_error_km * np.exp(_ERROR_FACTOR * errors[:, 1])
    # The standard horizontal error is that of each coordinate.
    north_km, east_km = horizontal * errors[:, 2], horizontal * errors[:, 3]
    return {
        "longitude": lon + east_km / (KM_PER_DEGREE * np.cos(np.radians(lat))),
        "latitude": lat + north_km / KM_PER_DEGREE,
        "depth_km": _reflect(depth + vertical * errors[:, 4], math.inf),
        "magnitude": magnitude,
        "horizontal_error_km": horizontal,
        "vertical_error_km": vertical,
    }


@dataclass(frozen=True)
class _Sequences:
    """Swarms and aftershock sequences of a region."""

    cumulative: Floats
    longitude: Floats
    latitude: Floats
    depth_km: Floats
    day: Floats
    radius_km: Floats
    length_days: Floats
    is_swarm: NDArray[np.bool_]
    normal: Floats

    def place(self, number: NDArray[np.int64], deviates: Floats) -> tuple[Floats, Floats, Floats]:
        """Hypocenters spread over the plane of the sequence, thin across it."""
        n = self.normal[number]
        level = np.stack([n[:, 1], -n[:, 0], np.zeros(n.shape[0])], axis=1)
        level /= np.maximum(np.linalg.norm(level, axis=1, keepdims=True), 1e-9)
        dip = np.cross(n, level)
        offset = self.radius_km[number][:, None] * (
            deviates[:, :1] * level + 0.5 * deviates[:, 1:2] * dip + 0.12 * deviates[:, 2:] * n
        )
        lat = self.latitude[number] + offset[:, 0] / KM_PER_DEGREE
        lon = self.longitude[number] + offset[:, 1] / (KM_PER_DEGREE * np.cos(np.radians(lat)))
        return lon, lat, self.depth_km[number] + offset[:, 2]

    def when(self, number: NDArray[np.int64], u: Floats) -> Floats:
        """Days: Omori's law after the start of a sequence, a hump for a swarm."""
        length = self.length_days[number]
        omori = _omori_days(length, u[:, 0])
        swarm = length * 0.5 * (u[:, 0] + u[:, 1])
        return self.day[number] + np.where(self.is_swarm[number], swarm, omori)


def _omori_days(length_days: Floats, u: Floats) -> Floats:
    """Days after a mainshock by Omori's law, cut at a length, from even deviates."""
    power = 1.0 - _OMORI_P
    end = (_OMORI_C_DAYS + length_days) ** power
    start = _OMORI_C_DAYS**power
    days: Floats = (start + u * (end - start)) ** (1.0 / power) - _OMORI_C_DAYS
    return days


@lru_cache(maxsize=4)
def _sequences(options: SimulationOptions, seed: int, span_days: float) -> _Sequences | None:
    count = options.cluster_count
    if count == 0 or options.cluster_fraction == 0.0:
        return None
    keys = string_keys([f"cluster{c}" for c in range(count)], seed)
    u = uniform_rows(keys, 0, 9)
    lon, lat = map_land(options, seed).places(u[:, 0], u[:, 1], u[:, 2])
    # Productivity by a power law: a few great sequences, many small ones.
    weight = np.minimum(1.0 / u[:, 3], max(10.0, count / 3.0))
    is_swarm = u[:, 4] < _SWARMS
    day = u[:, 5] * span_days * 0.999
    length = np.where(is_swarm, 3.0 * 40.0 ** u[:, 6], _OMORI_END_DAYS)
    normal = draw_planes(
        _purpose(keys, 4),
        stress_tensor_at(lon, lat, options),
        options.friction,
        options.friction_scatter,
        options.instability_width,
        0,
    )
    cumulative = np.cumsum(weight)
    return _Sequences(
        cumulative / cumulative[-1],
        lon,
        lat,
        options.greatest_depth_km * _hump(u[:, 7]),
        day,
        0.6 * weight**0.4 * (0.6 + 0.8 * u[:, 8]),
        np.minimum(length, span_days - day),
        is_swarm,
        normal,
    )


def _magnitudes(u: Floats, options: SimulationOptions) -> Floats:
    """Truncated Gutenberg-Richter magnitudes, to two digits."""
    low, high, b = options.smallest_magnitude, options.greatest_magnitude, options.b_value
    exact = low - np.log10(1.0 - u * (1.0 - 10.0 ** (-b * (high - low)))) / b
    magnitude: Floats = np.round(exact, 2)
    return magnitude


def _hump(u: Floats) -> Floats:
    """Shares of the seismogenic depth: few shallow, most around 0.45, few at the bottom."""
    # Kumaraswamy's distribution, whose quantile function is closed (a = 2.2, b = 3).
    share: Floats = (1.0 - (1.0 - u) ** (1.0 / 3.0)) ** (1.0 / 2.2)
    return share


def _reflect(depth: Floats, greatest: float) -> Floats:
    """Depths outside 0 to ``greatest`` mirrored back in."""
    depth = np.abs(depth)
    if math.isinf(greatest):
        return depth
    depth = np.where(depth > greatest, 2.0 * greatest - depth, depth)
    return np.clip(depth, 0.0, greatest)


@compiled()
def _purpose(keys: Keys, purpose: int) -> Keys:
    """Streams of the same keys for another purpose."""
    out = np.empty_like(keys)
    for i in range(keys.size):
        out[i] = pair_key(keys[i], np.uint64(purpose))
    return out
