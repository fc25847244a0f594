"""Stress maps as records of the World Stress Map, with its own ranking of quality."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.formats._replacing import replacing

_FIELDS = (
    "ID", "ISC_ID", "SITE", "LAT", "LON", "AZI", "TYPE", "DEPTH", "QUALITY", "REGIME", "LOCALITY",
    "COUNTRY", "DATE", "TIME", "NUMBER", "SD", "TOT_LEN", "VENT", "TOP", "BOT", "ANISOTROPY",
    "METHOD", "S1AZ", "S1PL", "S2AZ", "S2PL", "S3AZ", "S3PL", "MAG_TYPE", "EQ_MAG", "CRUST",
    "REF1", "REF2", "REF3", "REF4", "REF5", "REF6", "COMMENT", "PLATE", "DIST",
)  # fmt: skip
"""Columns of the database of the World Stress Map in the order of its release of 2025 (Heidbach et
al. 2025, doi:10.5880/WSM.2025.001). Earlier releases had 57, of other names."""

_METHOD = "Linear inversion (Michael 1984) smoothed by ABIC"
"""Content of METHOD: the formal inversion behind every record."""

_FORMAL = (("A", 15, 12.0), ("B", 8, 20.0))
"""Letter, smallest number of mechanisms and largest standard deviation of SHmax in degrees of a
formal inversion (FMF) in the quality ranking of the World Stress Map: Heidbach et al. (2016),
WSM Technical Report 16-01, table of the ranking scheme. FMF has no letter below B there."""

_GENERAL = (("C", 8, 25.0), ("D", 1, 40.0))
"""What is no A and no B: the accuracies that letters C and D stand for in the same report. C is
for as many mechanisms as B needs; fewer are D, as averages of mechanisms (FMA) are there."""


def grade_formal_inversion(count: float, std_deg: float) -> str:
    """Return the World Stress Map's quality of a formal inversion of mechanisms (FMF).

    Parameters
    ----------
    count : float
        Well-constrained mechanisms near the place.
    std_deg : float
        Standard deviation of SHmax in degrees.

    Returns
    -------
    str
        A for 15 mechanisms within 12 degrees, B for 8 within 20. The ranking has no more letters
        for FMF, so the general accuracies follow: C within 25 degrees of 8 mechanisms, D within
        40, else E.

    References
    ----------
    Heidbach, O., Barth, A., Mueller, B., Reinecker, J., Stephansson, O., Tingay, M. and Zang, A.
    (2016). WSM quality ranking scheme, database description and analysis guidelines for stress
    indicator. World Stress Map Technical Report 16-01. doi:10.2312/wsm.2016.001
    """
    for letter, needed, widest in (*_FORMAL, *_GENERAL):
        if count >= needed and std_deg <= widest:
            return letter
    return "E"


def write_stress_wsm(table: pa.Table, path: Path) -> None:
    """Write a ``stress`` table as records of the World Stress Map, in the columns of 2025.

    A record is a node with mechanisms of its own; what smoothness alone fills is no measurement
    and is left out. TYPE is FMF, a formal inversion of focal mechanisms; AZI is SHmax, NUMBER the
    mechanisms whose nearest node it is, SD the standard deviation of SHmax. QUALITY is that of
    :func:`grade_formal_inversion`, where mechanisms count as much as they weigh: one that is not
    well constrained is no whole one. The number in ID is the row of table ``stress``, from 1. The
    shape ratio, which has no column there, is in COMMENT; what a stress map does not know is empty.
    """
    with replacing(Path(path)) as temporary, temporary.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, _FIELDS, restval="", lineterminator="\n")
        writer.writeheader()
        for number, row in enumerate(table.to_pylist(), start=1):
            if row["mechanism_count"] >= 1:
                writer.writerow(_record(number, row))


def _record(number: int, row: dict[str, Any]) -> dict[str, str]:
    """Return what a node fills of a record."""
    constrained = min(row["mechanism_count"], row["data_weight"])
    ratio = _number(row["shape_ratio"], 2)
    record = {
        "ID": f"node{number}",
        "LAT": f"{row['latitude']:.4f}",
        "LON": f"{(row['longitude'] + 180.0) % 360.0 - 180.0:.4f}",
        "AZI": _angle(row["shmax_deg"], 180),
        "TYPE": "FMF",
        "DEPTH": _number(row["depth_km"], 1),
        "QUALITY": grade_formal_inversion(constrained, row["shmax_std_deg"]),
        "REGIME": row["regime"],
        "NUMBER": str(row["mechanism_count"]),
        "SD": _number(row["shmax_std_deg"], 0),
        "METHOD": _METHOD,
        "COMMENT": f"shape ratio (S2-S3)/(S1-S3) {ratio}" if ratio else "",
    }
    for n in (1, 2, 3):
        record[f"S{n}AZ"] = _angle(row[f"s{n}_azimuth_deg"], 360)
        record[f"S{n}PL"] = _number(row[f"s{n}_plunge_deg"], 0)
    return record


def _angle(value: float, period: int) -> str:
    """A whole number of degrees below the period: 179.6 of an axis is 0."""
    return "" if not np.isfinite(value) else str(round(value) % period)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"
