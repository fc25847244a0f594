"""What locating in grids takes and gives: places of stations, and times on grids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.location import EnsembleTimes, Plane

Floats = NDArray[np.float64]

LEAST_KM, LARGEST_KM = -1.0, 60.0
"""Depths below sea level that are searched by default: from above most ground to below most crust.
Chosen here."""


@dataclass(frozen=True)
class Places:
    """Stations by name: ``NET.STA``, longitude, latitude and depth below sea level in km."""

    names: tuple[str, ...]
    longitude: Floats
    latitude: Floats
    depth_km: Floats


@dataclass(frozen=True)
class GridEnsemble:
    """Times on grids, the plane that they lie in, and the depths of the boundary.

    Attributes
    ----------
    times : EnsembleTimes
    plane : Plane or None
        None where times depend on distance and depth alone.
    boundary_km : ndarray, shape (norths, easts, members)
        NaN where there is none.
    """

    times: EnsembleTimes
    plane: Plane | None
    boundary_km: Floats
