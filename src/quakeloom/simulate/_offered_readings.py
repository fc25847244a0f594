"""Waves that stations could read: pairs within reach, rays, amplitudes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.simulate._catalog import SimulatedEvents
from quakeloom.simulate._options import SimulationOptions
from quakeloom.simulate._reading_loops import Pairs, Sources, compute_amplitudes, find_pairs
from quakeloom.simulate._stations import SimulatedStations
from quakeloom.travel import TableStack, lookup

Floats = NDArray[np.float64]

PIECE = 4_000
"""Events worked on at a time; bounds memory, changes nothing else."""


@dataclass(frozen=True)
class Waves:
    """P waves of events at stations, one value per pair.

    Attributes
    ----------
    event, station : ndarray of int64
        Rows of the events and of the stations.
    azimuth, takeoff : ndarray
        Of the rays, degrees.
    distance : ndarray
        Epicentral, km.
    time : ndarray
        Travel time, s.
    radiation : ndarray
        -1 to 1, positive up.
    amplitude, clearness : ndarray
        log10 of the amplitude off nodal planes, and of how clear the first motion is.
    """

    event: NDArray[np.int64]
    station: NDArray[np.int64]
    azimuth: Floats
    takeoff: Floats
    distance: Floats
    time: Floats
    radiation: Floats
    amplitude: Floats
    clearness: Floats

    def take(self, index: NDArray[Any], first_event: int = 0) -> Waves:
        """Return some of the waves, their events counted from another one."""
        columns = [getattr(self, f.name)[index] for f in fields(self)]
        return Waves(columns[0] + first_event, *columns[1:])


def join_waves(parts: list[Waves]) -> Waves:
    """Return the waves of several parts as one."""
    if not parts:
        rows, numbers = np.empty(0, np.int64), np.empty(0)
        return Waves(rows, rows, *[numbers] * 7)
    return Waves(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Waves)))


@dataclass(frozen=True)
class OfferedReadings:
    """What could be read: waves of all pairs near enough, those of an event together.

    Attributes
    ----------
    first : ndarray of int64, shape (events + 1,)
        Waves ``first[i]`` to ``first[i + 1] - 1`` are those of event ``i``.
    waves : Waves
    score : ndarray, shape (waves,)
        Read where it is above the level of :class:`ReadingLevels`.
    minimum : ndarray of int64, shape (events,)
        Readings that an event has at least.
    """

    first: NDArray[np.int64]
    waves: Waves
    score: Floats
    minimum: NDArray[np.int64]


def offer_readings(
    events: SimulatedEvents,
    part: slice,
    stations: SimulatedStations,
    tables: TableStack,
    options: SimulationOptions,
) -> OfferedReadings:
    """Return the waves of a part of the events at all stations near enough, with their scores."""
    lon, lat = stations.stations["longitude"], stations.stations["latitude"]
    order = np.argsort(lat, kind="stable")
    origin = events.events["origin_time"][part].astype(np.int64)
    begin = np.where(
        np.isnat(stations.stations["start_time"]),
        np.iinfo(np.int64).min,
        stations.stations["start_time"].astype(np.int64),
    )
    depth = events.true_depth_km[part]
    first, station, distance, azimuth = find_pairs(
        events.true_longitude[part],
        events.true_latitude[part],
        origin,
        lon[order],
        lat[order],
        begin[order],
        order,
        options.maximum_distance_km,
    )
    event = np.repeat(np.arange(first.size - 1), np.diff(first))
    takeoff, time = lookup(tables, 0, depth[event], distance)
    sources = Sources(
        events.source_keys[part],
        events.events["magnitude"][part],
        depth,
        events.normal[part],
        events.slip[part],
    )
    radiation, amplitude, clearness, score, minimum = compute_amplitudes(
        Pairs(first, station, distance, azimuth, takeoff),
        sources,
        stations.keys,
        stations.quietness,
        options.attenuation_exponent,
        options.attenuation_per_km,
        options.minimum_polarities,
        options.selected_fraction,
    )
    waves = Waves(event, station, azimuth, takeoff, distance, time, radiation, amplitude, clearness)
    return OfferedReadings(first, waves, score, minimum)
