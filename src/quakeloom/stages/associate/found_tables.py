"""Tables of what association found: events, their picks, and the picks of none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.association import Association
from quakeloom.core import digest_json, geographic_position
from quakeloom.schema import TABLES, make_table, time_values
from quakeloom.stages.associate.usable_picks import UsablePicks

Ints = NDArray[np.int64]

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_EVENT = "event_id"
"""Column that tells events."""

_GATE_SD = 4.0
"""Residuals beyond so many standard deviations are no event's, as in the room."""


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


def make_found_tables(
    table: pa.Table, usable: UsablePicks, reason: NDArray[np.object_], found: Association
) -> AssociatedCatalog:
    """Make the tables of what was found among picks.

    Parameters
    ----------
    table : pyarrow.Table
        All picks: registered table ``picks`` or ``detections``.
    usable, reason
        See :func:`quakeloom.stages.associate.usable_picks.usable_picks`.
    found : Association
    """
    ids = np.array([*name_events(found.events.chosen, table, usable.rows), ""], dtype=object)
    own = found.event >= 0
    given = [n for n in TABLES["assignments"].columns if n in table.column_names and n != _EVENT]
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
    own_columns = [n for n in TABLES["picks"].columns if n in table.column_names and n != _EVENT]
    picks = make_table("picks", {
        _EVENT: ids[event].tolist(),
        **{n: table.column(n).take(pa.array(rows)) for n in own_columns},
    }, rows=rows.size)  # fmt: skip
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


def _events_table(usable: UsablePicks, found: Association, ids: list[str]) -> pa.Table:
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
    usable: UsablePicks,
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
    names = [n for n in TABLES["unassigned_picks"].columns if n in table.column_names]
    return make_table("unassigned_picks", {
        **{n: table.column(n).take(pa.array(rows)) for n in names},
        "unassigned_reason": why[rows].tolist(),
        "nearest_event_id": ids[nearest[rows]].tolist(), "nearest_residual_s": off[rows],
    }, rows=rows.size)  # fmt: skip
