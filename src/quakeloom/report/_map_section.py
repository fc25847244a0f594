"""The section with the maps of the network and of the mechanisms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.core import EARTH_RADIUS_KM, ray_vectors
from quakeloom.plots import MapPoints, plot_mechanism_map, plot_network_map
from quakeloom.report._blocks import Section, page_picture
from quakeloom.report._catalog import MechanismCatalog, find_setting
from quakeloom.report._columns import number_column, text_column
from quakeloom.report._phrases import count
from quakeloom.report._results import RunResults
from quakeloom.schema import QUALITIES

_SITE_DEG = 0.05
"""Stations of one code within this are one site, degrees; chosen here, some 5 km."""

_SAMPLE = 400
"""Events from which the reach of stations is judged; bounds the time on a large catalog."""

_REACH_KM = 200.0
"""Largest distance of a reading where the settings name none, km; chosen here."""


def map_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return maps of the network and of the mechanisms."""
    section = Section("map", "Maps")
    lon, lat = catalog["longitude"], catalog["latitude"]
    events = MapPoints(lon, lat, catalog.quality)
    coast = results.coastline
    source = f" Coastline: {coast.name}." if coast is not None and coast.name else ""
    if coast is None:
        source = " No coastline file was at hand."
    probability = np.nan_to_num(catalog["mechanism_probability"])
    rank = np.array([QUALITIES.index(q) if q in QUALITIES else 9 for q in catalog.quality], float)
    draw = partial(
        plot_mechanism_map,
        events,
        catalog.angles,
        priority=rank - 0.99 * probability,
        coastline=coast,
    )
    drawn = draw() if len(catalog) else None
    if drawn is not None:
        _, balls = drawn
        solved = int(catalog.solved.sum())
        caption = f"Lower-hemisphere beachballs, compressional quadrants filled; {balls:,} of "
        caption += f"{count(solved, 'mechanism')}"
        if balls < solved:
            caption += (
                ", the best first and only where they have room (tied to their epicenter by a "
                "line where they had to be moved). "
                + ("Shading counts" if len(lon) > 20_000 else "Points show")
                + " all events"
            )
        caption += ". Mercator, true to scale at the middle latitude." + source
        alt = f"Map with {count(balls, 'beachball')} colored by quality."
        section.add(page_picture(partial(_first, draw), alt, caption, "map"))
    codes, slon, slat = _reading_stations(results)
    near = _within_reach(results, lon, lat, slon, slat)
    codes, slon, slat = codes[near], slon[near], slat[near]
    if len(slon):
        section.add(
            page_picture(
                partial(plot_network_map, events, MapPoints(slon, slat, codes), coastline=coast),
                f"Map of {count(len(slon), 'station')} and {count(len(lon), 'event')}.",
                f"{count(len(slon), 'station')} with readings and {count(len(lon), 'event')}, "
                "colored by quality." + source,
                width="map",
            )
        )
    return section


def _first(draw: Callable[..., tuple[Figure, int] | None], width_in: float) -> Figure | None:
    drawn = draw(width_in=width_in)
    return None if drawn is None else drawn[0]


def unique_stations(stations: pa.Table) -> tuple[NDArray, NDArray, NDArray]:
    """Return codes and places of sites: epochs, channels and networks of one place are one."""
    code = text_column(stations, "station")
    lon, lat = number_column(stations, "longitude"), number_column(stations, "latitude")
    first: dict[tuple[str, float, float], int] = {}
    cells = zip(code, np.round(lon / _SITE_DEG), np.round(lat / _SITE_DEG), strict=True)
    for row, key in enumerate(cells):
        first.setdefault(key, row)
    rows = np.array(list(first.values()), dtype=int)
    return code[rows], lon[rows], lat[rows]


def _reading_stations(results: RunResults) -> tuple[NDArray, NDArray, NDArray]:
    """Codes and places of the stations that have readings; of all if no code agrees."""
    codes, lon, lat = unique_stations(results.table("stations"))
    polarities = results.table("polarities")
    read = set(pc.unique(polarities.column("station")).to_pylist())
    use = np.array([c in read for c in codes], dtype=bool)
    return (codes[use], lon[use], lat[use]) if use.any() else (codes, lon, lat)


def _within_reach(
    results: RunResults, lon: NDArray, lat: NDArray, slon: NDArray, slat: NDArray
) -> NDArray[np.bool_]:
    """Stations near enough to some event to be used, so that one stray does not set the frame."""
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if len(known) == 0 or len(slon) == 0:
        return np.asarray(np.isfinite(slon))
    reach = float(find_setting(results.settings, ("maximum_distance_km",), _REACH_KM))
    sample = known[:: max(len(known) // _SAMPLE, 1)]
    place, event = (
        ray_vectors(longitude, 90.0 - latitude)
        for longitude, latitude in ((slon, slat), (lon[sample], lat[sample]))
    )
    closest = np.arccos(np.clip((place @ event.T).max(axis=1), -1.0, 1.0)) * EARTH_RADIUS_KM
    return np.asarray(closest <= 1.1 * reach)
