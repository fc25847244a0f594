"""From rows of picks to rows of hypocenters: one block of events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import MACHINE_TROUBLE, QuakeloomError, random_stream
from quakeloom.location import (
    Ensemble,
    LocatedEvent,
    LocationOptions,
    PickSet,
    WantedDraws,
    locate_picks,
)
from quakeloom.schema import TABLES, make_table, time_values
from quakeloom.stages.locate.ensembles import StoredEnsemble
from quakeloom.stages.locate.places import Places, station_places
from quakeloom.stages.readings.pick_errors import phase_kind, pick_errors
from quakeloom.stages.readings.station_epochs import find_stations

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Corrections:
    """What the residuals of all events say of stations and picks.

    Attributes
    ----------
    row : mapping of (network, station, phase) to int
        Row of their delays; the phase is ``P`` or ``S``.
    delay_s : ndarray, shape (rows, members)
        Draws of the delays, taken off the arrival times in every member.
    noise_s : mapping of phase to float
        Errors of picks beyond those stated, added in squares.
    spread_s : mapping of phase to float
        Standard deviation of the delays of stations, for those that are not known; without it
        delays were not estimated.
    lateral_share : float
        Share of the variance of errors by velocity that changes sideways that the delays have.
    """

    row: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    delay_s: Floats = field(default_factory=lambda: np.empty((0, 1)))
    noise_s: Mapping[str, float] = field(default_factory=dict)
    spread_s: Mapping[str, float] = field(default_factory=dict)
    lateral_share: float = 0.0


_COUNTS = ("pick_count", "pick_count_p", "grid_coarser")
"""Columns of whole numbers; 0 where an event is not located."""

_DRAWS = ("draw_longitude", "draw_latitude", "draw_depth_km", "draw_origin_s")
"""Arrays of the draws of a hypocenter, in the order in which they are drawn together."""


@dataclass(frozen=True)
class Locator:
    """What every block of events is located with.

    Attributes
    ----------
    ensemble : Ensemble
    stored : StoredEnsemble
        What the ensemble was made from: its plane and its boundary.
    stations : pyarrow.Table
        Registered table.
    """

    ensemble: Ensemble
    stored: StoredEnsemble
    stations: pa.Table

    @cached_property
    def table_places(self) -> Places | None:
        """Places of the stations, where tables belong to stations; None where they do not."""
        return station_places(self.stations) if self.ensemble.times.stations else None


@dataclass(frozen=True)
class LocatedBlock:
    """Tables and arrays of a block of events.

    Attributes
    ----------
    hypocenters, arrivals : pyarrow.Table
    arrays : dict of str to ndarray
        Registered arrays with one row per event, by name.
    """

    hypocenters: pa.Table
    arrivals: pa.Table
    arrays: dict[str, np.ndarray]


def location_options(locate: Locate, stored: StoredEnsemble) -> LocationOptions:
    """Return the options of the location room that the settings ask for, with this ensemble."""
    fields = LocationOptions.__dataclass_fields__
    values = {k: v for k, v in locate.model_dump().items() if k in fields}
    values["minimum_depth_km"], values["maximum_depth_km"] = stored.limits_km
    return LocationOptions(**values)


def locate_block(
    locate: Locate,
    locator: Locator,
    events: pa.Table,
    picks: pa.Table,
    seed: int,
    corrections: Corrections | None = None,
    epochs: bool = True,
    progress: Callable[[], None] = lambda: None,
) -> LocatedBlock:
    """Locate the events of a block from their picks.

    Parameters
    ----------
    locate : Locate
    locator : Locator
    events, picks : pyarrow.Table
        Registered tables; picks of other events are passed over.
    seed : int
    corrections : Corrections, optional
    epochs : bool
        Find stations within their epochs only.
    progress : callable
        Called after every event.
    """
    options = location_options(locate, locator.stored)
    if corrections is not None and corrections.spread_s:
        # delays are known, or count by their own spread
        left = options.lateral_spread * (1.0 - corrections.lateral_share) ** 0.5
        options = replace(options, station_error_s=0.0, lateral_spread=left)
    picks, starts = _sort_picks(events, picks)
    readings = _Readings(locate, picks, locator.stations, epochs, corrections, locator.table_places)
    given = np.stack([events.column(c).to_numpy() for c in ("longitude", "latitude")], axis=1)
    magnitude = events.column("magnitude").to_numpy()
    results = _Results(events.num_rows, picks.num_rows, locate.draws, locator.ensemble)
    for i, event_id in enumerate(events.column("event_id").to_pylist()):
        own = slice(starts[i], starts[i + 1])
        reference = readings.reference(own.start, own.stop)
        epicenter = None
        if locate.epicenter_prior_error_km > 0 and np.isfinite(given[i]).all():
            epicenter = (float(given[i, 0]), float(given[i, 1]))
        found = _locate_one(
            locator, options, readings.picks(own.start, own.stop, reference),
            readings.terms(own), epicenter, locate.draws, seed, event_id,
        )  # fmt: skip
        results.add(i, own, found)
        results.rows.append(_row(event_id, float(magnitude[i]), found, reference))
        progress()
    arrivals = make_table(
        "arrivals",
        {
            **{c: picks.column(c) for c in ("event_id", "network", "station", "phase", "time")},
            "uncertainty_s": readings.uncertainty_s,
            "pick_use": results.use.tolist(),
            "residual_s": results.residual_s,
            "travel_time_s": np.where(results.predicted_s >= 0, results.predicted_s, np.nan),
            "travel_time_error_s": results.spread_s,
            "station_term_s": readings.mean_terms,
            "distance_km": results.distance_km,
            "azimuth_deg": results.azimuth_deg,
            "choice": readings.choice.tolist(),
        },
        rows=picks.num_rows,
    )
    return LocatedBlock(results.hypocenters(), arrivals, results.arrays)


def _sort_picks(events: pa.Table, picks: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the picks of events in the order of these, and where those of each begin."""
    of_event = pc.index_in(picks.column("event_id"), events.column("event_id").combine_chunks())
    number = of_event.fill_null(-1).to_numpy()
    picks = picks.filter(pa.array(number >= 0))
    number = number[number >= 0]
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(events.num_rows + 1))
    return picks.take(pa.array(order)), starts


