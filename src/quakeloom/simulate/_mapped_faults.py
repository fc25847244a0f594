"""Mapped faults of the synthetic Earth, and the aftershocks that lie on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import fault_vectors
from quakeloom.simulate._coastline import KM_PER_DEGREE

Floats = NDArray[np.float64]

_THICKNESS_KM = 0.05
"""Standard deviation of the distance of aftershocks from their fault, km; chosen here: thinner
than any location error."""


@dataclass(frozen=True)
class MappedFault:
    """A rectangular fault with an aftershock sequence.

    Attributes
    ----------
    name : str
    longitude, latitude : float
        Middle, degrees.
    depth_km : float
        Depth of the middle.
    strike_deg, dip_deg : float
        Dip to the right of the strike.
    length_km, width_km : float
        Along strike, and down dip.
    share : float
        Weight of its events among those of all mapped faults.
    start : float
        When its mainshock comes, as a share of the time span.
    """

    name: str
    longitude: float
    latitude: float
    depth_km: float
    strike_deg: float
    dip_deg: float
    length_km: float
    width_km: float
    share: float
    start: float


REGION_FAULTS = (
    MappedFault("North fault", 137.05, 36.45, 8.0, 140.0, 85.0, 14.0, 8.0, 0.36, 0.05),
    MappedFault("South fault", 136.95, 35.85, 10.0, 80.0, 80.0, 12.0, 7.0, 0.32, 0.30),
    MappedFault("East fault", 138.0, 36.05, 11.0, 160.0, 40.0, 13.0, 9.0, 0.32, 0.55),
)
"""Faults of the varied region: two strike-slip faults, conjugate to each other, west of the
Seam and a reverse fault east of it, each near failure in the stress around it; chosen here."""

BOUNDARY_NAME = "Seam"
"""Name of the meridian across which the stress of the varied region changes."""


def fault_normals(faults: Sequence[MappedFault]) -> Floats:
    """Return the unit normals of faults, pointing up; shape (faults, 3), north, east, down."""
    normal, _ = fault_vectors(
        np.array([f.strike_deg for f in faults]),
        np.array([f.dip_deg for f in faults]),
        np.zeros(len(faults)),
    )
    return np.asarray(np.where(normal[:, 2:] > 0, -normal, normal))


def choose_faults(faults: Sequence[MappedFault], u: Floats) -> NDArray[np.int64]:
    """Return which fault each event lies on, from even deviates in [0, 1)."""
    cumulative = np.cumsum([f.share for f in faults])
    number = np.searchsorted(cumulative / cumulative[-1], u, side="right")
    return np.minimum(number, len(faults) - 1).astype(np.int64)


def place_on_faults(
    faults: Sequence[MappedFault], number: NDArray[np.int64], u: Floats, deviates: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return places spread evenly over faults.

    Parameters
    ----------
    faults : sequence of MappedFault
    number : int64 array, shape (n,)
        Fault of each event.
    u : ndarray, shape (n, 2)
        Even deviates: along strike, and down dip.
    deviates : ndarray, shape (n,)
        Normal deviates across the fault.

    Returns
    -------
    longitude, latitude, depth_km : ndarray, shape (n,)
    """
    given = np.array(
        [
            (f.longitude, f.latitude, f.depth_km, f.strike_deg, f.dip_deg, f.length_km, f.width_km)
            for f in faults
        ]
    )[number]
    strike, dip = np.radians(given[:, 3]), np.radians(given[:, 4])
    along = (u[:, 0] - 0.5) * given[:, 5]
    down = (u[:, 1] - 0.5) * given[:, 6]
    across = _THICKNESS_KM * deviates
    level = down * np.cos(dip) + across * np.sin(dip)  # to the right of the strike
    north = along * np.cos(strike) - level * np.sin(strike)
    east = along * np.sin(strike) + level * np.cos(strike)
    depth = given[:, 2] + down * np.sin(dip) - across * np.cos(dip)
    latitude = given[:, 1] + north / KM_PER_DEGREE
    longitude = given[:, 0] + east / (KM_PER_DEGREE * np.cos(np.radians(given[:, 1])))
    return longitude, latitude, depth
