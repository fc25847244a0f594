"""From rows of events and picks to the arrivals that structure is read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.schema import time_values
from quakeloom.stages.readings.pick_errors import phase_kind, pick_errors
from quakeloom.stages.readings.station_epochs import find_stations
from quakeloom.stages.structure.inputs import (
    GridStations,
    structure_grid,
    structure_plane,
    structure_settings,
)
from quakeloom.store import RunLayout, read_table
from quakeloom.structure import Arrivals, EventChecks, check_events

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CatalogArrivals:
    """Events of one or more partitions, with what of their picks can be used.

    Attributes
    ----------
    events, picks : pyarrow.Table
        Registered tables by event id; picks are those of the events.
    arrivals : Arrivals
        The usable picks.
    rows : ndarray of int
        Rows of ``picks`` that they are.
    use : ndarray of str
        Of every pick, ``used`` where it is usable.
    place_km : ndarray, (events, 3)
        Starting places: depth, north, east; NaN where unknown.
    reference : ndarray of datetime64, (events,)
        Times that arrivals are counted from.
    status, reason : list of str
        Of every event, before any model is looked at.
    """

    events: pa.Table
    picks: pa.Table
    arrivals: Arrivals
    rows: NDArray[np.int64]
    use: NDArray[np.object_]
    place_km: Floats
    reference: NDArray[np.datetime64]
    status: list[str]
    reason: list[str]

    @property
    def is_used(self) -> NDArray[np.bool_]:
        """Which events are used."""
        return np.array([s == "used" for s in self.status], dtype=bool)


def read_arrivals(
    settings: Settings, layout: RunLayout, partitions: list[str], stations: GridStations
) -> CatalogArrivals:
    """Read the events and picks of partitions, by event id whatever the partitions."""
    events, picks = [], []
    for partition in partitions:
        folder = layout.rows(partition)
        events.append(read_table(folder / "events.parquet", "events"))
        if settings.picks_windows:
            folder = layout.part("pick", partition)
        picks.append(read_table(folder / "picks.parquet", "picks"))
    return sort_arrivals(settings, pa.concat_tables(events), pa.concat_tables(picks), stations)


def sort_arrivals(
    settings: Settings, events: pa.Table, picks: pa.Table, stations: GridStations
) -> CatalogArrivals:
    """Find stations, errors and starting places, and say of every pick whether it is usable."""
    asked = structure_settings(settings)
    events = events.sort_by("event_id").combine_chunks()
    ids = events.column("event_id").combine_chunks()
    of_event = pc.index_in(picks.column("event_id"), ids).fill_null(-1).to_numpy()
    picks = picks.filter(pa.array(of_event >= 0))
    event = of_event[of_event >= 0]
    keys = ("network", "station", "phase", "time")
    picks = picks.append_column("_event", pa.array(event)).sort_by(
        [("_event", "ascending"), *((k, "ascending") for k in keys)]
    )
    event = picks.column("_event").to_numpy().astype(np.int64)
    picks = picks.drop_columns(["_event"]).combine_chunks()
    plane = structure_plane(asked)
    longitude, latitude, depth = (
        np.asarray(events.column(c).to_numpy(), float)
        for c in ("longitude", "latitude", "depth_km")
    )
    place = np.column_stack([depth, plane.forward(longitude, latitude).reshape(-1, 2)])
    place[~np.isfinite(place).all(axis=1)] = np.nan
    time = time_values(picks.column("time")).astype("datetime64[ns]")
    reference = _references(events, event, time)
    use, station, is_s, sigma = _judge_picks(settings, picks, event, time, place, stations)
    usable = np.flatnonzero(use == "used")
    late = np.where(np.isnat(time), 0, (time - reference[event]).astype(np.int64)) * 1e-9
    arrivals = Arrivals(
        event[usable], station[usable], is_s[usable], late[usable], sigma[usable],
        stations.place_km,
    )  # fmt: skip
    checks = EventChecks(asked.minimum_picks, asked.maximum_gap_deg)
    status, reason = check_events(arrivals, place, structure_grid(asked), checks)
    used = np.array([s == "used" for s in status], dtype=bool)
    keep = used[arrivals.event] if len(used) else np.zeros(0, bool)
    use[usable[~keep]] = "event_not_used"
    return CatalogArrivals(
        events, picks, arrivals.subset(keep), usable[keep], use, place, reference, status, reason
    )


def _references(
    events: pa.Table, event: NDArray[np.int64], time: NDArray[np.datetime64]
) -> NDArray[np.datetime64]:
    """Return origin times, and the first pick's time of events without one."""
    found = time_values(events.column("origin_time")).astype("datetime64[ns]").copy()
    for i in np.flatnonzero(np.isnat(found)):
        own = time[event == i]
        own = own[~np.isnat(own)]
        if own.size:
            found[i] = own.min()
    return np.asarray(found)


def _judge_picks(
    settings: Settings,
    picks: pa.Table,
    event: NDArray[np.int64],
    time: NDArray[np.datetime64],
    place: Floats,
    stations: GridStations,
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.bool_], Floats]:
    """Return of every pick its use, the number of its station, whether it is S, its error."""
    asked = structure_settings(settings)
    phase = np.array([phase_kind(p) for p in picks.column("phase").to_pylist()], dtype=object)
    codes = zip(*(picks.column(c).to_pylist() for c in ("network", "station")), strict=True)
    names = np.array([f"{n}.{s}" for n, s in codes], dtype=object)
    found = find_stations(stations.places_table, picks, time,
                          epochs=settings.selection.station_epochs)  # fmt: skip
    found.warn("structure", picks)
    named = stations.places.names_at(names, found)
    station = np.array([stations.number.get(n, -1) for n in named], dtype=np.int64)
    sigma = pick_errors(
        asked, picks.column("uncertainty_s").to_numpy(), picks.column("pick_weight").to_numpy(),
        phase,
    )  # fmt: skip
    use = np.full(len(phase), "used", dtype=object)
    at = stations.place_km[np.maximum(station, 0)] if len(stations.place_km) else place[event]
    away = np.linalg.norm(at[:, 1:] - place[event, 1:], axis=1) if len(event) else np.zeros(0)
    keys = list(zip(event.tolist(), station.tolist(), phase.tolist(), strict=True))
    first: dict[tuple[int, int, str], int] = {}
    for i, key in enumerate(keys):
        # the more certain of two picks; the earlier one of two alike
        if key not in first or sigma[i] < sigma[first[key]]:
            first[key] = i
    doubled = np.array([first[k] != i for i, k in enumerate(keys)], dtype=bool)
    # the last of these is told
    for word, wrong in (
        ("doubled", doubled),
        ("too_far", away > asked.maximum_distance_km),
        ("outside_grid", station < 0),
        ("no_station", ~np.isfinite(found.longitude)),
        ("no_uncertainty", ~np.isfinite(sigma)),
        ("no_time", np.isnat(time)),
        ("unknown_phase", (phase != "P") & (phase != "S")),
    ):
        use[wrong] = word
    return use, station, np.asarray(phase == "S", dtype=bool), sigma
