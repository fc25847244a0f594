"""Tables with a place as GeoParquet: Parquet with a geometry that maps and databases know."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quakeloom.formats._replacing import replacing

_POINT = 1
"""Number of the geometry "point" in well-known binary (OGC 06-103r4)."""

_ROW_GROUP = 20_000
"""Rows that are read together; small enough that a region is read without the rest."""

_COORDINATES = {
    "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
    "type": "GeographicCRS",
    "name": "WGS 84 (CRS84)",
    "datum": {
        "type": "GeodeticReferenceFrame",
        "name": "World Geodetic System 1984",
        "ellipsoid": {
            "name": "WGS 84",
            "semi_major_axis": 6378137,
            "inverse_flattening": 298.257223563,
        },
    },
    "coordinate_system": {
        "subtype": "ellipsoidal",
        "axis": [
            {
                "name": "Geodetic longitude",
                "abbreviation": "Lon",
                "direction": "east",
                "unit": "degree",
            },
            {
                "name": "Geodetic latitude",
                "abbreviation": "Lat",
                "direction": "north",
                "unit": "degree",
            },
        ],
    },
    "id": {"authority": "OGC", "code": "CRS84"},
}
"""Reference system of the geometry as PROJJSON: longitude and latitude on WGS84."""


def write_geoparquet(table: pa.Table, path: Path) -> None:
    """Write a table with columns ``longitude`` and ``latitude`` as GeoParquet 1.1.

    All columns stay; ``geometry`` is a point as well-known binary, null where a coordinate is not
    known. Longitudes are brought to -180 to 180.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path

    References
    ----------
    Open Geospatial Consortium. GeoParquet specification 1.1.0.
    """
    longitude = table.column("longitude").to_numpy().astype(float)
    # not by a remainder, which would change the last digits
    longitude = np.where(longitude > 180.0, longitude - 360.0, longitude)
    longitude = np.where(longitude < -180.0, longitude + 360.0, longitude)
    latitude = table.column("latitude").to_numpy().astype(float)
    known = np.isfinite(longitude) & np.isfinite(latitude)
    record = np.zeros(len(longitude), dtype=[("order", "u1"), ("kind", "<u4"), ("at", "<f8", 2)])
    record["order"], record["kind"] = 1, _POINT
    record["at"][:, 0], record["at"][:, 1] = longitude, latitude
    points = [r.tobytes() if k else None for r, k in zip(record, known, strict=True)]
    at = table.column_names.index("longitude")
    table = table.set_column(at, "longitude", pa.array(longitude))
    table = table.append_column("geometry", pa.array(points, type=pa.binary()))
    about: dict[str, object] = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "crs": _COORDINATES,
    }
    if known.any():
        about["bbox"] = [
            float(v)
            for v in (
                longitude[known].min(),
                latitude[known].min(),
                longitude[known].max(),
                latitude[known].max(),
            )
        ]
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": about}}
    metadata = {**(table.schema.metadata or {}), b"geo": json.dumps(geo).encode()}
    with replacing(Path(path)) as temporary:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            temporary,
            compression="zstd",
            row_group_size=_ROW_GROUP,
        )
