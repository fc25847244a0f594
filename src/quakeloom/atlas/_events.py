"""Events of an atlas: one row each, near ones together, in pieces that load one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.atlas._columns import Column, encode_codes, encode_texts, quantize
from quakeloom.atlas._contents import AtlasContents
from quakeloom.core import middle_longitude
from quakeloom.schema import QUALITIES, STATUSES

PIECE_ROWS = 16_384
"""Events in a piece that loads at once: some 300 kB of text; chosen here."""

_LEVELS = 12
"""Bits of a coordinate in the order of places; chosen here: 1/4096 of the map."""

_DEEPEST_FINE_KM = 640.0
"""Depth to which a step of 10 m fits into 16 bits with the highest place of an event."""

_HIGHEST_KM = -10.0
"""Highest place of an event, the registry's bound rounded."""

_FIXED = {
    "longitude": ("int32", 1e-5, 0.0),
    "latitude": ("int32", 1e-5, 0.0),
    "magnitude": ("int16", 0.01, 0.0),
    "strike_deg": ("int16", 0.1, 0.0),
    "dip_deg": ("int16", 0.1, 0.0),
    "rake_deg": ("int16", 0.1, 0.0),
    "fault_plane_uncertainty_deg": ("uint8", 0.5, 0.0),
    "auxiliary_plane_uncertainty_deg": ("uint8", 0.5, 0.0),
    "mechanism_probability": ("uint8", 0.005, 0.0),
    "polarity_count": ("uint16", 1.0, 0.0),
    "polarity_misfit": ("uint8", 0.005, 0.0),
    "azimuthal_gap_deg": ("uint16", 1.0, 0.0),
    "ellipse_major_km": ("uint16", 0.01, 0.0),
    "ellipse_minor_km": ("uint16", 0.01, 0.0),
    "ellipse_azimuth_deg": ("uint8", 1.0, 0.0),
}
"""Type, scale and offset of columns, whatever the values are."""

_DEPTHS = ("depth_km", "depth_025_km", "depth_975_km")
"""Columns of depths."""

_OF_HYPOCENTERS = ("depth_025_km", "depth_975_km", "cov_ee", "cov_en", "cov_nn")
"""What the table of hypocenters adds to an event."""

_TIME_UNIT = 1e9
"""Nanoseconds in a second."""

_QUANTILE_68 = 1.515
"""Half axes of an ellipse that holds 68 % of a two-dimensional Gaussian, over its standard
deviations: sqrt(-2 ln(1 - 0.6827))."""


