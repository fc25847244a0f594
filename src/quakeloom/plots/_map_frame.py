"""The frame of a map: projection, limits, ticks, scale bar, coast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import EARTH_RADIUS_KM, Coastline
from quakeloom.plots._style import COAST, INK, LAND, MUTED, PAPER, SEA

Floats = NDArray[np.float64]

Corner = Literal["lower right", "lower left", "upper left", "upper right"]

_MAX_LATITUDE = 85.0
"""Limit of maps in degrees: Mercator's projection ends at the poles in infinity."""

_MARGIN = 1.04
"""The coast is cut at so many times the frame, so that the cut is not seen."""


@dataclass(frozen=True)
class MapFrame:
    """A rectangular map in Mercator's projection, true to scale at its middle latitude.

    Conformal with north up everywhere, so that strikes read true from beachballs anywhere
    on the map. Longitudes are continuous across the date line (``east`` may exceed 180).

    Attributes
    ----------
    west, east, south, north : float
        Limits in degrees; latitudes are kept within 85 degrees.
    """

    west: float
    east: float
    south: float
    north: float

    @property
    def middle(self) -> tuple[float, float]:
        """Longitude and latitude of the middle."""
        return (self.west + self.east) / 2.0, (self.south + self.north) / 2.0

    def project(self, longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Floats, Floats]:
        """Return map coordinates in km east and north of the middle."""
        longitude0, latitude0 = self.middle
        scale = EARTH_RADIUS_KM * np.cos(np.radians(latitude0))
        longitude = self.unwrap(longitude_deg)
        latitude = np.clip(np.asarray(latitude_deg, float), -_MAX_LATITUDE, _MAX_LATITUDE)
        x = scale * np.radians(longitude - longitude0)
        y = scale * (
            np.arcsinh(np.tan(np.radians(latitude))) - np.arcsinh(np.tan(np.radians(latitude0)))
        )
        return x, y

    def unwrap(self, longitude_deg: ArrayLike) -> Floats:
        """Return longitudes within 180 degrees of the middle of the map."""
        middle = self.middle[0]
        return (np.asarray(longitude_deg, dtype=float) - middle + 180.0) % 360.0 - 180.0 + middle

    def limits(self) -> tuple[float, float, float, float]:
        """Return x and y limits in km: west, east, south, north."""
        x, y = self._corners()
        return float(x[0]), float(x[1]), float(y[0]), float(y[1])

    def contains(self, longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> NDArray[np.bool_]:
        """Return which points lie in the frame."""
        longitude = self.unwrap(longitude_deg)
        latitude = np.asarray(latitude_deg, dtype=float)
        return (
            (longitude >= self.west)
            & (longitude <= self.east)
            & (latitude >= self.south)
            & (latitude <= self.north)
        )

    @property
    def aspect(self) -> float:
        """Height over width of the map."""
        west, east, south, north = self.limits()
        return (north - south) / (east - west)

    def _corners(self) -> tuple[Floats, Floats]:
        longitude0, latitude0 = self.middle
        scale = EARTH_RADIUS_KM * np.cos(np.radians(latitude0))
        x = scale * np.radians(np.array([self.west, self.east]) - longitude0)
        _, y = self.project([longitude0] * 2, [self.south, self.north])
        return x, y


def frame_points(
    longitude_deg: ArrayLike,
    latitude_deg: ArrayLike,
    margin: float = 0.12,
    smallest_km: float = 8.0,
    shape: tuple[float, float] = (0.55, 0.92),
) -> MapFrame | None:
    """Return a frame around points, or None when no point has finite coordinates.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like, shape (n,)
        Points; those that are not finite are ignored. The frame crosses the date line where
        that makes it smaller.
    margin : float
        Room on every side as a share of the extent.
    smallest_km : float
        Smallest extent.
    shape : tuple of float
        Smallest and largest height over width; the shorter side grows.
    """
    longitude = np.asarray(longitude_deg, dtype=float)
    latitude = np.asarray(latitude_deg, dtype=float)
    good = np.isfinite(longitude) & np.isfinite(latitude)
    if not good.any():
        return None
    latitude = np.clip(latitude[good], -_MAX_LATITUDE + 2, _MAX_LATITUDE - 2)
    around = np.sort(longitude[good] % 360.0)
    gaps = np.diff(np.append(around, around[0] + 360.0))
    widest = int(np.argmax(gaps))
    west = around[(widest + 1) % len(around)]
    width = 360.0 - gaps[widest]
    south, north = float(latitude.min()), float(latitude.max())
    middle_lat = (south + north) / 2.0
    middle_lon = (west + width / 2.0 + 180.0) % 360.0 - 180.0
    km = np.radians(1.0) * EARTH_RADIUS_KM
    cosine = float(np.cos(np.radians(middle_lat)))
    height_km = max((north - south) * km * (1 + 2 * margin), smallest_km)
    width_km = max(width * km * cosine * (1 + 2 * margin), smallest_km)
    width_km = max(width_km, height_km / shape[1])
    height_km = max(height_km, width_km * shape[0])
    half_lon = min(width_km / km / cosine / 2.0, 180.0)
    half_lat = height_km / km / 2.0
    return MapFrame(
        middle_lon - half_lon,
        middle_lon + half_lon,
        max(middle_lat - half_lat, -_MAX_LATITUDE),
        min(middle_lat + half_lat, _MAX_LATITUDE),
    )


def emptiest_corners(
    frame: MapFrame, longitude_deg: ArrayLike, latitude_deg: ArrayLike
) -> tuple[Corner, Corner]:
    """Return the corner for a legend and that for the scale bar, where the fewest points are.

    The upper right one is taken by the north arrow. Where it makes no difference the legend
    is at the lower right and the bar at the lower left.

    Parameters
    ----------
    frame : MapFrame
    longitude_deg, latitude_deg : array_like, shape (n,)
        What is drawn on the map; points that are not finite are ignored.
    """
    west, east, south, north = frame.limits()
    x, y = frame.project(longitude_deg, latitude_deg)
    right, up = (x - west) / (east - west), (y - south) / (north - south)

    def count(corner: Corner, width: float, height: float) -> int:
        across = right > 1 - width if "right" in corner else right < width
        along = up > 1 - height if "upper" in corner else up < height
        return int(np.count_nonzero(across & along))

    corners: tuple[Corner, ...] = ("lower right", "lower left", "upper left")
    legend = min(corners, key=lambda c: count(c, 0.26, 0.16 / frame.aspect))
    left = [c for c in (*corners[1:], corners[0]) if c != legend]
    return legend, min(left, key=lambda c: count(c, 0.34, 0.08 / frame.aspect))


def draw_map_frame(
    axes: Axes,
    frame: MapFrame,
    coastline: Coastline | None = None,
    pixels: float = 1000.0,
    scale_bar: Corner = "lower left",
) -> None:
    """Draw sea, land, coast, ticks in degrees, scale bar and north; set the limits.

    Parameters
    ----------
    axes : Axes
    frame : MapFrame
    coastline : Coastline, optional
        Without it the ground is plain.
    pixels : float
        Width of the map in pixels, to leave out detail that cannot be seen.
    scale_bar : str
        Corner of the scale bar, as from :func:`emptiest_corners`.
    """
    west, east, south, north = frame.limits()
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect("equal", adjustable="box")
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(True)
        axes.spines[side].set_color(MUTED)
        axes.spines[side].set_zorder(20)
    axes.set_facecolor(SEA if coastline is not None else LAND)
    if coastline is not None:
        _draw_land(axes, frame, coastline, pixels)
    _draw_ticks(axes, frame)
    _draw_scale_bar(axes, frame, scale_bar)
    axes.annotate(
        "N",
        xy=(0.965, 0.975),
        xytext=(0, -20),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=7,
        color=INK,
        arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 0.8, "shrinkA": 1, "shrinkB": 0},
        zorder=21,
    )


