"""Columns whose values are possible, but look like those of another unit, sign or direction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._source_tables import SourceTables
from quakeloom.schema import make_table

_FEW = 5
"""Fewer values say nothing about their unit."""

_HIGHEST_KM = 9.0
"""Heights in km are below; a network whose heights in m all are, too, is on a flat coast."""

_HORIZONTAL = r"(?i)^..[NE]$"
"""Channels of three letters that are horizontal by their name."""

_NO_DEPTH_KM = -9.0
"""Stands for none."""

_AIR_KM = -3.0
"""Most earthquakes of a catalog are not this high above the sea."""

_RADIANS = (2.0 * np.pi, np.pi / 2.0)
"""Largest size of a longitude and of a latitude in radians. As degrees these are in the Gulf of
Guinea, where there is sea alone."""

_SMALL, _LARGEST_SMALL = 2.0, 4.0
"""Moment tensors are rarely found for catalogs whose median and largest magnitudes are smaller;
moments in N m of regional and global catalogs give such."""

_UP_BY = 14.0 / 3.0
"""Magnitude by which a moment in N m is larger than the same number in dyn cm."""

_LARGE_ERROR_S = 10.0
"""Standard errors of most picks are smaller, those of emergent teleseisms as well (chosen here)."""

_HUGE_ERROR_S = 60.0
"""A pick with a larger standard error says nothing of a local or regional event (chosen here)."""


def put_aside_doubts(tables: SourceTables) -> SourceTables:
    """Return tables with a row in the rejects for every column that may be in another unit.

    For formats whose columns have units of their own; those of named columns say it themselves.
    """
    doubts = [
        (table, doubt)
        for table in ("events", "stations", "polarities", "picks")
        for doubt in doubtful_units(table, getattr(tables, table))
    ]
    known = set(tables.rejects.column("reason").to_pylist()) if doubts else set()
    doubts = [(table, doubt) for table, doubt in doubts if doubt not in known]
    if not doubts:
        return tables
    columns = {
        "source_file": [getattr(tables, t).column("source_file")[0].as_py() for t, _ in doubts],
        "source_line": [-1] * len(doubts),
        "record": ["column"] * len(doubts),
        "reason": [doubt for _, doubt in doubts],
    }
    said = make_table("rejects", columns, len(doubts))
    return replace(tables, rejects=pa.concat_tables([tables.rejects, said]))


_LARGEST_RADIANS = {
    "polarities": {"azimuth_deg": 6.2832, "takeoff_deg": 3.1416},
    "tendency": {"strike_deg": 6.2832, "dip_deg": 1.5708},
}
"""Largest sizes of angles in radians, by table: a turn, half of one, a quarter, rounded up. Those
of mechanisms are looked at where all formats meet, :mod:`quakeloom.formats._doubtful_planes`."""


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
    if table in ("events", "stations", "mechanisms"):
        nowhere = sum(
            (rows.column("longitude").to_numpy() == 0.0)
            & (rows.column("latitude").to_numpy() == 0.0)
        )
        if nowhere:
            doubts.append(
                f"{nowhere} of {rows.num_rows} {table} are at longitude 0 and latitude 0, as where "
                "the place is not known; take them out unless they are there"
            )
        doubts += _doubtful_degrees(table, rows)
    if table == "polarities":
        doubts += _horizontal_motions(rows)
    if table == "stations":
        heights = rows.column("elevation_m").to_numpy()
        heights = np.unique(heights[np.isfinite(heights) & (heights != 0.0)])
        broken = heights != np.round(heights)
        if heights.size >= _FEW and np.all(np.abs(heights) < _HIGHEST_KM) and broken.all():
            doubts.append(
                f"all elevations are between {heights[0]:g} and {heights[-1]:g} m; if they are "
                "km, call the column elevation_km"
            )
    if table == "picks":
        doubts += _doubtful_errors(rows)
    if table in ("events", "mechanisms"):
        depths = rows.column("depth_km").to_numpy()
        depths = depths[depths > _NO_DEPTH_KM]
        if depths.size and np.median(depths) < _AIR_KM:
            doubts.append(
                f"the median depth is {np.median(depths):g} km, above the sea; depth_km is "
                "positive downward: write it with the other sign"
            )
    return doubts


def doubtful_moments(magnitude: NDArray[np.float64]) -> list[str]:
    """Say where moments in dyn cm give magnitudes so small that they may be in N m.

    Parameters
    ----------
    magnitude : ndarray, shape (mechanisms,)
        Moment magnitudes; NaN is not known.
    """
    magnitude = magnitude[np.isfinite(magnitude)]
    if not magnitude.size or magnitude.max() > _LARGEST_SMALL or np.median(magnitude) > _SMALL:
        return []
    low, high = magnitude.min(), magnitude.max()
    return [
        f"moments in dyn cm, as GMT has them, give magnitudes from {low:.1f} to {high:.1f}; if "
        f"they are in N m, add 7 to the exponents, and magnitudes are {low + _UP_BY:.1f} to "
        f"{high + _UP_BY:.1f}"
    ]


def _doubtful_degrees(table: str, rows: pa.Table) -> list[str]:
    """Say where all places are in a corner of the Gulf of Guinea, as radians are."""
    longitude, latitude = (rows.column(n).to_numpy() for n in ("longitude", "latitude"))
    known = np.isfinite(longitude + latitude)
    places = np.unique(np.stack([longitude[known], latitude[known]]), axis=1)
    if places.shape[1] < _FEW or np.any(np.abs(places).max(axis=1) > _RADIANS):
        return []
    # networks of simulations lie around 0, which no network in radians does
    (west, south), (east, north) = places.min(axis=1), places.max(axis=1)
    if west <= 0.0 <= east and south <= 0.0 <= north:
        return []
    if np.all(places == np.round(places)):
        return []
    return [
        f"all {int(known.sum())} {table} are at longitude {west:.4g} to {east:.4g} and latitude "
        f"{south:.4g} to {north:.4g}, in the Gulf of Guinea; if these are radians, write degrees: "
        f"{np.degrees(west):.4g} to {np.degrees(east):.4g} and {np.degrees(south):.4g} to "
        f"{np.degrees(north):.4g}"
    ]


def _doubtful_errors(rows: pa.Table) -> list[str]:
    """Say where standard errors of picks are so large that they may be in ms."""
    errors = rows.column("uncertainty_s").to_numpy()
    errors = errors[np.isfinite(errors)]
    if not errors.size:
        return []
    middle, huge = float(np.median(errors)), int(np.sum(errors > _HUGE_ERROR_S))
    if middle > _LARGE_ERROR_S:
        return [
            f"the median standard error of {errors.size} picks is {middle:g} s, so they say "
            f"next to nothing; if it is in ms, write {middle / 1e3:g}"
        ]
    if huge:
        return [
            f"{huge} of {errors.size} picks have standard errors above {_HUGE_ERROR_S:g} s and say "
            "next to nothing; correct them, or take these picks out"
        ]
    return []


def _horizontal_motions(rows: pa.Table) -> list[str]:
    """Say how many first motions were read on channels that are horizontal by their name."""
    signed = pc.not_equal(rows.column("polarity"), 0)
    names = pc.match_substring_regex(rows.column("channel"), _HORIZONTAL)
    count = int(pc.sum(pc.and_(signed, names)).as_py() or 0)
    if not count:
        return []
    return [
        f"{count} of {rows.num_rows} first motions were read on horizontal channels; they count as "
        "up and down like those of verticals: take them out if they say toward and away"
    ]
