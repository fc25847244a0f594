"""Stress maps in the text format of SCEC's Community Stress Model, with their uncertainty."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._replacing import replacing

Floats = NDArray[np.float64]

_HEADER = """\
# Stress from focal mechanisms in the format of SCEC's Community Stress Model, by quakeloom.
# Two lines for a node: kind 1 is the value, kind 2 what is known of its uncertainty (1 sigma).
# Tension positive; east, north, up; depth in km, positive down; NaN is not known.
# Directions and shape of the tensor mean something (RATIO 1); its size is arbitrary (DEV 0, ISO 0),
# so no magnitude is given. ANG 1: angles of the three axes are uncertain by so many degrees.
# LON LAT DEP 1 SHmax_trend SHmax_mag SHmin_mag SV_mag See Sen Seu Snn Snu Suu RATIO DEV ISO
# LON LAT DEP 2 1-sigma 1-sigma 1-sigma 1-sigma DOT dot-1sig ANG s1-1sig s2-1sig s3-1sig 1sig (3x)
"""
"""Head of a file: what the columns are, and what of the tensor means anything."""


_COLUMNS = 17
"""Numbers of a line."""


class CommunityStress(NamedTuple):
    """What a file of the Community Stress Model says of its nodes.

    Attributes
    ----------
    places : ndarray, shape (nodes, 3)
        Longitude, latitude, depth in km.
    tensors : ndarray, shape (nodes, 3, 3)
        North, east, down; tension positive; of any size.
    shmax_deg : ndarray, shape (nodes, 2)
        Direction of SHmax and its standard deviation.
    axis_std_deg : ndarray, shape (nodes, 3)
        Standard deviations of the principal axes S1, S2, S3 as angles.
    ratio_std : ndarray, shape (nodes,)
        Standard deviation of the shape ratio (S2 - S3) / (S1 - S3).
    """

    places: Floats
    tensors: Floats
    shmax_deg: Floats
    axis_std_deg: Floats
    ratio_std: Floats


def write_stress_csm(model: CommunityStress, path: Path) -> None:
    """Write a stress map with its uncertainty.

    Parameters
    ----------
    model : CommunityStress
    path : Path

    References
    ----------
    Southern California Earthquake Center. Community Stress Model, stress model formats (revision
    1): the columns, and the flags RATIO, DEV and ISO after the tensor of a node.
    """
    lines = [_HEADER]
    signs = np.array([[1.0, 1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
    order = np.array([1, 0, 2])
    for place, tensor, trend, axes, ratio in zip(*model, strict=True):
        # north, east, down to east, north, up
        t = tensor[np.ix_(order, order)] * signs
        where = f"{(place[0] + 180.0) % 360.0 - 180.0:.5f} {place[1]:.5f} {_text(place[2], 3)}"
        upper = " ".join(f"{v:.7f}" for v in t[np.triu_indices(3)])
        spread = " ".join(_text(v, 3) for v in axes)
        lines.append(f"{where} 1 {_text(trend[0], 3)} NaN NaN NaN {upper} 1 0 0\n")
        known = f"0 NaN 1 {spread} {_text(ratio, 4)} NaN NaN"
        lines.append(f"{where} 2 {_text(trend[1], 3)} NaN NaN NaN {known}\n")
    with replacing(Path(path)) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def read_stress_csm(path: Path) -> CommunityStress:
    """Read the nodes of a file of the Community Stress Model whose tensors have no size.

    Parameters
    ----------
    path : Path

    Returns
    -------
    CommunityStress
        Tensors as they are written; NaN where the file does not know a value.

    Raises
    ------
    FormatError
        If a node has not both of its lines, each of 17 numbers.
    """
    rows = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            rows.append([float(word) for word in words])
        except ValueError:
            rows.append([])
        kind = 1 + (len(rows) - 1) % 2
        if len(rows[-1]) != _COLUMNS or rows[-1][3] != kind:
            raise FormatError(
                f"Line {number} of '{path}' is not the line of kind {kind} of a node with its "
                f"{_COLUMNS} numbers, so the file is no Community Stress Model. Nothing was read; "
                "write it again, or take out what is not of the format."
            )
    if len(rows) % 2:
        raise FormatError(
            f"The last node of '{path}' has no line of kind 2, its uncertainty. Nothing was read; "
            "the file is cut off: write it again."
        )
    values = np.array(rows, dtype=float).reshape(-1, 2, _COLUMNS)
    best, spread = values[:, 0], values[:, 1]
    ee, en, eu, nn, nu, uu = best[:, 8:14].T
    tensors = np.stack([nn, en, -nu, en, ee, -eu, -nu, -eu, uu], axis=-1).reshape(-1, 3, 3)
    trend = np.stack([best[:, 4], spread[:, 4]], axis=-1)
    return CommunityStress(best[:, :3], tensors, trend, spread[:, 11:14], spread[:, 14])


def _text(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "NaN"
