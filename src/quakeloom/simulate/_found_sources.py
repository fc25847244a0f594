"""Which true source an event is that was found in continuous records: by its picks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_ARRIVAL_S = 0.7
"""A pick is of an arrival that is within so many seconds at its station (chosen here: several times
the error of a pick, and less than P and S are apart)."""

OWN_SHARE = 0.5
"""An event is of a source that more than this share of its picks are of (chosen here)."""


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
