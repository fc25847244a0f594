"""Associate any picks in one go: ``quakeloom associate --picks FILE``."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.association import (
    Association,
    AssociationOptions,
    OctreeProposer,
    PickArrays,
    Proposer,
    Stations,
    associate_days,
    place_levels,
    trace_times,
)
from quakeloom.core import (
    InputError,
    LayeredModel,
    SettingsError,
    digest_json,
    geographic_position,
    local_position,
    middle_longitude,
)
from quakeloom.formats import (
    CatalogTables,
    Creation,
    has_layers,
    read_layer_model,
    read_source,
    read_velocity_model,
    write_quakeml,
)
from quakeloom.location import draw_layered_models, with_s_velocities
from quakeloom.schema import make_table, phase_class, time_values
from quakeloom.stages.ingest.station_places import put_aside_misplaced
from quakeloom.stages.locate.ensembles import find_location_model
from quakeloom.stages.readings.station_epochs import find_stations
from quakeloom.store import atomic_file, is_input, open_folder, write_table

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PROPOSERS = ("stack", "octree")
"""What proposes candidates: quakeloom's own back-projection, or PyOcto."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_DAY_NS = 86_400 * _NANO
"""Nanoseconds of a day."""

_GATE_SD = 4.0
"""Residuals beyond so many standard deviations are no event's, as in the room."""

_VP_VS = 1.73
"""Vp/Vs where a model has no S velocities: that of a Poisson solid."""

_RARE = 0.15
"""Part of the others' share of the picks that it should have, below which a station is named: its
clock or its place may be wrong (chosen here)."""

_NAMED = 8
"""Stations that a warning names."""


@dataclass(frozen=True)
class AssociatedCatalog:
    """What associating any picks gives: registered tables.

    Attributes
    ----------
    events, picks, arrivals : pyarrow.Table
        As other commands take them; ``picks`` are those of events alone.
    associations, assignments, unassigned_picks : pyarrow.Table
    expected_false : float
        False events among all, as promised.
    days : float
        From the first pick to the last.
    """

    events: pa.Table
    picks: pa.Table
    arrivals: pa.Table
    associations: pa.Table
    assignments: pa.Table
    unassigned_picks: pa.Table
    expected_false: float
    days: float


@dataclass(frozen=True)
class AssociationInputs:
    """Picks and stations as they were read.

    Attributes
    ----------
    picks, stations, rejects : pyarrow.Table
    """

    picks: pa.Table
    stations: pa.Table
    rejects: pa.Table


def read_association_inputs(
    picks: Path, stations: Path, formats: tuple[str, str] = ("auto", "auto")
) -> AssociationInputs:
    """Read picks and stations from Parquet, CSV or any other format.

    Raises
    ------
    InputError
        If a file is missing, or holds no picks or no stations.
    """
    read = []
    for path, form in zip((picks, stations), formats, strict=True):
        if not is_input(path):
            raise InputError(f"There is no file {path}, so nothing can be associated.")
        read.append(read_source(path, form))
    source, places = read
    for path, table, what in (
        (picks, source.picks, "picks"),
        (stations, places.stations, "stations"),
    ):
        if not table.num_rows:
            raise InputError(
                f"'{path}' holds no {what}, so nothing can be associated; check the file."
            )
    for tables in read:
        for row in tables.rejects.slice(0, 5).to_pylist():
            log.warning("line %d: %s", row["source_line"], row["reason"])
    found, aside = put_aside_misplaced(places.stations, source.events, [source.picks], log.warning)
    return AssociationInputs(
        source.picks, found, pa.concat_tables([source.rejects, places.rejects, aside])
    )


def parse_options(values: dict[str, Any]) -> AssociationOptions:
    """Make options of settings by name.

    Raises
    ------
    SettingsError
        If one is not known or no number.
    """
    known = {f.name: f.type for f in fields(AssociationOptions)}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(
                f"'{name}' is no setting of associate. Nothing was associated; there are "
                f"{', '.join(known)}."
            )
        whole = str(known[name]) == "int"
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not math.isfinite(value) or (whole and value != int(value)):
            kind = "whole number" if whole else "number"
            raise SettingsError(
                f"associate.{name} is {value!r}, no {kind}. Nothing was associated; correct it."
            )
    return AssociationOptions(**values)


def read_models(names: Sequence[str], members: int, seed: int) -> list[LayeredModel]:
    """Read layered models, and draw members around the first where an ensemble is wanted.

    S velocities that a model lacks follow from Vp/Vs = 1.73.
    """
    models = []
    for name in names:
        path = find_location_model(name, "")
        model = read_layer_model(path) if has_layers(path) else read_velocity_model(path)
        models.append(
            model if model.s_velocity_km_s is not None else with_s_velocities(model, 1.73)
        )
    if members:
        return draw_layered_models(models[0], members, seed)
    return models