def degree_label(value: float, kind: str, decimals: int) -> str:
    """Return a longitude (``kind`` "EW") or latitude ("NS") as on a map, e.g. 121.5°W."""
    if kind == "EW":
        value = (value + 180.0) % 360.0 - 180.0
    value = round(value, decimals) + 0.0
    letter = "" if value in (0.0, -180.0) else kind[0] if value > 0 else kind[1]
    return f"{abs(value):.{decimals}f}°{letter}"


def nice_step(span: float, target: int, steps: tuple[float, ...] = (1, 2, 5, 10)) -> float:
    """Return a round step that divides a span into about ``target`` parts."""
    raw = span / target
    power = 10.0 ** np.floor(np.log10(raw))
    return float(min(steps, key=lambda s: abs(np.log(s * power / raw))) * power)


def _draw_land(axes: Axes, frame: MapFrame, coastline: Coastline, pixels: float) -> None:
    lon0, lat0 = frame.middle
    half_lon = (frame.east - frame.west) / 2.0 * _MARGIN
    half_lat = (frame.north - frame.south) / 2.0 * _MARGIN
    step = 2.0 * half_lon / pixels / 2.0
    rings = coastline.clip(
        lon0 - half_lon,
        lon0 + half_lon,
        max(lat0 - half_lat, -_MAX_LATITUDE),
        min(lat0 + half_lat, _MAX_LATITUDE),
        step,
    )
    scale = EARTH_RADIUS_KM * np.cos(np.radians(lat0))
    polygons = []
    for ring in rings:
        _, y = frame.project(np.full(len(ring), lon0), ring[:, 1])
        polygons.append(np.stack([scale * np.radians(ring[:, 0] - lon0), y], axis=1))
    # holes (the Caspian Sea) are rings that turn the other way: drawn after, as sea
    areas = [_area(p) for p in polygons]
    land = [p for p, a in zip(polygons, areas, strict=True) if a <= 0]
    holes = [p for p, a in zip(polygons, areas, strict=True) if a > 0]
    for group, color, level in ((land, LAND, 0.5), (holes, SEA, 0.6)):
        if group:
            axes.add_collection(
                PolyCollection(
                    group,
                    facecolors=color,
                    edgecolors=COAST,
                    linewidths=0.55,
                    zorder=level,
                    closed=True,
                ),
                autolim=False,
            )


