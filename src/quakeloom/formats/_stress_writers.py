"""Stress maps as files that other programs use: GMT and GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.formats._replacing import replacing


def write_stress_gmt(table: pa.Table, path: Path) -> None:
    """Write SHmax for ``gmt plot -SV`` or ``velo``: longitude, latitude, azimuth and the rest.

    Columns: longitude, latitude, SHmax, its standard deviation, A_phi, regime, quality.
    """
    lines = ["# longitude latitude shmax_deg shmax_std_deg a_phi regime quality"]
    for row in table.to_pylist():
        lines.append(
            f"{row['longitude']:.4f} {row['latitude']:.4f} {row['shmax_deg']:.2f} "
            f"{row['shmax_std_deg']:.2f} {row['a_phi']:.3f} {row['regime']} "
            f"{row['stress_quality'] or '-'}"
        )
    _write(path, "\n".join(lines) + "\n")


def write_stress_geojson(table: pa.Table, path: Path, length_deg: float = 0.1) -> None:
    """Write SHmax bars as GeoJSON lines, with every column as a property.

    Parameters
    ----------
    length_deg : float
        Length of a bar in degrees of latitude.
    """
    features = []
    for row in table.to_pylist():
        angle = np.radians(row["shmax_deg"])
        north = 0.5 * length_deg * np.cos(angle)
        east = 0.5 * length_deg * np.sin(angle) / max(np.cos(np.radians(row["latitude"])), 0.01)
        line = [
            [round(row["longitude"] + s * east, 5), round(row["latitude"] + s * north, 5)]
            for s in (-1, 1)
        ]
        features.append(_feature("LineString", line, row))
    _write(path, json.dumps({"type": "FeatureCollection", "features": features}) + "\n")


def write_fault_geojson(table: pa.Table, path: Path) -> None:
    """Write a ``tendency`` table as GeoJSON points with every column as a property."""
    features = [
        _feature("Point", [row["longitude"], row["latitude"]], row) for row in table.to_pylist()
    ]
    _write(path, json.dumps({"type": "FeatureCollection", "features": features}) + "\n")


def write_mechanism_geojson(table: pa.Table, path: Path) -> None:
    """Write a table of mechanisms as GeoJSON points with every column as a property.

    Events without a place are left out, since a point needs one; times are text in UTC.
    """
    features = []
    for row in table.to_pylist():
        place = [row["longitude"], row["latitude"]]
        if not all(v is not None and np.isfinite(v) for v in place):
            continue
        time = row["origin_time"]
        row["origin_time"] = None if time is None else time.isoformat().replace("+00:00", "Z")
        features.append(_feature("Point", [round(v, 6) for v in place], row))
    _write(path, json.dumps({"type": "FeatureCollection", "features": features}) + "\n")


def _feature(kind: str, coordinates: list[Any], row: dict[str, Any]) -> dict[str, Any]:
    properties = {
        k: None if isinstance(v, float) and not np.isfinite(v) else _rounded(v)
        for k, v in row.items()
    }
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": properties,
    }


def _rounded(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value


def _write(path: Path, text: str) -> None:
    with replacing(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")