def associate_tables(
    inputs: AssociationInputs,
    models: Sequence[LayeredModel],
    options: AssociationOptions,
    proposer: str = "stack",
    *,
    border_s: float = 0.0,
    say: Callable[[str], None] = log.info,
) -> AssociatedCatalog:
    """Associate picks with events; every pick is in one of two tables.

    Parameters
    ----------
    inputs : AssociationInputs
    models : sequence of LayeredModel
        Two or more are an ensemble, whose scatter is the error of travel times.
    options : AssociationOptions
    proposer : {"stack", "octree"}
    border_s : float
        Days begin so many seconds after midnight UTC.

    Raises
    ------
    InputError
        If no pick of three stations is left.
    """
    if proposer not in PROPOSERS:
        raise SettingsError(
            f"'{proposer}' proposes no candidates. Nothing was associated; write one of "
            f"{', '.join(PROPOSERS)}."
        )
    propose: Proposer | None = OctreeProposer() if proposer == "octree" else None
    table = inputs.picks
    usable, reason = _usable(table, inputs.stations)
    if not usable.rows.size:
        raise InputError(
            f"None of {table.num_rows} picks can be used ({_counted(reason)}), so there is nothing "
            "to associate; check phases, times and station names."
        )
    level, levels = place_levels(usable.place[:, 0])
    tables = trace_times(
        models, levels, options.reach_km, (options.minimum_depth_km, options.maximum_depth_km),
        (options.time_error_fraction, options.time_error_s),
    )  # fmt: skip
    found = associate_days(
        usable.arrays, Stations(usable.place, level), tables, options, propose=propose,
        border_s=border_s, say=say,
    )  # fmt: skip
    _warn_of_silent(found, usable)
    return _tables(table, usable, reason, found)


@dataclass(frozen=True)
class _Usable:
    """Picks that can be associated: their rows, arrays, and the places of stations."""

    rows: Ints
    arrays: PickArrays
    names: list[str]
    place: Floats
    center: tuple[float, float]
    epoch_ns: int


def _usable(table: pa.Table, stations: pa.Table) -> tuple[_Usable, NDArray[np.object_]]:
    """Return picks that have a time, a phase and a station, and why others cannot be used."""
    time = time_values(table.column("time"))
    phases = table.column("phase").to_pylist()
    kind = {p: phase_class(p) for p in set(phases)}
    phase = np.array([kind[p] for p in phases], dtype=object)
    place = find_stations(stations, table, time)
    reason = np.full(table.num_rows, "", dtype=object)
    reason[np.isnan(place.longitude)] = "no_station"
    reason[phase == ""] = "other_phase"
    reason[np.isnat(time)] = "no_time"
    place.warn("associate", table)
    rows = np.flatnonzero(reason == "")
    height = np.nan_to_num(place.elevation_m[rows])
    keys = np.column_stack([place.longitude[rows], place.latitude[rows], height])
    code = np.array([f"{n}.{s}" for n, s in zip(
        *(table.column(c).to_pylist() for c in ("network", "station")), strict=True
    )], dtype=object)[rows]  # fmt: skip
    sites = sorted(set(zip(code.tolist(), map(tuple, keys.tolist()), strict=True)))
    number = {site: i for i, site in enumerate(sites)}
    station = np.array(
        [number[site] for site in zip(code.tolist(), map(tuple, keys.tolist()), strict=True)],
        dtype=np.int64,
    )
    where = np.array([site[1] for site in sites]).reshape(-1, 3)
    center = _center(stations)
    north, east = local_position(*center, where[:, 0], where[:, 1])
    nanoseconds = time[rows].astype("datetime64[ns]").astype(np.int64)
    # seconds are counted from a moment that is the same for any part of the picks
    epoch = _start_of_year(int(nanoseconds.min())) if rows.size else 0
    arrays = PickArrays(
        station, (phase[rows] == "S").astype(np.int64), (nanoseconds - epoch) / _NANO,
        table.column("uncertainty_s").to_numpy()[rows],
        table.column("probability").to_numpy()[rows],
    )  # fmt: skip
    usable = _Usable(
        rows, arrays, [site[0] for site in sites],
        np.ascontiguousarray(np.column_stack([-where[:, 2] / 1000.0, north, east])), center, epoch,
    )  # fmt: skip
    return usable, reason


