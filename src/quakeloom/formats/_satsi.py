"""Read the files of SATSI and MSATSI: mechanisms on a grid, stress tensors, their summary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._text_lines import read_lines

_MECHANISMS = "a SATSI file of mechanisms"
"""Name of the input of SATSI, for messages."""

_SOLUTION = "a SATSI file of stress tensors"
"""Name of ``.out``, for messages."""

_SUMMARY = "an MSATSI summary"
"""Name of ``.summary``, for messages."""

_RESAMPLES = "a file of MSATSI's resamples"
"""Name of ``.summary_ext``, for messages."""

_HEADING = "X Y See"
"""What the line above the tensors begins with."""

_FIT = re.compile(r"(?:fit angle mean|avg tau)\s*=\s*(\S+?),?\s.*=\s*(\S+)")
"""Mean and standard deviation at the end of a file of tensors."""


@dataclass(frozen=True)
class SatsiSolution:
    """The damped solution of SATSI.

    Attributes
    ----------
    points : ndarray, (nodes, 2)
        Numbers of the node along X (east) and Y (north).
    components : ndarray, (nodes, 6)
        See, Sen, Seu, Snn, Snu, Suu; east, north, up, tension positive.
    fit_angle_deg, shear : (float, float)
        Mean and standard deviation of the angle between slip and shear traction, and of the
        length of the shear traction.
    """

    points: NDArray[np.int64]
    components: NDArray[np.float64]
    fit_angle_deg: tuple[float, float]
    shear: tuple[float, float]


def read_satsi_mechanisms(path: Path) -> NDArray[np.float64]:
    """Read the input of SATSI without its title.

    Returns
    -------
    ndarray, (mechanisms, 5)
        X, Y, dip direction, dip, rake in degrees.

    Raises
    ------
    FormatError
        If a line has other than five numbers.
    """
    return _numbers(read_lines(path, _MECHANISMS), 5, path, _MECHANISMS)


def read_satsi_solution(path: Path) -> SatsiSolution:
    """Read stress tensors and misfit of SATSI (``.out``).

    Raises
    ------
    FormatError
        If the tensors or the misfit are not found.
    """
    lines = read_lines(path, _SOLUTION)
    at = next((i for i, line in enumerate(lines) if line.startswith(_HEADING)), None)
    fits = [match for line in lines if (match := _FIT.search(line))]
    if at is None or len(fits) != 2:
        raise FormatError(
            f"{path} is not {_SOLUTION}: the line '{_HEADING} ...' or the misfit at its end is "
            "missing. Nothing was read; give the file that SATSI calls NAME.out."
        )
    rows = []
    for line in lines[at + 1 :]:
        if not line.strip():
            break
        rows.append(line)
    table = _numbers(rows, 8, path, _SOLUTION)
    angle, shear = ((float(m[1]), float(m[2])) for m in fits)
    return SatsiSolution(table[:, :2].astype(np.int64), table[:, 2:], angle, shear)


def read_satsi_summary(path: Path) -> list[dict[str, float]]:
    """Read best values and ranges of MSATSI (``.summary``), one mapping a node.

    Keys are those of the file: ``PhiBest``, ``PhiMin``, ``PhiMax``, and for axes 1 to 3
    ``Tr1Best`` (trend), ``Pl1Best`` (plunge) and so on, in degrees.

    Raises
    ------
    FormatError
        If it has no heading, or a row of another length.
    """
    lines = read_lines(path, _SUMMARY)
    names = lines[0].split()
    if "PhiBest" not in names:
        raise FormatError(
            f"{path} is not {_SUMMARY}: its first line has no PhiBest. Nothing was read; give the "
            "file that MSATSI calls NAME.summary."
        )
    table = _numbers(lines[1:], len(names), path, _SUMMARY)
    return [dict(zip(names, map(float, row), strict=True)) for row in table]


def read_satsi_nodes(path: Path) -> NDArray[np.int64]:
    """Read which nodes MSATSI resampled, in the order of its summary (``.summary_ext``).

    Returns
    -------
    ndarray, (nodes, 2)
        X and Y.
    """
    table = _numbers(read_lines(path, _RESAMPLES), 11, path, _RESAMPLES)
    points = table[:, :2].astype(np.int64)
    is_first = np.r_[True, np.any(np.diff(points, axis=0) != 0, axis=1)]
    return np.asarray(points[is_first], dtype=np.int64)


def _numbers(lines: list[str], columns: int, path: Path, title: str) -> NDArray[np.float64]:
    """Return the numbers of all lines that are not empty."""
    rows = []
    for line in lines:
        words = line.split()
        if not words:
            continue
        try:
            row = [float(w) for w in words]
        except ValueError:
            row = []
        if len(row) != columns:
            raise FormatError(
                f"{path} is not {title}: the line '{line.strip()[:60]}' does not have {columns} "
                "numbers. Nothing was read; give another file."
            )
        rows.append(row)
    if not rows:
        raise FormatError(f"{path} has no row, so it is not {title}. Nothing was read.")
    return np.array(rows, dtype=np.float64)
