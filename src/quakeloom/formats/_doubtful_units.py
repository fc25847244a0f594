"""Columns whose values are possible, but look like those of another unit or sign."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from quakeloom.core import FormatError

_FEW = 5
"""Fewer values say nothing about their unit."""

_HIGHEST_KM = 9.0
"""Heights in km are below; a network whose heights in m all are, too, is on a flat coast."""

_AIR_KM = -3.0
"""Most earthquakes of a catalog are not this high above the sea."""


_LARGEST_RADIANS = {
    "mechanisms": {"strike_deg": 6.2832, "dip_deg": 1.5708, "rake_deg": 6.2832},
    "polarities": {"azimuth_deg": 6.2832, "takeoff_deg": 3.1416},
    "tendency": {"strike_deg": 6.2832, "dip_deg": 1.5708},
}
"""Largest sizes of angles in radians, by table: a turn, half of one, a quarter, rounded up."""


def refuse_radians(table: str, rows: pa.Table, path: str | Path) -> None:
    """Refuse a table all of whose angles together can be radians alone.

    Five planes all of which strike within 6 degrees of north and dip by less than 2 are no
    geology, and rays within 3 degrees of straight down reach no network.

    Raises
    ------
    FormatError
        With what to write.
    """
    limits = _LARGEST_RADIANS.get(table)
    if limits is None:
        return
    angles = {name: rows.column(name).to_numpy() for name in limits}
    known = np.isfinite(np.stack(list(angles.values()))).all(axis=0)
    sizes = {name: np.abs(values[known]) for name, values in angles.items()}
    if known.sum() < _FEW or any(
        size.max() > limits[name] or size.max() == 0.0 for name, size in sizes.items()
    ):
        return
    ranges = ", ".join(f"{n} at most {s.max():.3g}" for n, s in sizes.items())
    raise FormatError(
        f"'{path}' has angles in radians: of all {int(known.sum())} rows, {ranges}. Nothing is "
        "taken from it; write degrees."
    )


def doubtful_units(table: str, rows: pa.Table) -> list[str]:
    """Say which columns of a registered table may be in another unit, and what to do then."""
    doubts = []
    if table == "stations":
        heights = rows.column("elevation_m").to_numpy()
        heights = np.unique(heights[np.isfinite(heights) & (heights != 0.0)])
        broken = heights != np.round(heights)
        if heights.size >= _FEW and np.all(np.abs(heights) < _HIGHEST_KM) and broken.all():
            doubts.append(
                f"all elevations are between {heights[0]:g} and {heights[-1]:g} m; if they are "
                "km, call the column elevation_km"
            )
    if table in ("events", "mechanisms"):
        depths = rows.column("depth_km").to_numpy()
        depths = depths[np.isfinite(depths)]
        if depths.size >= _FEW and np.median(depths) < _AIR_KM:
            doubts.append(
                f"the median depth is {np.median(depths):g} km, above the sea; depth_km is "
                "positive downward: write it with the other sign"
            )
    return doubts
