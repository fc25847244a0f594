"""Stress maps in the text format of SCEC's Community Stress Model, with their uncertainty."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.formats._replacing import replacing

_HEADER = """\
# Stress from focal mechanisms in the format of the SCEC Community Stress Model.
# Two lines for a node: kind 1 is the value, kind 2 its standard deviation (1 sigma).
# Tension positive; east, north, up; depth in km, positive down; NaN is not known.
# Only the direction and the shape of the tensor mean anything: RATIO 1, DEV 0, ISO 0.
# RATIO 1
# DEV 0
# ISO 0
# LON LAT DEP kind SHmax_trend SHmax_mag SHmin_mag SV_mag See Sen Seu Snn Snu Suu
"""
"""Head of a file: what the columns are, and the flags of what the tensor means."""


def write_stress_csm(
    places: NDArray[np.float64],
    shmax_deg: NDArray[np.float64],
    tensors: NDArray[np.float64],
    path: Path,
) -> None:
    """Write a stress map with the uncertainty of its tensors.

    Parameters
    ----------
    places : ndarray, shape (nodes, 3)
        Longitude, latitude, depth in km.
    shmax_deg : ndarray, shape (nodes, 2)
        Direction of SHmax and its standard deviation.
    tensors : ndarray, shape (nodes, 2, 3, 3)
        Best tensors and standard deviations of their components; north, east, down; tension
        positive.
    path : Path

    References
    ----------
    Southern California Earthquake Center. Community Stress Model, file formats. The columns are
    See, Sen, Seu, Snn, Snu, Suu; magnitudes are those of the reduced tensor.
    """
    lines = [_HEADER]
    signs = np.array([[1.0, 1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
    for place, trend, pair in zip(places, shmax_deg, tensors, strict=True):
        for kind in (0, 1):
            # north, east, down to east, north, up; a standard deviation has no sign
            order = np.array([1, 0, 2])
            t = pair[kind][np.ix_(order, order)] * (signs if kind == 0 else 1.0)
            magnitudes = _magnitudes(t, trend[0]) if kind == 0 else (np.nan, np.nan, t[2, 2])
            values = [*magnitudes, t[0, 0], t[0, 1], t[0, 2], t[1, 1], t[1, 2], t[2, 2]]
            where = f"{(place[0] + 180.0) % 360.0 - 180.0:.5f} {place[1]:.5f} {place[2]:.3f}"
            numbers = " ".join(f"{v:.8f}" if np.isfinite(v) else "NaN" for v in values)
            lines.append(f"{where.replace('nan', 'NaN')} {kind + 1} {trend[kind]:.3f} {numbers}\n")
    with replacing(Path(path)) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def _magnitudes(t: NDArray[np.float64], trend_deg: float) -> tuple[float, float, float]:
    """Return the normal stress along SHmax, across it, and the vertical one."""
    a = np.radians(trend_deg)
    along = np.array([np.sin(a), np.cos(a), 0.0])
    across = np.array([np.cos(a), -np.sin(a), 0.0])
    return float(along @ t @ along), float(across @ t @ across), float(t[2, 2])