def _center(stations: pa.Table) -> tuple[float, float]:
    """Return the middle of all stations, whichever have picks."""
    longitude, latitude = (
        stations.column(c).to_numpy().astype(float) for c in ("longitude", "latitude")
    )
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if not known.any():
        return 0.0, 0.0
    middle = middle_longitude(longitude[known])
    turned = (longitude[known] - middle + 180.0) % 360.0 - 180.0
    half = 0.5 * (turned.min() + turned.max())
    return float(middle + half), float(0.5 * (latitude[known].min() + latitude[known].max()))


def _start_of_year(nanoseconds: int) -> int:
    year = np.datetime64(nanoseconds, "ns").astype("datetime64[Y]")
    return int(year.astype("datetime64[ns]").astype(np.int64))


def _counted(reason: NDArray[np.object_]) -> str:
    names, counts = np.unique(reason[reason != ""].astype(str), return_counts=True)
    return ", ".join(f"{n}: {c}" for n, c in zip(names, counts, strict=True))


def _warn_of_silent(found: Association, usable: _Usable) -> None:
    """Name stations that have picks and hardly ever one where an event asks for it."""
    most = found.model.station_most
    if most is None:
        return
    share = most.mean(axis=1)
    heard = np.bincount(usable.arrays.station, minlength=share.size) >= 20
    rare = np.flatnonzero((share < _RARE * np.median(share)) & heard)
    if rare.size:
        names = ", ".join(usable.names[i] for i in rare[:_NAMED])
        log.warning(
            "associate: %d station(s) have picks, but hardly any where events ask for them: %s. "
            "Check their clocks and places.", rare.size, names,
        )  # fmt: skip


