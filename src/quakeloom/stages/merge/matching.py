"""Two tables of events become one of matches."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.association import Origins, match_events
from quakeloom.config import Merge
from quakeloom.core import local_position
from quakeloom.schema import make_table, time_values

Floats = NDArray[np.float64]


def merge_tables(first: pa.Table, second: pa.Table, asked: Merge) -> pa.Table:
    """Return the registered table ``matches`` of two tables of events.

    Parameters
    ----------
    first, second : pyarrow.Table
        Registered tables ``events`` or ``hypocenters``; events without time or place are in one
        catalog alone.
    asked : Merge
        Errors where none are stated, and the largest distance.
    """
    both = [read_origins(t, asked) for t in (first, second)]
    usable = [np.flatnonzero(np.isfinite(_values(o))) for o in both]
    a, b = (_some(o, u) for o, u in zip(both, usable, strict=True))
    same = match_events(a, b, asked.largest_distance)
    i, j = usable[0][same.first], usable[1][same.second]
    rows, columns = [], ("longitude", "latitude", "depth_km")
    ids = [t.column("event_id").to_pylist() for t in (first, second)]
    places = [{c: t.column(c).to_numpy().astype(float) for c in columns} for t in (first, second)]
    times = [time_values(t.column("origin_time")).astype("datetime64[ns]") for t in (first, second)]
    for k, (p, q) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        north, east = local_position(
            *(float(places[1][c][q]) for c in columns[:2]),
            *(float(places[0][c][p]) for c in columns[:2]),
        )
        rows.append({
            "event_id": ids[0][p], "catalog_event_id": ids[1][q], "match_status": "same",
            "origin_time": times[0][p], **{c: places[0][c][p] for c in columns},
            "matched_distance": float(same.distance[k]),
            "later_s": (times[0][p] - times[1][q]) / np.timedelta64(1, "s"),
            "moved_km": float(np.hypot(north, east)),
            "deeper_km": places[0]["depth_km"][p] - places[1]["depth_km"][q],
        })  # fmt: skip
    for own, taken, status in ((0, i, "new"), (1, j, "catalog_only")):
        left = np.setdiff1d(np.arange(len(ids[own])), taken)
        key = "event_id" if own == 0 else "catalog_event_id"
        rows += [
            {key: ids[own][n], "match_status": status, "origin_time": times[own][n],
             **{c: places[own][c][n] for c in columns}}
            for n in left.tolist()
        ]  # fmt: skip
    return _table(rows)


def _table(rows: list[dict[str, object]]) -> pa.Table:
    """Return rows as the registered table, by origin time."""
    nothing = np.datetime64("NaT", "ns")
    time = np.array([r.get("origin_time", nothing) for r in rows], "datetime64[ns]")
    names = [(str(r.get("event_id", "")), str(r.get("catalog_event_id", ""))) for r in rows]
    order = sorted(range(len(rows)), key=lambda k: (np.isnat(time[k]), time[k], names[k]))
    texts = ("event_id", "catalog_event_id", "match_status")
    numbers = ("longitude", "latitude", "depth_km", "matched_distance", "later_s", "moved_km",
               "deeper_km")  # fmt: skip
    return make_table(
        "matches",
        {
            **{n: [rows[k].get(n, "") for k in order] for n in texts},
            **{n: np.array([rows[k].get(n, np.nan) for k in order], float) for n in numbers},
            "origin_time": time[order],
        },
        rows=len(rows),
    )


def read_origins(table: pa.Table, asked: Merge) -> Origins:
    """Return origins with their stated errors, or those of the settings."""

    def column(name: str) -> Floats:
        if name not in table.column_names:
            return np.full(table.num_rows, np.nan)
        return np.asarray(table.column(name).to_numpy(), float)

    def error(values: Floats, default: float) -> Floats:
        return np.where(np.isfinite(values) & (values > 0.0), values, default)

    time = time_values(table.column("origin_time")).astype("datetime64[ns]")
    seconds = np.where(np.isnat(time), np.nan, time.astype(np.int64) / 1e9)
    if "cov_nn" in table.column_names:
        horizontal = np.sqrt(np.maximum(column("cov_nn"), column("cov_ee")))
        depth_error = np.sqrt(column("cov_dd"))
    else:
        horizontal, depth_error = column("horizontal_error_km"), column("vertical_error_km")
    return Origins(
        seconds, column("longitude"), column("latitude"), column("depth_km"),
        error(column("origin_error_s"), asked.time_error_s),
        error(horizontal, asked.horizontal_error_km),
        error(depth_error, asked.depth_error_km),
    )  # fmt: skip


def _values(origins: Origins) -> Floats:
    return origins.time_s + origins.longitude + origins.latitude


def _some(origins: Origins, which: NDArray[np.int64]) -> Origins:
    return Origins(*(v[which] for v in vars(origins).values()))
