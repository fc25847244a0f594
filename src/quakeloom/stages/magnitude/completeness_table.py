"""Completeness and b-values of a catalog: of all of it, of windows of time, of cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Magnitude
from quakeloom.core import random_stream
from quakeloom.magnitude import (
    METHODS,
    b_positive,
    b_value,
    completeness_draws,
    estimate_completeness,
)
from quakeloom.schema import make_table, time_values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DAY_NS = 86_400 * 1_000_000_000
"""Nanoseconds of a day."""

_RANGE = (2.5, 97.5)
"""Percents of the resampled catalogs between which completeness is given."""

Row = dict[str, Any]
"""A row of the table."""


def make_completeness(asked: Magnitude, seed: int, catalog: pa.Table) -> pa.Table:
    """Make the table of completeness and b-values of a catalog.

    Windows and cells lie on fixed grids, so that more events change no other ones.

    Parameters
    ----------
    asked : Magnitude
    seed : int
        Root of the random streams.
    catalog : pyarrow.Table
        With ``magnitude`` (NaN is passed over), ``origin_time``, ``longitude`` and ``latitude``.
    """
    magnitude, longitude, latitude = (
        catalog.column(n).to_numpy().astype(float) for n in ("magnitude", "longitude", "latitude")
    )
    time = time_values(catalog.column("origin_time")).astype("datetime64[ns]").astype(np.int64)
    undated = np.iinfo(np.int64).min
    order = np.lexsort((magnitude, time))
    order = order[np.isfinite(magnitude[order])]
    dated = order[time[order] != undated]
    rows: list[Row] = []
    for place, chosen in (
        ({"catalog_scope": "catalog", **_span(time[dated])}, order),
        *_windows(asked.window_days, time, dated),
        *_cells(asked.cell_deg, longitude, latitude, order),
    ):
        in_time = magnitude[chosen[time[chosen] != undated]]
        rows += _measure(asked, seed, place, magnitude[chosen], in_time)
    names = dict.fromkeys(n for row in rows for n in row)
    columns: dict[str, Any] = {n: [row.get(n, _missing(n)) for row in rows] for n in names}
    for name in {"start_time", "end_time"} & set(names):
        columns[name] = np.array(columns[name], np.int64).astype("datetime64[ns]")
    return make_table("completeness", columns, rows=len(rows))


def _missing(name: str) -> Any:
    return np.iinfo(np.int64).min if name.endswith("_time") else np.nan


def _span(time: Ints) -> Row:
    return {"start_time": int(time[0]), "end_time": int(time[-1])} if time.size else {}


def _windows(days: float, time: Ints, dated: Ints) -> Iterator[tuple[Row, Ints]]:
    """Yield windows of time with their events, in order."""
    if days <= 0.0 or not dated.size:
        return
    width = round(days * _DAY_NS)
    number = time[dated] // width
    for window in np.unique(number).tolist():
        start = window * width
        place = {"catalog_scope": "window", "start_time": start, "end_time": start + width - 1}
        yield place, dated[number == window]


def _cells(
    side: float, longitude: Floats, latitude: Floats, order: Ints
) -> Iterator[tuple[Row, Ints]]:
    """Yield cells with their events, from south to north and from west to east."""
    placed = order[np.isfinite(longitude[order] + latitude[order])]
    if side <= 0.0 or not placed.size:
        return
    cells = np.floor(np.column_stack([latitude[placed], longitude[placed]]) / side + 1e-9)
    found, number = np.unique(cells, axis=0, return_inverse=True)
    for i, (south, west) in enumerate(found.tolist()):
        place = {
            "catalog_scope": "cell", "latitude": round(min((south + 0.5) * side, 90.0), 9),
            "longitude": round((west + 0.5) * side, 9), "cell_deg": side,
        }  # fmt: skip
        yield place, placed[number.ravel() == i]


def _measure(
    asked: Magnitude, seed: int, place: Row, magnitude: Floats, in_time: Floats
) -> list[Row]:
    """Return a row per method, or one that says why there is none."""
    row = {**place, "magnitude_count": magnitude.size}
    if magnitude.size < asked.minimum_events:
        why = f"{magnitude.size} of {asked.minimum_events} magnitudes"
        none = {"b_count": 0, "b_positive_count": 0}
        return [{**row, **none, "completeness_method": "none", "reason": why}]
    width = asked.bin_width
    positive = b_positive(in_time, asked.least_difference, width)
    name = [str(place.get(k, "")) for k in ("catalog_scope", "start_time", "longitude", "latitude")]
    if place["catalog_scope"] == "catalog":
        name = ["catalog"]
    rows = []
    for method in METHODS:
        random = random_stream(seed, "completeness", *name, method)
        drawn = completeness_draws(magnitude, method, random, asked.bootstraps, width)
        least = estimate_completeness(magnitude, method, width)
        more = asked.correction if method == "maximum_curvature" else 0.0
        known = drawn[np.isfinite(drawn)] + more
        low, high = np.percentile(known, _RANGE) if known.size else (np.nan, np.nan)
        b = b_value(magnitude, least + more, width) if np.isfinite(least) else None
        rows.append({
            **row, "completeness_method": method, "completeness": round(least + more, 9),
            "completeness_low": round(low, 9), "completeness_high": round(high, 9),
            "completeness_share": known.size / drawn.size,
            "b_value": b.b if b else np.nan, "b_value_error": b.b_sd if b else np.nan,
            "b_count": b.count if b else 0,
            "b_positive": positive.b, "b_positive_error": positive.b_sd,
            "b_positive_count": positive.count,
            "reason": "" if b else "no magnitude is one of completeness by this method",
        })  # fmt: skip
    return rows
