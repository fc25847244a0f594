"""Faults as patches: rectangles side by side on a plane, or wherever they are given."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FaultPlane:
    """A plane that is divided into patches.

    Attributes
    ----------
    east_km, north_km : float
        Middle of the upper edge, before the offset, in the local plane.
    strike_deg, dip_deg : float
        The dip is to the right of the strike.
    length_km : float
    top_km, bottom_km : float
        Depths of the upper and the lower edge.
    offset_km : float
        Shift to the left of the strike.
    """

    east_km: float
    north_km: float
    strike_deg: float
    dip_deg: float
    length_km: float
    top_km: float
    bottom_km: float
    offset_km: float = 0.0

    @property
    def width_km(self) -> float:
        """Width down dip."""
        return (self.bottom_km - self.top_km) / float(np.sin(np.radians(self.dip_deg)))


@dataclass(frozen=True)
class Patches:
    """Rectangles that may slip.

    Attributes
    ----------
    rectangles : ndarray, shape (n, 7)
        East and north of the middle of the upper edge, its depth, strike, dip, length, width
        (km and degrees).
    along_km, down_km : ndarray, shape (n,)
        Place of the center along strike and down dip, for the prior and for figures.
    shape : tuple of int
        Patches down dip and along strike where they fill a plane, row by row; else (1, n).
    """

    rectangles: Floats
    along_km: Floats
    down_km: Floats
    shape: tuple[int, int]

    @property
    def count(self) -> int:
        """Number of patches."""
        return len(self.rectangles)

    @property
    def area_km2(self) -> Floats:
        """Area of every patch."""
        area: Floats = self.rectangles[:, 5] * self.rectangles[:, 6]
        return area

    @property
    def centers_km(self) -> Floats:
        """East, north and depth of the centers, shape (n, 3)."""
        return self._points(np.zeros(self.count), np.full(self.count, 0.5))

    @property
    def corners_km(self) -> Floats:
        """East, north and depth of the corners, shape (n, 4, 3), around each patch."""
        ones = np.ones(self.count)
        around = ((-0.5, 0.0), (0.5, 0.0), (0.5, 1.0), (-0.5, 1.0))
        return np.stack([self._points(a * ones, b * ones) for a, b in around], axis=1)

    def _points(self, along: Floats, down: Floats) -> Floats:
        """Points at shares of the length from the middle and of the width from the top."""
        r = self.rectangles
        strike, dip = np.radians(r[:, 3]), np.radians(r[:, 4])
        a, w = along * r[:, 5], down * r[:, 6]
        right = w * np.cos(dip)
        return np.column_stack([
            r[:, 0] + a * np.sin(strike) + right * np.cos(strike),
            r[:, 1] + a * np.cos(strike) - right * np.sin(strike),
            r[:, 2] + w * np.sin(dip),
        ])  # fmt: skip


def divide_plane(plane: FaultPlane, along: int, down: int) -> Patches:
    """Divide a plane into equal rectangles, row by row from the top, along the strike.

    Parameters
    ----------
    plane : FaultPlane
    along, down : int
        Patches along strike and down dip.

    Returns
    -------
    Patches

    Raises
    ------
    InputError
        If the plane has no area, is flat, or begins above the surface.
    """
    if not 0.0 < plane.dip_deg <= 90.0 or plane.bottom_km <= plane.top_km or plane.length_km <= 0:
        raise InputError(
            f"A fault with dip {plane.dip_deg:g} degrees, from {plane.top_km:g} to "
            f"{plane.bottom_km:g} km depth and {plane.length_km:g} km long has no area. Give a dip "
            "above 0 up to 90 degrees, and a bottom below the top."
        )
    if plane.top_km < 0.0:
        raise InputError(
            f"A fault begins {-plane.top_km:g} km above the surface of the half-space. Depths "
            "count from the ground on which the stations stand; begin at 0 or below."
        )
    strike, dip = np.radians(plane.strike_deg), np.radians(plane.dip_deg)
    east = plane.east_km - plane.offset_km * np.cos(strike)
    north = plane.north_km + plane.offset_km * np.sin(strike)
    length, width = plane.length_km / along, plane.width_km / down
    a = (np.arange(along) + 0.5) * length - 0.5 * plane.length_km
    w = np.arange(down) * width
    w_all, a_all = (v.ravel() for v in np.meshgrid(w, a, indexing="ij"))
    right = w_all * np.cos(dip)
    count = along * down
    rectangles = np.column_stack([
        east + a_all * np.sin(strike) + right * np.cos(strike),
        north + a_all * np.cos(strike) - right * np.sin(strike),
        plane.top_km + w_all * np.sin(dip),
        np.full(count, plane.strike_deg % 360.0), np.full(count, plane.dip_deg),
        np.full(count, length), np.full(count, width),
    ])  # fmt: skip
    return Patches(rectangles, a_all, w_all + 0.5 * width, (down, along))


def changed_plane(
    plane: FaultPlane,
    strike: float = 0.0,
    dip: float = 0.0,
    offset: float = 0.0,
    depth: float = 0.0,
) -> FaultPlane:
    """Return a plane with its angles (degrees), offset and depth (km) changed by so much.

    The width stays, so that a patch has the same area in all models; a plane that would begin
    above the surface begins at it, and one that would dip beyond the vertical dips as much short
    of it.
    """
    steep = plane.dip_deg + dip
    steep = 180.0 - steep if steep > 90.0 else max(steep, 0.5)
    top = max(plane.top_km + depth, 0.0)
    bottom = top + plane.width_km * float(np.sin(np.radians(steep)))
    return replace(
        plane, strike_deg=plane.strike_deg + strike, dip_deg=steep, top_km=top, bottom_km=bottom,
        offset_km=plane.offset_km + offset,
    )  # fmt: skip