@dataclass(frozen=True)
class EventRows:
    """Events in the order of an atlas.

    Attributes
    ----------
    frame : pandas.DataFrame
        Columns of the registry, with ``time_s`` (seconds since 1970) and the axes of ellipses.
    middle : float
        Longitudes lie within 180 degrees of it.
    """

    frame: pd.DataFrame
    middle: float

    def __len__(self) -> int:
        return len(self.frame)

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Yield first row and end of every piece."""
        for start in range(0, len(self.frame), PIECE_ROWS):
            yield start, min(start + PIECE_ROWS, len(self.frame))


def gather_events(contents: AtlasContents) -> EventRows:
    """Return all events of a run that have a place, near ones together.

    A run's mechanisms come first, since they name every event that it used, solved or not;
    events that only the hypocenters or the sources have follow.
    """
    frames = []
    for name in ("mechanisms", "hypocenters", "events"):
        table = contents.table(name)
        if table.num_rows:
            frames.append(table.to_pandas())
    frame = (
        pd.concat(frames, ignore_index=True) if frames else contents.table("mechanisms").to_pandas()
    )
    frame = frame.drop_duplicates("event_id", keep="first")
    frame = _add_hypocenters(frame, contents)
    frame = frame[
        np.isfinite(frame["longitude"].astype(float)) & np.isfinite(frame["latitude"].astype(float))
    ]
    time = pd.to_datetime(frame["origin_time"], utc=True).dt.as_unit("ns")
    seconds = time.astype("int64").to_numpy() / _TIME_UNIT
    frame = frame.assign(time_s=np.where(time.isna(), np.nan, seconds))
    middle = middle_longitude(frame["longitude"].to_numpy(float)) if len(frame) else 0.0
    frame["longitude"] = unwrap_longitude(frame["longitude"].to_numpy(float), middle)
    order = _near_order(frame["longitude"].to_numpy(float), frame["latitude"].to_numpy(float))
    return EventRows(frame.iloc[order].reset_index(drop=True), middle)


def unwrap_longitude(longitude: NDArray[np.float64], middle: float) -> NDArray[np.float64]:
    """Return longitudes within 180 degrees of a middle one."""
    return np.asarray(middle + (longitude - middle + 180.0) % 360.0 - 180.0)


def _add_hypocenters(frame: pd.DataFrame, contents: AtlasContents) -> pd.DataFrame:
    """Add ranges of depth and error ellipses of located events."""
    table = contents.table("hypocenters")
    frame = frame.drop(columns=[c for c in _OF_HYPOCENTERS if c in frame])
    found = table.select(["event_id", *_OF_HYPOCENTERS]).to_pandas()
    found = found.drop_duplicates("event_id")
    frame = frame.merge(found, on="event_id", how="left", sort=False)
    east, both, north = (frame[c].to_numpy(float) for c in ("cov_ee", "cov_en", "cov_nn"))
    mean, half = 0.5 * (east + north), 0.5 * (north - east)
    root = np.hypot(half, both)
    frame["ellipse_major_km"] = _QUANTILE_68 * np.sqrt(np.maximum(mean + root, 0.0))
    frame["ellipse_minor_km"] = _QUANTILE_68 * np.sqrt(np.maximum(mean - root, 0.0))
    frame["ellipse_azimuth_deg"] = np.degrees(0.5 * np.arctan2(both, half)) % 180.0
    return frame


def _near_order(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rows along Morton's curve: bits of both coordinates in turn."""
    if not len(longitude):
        return np.zeros(0, dtype=np.int64)
    key = np.zeros(len(longitude), dtype=np.int64)
    for shift, values in ((0, longitude), (1, latitude)):
        low, high = float(values.min()), float(values.max())
        cell = (values - low) / max(high - low, 1e-9) * (2**_LEVELS - 1)
        whole = cell.astype(np.int64)
        for bit in range(_LEVELS):
            key |= ((whole >> bit) & 1) << (2 * bit + shift)
    return np.argsort(key, kind="stable")


def event_columns(events: EventRows, start: int, end: int) -> list[Column]:
    """Return the columns of a piece; those without any value in the atlas are left out."""
    rows = events.frame.iloc[start:end]
    columns = []
    for name, (dtype, scale, offset) in _FIXED.items():
        if name in events.frame and events.frame[name].notna().any():
            columns.append(quantize(name, rows[name].to_numpy(float), dtype, scale, offset))
    deepest = np.nanmax(events.frame["depth_km"].to_numpy(float), initial=0.0)
    step = 0.01 if deepest < _DEEPEST_FINE_KM else 0.02
    for name in _DEPTHS:
        if name in events.frame and events.frame[name].notna().any():
            values = rows[name].to_numpy(float)
            columns.append(quantize(name, values, "uint16", step, _HIGHEST_KM))
    if events.frame["time_s"].notna().any():
        first = float(np.floor(np.nanmin(events.frame["time_s"].to_numpy(float))))
        columns.append(quantize("time_s", rows["time_s"].to_numpy(float), "uint32", 1.0, first))
    for name, codes in (("quality", QUALITIES), ("status", STATUSES)):
        if name in events.frame and events.frame[name].notna().any():
            columns.append(encode_codes(name, rows[name].tolist(), codes))
    return columns


def identifier_columns(events: EventRows, start: int, end: int) -> list[Column]:
    """Return the identifiers of a piece as bytes and lengths."""
    return encode_texts("event_id", events.frame["event_id"].iloc[start:end].tolist())


def event_bounds(events: EventRows) -> dict[str, Any]:
    """Return least and largest place, depth, magnitude and time, None where none is known."""
    found: dict[str, Any] = {}
    for name in ("longitude", "latitude", "depth_km", "magnitude", "time_s"):
        values = events.frame[name].to_numpy(float) if name in events.frame else np.zeros(0)
        values = values[np.isfinite(values)]
        found[name] = [float(values.min()), float(values.max())] if len(values) else None
    return found
