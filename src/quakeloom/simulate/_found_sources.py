"""Which true source an event is that was found in continuous records: by its picks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import local_position

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_ARRIVAL_S = 0.7
"""A pick is of an arrival that is within so many seconds at its station (chosen here: several times
the error of a pick, and less than P and S are apart)."""

OWN_SHARE = 0.5
"""An event is of a source that more than this share of its picks are of (chosen here)."""


_BURST_MARGIN_S, _BURST_KM = 10.0, 30.0
"""An event is of a burst that is so near in time and place: errors of origins from S alone (chosen
here)."""


@dataclass(frozen=True)
class Arrivals:
    """Times at stations, each of a source or an event.

    Attributes
    ----------
    owner : ndarray of int, shape (arrivals,)
        Number of the source or the event, from 0.
    station : ndarray of int, shape (arrivals,)
    time_s : ndarray, shape (arrivals,)
    """

    owner: Ints
    station: Ints
    time_s: Floats


def match_sources(picks: Arrivals, true: Arrivals, events: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Say of every event which source its picks are of.

    Parameters
    ----------
    picks : Arrivals
        Of events.
    true : Arrivals
        Of sources, as records have them: with the errors of clocks.
    events : int

    Returns
    -------
    source : ndarray of int, shape (events,)
        -1 where no source has more than half of the picks.
    doubled : ndarray of bool, shape (events,)
        Another event has more picks of the same source.
    """
    of_pick = np.full(picks.owner.size, -1, np.int64)
    for station in np.unique(picks.station):
        own = np.flatnonzero(picks.station == station)
        there = np.flatnonzero(true.station == station)
        if not there.size:
            continue
        there = there[np.argsort(true.time_s[there], kind="stable")]
        time = true.time_s[there]
        after = np.searchsorted(time, picks.time_s[own]).clip(1, max(time.size - 1, 1))
        choices = np.stack([after - 1, np.minimum(after, time.size - 1)])
        away = np.abs(time[choices] - picks.time_s[own])
        nearest = np.argmin(away, axis=0)
        close = away[nearest, np.arange(own.size)] <= SAME_ARRIVAL_S
        found = true.owner[there[choices[nearest, np.arange(own.size)]]]
        of_pick[own] = np.where(close, found, -1)
    source = np.full(events, -1, np.int64)
    common = np.zeros(events, np.int64)
    for event in range(events):
        own_sources = of_pick[picks.owner == event]
        names, counts = np.unique(own_sources[own_sources >= 0], return_counts=True)
        if counts.size and counts.max() > OWN_SHARE * own_sources.size:
            source[event], common[event] = names[np.argmax(counts)], counts.max()
    doubled = np.zeros(events, bool)
    order = np.lexsort((np.arange(events), -common, source))
    repeated = np.flatnonzero(source[order][1:] == source[order][:-1]) + 1
    doubled[order[repeated]] = source[order[repeated]] >= 0
    return source, doubled


@dataclass(frozen=True)
class Bursts:
    """Bursts of tremor, and single low-frequency earthquakes.

    Attributes
    ----------
    start_s, duration_s : ndarray, shape (bursts,)
        Origin time of the first of its sources, and how long later the last one is.
    longitude, latitude : ndarray, shape (bursts,)
    """

    start_s: NDArray[np.float64]
    duration_s: NDArray[np.float64]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]


def within_bursts(
    origin_s: NDArray[np.float64],
    longitude: NDArray[np.float64],
    latitude: NDArray[np.float64],
    bursts: Bursts,
) -> NDArray[np.bool_]:
    """Say which events are of a burst: the truth has its first arrivals alone.

    A burst is a train of small sources at one place, and any strong one of them is found as an
    event of its own. Events count from shortly before the first to shortly after the last.

    Parameters
    ----------
    origin_s, longitude, latitude : ndarray, shape (events,)
    bursts : Bursts
        With times from the same moment.
    """
    own = np.zeros(origin_s.size, bool)
    for start, length, lon, lat in zip(
        bursts.start_s, bursts.duration_s, bursts.longitude, bursts.latitude, strict=True
    ):
        north, east = local_position(float(lon), float(lat), longitude, latitude)
        late = origin_s - start
        inside = (late > -_BURST_MARGIN_S) & (late < length + _BURST_MARGIN_S)
        own |= inside & (np.hypot(north, east) < _BURST_KM)
    return own
