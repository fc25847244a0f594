"""Where land is, and how seismicity is spread over it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from quakeloom.core import compiled, random_stream
from quakeloom.simulate._coastline import KM_PER_DEGREE
from quakeloom.simulate._options import SimulationOptions

Floats = NDArray[np.float64]

_CELLS = 420
"""Cells of the raster along the longer side of the region; chosen here: cells of some 4 km for a
country as long as Japan."""

_WAVES = 80
"""Plane waves that the random density is a sum of; chosen here, enough for a Gaussian field."""


@dataclass(frozen=True)
class LandMap:
    """A raster of the region.

    Attributes
    ----------
    west, south, cell_deg : float
        Corner and size of the cells, in degrees.
    offshore_km, inland_km : ndarray, shape (rows, columns)
        Distance to land of cells at sea, and to the coast of cells on land.
    density : ndarray, shape (cells,)
        Cumulative share of the background seismicity, by row from the south.
    """

    west: float
    south: float
    cell_deg: float
    offshore_km: Floats
    inland_km: Floats
    density: Floats

    def places(self, choice: Floats, right: Floats, up: Floats) -> tuple[Floats, Floats]:
        """Return longitudes and latitudes drawn from the density, from numbers in (0, 1)."""
        cell = np.minimum(np.searchsorted(self.density, choice), self.density.size - 1)
        row, column = np.divmod(cell, self.inland_km.shape[1])
        return (
            self.west + (column + right) * self.cell_deg,
            self.south + (row + up) * self.cell_deg,
        )

    def inland_at(self, longitude: Floats, latitude: Floats) -> Floats:
        """Return the distance to the coast of points on land, 0 at sea."""
        rows, columns = self.inland_km.shape
        i = np.clip(((latitude - self.south) / self.cell_deg).astype(int), 0, rows - 1)
        j = np.clip(((longitude - self.west) / self.cell_deg).astype(int), 0, columns - 1)
        return np.asarray(self.inland_km[i, j])


@lru_cache(maxsize=4)
def map_land(options: SimulationOptions, seed: int) -> LandMap:
    """Return the raster of a region with the density of its background seismicity.

    The density is the exponential of a smooth random field (wavelengths of a thirtieth to a
    sixth of the region), even on land and falling off by a factor e every third of
    ``offshore_km`` toward the sea.
    """
    points = np.concatenate([np.array(o) for o in options.land])
    pad = options.offshore_km / KM_PER_DEGREE
    middle = math.cos(math.radians(float(points[:, 1].mean())))
    west, east = points[:, 0].min() - pad / middle, points[:, 0].max() + pad / middle
    south, north = points[:, 1].min() - pad, points[:, 1].max() + pad
    cell = max(east - west, north - south) / _CELLS
    columns = math.ceil((east - west) / cell)
    rows = math.ceil((north - south) / cell)
    lon = west + (np.arange(columns) + 0.5) * cell
    lat = south + (np.arange(rows) + 0.5) * cell
    grid_lon, grid_lat = np.meshgrid(lon, lat)
    land = inside_outlines(options.land, grid_lon, grid_lat)
    size = (cell * KM_PER_DEGREE, cell * KM_PER_DEGREE * middle)
    offshore = distance_transform_edt(~land, sampling=size)
    inland = distance_transform_edt(np.pad(land, 1), sampling=size)[1:-1, 1:-1]

    random = random_stream(seed, "simulate", "density")
    extent = cell * KM_PER_DEGREE * max(rows, columns)
    wavelength = extent * np.exp(random.uniform(math.log(1 / 30), math.log(1 / 6), _WAVES))
    angle = random.uniform(0, 2 * np.pi, _WAVES)
    phase = random.uniform(0, 2 * np.pi, _WAVES)
    east_km = (grid_lon - lon[0]) * KM_PER_DEGREE * middle
    north_km = (grid_lat - lat[0]) * KM_PER_DEGREE
    field = np.zeros(land.shape)
    for length, a, f in zip(wavelength, angle, phase, strict=True):
        field += np.cos(2 * np.pi / length * (east_km * np.cos(a) + north_km * np.sin(a)) + f)
    field *= math.sqrt(2.0 / _WAVES)
    weight = np.exp(field) * np.cos(np.radians(grid_lat))
    weight *= np.where(land, 1.0, np.exp(-3.0 * offshore / max(options.offshore_km, 1e-9))) * (
        land | (offshore <= options.offshore_km)
    )
    density = np.cumsum(weight.ravel())
    return LandMap(float(west), float(south), float(cell), offshore, inland, density / density[-1])


def inside_outlines(
    outlines: tuple[tuple[tuple[float, float], ...], ...], longitude: Floats, latitude: Floats
) -> NDArray[np.bool_]:
    """Return which points lie inside any of the closed outlines."""
    lon = np.ascontiguousarray(longitude, dtype=float)
    lat = np.ascontiguousarray(latitude, dtype=float)
    inside = np.zeros(lon.size, np.bool_)
    for outline in outlines:
        _mark_inside(np.array(outline), lon.ravel(), lat.ravel(), inside)
    return inside.reshape(lon.shape)


@compiled()
def _mark_inside(outline: Floats, lon: Floats, lat: Floats, inside: NDArray[np.bool_]) -> None:
    """Mark the points from which a ray to the east crosses a closed outline an odd number of times.

    What an earlier outline has marked stays marked, so that islands add up.
    """
    for i in range(lon.size):
        odd = False
        last = outline.shape[0] - 1
        for k in range(outline.shape[0]):
            x1, y1 = outline[k]
            x2, y2 = outline[last]
            if (y1 > lat[i]) != (y2 > lat[i]) and lon[i] < (x2 - x1) * (lat[i] - y1) / (
                y2 - y1
            ) + x1:
                odd = not odd
            last = k
        if odd:
            inside[i] = True
