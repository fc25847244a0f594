"""Green's functions: what slip on patches does to displacements that were observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.slip._faults import Patches
from quakeloom.slip._okada import rectangle_displacements

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Observed:
    """Where and in which direction displacements were observed.

    Attributes
    ----------
    points_km : ndarray, shape (data, 2)
        East and north in the local plane.
    directions : ndarray, shape (data, 3)
        East, north and up of the unit vector along which a displacement is positive.
    """

    points_km: Floats
    directions: Floats


def half_space_green(
    patches: Patches, observed: Observed, rakes_deg: Floats, poisson_ratio: float = 0.25
) -> Floats:
    """Return displacements by unit slip in a homogeneous half-space.

    Parameters
    ----------
    patches : Patches
    observed : Observed
    rakes_deg : ndarray, shape (components,)
        Directions of slip; every patch has one parameter per direction.
    poisson_ratio : float

    Returns
    -------
    ndarray, shape (data, components * patches)
        Parameters of the first direction first.
    """
    places, inverse = np.unique(observed.points_km, axis=0, return_inverse=True)
    moved = rectangle_displacements(patches.rectangles, places, poisson_ratio)
    seen = np.einsum("kasc,sc->kas", moved[:, :, inverse.ravel()], observed.directions)
    rakes = np.radians(np.atleast_1d(rakes_deg))
    turned = [np.cos(r) * seen[:, 0] + np.sin(r) * seen[:, 1] for r in rakes]
    return np.ascontiguousarray(np.concatenate(turned).T)