class _Results:
    """What locating the events of a block gives, event by event and pick by pick."""

    def __init__(self, events: int, picks: int, draws: int, ensemble: Ensemble) -> None:
        members = ensemble.times.member_count
        self.rows: list[dict[str, object]] = []
        self.use = np.empty(picks, dtype=object)
        self.residual_s, self.predicted_s = np.full(picks, np.nan), np.full(picks, np.nan)
        self.distance_km, self.azimuth_deg = np.full(picks, np.nan), np.full(picks, np.nan)
        self.spread_s = np.full(picks, np.nan)
        self.arrays: dict[str, np.ndarray] = {
            **{name: np.full((events, draws), np.nan) for name in _DRAWS},
            "draw_member": np.full((events, draws), -1, dtype=np.int16),
            "member_weight": np.zeros((events, members), dtype=np.float32),
        }

    def add(self, event: int, own: slice, found: LocatedEvent) -> None:
        """Take what was found of an event, whose picks are ``own``."""
        self.use[own] = found.pick_use or ["used"] * (own.stop - own.start)
        if found.residual_s.size:
            self.residual_s[own], self.predicted_s[own] = found.residual_s, found.predicted_s
            self.distance_km[own], self.azimuth_deg[own] = found.distance_km, found.azimuth_deg
            self.spread_s[own] = found.spread_s
        if found.member_weights.size:
            self.arrays["member_weight"][event] = found.member_weights
        if found.draws.size:
            for name, values in zip(_DRAWS, found.draws.T, strict=True):
                self.arrays[name][event] = values
            self.arrays["draw_origin_s"][event] -= found.values["origin_s"]
            self.arrays["draw_member"][event] = found.draw_member

    def hypocenters(self) -> pa.Table:
        """Return the registered table."""
        columns: dict[str, Any] = {
            name: [row.get(name) for row in self.rows] for name in TABLES["hypocenters"].columns
        }
        for name in ("origin_time", "origin_time_map"):
            columns[name] = np.array(columns[name], dtype="datetime64[ns]")
        return make_table("hypocenters", columns, rows=len(self.rows))