def _area(points: Floats) -> float:
    x, y = points[:, 0], points[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2.0)


def _draw_ticks(axes: Axes, frame: MapFrame) -> None:
    lon0, lat0 = frame.middle
    step_lon = nice_step(frame.east - frame.west, 5)
    step_lat = nice_step(frame.north - frame.south, 5)
    longitudes = np.arange(np.ceil(frame.west / step_lon), frame.east / step_lon + 1e-9) * step_lon
    latitudes = np.arange(np.ceil(frame.south / step_lat), frame.north / step_lat + 1e-9) * step_lat
    scale = EARTH_RADIUS_KM * np.cos(np.radians(lat0))
    _, y = frame.project(np.full(len(latitudes), lon0), latitudes)
    digits_lon = max(0, int(np.ceil(-np.log10(step_lon) - 1e-9)))
    digits_lat = max(0, int(np.ceil(-np.log10(step_lat) - 1e-9)))
    axes.set_xticks(
        scale * np.radians(longitudes - lon0),
        [degree_label(v, "EW", digits_lon) for v in longitudes],
    )
    axes.set_yticks(
        y, [degree_label(v, "NS", digits_lat) for v in latitudes], rotation=90, va="center"
    )
    axes.tick_params(length=2.5, pad=2)


def _draw_scale_bar(axes: Axes, frame: MapFrame, corner: Corner) -> None:
    west, east, south, north = frame.limits()
    width, height = east - west, north - south
    length = nice_step(width, 5, (1, 2, 5))
    edge = 0.015 * min(width, height)
    box = (length + 0.04 * width, 0.062 * min(height, width) + 0.005 * height)
    left = east - edge - box[0] if "right" in corner else west + edge
    bottom = north - edge - box[1] if "upper" in corner else south + edge
    x0, y0 = left + 0.02 * width, bottom + 0.4 * box[1]
    text = f"{length:g} km" if length >= 1 else f"{1000 * length:g} m"
    axes.add_patch(
        Rectangle((left, bottom), *box, facecolor=PAPER, alpha=0.9, edgecolor="none", zorder=18)
    )
    axes.plot([x0, x0 + length], [y0, y0], color=INK, lw=1.6, solid_capstyle="butt", zorder=19)
    axes.annotate(
        text,
        (x0 + length / 2.0, y0),
        xytext=(0, 2.5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=7,
        zorder=19,
    )
