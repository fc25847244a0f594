"""Located events of a whole catalog, partition after partition, as the station terms need them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import local_position
from quakeloom.location import EventPicks, TermEvent
from quakeloom.schema import time_values
from quakeloom.stages.locate.events import Locator
from quakeloom.stages.locate.term_rounds import MOST_EVENTS
from quakeloom.stages.readings.pick_errors import phase_kind
from quakeloom.stages.readings.station_epochs import find_stations

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Parts = Callable[[], Iterator[tuple[pa.Table, pa.Table]]]
"""Hypocenters and arrivals of every partition; called for every pass over a catalog."""

FEWEST_PICKS = 3
"""Picks of a station and phase from which on it has a term. Chosen here: fewer say nothing beyond
what terms are like."""

_HYPOCENTER = 4
"""Picks that a hypocenter takes by itself: with more an event says something of terms."""

_NEIGHBORS = 2000
"""Events that every event is compared with to count those which share its paths; of a larger
catalog an even part. Chosen here: counts are known to a few percent then."""


@dataclass(frozen=True)
class TermKeys:
    """Stations and phases of a catalog.

    Attributes
    ----------
    names : list of (network, station, phase)
        In alphabetical order.
    count : ndarray of int
        Picks that are used.
    recorded : ndarray, shape (keys,)
        Share of the events that the station has recorded.
    events : int
        Located events of the catalog.
    """

    names: list[tuple[str, str, str]]
    count: Ints
    recorded: Floats
    events: int

    @property
    def is_s(self) -> NDArray[np.bool_]:
        """Which keys are those of S."""
        return np.array([n[2] == "S" for n in self.names], dtype=bool)


WITH_MISFITS = ("located", "misfit")
"""Events that terms are fitted to. Before there are terms, delays of six errors make picks misfit:
without those events, the others would tell of smaller delays than there are. Picks that are wrong
count little there."""


def used_arrivals(
    hypocenters: pa.Table, arrivals: pa.Table, statuses: tuple[str, ...] = ("located",)
) -> tuple[pa.Table, pa.Table, Ints]:
    """Return events of some statuses, their used arrivals, and the number of the event of each."""
    good = hypocenters.filter(pc.is_in(hypocenters.column("status"), pa.array(statuses)))
    arrivals = arrivals.filter(pc.equal(pc.field("pick_use"), "used"))
    event = pc.index_in(arrivals.column("event_id"), good.column("event_id").combine_chunks())
    number = event.fill_null(-1).to_numpy()
    kept = np.flatnonzero((number >= 0) & np.isfinite(arrivals.column("residual_s").to_numpy()))
    return good, arrivals.take(pa.array(kept)), number[kept]


def arrival_codes(arrivals: pa.Table) -> tuple[list[tuple[str, str, str]], Ints]:
    """Return the different stations and phases of arrivals, and which one each arrival has."""
    kinds = arrivals.column("phase").combine_chunks().dictionary_encode()
    phases = pa.array([phase_kind(p) for p in kinds.dictionary.to_pylist()], pa.string())
    parts = [arrivals.column(c).combine_chunks() for c in ("network", "station")]
    joined = pc.binary_join_element_wise(*parts, phases.take(kinds.indices), "\t")
    coded = joined.dictionary_encode()
    names = [tuple(n.split("\t")) for n in coded.dictionary.to_pylist()]
    return names, coded.indices.to_numpy().astype(np.int64)  # type: ignore[return-value]


def stated_variance(locate: Locate, arrivals: pa.Table) -> Floats:
    """Variance of arrivals as it is stated: of the pick, and of structure as a share of time."""
    error = arrivals.column("uncertainty_s").to_numpy()
    return np.asarray(error**2 + share_variance(locate, arrivals))


def share_variance(locate: Locate, arrivals: pa.Table) -> Floats:
    """Variance of structure that no member has, which is a share of the travel time."""
    travel = np.nan_to_num(arrivals.column("travel_time_s").to_numpy())
    share = np.clip(
        locate.time_error_fraction * travel, locate.time_error_minimum_s,
        locate.time_error_maximum_s,
    )  # fmt: skip
    return np.asarray(share**2)


def find_keys(parts: Parts) -> tuple[TermKeys, Floats]:
    """Return the stations and phases of a catalog, and where its located events are.

    Returns
    -------
    TermKeys
    ndarray, shape (events, 3)
        Depth, north and east in km.
    """
    count: dict[tuple[str, str, str], int] = {}
    places: list[Floats] = []
    for hypocenters, arrivals in parts():
        good, used, _ = used_arrivals(hypocenters, arrivals, WITH_MISFITS)
        names, code = arrival_codes(used)
        for name, n in zip(names, np.bincount(code, minlength=len(names)), strict=True):
            count[name] = count.get(name, 0) + int(n)
        columns = ("depth_km", "longitude", "latitude")
        places.append(np.column_stack([good.column(c).to_numpy() for c in columns]))
    place = np.concatenate(places) if places else np.empty((0, 3))
    if len(place):
        middle = float(np.median(place[:, 1])), float(np.median(place[:, 2]))
        place[:, 1:] = np.column_stack(local_position(*middle, place[:, 1], place[:, 2]))
    ordered = sorted(count)
    counts = np.array([count[n] for n in ordered], dtype=np.int64)
    return TermKeys(ordered, counts, counts / max(len(place), 1), len(place)), place


def count_neighbors(place: Floats, correlation_km: float) -> Floats:
    """Return how many events share the paths of each: ``sum exp(-d / L)`` over their distances."""
    events = len(place)
    others = place[np.linspace(0, events - 1, min(events, _NEIGHBORS)).round().astype(np.int64)]
    found = np.empty(events)
    for start in range(0, events, _NEIGHBORS):
        apart = np.linalg.norm(place[start : start + _NEIGHBORS, None] - others[None], axis=-1)
        found[start : start + _NEIGHBORS] = np.exp(-apart / correlation_km).sum(axis=1)
    return np.maximum(found * events / max(len(others), 1), 1.0)


def read_term_events(
    locate: Locate, locator: Locator, parts: Parts, keys: TermKeys, crowd: Floats
) -> Iterator[TermEvent]:
    """Yield the located events of a catalog, at most ``MOST_EVENTS`` of them.

    Parameters
    ----------
    locate : Locate
    locator : Locator
    parts : callable
        See :data:`Parts`.
    keys : TermKeys
    crowd : ndarray, shape (events,)
        See :func:`count_neighbors`.
    """
    row = {n: i for i, n in enumerate(keys.names)}
    number = np.full(len(row), -1, dtype=np.int64)
    chosen = np.flatnonzero(keys.count >= FEWEST_PICKS)
    number[chosen] = np.arange(chosen.size)
    every = -(-len(crowd) // MOST_EVENTS)
    begin = 0
    for hypocenters, arrivals in parts():
        rows = _read_rows(locate, locator, hypocenters, arrivals, row)
        for i in range(len(rows.place)):
            own = slice(rows.start[i], rows.start[i + 1])
            if own.stop - own.start <= _HYPOCENTER or (begin + i) % every:
                continue
            key = rows.key[own]
            shared = 1.0 + (crowd[begin + i] - 1.0) * keys.recorded[key]
            yield rows.event(i, own, number[key], shared)
        begin += len(rows.place)


@dataclass(frozen=True)
class _Rows:
    """The used arrivals of a partition, sorted by event.

    Attributes
    ----------
    place : ndarray, shape (events, 3)
        Depth, north and east of the maximum in the plane of the ensemble; 0 where there is none.
    start : ndarray of int
        Where the arrivals of every event begin.
    key : ndarray of int
        Station and phase among those of the catalog.
    is_s : ndarray of bool
    station : ndarray, shape (arrivals, 3)
        Depth, and north and east of the event.
    group, level : ndarray
        See :meth:`quakeloom.location.EnsembleTimes.receivers`.
    seconds, variance, share : ndarray
        Arrival times after the first one of the event, their variances, and the part of these
        that is of structure.
    """

    place: Floats
    start: Ints
    key: Ints
    is_s: NDArray[np.bool_]
    station: Floats
    group: Ints
    level: Floats
    seconds: Floats
    variance: Floats
    share: Floats

    def event(self, i: int, own: slice, key: Ints, crowd: Floats) -> TermEvent:
        """Return one event."""
        place = self.place[i]
        station = self.station[own] + np.array([0.0, place[1], place[2]])
        picks = EventPicks(
            station, self.group[own], self.level[own], self.seconds[own], self.variance[own]
        )
        return TermEvent(picks, key, self.is_s[own], place, self.share[own], crowd)


def _read_rows(
    locate: Locate,
    locator: Locator,
    hypocenters: pa.Table,
    arrivals: pa.Table,
    row: dict[tuple[str, str, str], int],
) -> _Rows:
    good, used, event = used_arrivals(hypocenters, arrivals, WITH_MISFITS)
    order = np.argsort(event, kind="stable")
    used, event = used.take(pa.array(order)), event[order]
    names, code = arrival_codes(used)
    label = np.array([f"{n[0]}.{n[1]}" for n in names], dtype=object)[code]
    phase = np.array([n[2] for n in names], dtype=object)[code]
    time = time_values(used.column("time"))
    # where the station stood then, as for the hypocenters: nearest epochs serve those as well
    site = find_stations(locator.stations, used, time, epochs=False)
    depth = -np.nan_to_num(site.elevation_m) / 1000.0
    if locator.table_places is not None:
        label = locator.table_places.names_at(label, site)
    group, level = locator.ensemble.times.receivers(phase.tolist(), depth, label.tolist())
    first = time[np.searchsorted(event, event)] if event.size else time
    away = used.column("distance_km").to_numpy()
    angle = np.radians(used.column("azimuth_deg").to_numpy())
    place = np.zeros((good.num_rows, 3))
    place[:, 0] = good.column("depth_map_km").to_numpy()
    plane = locator.stored.plane
    if plane is not None:
        maximum = (good.column(f"{c}_map").to_numpy() for c in ("longitude", "latitude"))
        place[:, 1:] = plane.forward(*maximum)
        angle = angle - np.radians(plane.azimuth_deg)
    return _Rows(
        place,
        np.searchsorted(event, np.arange(good.num_rows + 1)),
        np.array([row[n] for n in names], dtype=np.int64)[code],
        phase == "S",
        np.column_stack([depth, away * np.cos(angle), away * np.sin(angle)]),
        group, level,
        np.asarray((time - first).astype(np.int64) * 1e-9, dtype=float),
        stated_variance(locate, used),
        share_variance(locate, used),
    )  # fmt: skip
