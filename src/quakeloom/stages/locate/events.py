"""From rows of picks to rows of hypocenters: one block of events."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import QuakeloomError, random_stream
from quakeloom.location import (
    Ensemble,
    LocatedEvent,
    LocationOptions,
    PickSet,
    locate_picks,
)
from quakeloom.schema import TABLES, make_table, time_values
from quakeloom.stages.locate.ensembles import StoredEnsemble
from quakeloom.stages.readings.station_epochs import find_stations

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Terms = Mapping[tuple[str, str, str], tuple[float, float]]

_COUNTS = ("pick_count", "pick_count_p", "grid_coarser")
_DRAWS = ("draw_longitude", "draw_latitude", "draw_depth_km", "draw_origin_s")


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


def location_options(locate: Locate) -> LocationOptions:
    """Return the options of the location room that the settings ask for."""
    fields = LocationOptions.__dataclass_fields__
    return LocationOptions(**{k: v for k, v in locate.model_dump().items() if k in fields})


def locate_block(
    locate: Locate,
    ensemble: Ensemble,
    stored: StoredEnsemble,
    events: pa.Table,
    picks: pa.Table,
    stations: pa.Table,
    seed: int,
    terms: Terms | None = None,
    epochs: bool = True,
) -> LocatedBlock:
    """Locate the events of a block from their picks.

    Parameters
    ----------
    locate : Locate
    ensemble : Ensemble
    stored : StoredEnsemble
        What the ensemble was made from: its plane and its boundary.
    events, picks, stations : pyarrow.Table
        Registered tables; picks of other events are passed over.
    seed : int
    terms : mapping, optional
        Network, station and phase to delay and its error.
    epochs : bool
        Find stations within their epochs only.
    """
    options = location_options(locate)
    ids = events.column("event_id").to_pylist()
    of_event = pc.index_in(picks.column("event_id"), events.column("event_id").combine_chunks())
    number = of_event.fill_null(-1).to_numpy()
    picks = picks.filter(pa.array(number >= 0))
    order = np.argsort(number[number >= 0], kind="stable")
    picks = picks.take(pa.array(order))
    number = number[number >= 0][order]
    starts = np.searchsorted(number, np.arange(len(ids) + 1))
    readings = _Readings(locate, picks, stations, epochs, terms)
    members = ensemble.times.member_count
    arrays: dict[str, np.ndarray] = {
        **{name: np.full((len(ids), locate.draws), np.nan) for name in _DRAWS},
        "draw_member": np.full((len(ids), locate.draws), -1, dtype=np.int16),
        "member_weight": np.zeros((len(ids), members), dtype=np.float32),
    }
    given = np.stack([events.column(c).to_numpy() for c in ("longitude", "latitude")], axis=1)
    magnitude = events.column("magnitude").to_numpy()
    rows: list[dict[str, object]] = []
    use = np.empty(picks.num_rows, dtype=object)
    residual, predicted, distance, azimuth = (np.full(picks.num_rows, np.nan) for _ in range(4))
    for i, event_id in enumerate(ids):
        a, b = starts[i], starts[i + 1]
        reference = readings.reference(a, b)
        epicenter = None
        if locate.epicenter_prior_error_km > 0 and np.isfinite(given[i]).all():
            epicenter = (float(given[i, 0]), float(given[i, 1]))
        found = _locate_one(
            ensemble, readings.picks(a, b, reference), options, readings.terms[a:b], epicenter,
            stored, locate.draws, seed, event_id,
        )  # fmt: skip
        rows.append(_row(event_id, float(magnitude[i]), found, reference))
        use[a:b] = found.pick_use or ["used"] * (b - a)
        if found.residual_s.size:
            residual[a:b], predicted[a:b] = found.residual_s, found.predicted_s
            distance[a:b], azimuth[a:b] = found.distance_km, found.azimuth_deg
        if found.member_weights.size:
            arrays["member_weight"][i] = found.member_weights
        if found.draws.size:
            for name, values in zip(_DRAWS, found.draws.T, strict=True):
                arrays[name][i] = values
            arrays["draw_origin_s"][i] -= found.values["origin_s"]
            arrays["draw_member"][i] = found.draw_member
    columns = {name: [row.get(name) for row in rows] for name in TABLES["hypocenters"].columns}
    for name, values in columns.items():
        if name in ("origin_time", "origin_time_map"):
            columns[name] = np.array(values, dtype="datetime64[ns]")  # type: ignore[assignment]
    arrivals = make_table(
        "arrivals",
        {
            **{c: picks.column(c) for c in ("event_id", "network", "station", "phase", "time")},
            "uncertainty_s": readings.uncertainty_s,
            "pick_use": use.tolist(),
            "residual_s": residual,
            "travel_time_s": np.where(predicted >= 0, predicted, np.nan),
            "station_term_s": readings.terms,
            "distance_km": distance,
            "azimuth_deg": azimuth,
            "choice": readings.choice.tolist(),
        },
        rows=picks.num_rows,
    )
    return LocatedBlock(make_table("hypocenters", columns, rows=len(rows)), arrivals, arrays)


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


class _Readings:
    """The picks of a block as arrays, with stations, errors and terms."""

    def __init__(
        self, locate: Locate, picks: pa.Table, stations: pa.Table, epochs: bool, terms: Terms | None
    ) -> None:
        self.time = time_values(picks.column("time"))
        network = picks.column("network").to_pylist()
        station = picks.column("station").to_pylist()
        kinds = [_phase_kind(p) for p in picks.column("phase").to_pylist()]
        self.names = np.array(
            [f"{n}.{s}" for n, s in zip(network, station, strict=True)], dtype=object
        )
        self.phase = np.array(kinds, dtype=object)
        places = find_stations(stations, picks, self.time, epochs=epochs)
        places.warn("locate", picks)
        self.longitude, self.latitude = places.longitude, places.latitude
        self.elevation, self.choice = places.elevation_m, places.choice
        self.uncertainty_s = pick_errors(
            locate,
            picks.column("uncertainty_s").to_numpy(),
            picks.column("pick_weight").to_numpy(),
            self.phase,
        )
        found = terms or {}
        keys = zip(network, station, kinds, strict=True)
        values = np.array([found.get(k, (0.0, 0.0)) for k in keys]).reshape(-1, 2)
        self.terms = values[:, 0]

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
            self.uncertainty_s[a:b],
            self.longitude[a:b],
            self.latitude[a:b],
            np.nan_to_num(self.elevation[a:b]),
        )


def pick_errors(
    locate: Locate, stated_s: Floats, weight: NDArray[np.int8], phase: NDArray[np.object_]
) -> Floats:
    """Return standard errors of picks: stated, else by weight code; NaN is not used."""
    table = np.array([*locate.pick_errors_s, *[np.nan] * (11 - len(locate.pick_errors_s))])
    error = table[np.where(weight < 0, 0, np.minimum(weight, 10)).astype(np.int64)]
    error = np.where(phase == "S", error * locate.s_error_factor, error)
    error = np.where(np.isfinite(stated_s) & (stated_s > 0), stated_s, error)
    return np.maximum(error, locate.minimum_pick_error_s)


def _phase_kind(phase: str) -> str:
    """P or S of a first arrival's name, else the name itself."""
    if phase in ("P", "p", "Pg", "Pn", "Pb", "P*"):
        return "P"
    return "S" if phase in ("S", "s", "Sg", "Sn", "Sb", "S*") else phase


def _locate_one(
    ensemble: Ensemble,
    picks: PickSet,
    options: LocationOptions,
    terms: Floats,
    epicenter: tuple[float, float] | None,
    stored: StoredEnsemble,
    draws: int,
    seed: int,
    event_id: str,
) -> LocatedEvent:
    """Locate an event; a defect costs it alone, and its message is kept."""
    try:
        return locate_picks(
            ensemble, picks, options, correction_s=terms, epicenter=epicenter,
            boundary_km=stored.boundary, plane=stored.plane, draws=draws,
            random=random_stream(seed, "location", event_id) if draws else None,
        )  # fmt: skip
    except QuakeloomError:
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
