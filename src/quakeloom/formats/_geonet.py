"""The catalog of regional moment tensors of GeoNet (New Zealand), a CSV file.

Columns used: PublicID, Date (yyyymmddhhmmss, UTC), Latitude, Longitude, CD (centroid depth in
km), Mw, and both nodal planes. Identifiers of 9999999 stand for events without one.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from quakeloom.formats._mechanism_angles import (
    AUXILIARY,
    PLANE,
    plane_problem,
    wrap_rake,
    wrap_strike,
)
from quakeloom.formats._source_tables import Rejects, TableBuilder
from quakeloom.formats._text_lines import bounds_problem, read_lines, utc_nanoseconds

GEONET_HEADER = b"PublicID,Date,Latitude,Longitude,strike1,dip1,rake1"
"""How the file begins."""

_NO_ID = "9999999"
"""Identifier of an event that has none."""

_PLANES = {
    "strike_deg": "strike1",
    "dip_deg": "dip1",
    "rake_deg": "rake1",
    "auxiliary_strike_deg": "strike2",
    "auxiliary_dip_deg": "dip2",
    "auxiliary_rake_deg": "rake2",
}
"""Columns of both planes."""


def is_geonet(head: bytes) -> bool:
    """Return whether a file starts as GeoNet's catalog of moment tensors."""
    return head.lstrip(b"\xef\xbb\xbf").startswith(GEONET_HEADER)


def read_geonet(path: Path, rejects: Rejects) -> pa.Table:
    """Read GeoNet's moment tensors as a ``mechanisms`` table."""
    rows = TableBuilder("mechanisms")
    seen: dict[str, int] = {}
    lines = list(read_lines(path, "GeoNet moment tensors"))
    for number, cells in enumerate(csv.DictReader(lines), start=2):
        try:
            row = _row(cells, number)
            if row["event_id"] in seen:
                raise ValueError(
                    f"doubled event: '{row['event_id']}' is on line {seen[row['event_id']]}"
                )
        except ValueError as problem:
            rejects.add(number, "mechanism", str(problem), ",".join(map(str, cells.values())))
            continue
        seen[row["event_id"]] = number
        rows.add(**row)
    return rows.table()


def _row(cells: dict[str, str], line: int) -> dict[str, Any]:
    values: dict[str, float] = {}
    columns = {**_PLANES, "latitude": "Latitude", "longitude": "Longitude", "depth_km": "CD",
               "magnitude": "Mw"}  # fmt: skip
    for name, column in columns.items():
        text = (cells.get(column) or "").strip()
        try:
            values[name] = float(text)
        except ValueError:
            raise ValueError(f"{column} '{text}' is no number") from None
    for name in ("strike_deg", "auxiliary_strike_deg"):
        values[name] = float(wrap_strike(values[name]))
    for name in ("rake_deg", "auxiliary_rake_deg"):
        values[name] = float(wrap_rake(values[name]))
    planes = (tuple(values[n] for n in names) for names in (PLANE, AUXILIARY))
    if problem := bounds_problem(**values) or plane_problem(*planes):
        raise ValueError(problem)
    date = (cells.get("Date") or "").strip()
    try:
        time = datetime.strptime(date, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        utc_nanoseconds(time.year, time.month, time.day)  # says what no time of ours can be
    except ValueError:
        raise ValueError(f"Date '{date}' is not yyyymmddhhmmss") from None
    identifier = (cells.get("PublicID") or "").strip()
    if not identifier or identifier == _NO_ID:
        identifier = f"geonet-{date}-{line}"
    nanoseconds = int(time.timestamp()) * 1_000_000_000
    return {**values, "event_id": identifier, "origin_time": nanoseconds, "status": "solved"}
