"""What a network cannot see of a fault, told before anyone trusts the slip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.slip._faults import Patches

Floats = NDArray[np.float64]

_GAP_DEG = 180.0
"""Azimuthal gap of sites around the fault's center from which they are on one side of it."""

_NEAR_SHARE = 0.5
"""Distance of a site from a fault that reaches the surface, over the width of its uppermost
patches, below which the half-space is no longer a fair picture of the ground. Chosen here."""

_SURFACE_KM = 0.05
"""Depth of the upper edge at which a fault counts as reaching the surface. Chosen here."""


def azimuthal_gap(points_km: Floats, center_km: Floats) -> float:
    """Return the widest angle in degrees, seen from a center, in which there is no point."""
    offset = np.unique(np.asarray(points_km, dtype=float), axis=0) - center_km
    azimuth = np.sort(np.degrees(np.arctan2(offset[:, 0], offset[:, 1])) % 360.0)
    return float(np.diff(np.append(azimuth, azimuth[0] + 360.0)).max())


def network_warnings(points_km: Floats, patches: Patches) -> list[str]:
    """Return sentences about what the places of the sites leave open.

    Parameters
    ----------
    points_km : ndarray, shape (data, 2)
        East and north of the displacements.
    patches : Patches
        Of the reference model.

    Returns
    -------
    list of str
        Empty where nothing is to be told.
    """
    found = []
    center = patches.centers_km[:, :2].mean(axis=0)
    gap = azimuthal_gap(points_km, center)
    if gap > _GAP_DEG:
        found.append(
            f"All displacements lie on one side of the fault: there are none within {gap:.0f} "
            "degrees around its center. Slip on the other side follows from the prior alone; "
            "compare its standard deviation with that of the prior."
        )
    top = patches.rectangles[patches.rectangles[:, 2] <= _SURFACE_KM]
    if len(top):
        strike = np.radians(top[:, 3])
        offset = points_km[:, None, :] - top[None, :, :2]
        along = offset[..., 0] * np.sin(strike) + offset[..., 1] * np.cos(strike)
        across = offset[..., 0] * np.cos(strike) - offset[..., 1] * np.sin(strike)
        beside = np.maximum(np.abs(along) - 0.5 * top[:, 5], 0.0)
        near = np.hypot(beside, across) < _NEAR_SHARE * top[:, 6]
        count = len(np.unique(points_km[near.any(axis=1)], axis=0))
        stand = "site stands" if count == 1 else "sites stand"
        if count:
            found.append(
                f"The fault reaches the surface, and {count} {stand} within half a patch of "
                "its trace. Depths count from the ground of the sites, so topography and the "
                "slip's change within a patch are not in the model there; give such sites larger "
                "errors, begin the fault deeper, or make its patches smaller."
            )
    return found