def place_events(events: pa.Table, hypocenters: pa.Table) -> pa.Table:
    """Return events at their located hypocenters, with the errors of those.

    Parameters
    ----------
    events, hypocenters : pyarrow.Table
        Registered tables with the same events. Longitude, latitude and depth of those that are
        not located are NaN.
    """
    good = np.array(hypocenters.column("status").to_pylist()) == "located"
    variance = {c: hypocenters.column(f"cov_{c}").to_numpy() for c in ("ee", "nn", "dd")}
    columns = {name: events.column(name) for name in events.column_names}
    for name in ("longitude", "latitude", "depth_km"):
        columns[name] = np.where(good, hypocenters.column(name).to_numpy(), np.nan)
    columns["origin_time"] = hypocenters.column("origin_time")
    columns["horizontal_error_km"] = np.sqrt(np.maximum(variance["ee"], variance["nn"]))
    columns["vertical_error_km"] = np.sqrt(variance["dd"])
    return make_table("events", columns)


def warn_of_few_models(hypocenters: pa.Table, members: int) -> None:
    """Say so where fewer than 10 members of an ensemble count."""
    count = hypocenters.column("effective_model_count").to_numpy()
    few = int(np.sum(count < 10.0))
    if few and members >= 10:
        log.warning(
            "locate: fewer than 10 models count for %d of %d events; draw more members, or give "
            "picks and stations larger errors",
            few, count.size,
        )  # fmt: skip


def count_at_limit(hypocenters: pa.Table) -> int:
    """Return how many located events lie at the least depth of the search; their reason says so."""
    located = pc.equal(hypocenters.column("status"), "located")
    said = pc.not_equal(hypocenters.column("reason"), "")
    return int(pc.sum(pc.and_(located, said)).as_py() or 0)


def warn_of_limits(hypocenters: pa.Table, least_depth_km: float) -> None:
    """Say so where located events lie at the least depth, and where picks do not fit."""
    shallow = count_at_limit(hypocenters)
    if shallow:
        log.warning(
            "locate: %d of %d events lie at the least depth, locate.minimum_depth_km = %g km; see "
            "their column `reason`",
            shallow, hypocenters.num_rows, least_depth_km,
        )  # fmt: skip
    misfit = int(pc.sum(pc.equal(hypocenters.column("status"), "misfit")).as_py() or 0)
    if misfit:
        log.warning(
            "locate: the picks of %d of %d events do not fit any hypocenter (status misfit)",
            misfit, hypocenters.num_rows,
        )  # fmt: skip


