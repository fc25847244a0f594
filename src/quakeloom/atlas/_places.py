"""Stations, faults and the coast of an atlas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from quakeloom.atlas._columns import Column, quantize
from quakeloom.atlas._contents import AtlasContents
from quakeloom.atlas._events import unwrap_longitude
from quakeloom.core import Coastline, geographic_position

_COAST_STEPS = 1500.0
"""Steps of the coast along the longer side of a map; chosen here: one is half a pixel of a large
screen at the first view."""

_LEAST_STEP_DEG = 1e-4
"""Finest step of the coast, that of the file."""

_WORLD_DEG = 360.0
"""All longitudes."""

_VERDICT_FIELDS = (
    "polarity_count",
    "contradiction_count",
    "contradiction_rate",
    "verdict",
    "reason",
)
"""What the station report says of a station."""


def gather_stations(contents: AtlasContents, middle: float) -> pd.DataFrame:
    """Return stations, one row each, with the verdict of the station report.

    Epochs and channels of a station become one row at its last place; stations that only readings
    name have no place and are kept for their names.
    """
    columns = ["network", "station", "longitude", "latitude", "elevation_m"]
    frame = contents.table("stations").select(columns).to_pandas()
    frame = frame.drop_duplicates(["network", "station"], keep="last")
    named = contents.table("polarities").select(["network", "station"]).to_pandas()
    named = named.drop_duplicates()
    frame = pd.concat([frame, named], ignore_index=True).drop_duplicates(["network", "station"])
    frame["longitude"] = unwrap_longitude(frame["longitude"].to_numpy(float), middle)
    report = contents.table("station_report").to_pandas()
    report = report[(report["station"] != "") & (report["pick_kind"] == "")]
    report = report.drop_duplicates(["network", "station"])
    kept = report[["network", "station", *_VERDICT_FIELDS]]
    joined: pd.DataFrame = frame.merge(kept, on=["network", "station"], how="left")
    return joined.reset_index(drop=True)


def station_values(stations: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the columns of stations as plain lists."""
    found: dict[str, list[Any]] = {}
    for name in stations.columns:
        values = stations[name]
        if values.dtype.kind == "f":
            found[name] = [None if not np.isfinite(v) else round(float(v), 5) for v in values]
        else:
            found[name] = [None if pd.isna(v) else v for v in values]
    return found


def fault_values(contents: AtlasContents, middle: float) -> dict[str, list[Any]]:
    """Return known and found faults as plain lists, with their slip tendency where it is known.

    Found planes have ``outline``: longitude and latitude of their four corners in turn, the upper
    edge first; so have they what the stage that found them says. Others have null there.
    """
    frame = contents.table("tendency").to_pandas()
    found = contents.table("faults").to_pandas()
    kept = [c for c in found.columns if c == "fault" or c not in frame]
    beside = found[~found["fault"].isin(frame["fault"])]
    frame = frame.merge(found[kept].drop_duplicates("fault"), on="fault", how="left", sort=False)
    if len(beside):
        frame = pd.concat([frame, beside[[c for c in beside if c in frame]]], ignore_index=True)
    if not len(frame):
        return station_values(contents.table("tendency").to_pandas())
    frame["longitude"] = unwrap_longitude(frame["longitude"].to_numpy(float), middle)
    values = station_values(frame)
    values["outline"] = [_outline(row, middle) for row in frame.to_dict("records")]
    return values


def _outline(plane: dict[str, Any], middle: float) -> list[float] | None:
    """Return the corners of a plane seen from above, or None where it has no size."""
    names = ("longitude", "latitude", "strike_deg", "dip_deg", "fault_length_km", "fault_width_km")
    lon, lat, strike, dip, length, width = (float(plane[n]) for n in names)
    if not np.isfinite([lon, lat, strike, dip, length, width]).all():
        return None
    s, across = np.radians(strike), 0.5 * width * np.cos(np.radians(dip))
    along = 0.5 * length * np.array([np.cos(s), np.sin(s)])
    down = across * np.array([-np.sin(s), np.cos(s)])
    corners = np.stack([-along - down, along - down, along + down, -along + down])
    x, y = geographic_position(lon, lat, corners[:, 0], corners[:, 1])
    x = unwrap_longitude(np.asarray(x, dtype=float), middle)
    return [round(float(v), 5) for v in np.stack([x, y], axis=1).ravel()]


def map_extent(*places: tuple[Any, Any]) -> tuple[float, float, float, float]:
    """Return west, east, south, north around places, a fifth of a degree at least.

    Parameters
    ----------
    *places : tuple of array_like
        Longitudes and latitudes, of events, nodes and so on; empty ones do not count.
    """
    longitude = np.concatenate([np.asarray(p[0], float).ravel() for p in places] or [np.zeros(0)])
    latitude = np.concatenate([np.asarray(p[1], float).ravel() for p in places] or [np.zeros(0)])
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if not known.any():
        return -180.0, 180.0, -60.0, 75.0
    west, east = float(longitude[known].min()), float(longitude[known].max())
    south, north = float(latitude[known].min()), float(latitude[known].max())
    room = 0.1
    return west - room, east + room, max(south - room, -90.0), min(north + room, 90.0)


def coast_columns(
    coastline: Coastline | None, extent: tuple[float, float, float, float]
) -> list[Column]:
    """Return the land around a map: rings as longitudes, latitudes and lengths.

    Parameters
    ----------
    coastline : Coastline or None
    extent : tuple of float
        West, east, south, north of what the map shows; the land reaches further, so that one can
        move about.
    """
    if coastline is None:
        return []
    west, east, south, north = coast_frame(extent)
    step = max((east - west) / 3.0, (north - south) / 3.0) / _COAST_STEPS
    rings = coastline.clip(west, east, south, north, max(step, _LEAST_STEP_DEG))
    points = np.concatenate(rings) if rings else np.zeros((0, 2))
    return [
        quantize("longitude", points[:, 0], "int32", 1e-5),
        quantize("latitude", points[:, 1], "int32", 1e-5),
        quantize("ring_length", [len(r) for r in rings], "uint32"),
    ]


def coast_frame(extent: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return the frame in which land is kept: the extent with as much again on every side."""
    west, east, south, north = extent
    across = max(east - west, 1.5 * (north - south), 2.0)
    along = max(north - south, 0.7 * (east - west), 2.0)
    west, east = west - across, east + across
    if east - west > _WORLD_DEG:
        middle = 0.5 * (west + east)
        west, east = middle - 0.5 * _WORLD_DEG, middle + 0.5 * _WORLD_DEG
    return west, east, max(south - along, -90.0), min(north + along, 90.0)
