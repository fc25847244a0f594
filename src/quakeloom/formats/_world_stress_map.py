"""Stress maps as records of the World Stress Map, with its own ranking of quality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from quakeloom.formats._replacing import replacing

_HEADER = (
    "ID,LAT,LON,AZI,TYPE,DEPTH,QUALITY,REGIME,S1AZ,S1PL,S2AZ,S2PL,S3AZ,S3PL,SHAPE_RATIO,NUMBER,SD,"
    "METHOD"
)
"""Columns of the World Stress Map's database that a stress map fills, and the shape ratio."""

_METHOD = "linear inversion of slip directions (Michael 1984) smoothed by ABIC"
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
    """Write a ``stress`` table in the column style of the World Stress Map.

    A record is a node with mechanisms of its own; what smoothness alone fills is no measurement
    and is left out. TYPE is FMF, a formal inversion of focal mechanisms; AZI is SHmax, NUMBER the
    mechanisms whose nearest node it is, SD the standard deviation of SHmax. QUALITY is that of
    :func:`grade_formal_inversion`, where mechanisms count as much as they weigh: one that is not
    well constrained is no whole one. The number in ID is the row of table ``stress``, from 1.
    """
    lines = [_HEADER]
    for number, row in enumerate(table.to_pylist(), start=1):
        if row["mechanism_count"] < 1:
            continue
        constrained = min(row["mechanism_count"], row["data_weight"])
        values = [
            f"node{number}",
            f"{row['latitude']:.4f}",
            f"{(row['longitude'] + 180.0) % 360.0 - 180.0:.4f}",
            _angle(row["shmax_deg"], 180),
            "FMF",
            _number(row["depth_km"], 1),
            grade_formal_inversion(constrained, row["shmax_std_deg"]),
            row["regime"],
        ]
        for n in (1, 2, 3):
            values += [
                _angle(row[f"s{n}_azimuth_deg"], 360),
                _number(row[f"s{n}_plunge_deg"], 0),
            ]
        values += [
            _number(row["shape_ratio"], 2),
            str(row["mechanism_count"]),
            _number(row["shmax_std_deg"], 0),
            _METHOD,
        ]
        lines.append(",".join(values))
    with replacing(Path(path)) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _angle(value: float, period: int) -> str:
    """A whole number of degrees below the period: 179.6 of an axis is 0."""
    return "" if not np.isfinite(value) else str(round(value) % period)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"