class _Readings:
    """The picks of a block as arrays, with stations, errors and terms."""

    def __init__(
        self,
        locate: Locate,
        picks: pa.Table,
        stations: pa.Table,
        epochs: bool,
        corrections: Corrections | None,
        tables: Places | None = None,
    ) -> None:
        self.time = time_values(picks.column("time"))
        network = picks.column("network").to_pylist()
        station = picks.column("station").to_pylist()
        kinds = [phase_kind(p) for p in picks.column("phase").to_pylist()]
        names = np.array([f"{n}.{s}" for n, s in zip(network, station, strict=True)], dtype=object)
        self.phase = np.array(kinds, dtype=object)
        places = find_stations(stations, picks, self.time, epochs=epochs)
        places.warn("locate", picks)
        self.names = names if tables is None else tables.names_at(names, places)
        self.longitude, self.latitude = places.longitude, places.latitude
        self.elevation, self.choice = places.elevation_m, places.choice
        self.uncertainty_s = pick_errors(
            locate,
            picks.column("uncertainty_s").to_numpy(),
            picks.column("pick_weight").to_numpy(),
            self.phase,
        )
        found = corrections or Corrections()
        keys = list(zip(network, station, kinds, strict=True))
        self.delay_s = found.delay_s
        self.row = np.array([found.row.get(k, -1) for k in keys], dtype=np.int64)
        self.mean_terms = np.zeros(len(keys))
        known = self.row >= 0
        self.mean_terms[known] = found.delay_s.mean(axis=1)[self.row[known]]
        noise = np.array([found.noise_s.get(k, 0.0) for k in kinds], dtype=float)
        unknown = np.array([found.spread_s.get(k, 0.0) for k in kinds], dtype=float)
        self.error_s = np.sqrt(self.uncertainty_s**2 + noise**2 + np.where(known, 0.0, unknown**2))

    def terms(self, own: slice) -> Floats | None:
        """Return the delays of some picks in every member, shape (picks, members)."""
        row = self.row[own]
        if not (row >= 0).any():
            return None
        return np.where(row[:, None] >= 0, self.delay_s[row], 0.0)

    def reference(self, a: int, b: int) -> np.datetime64:
        """The earliest time of some picks, from which the times of an event are counted."""
        times = self.time[a:b]
        times = times[~np.isnat(times)]
        return np.sort(times)[times.size // 2] if times.size else np.datetime64("NaT", "ns")

    def picks(self, a: int, b: int, reference: np.datetime64) -> PickSet:
        """Return the picks of one event."""
        seconds = np.where(
            np.isnat(self.time[a:b]),
            np.nan,
            (self.time[a:b] - reference).astype(np.int64) * 1e-9,
        )
        return PickSet(
            self.names[a:b].tolist(),
            self.phase[a:b].tolist(),
            seconds,
            self.error_s[a:b],
            self.longitude[a:b],
            self.latitude[a:b],
            np.nan_to_num(self.elevation[a:b]),
        )


def _locate_one(
    locator: Locator,
    options: LocationOptions,
    picks: PickSet,
    terms: Floats | None,
    epicenter: tuple[float, float] | None,
    draws: int,
    seed: int,
    event_id: str,
) -> LocatedEvent:
    """Locate an event; a defect costs it alone, and its message is kept."""
    try:
        return locate_picks(
            locator.ensemble, picks, options, correction_s=terms, epicenter=epicenter,
            boundary_km=locator.stored.boundary, plane=locator.stored.plane,
            draws=WantedDraws(
                draws,
                random_stream(seed, "location", event_id),
                random_stream(seed, "smoothing", event_id),
            ),
        )  # fmt: skip
    except (QuakeloomError, *MACHINE_TROUBLE):
        raise
    except Exception as error:
        log.exception("event %s failed", event_id)
        return LocatedEvent("error", f"the location failed: {type(error).__name__}: {error}")


def _row(
    event_id: str, magnitude: float, found: LocatedEvent, reference: np.datetime64
) -> dict[str, object]:
    values = dict(found.values)
    row: dict[str, object] = {
        "event_id": event_id,
        "status": found.status,
        "reason": found.reason,
        "magnitude": magnitude,
    }
    for name, source in (("origin_time", "origin_s"), ("origin_time_map", "origin_map_s")):
        seconds = values.pop(source, float("nan"))
        known = np.isfinite(seconds)
        row[name] = (
            reference + np.timedelta64(round(seconds * 1e9), "ns")
            if known
            else np.datetime64("NaT", "ns")
        )
    for name in TABLES["hypocenters"].columns:
        if name in row:
            continue
        value = values.get({"station_gap_deg": "azimuthal_gap_deg"}.get(name, name))
        if name in _COUNTS:
            row[name] = 0 if value is None else int(value)
        else:
            row[name] = float("nan") if value is None else value
    return row
