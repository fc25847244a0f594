"""Found planes beside faults that are known already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.faults._rectangles import CENTER, LENGTH, NORMAL, WIDTH, axes_of

Floats = NDArray[np.float64]

MATCHED, OFFSET, UNKNOWN = "matched", "offset", "unknown"
"""A known fault continues in the found plane; one turns like it nearby; there is none."""

_SAME_DEG = 25.0
"""Angle between the normals of a found and a known plane that are one; chosen here: dips of
mapped faults are known to some 15 degrees."""


@dataclass(frozen=True)
class KnownFaults:
    """Segments of known faults.

    Attributes
    ----------
    places : ndarray, shape (segments, 3)
        Middle of each segment, north, east, down, km.
    normals : ndarray, shape (segments, 3)
    names : list of str
    """

    places: Floats
    normals: Floats
    names: list[str]


@dataclass(frozen=True)
class KnownMatches:
    """What known fault each plane is compared with.

    Attributes
    ----------
    status : list of str
        ``matched``, ``offset`` or ``unknown``.
    name : list of str
        The nearest known fault that turns like it; empty if unknown.
    distance_km, angle_deg : ndarray, shape (planes,)
        Distance across that fault's plane from the center of the found plane, and the angle
        between their normals; NaN if unknown.
    """

    status: list[str]
    name: list[str]
    distance_km: Floats
    angle_deg: Floats


def compare_known(
    planes: Floats, known: KnownFaults, near_km: float, far_km: float
) -> KnownMatches:
    """Compare found planes with known faults.

    A known segment counts if its normal is within 25 degrees and its middle is no farther along
    the strike and dip of the found plane than the plane's sides and ``far_km``, so that a trace
    at the surface counts for a plane below it. Of those the one with the least distance across is
    taken.

    Parameters
    ----------
    planes : ndarray, shape (planes, COLUMNS)
    known : KnownFaults
    near_km, far_km : float
        Distances across up to which a plane is matched, and offset.
    """
    status, name = [], []
    distances, angles = np.full(len(planes), np.nan), np.full(len(planes), np.nan)
    for k, plane in enumerate(planes):
        d = known.places - plane[CENTER]
        across = np.abs(np.sum(known.normals * d, axis=1))
        along, down = axes_of(np.ascontiguousarray(plane[NORMAL]))
        angle = np.degrees(np.arccos(np.clip(np.abs(known.normals @ plane[NORMAL]), 0.0, 1.0)))
        # what reaches the surface lies up dip of the plane by its depth
        rise = plane[2] / max(float(down[2]), 0.2)
        beside = np.abs(d @ along) < plane[LENGTH] + far_km
        beside &= np.abs(d @ down) < plane[WIDTH] + far_km + max(rise, 0.0)
        good = np.flatnonzero((angle < _SAME_DEG) & beside & (across < far_km))
        if not good.size:
            status.append(UNKNOWN)
            name.append("")
            continue
        best = good[int(np.lexsort((angle[good], across[good]))[0])]
        status.append(MATCHED if across[best] <= near_km else OFFSET)
        name.append(known.names[best])
        distances[k], angles[k] = across[best], angle[best]
    return KnownMatches(status, name, distances, angles)
