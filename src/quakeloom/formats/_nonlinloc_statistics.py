"""Read expected hypocenters and covariances of NonLinLoc's locations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._text_lines import read_lines

_TITLE = "a NonLinLoc location with its statistics"
"""Name of the format, for messages."""

_NUMBER = r"(-?\d+\.?\d*(?:[eE][-+]?\d+)?)"
"""A number as NonLinLoc prints it."""

_PLACE = re.compile(rf"^GEOGRAPHIC .*\bLat {_NUMBER} Long {_NUMBER} Depth {_NUMBER}", re.MULTILINE)
"""The maximum of the posterior."""

_EXPECTED = re.compile(rf"ExpectLat {_NUMBER} Long {_NUMBER} Depth {_NUMBER}")
"""The mean of the posterior."""

_COVARIANCE = re.compile(
    rf"CovXX {_NUMBER} XY {_NUMBER} XZ {_NUMBER} YY {_NUMBER} YZ {_NUMBER} ZZ {_NUMBER}"
)
"""Its covariance, x east, y north, z down, km2."""


@dataclass(frozen=True)
class NonLinLocStatistics:
    """Posterior of a hypocenter as NonLinLoc prints it.

    Attributes
    ----------
    maximum, expected : (float, float, float)
        Longitude and latitude in degrees, depth in km.
    covariance : ndarray, (3, 3)
        East, north, down; km2.
    """

    maximum: tuple[float, float, float]
    expected: tuple[float, float, float]
    covariance: NDArray[np.float64]


def read_nonlinloc_statistics(path: Path) -> NonLinLocStatistics:
    """Read maximum, mean and covariance of the first location in a file (``.hyp``).

    Raises
    ------
    FormatError
        If one of them is missing.
    """
    text = "\n".join(read_lines(path, _TITLE))
    found = [pattern.search(text) for pattern in (_PLACE, _EXPECTED, _COVARIANCE)]
    if any(match is None for match in found):
        raise FormatError(
            f"{path} is not {_TITLE}: GEOGRAPHIC, ExpectLat or CovXX is missing. Nothing was read; "
            "give a file of NLLoc (.loc.hyp)."
        )
    place, expected, covariance = (tuple(map(float, m.groups())) for m in found if m)
    xx, xy, xz, yy, yz, zz = covariance
    return NonLinLocStatistics(
        (place[1], place[0], place[2]),
        (expected[1], expected[0], expected[2]),
        np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]),
    )