def name_events(chosen: Ints, table: pa.Table, rows: Ints) -> list[str]:
    """Name events by the stations, phases and whole seconds of their picks.

    The first pick's time and a digest: picks elsewhere, or another day, change no name.

    Parameters
    ----------
    chosen : ndarray of int, shape (events, slots)
        Numbers of picks among ``rows``, -1 for none.
    table : pyarrow.Table
        Registered table ``picks``.
    rows : ndarray of int
    """
    time = time_values(table.column("time")).astype("datetime64[ns]").astype(np.int64)
    codes = [table.column(c).to_pylist() for c in ("network", "station", "phase")]
    names = []
    for own in chosen:
        picks = rows[own[own >= 0]]
        first = np.datetime64(int(time[picks].min()) // _NANO, "s")
        what = sorted([*(c[i] for c in codes), int(time[i]) // _NANO] for i in picks)
        stamp = str(first).replace("-", "").replace(":", "").lower()
        names.append(f"{stamp}-{digest_json(what)[:8]}")
    return names


def _tables(
    table: pa.Table, usable: _Usable, reason: NDArray[np.object_], found: Association
) -> AssociatedCatalog:
    """Make the tables of what was found."""
    ids = np.array([*name_events(found.events.chosen, table, usable.rows), ""], dtype=object)
    own = found.event >= 0
    given = ("network", "station", "location_code", "channel", "phase", "time", "probability",
             "source_file", "source_line")  # fmt: skip
    rows = usable.rows[own]
    order = np.lexsort((rows, found.event[own]))
    rows, place = rows[order], np.flatnonzero(own)[order]
    event = found.event[place]
    distance = np.hypot(*(
        usable.place[usable.arrays.station[place], 1:] - found.events.place[event, 1:]
    ).T)  # fmt: skip
    picked = {n: table.column(n).take(pa.array(rows)) for n in given}
    assignments = make_table("assignments", {
        "event_id": ids[event].tolist(), **picked, "residual_s": found.residual_s[place],
        "residual_sd_s": found.residual_sd_s[place],
        "assignment_probability": found.pick_probability[place], "distance_km": distance,
    })  # fmt: skip
    associations = _events_table(usable, found, ids[:-1].tolist())
    origin = time_values(associations.column("origin_time")).astype("datetime64[ns]")
    travel = time_values(table.column("time")).astype("datetime64[ns]")[rows] - origin[event]
    arrivals = make_table("arrivals", {
        "event_id": ids[event].tolist(),
        **{n: picked[n] for n in ("network", "station", "phase", "time")},
        "uncertainty_s": found.residual_sd_s[place], "pick_use": ["used"] * rows.size,
        "residual_s": found.residual_s[place], "distance_km": distance,
        "travel_time_s": travel.astype(np.int64) / _NANO - found.residual_s[place],
        "station_term_s": np.zeros(rows.size),
    }, rows=rows.size)  # fmt: skip
    picks = table.take(pa.array(rows))
    at = picks.column_names.index("event_id")
    picks = picks.set_column(at, "event_id", pa.array(ids[event].tolist(), pa.string()))
    names = ("event_id", "origin_time", "longitude", "latitude", "depth_km",
             "horizontal_error_km", "vertical_error_km")  # fmt: skip
    events = make_table(
        "events", {n: associations.column(n) for n in names}, rows=associations.num_rows
    )
    time = usable.arrays.time_s
    return AssociatedCatalog(
        events, picks, arrivals, associations, assignments,
        _unassigned(table, usable, reason, found, ids), found.expected_false,
        float(time.max() - time.min()) / 86_400.0,
    )  # fmt: skip


def _events_table(usable: _Usable, found: Association, ids: list[str]) -> pa.Table:
    """Make the table of events; places and times are rounded to 0.1 m and 0.1 ms."""
    events = found.events
    longitude, latitude = geographic_position(
        *usable.center, np.round(events.place[:, 1], 4), np.round(events.place[:, 2], 4)
    )
    origin = usable.epoch_ns + np.round(events.origin_s, 4) * _NANO
    variance = np.clip(np.diagonal(events.covariance, axis1=1, axis2=2), 0.0, None)
    made = events.chosen >= 0
    return make_table("associations", {
        "event_id": ids,
        "origin_time": np.round(origin / 1e5).astype(np.int64).astype("int64") * 100_000,
        "origin_error_s": np.sqrt(variance[:, 3]),
        "longitude": np.round(longitude, 7), "latitude": np.round(latitude, 7),
        "depth_km": np.round(events.place[:, 0], 4),
        "horizontal_error_km": np.sqrt(np.maximum(variance[:, 1], variance[:, 2])),
        "vertical_error_km": np.sqrt(variance[:, 0]),
        "pick_count_p": made[:, 0::2].sum(axis=1), "s_pick_count": made[:, 1::2].sum(axis=1),
        "both_count": (made[:, 0::2] & made[:, 1::2]).sum(axis=1),
        "missed_near_count": found.missed_near,
        "detection_half_km": found.half_km,
        "event_log_odds": np.round(events.score, 3),
        "probability_real": np.round(found.probability_real, 6),
    }, rows=len(ids))  # fmt: skip


def _unassigned(
    table: pa.Table,
    usable: _Usable,
    reason: NDArray[np.object_],
    found: Association,
    ids: NDArray[np.object_],
) -> pa.Table:
    """Make the table of picks without an event."""
    nearest = np.full(table.num_rows, -1)
    off = np.full(table.num_rows, np.nan)
    own = found.event >= 0
    nearest[usable.rows], off[usable.rows] = found.nearest, found.nearest_residual_s
    why = reason.copy()
    near = np.append(found.events.chosen, np.full((1, found.events.chosen.shape[1]), -1), axis=0)
    slot = 2 * usable.arrays.station + usable.arrays.phase
    other = (found.nearest >= 0) & (near[found.nearest, slot] >= 0)
    far = np.abs(found.nearest_residual_s) > _GATE_SD * found.nearest_sd_s
    why[usable.rows] = np.select(
        [found.nearest < 0, far, other], ["no_event", "far_in_time", "other_pick_taken"], "unlikely"
    )
    left = np.ones(table.num_rows, bool)
    left[usable.rows[own]] = False
    rows = np.flatnonzero(left)
    names = ("network", "station", "location_code", "channel", "phase", "time", "probability",
             "source_file", "source_line")  # fmt: skip
    return make_table("unassigned_picks", {
        **{n: table.column(n).take(pa.array(rows)) for n in names},
        "unassigned_reason": why[rows].tolist(),
        "nearest_event_id": ids[nearest[rows]].tolist(), "nearest_residual_s": off[rows],
    }, rows=rows.size)  # fmt: skip


def write_associated(catalog: AssociatedCatalog, rejects: pa.Table, out: Path) -> None:
    """Write tables and ``catalog.xml`` (QuakeML with picks and arrivals) to a folder."""
    folder = open_folder(out)
    provenance = {"quakeloom": __version__}
    for name in ("events", "picks", "arrivals", "associations", "assignments", "unassigned_picks"):
        write_table(folder / f"{name}.parquet", name, getattr(catalog, name), provenance)
    write_table(folder / "rejects.parquet", "rejects", rejects)
    tables = CatalogTables(events=catalog.events, picks=catalog.picks, arrivals=catalog.arrivals)
    with atomic_file(folder / "catalog.xml") as file:
        write_quakeml(tables, file, Creation(f"quakeloom {__version__}"))
