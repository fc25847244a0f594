"""Maps of tables on the shipped coastline: beachballs, stations, hypocenters."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure

from quakeloom.core import Coastline, QuakeloomError, local_position
from quakeloom.formats import find_coastline
from quakeloom.plots import MapPoints, plot_hypocenters, plot_mechanism_map, plot_network_map
from quakeloom.store import find_resource

_MECHANISM = ("longitude", "latitude", "strike_deg", "dip_deg", "rake_deg", "quality")
"""Columns of a catalog of mechanisms that a stress map needs."""


@cache
def load_coast() -> Coastline | None:
    """Return the coastline that comes with quakeloom, or None where it is missing."""
    try:
        return find_coastline(find_resource("coastline"))
    except QuakeloomError:
        return None


def take_columns(table: pa.Table, *names: str) -> dict[str, Any]:
    """Return columns of a table as arrays, by name."""
    return {n: table.column(n).to_numpy(zero_copy_only=False) for n in names}


def draw_mechanism_map(mechanisms: pa.Table) -> Figure | None:
    """Draw beachballs on a map; None where no mechanism has coordinates.

    Parameters
    ----------
    mechanisms : pyarrow.Table
        Registered ``mechanisms``.
    """
    if not mechanisms.num_rows:
        return None
    c = take_columns(mechanisms, *_MECHANISM)
    drawn = plot_mechanism_map(
        MapPoints(c["longitude"], c["latitude"], c["quality"]),
        np.stack([c[n] for n in ("strike_deg", "dip_deg", "rake_deg")], axis=-1),
        coastline=load_coast(),
    )
    return None if drawn is None else drawn[0]


def draw_network_map(events: pa.Table, stations: pa.Table) -> Figure | None:
    """Draw stations and events on a map; None where nothing has coordinates.

    Parameters
    ----------
    events : pyarrow.Table
        Registered ``mechanisms``, whose qualities color the events, or ``events``.
    stations : pyarrow.Table
        Registered ``stations``.
    """
    place = take_columns(events, "longitude", "latitude")
    site = take_columns(stations, "longitude", "latitude", "station")
    has_quality = "quality" in events.column_names
    labels = take_columns(events, "quality")["quality"] if has_quality else [""] * events.num_rows
    return plot_network_map(
        MapPoints(place["longitude"], place["latitude"], labels),
        MapPoints(site["longitude"], site["latitude"], site["station"]),
        load_coast(),
    )


def draw_hypocenter_map(hypocenters: pa.Table, stations: pa.Table) -> Figure | None:
    """Draw a map and two sections of located events with crosses of two standard deviations.

    Parameters
    ----------
    hypocenters : pyarrow.Table
        Registered ``hypocenters``; those that are not located are left out. None if none is.
    stations : pyarrow.Table
        Registered ``stations``.
    """
    good = hypocenters.filter(pc.equal(hypocenters.column("status"), "located"))
    if not good.num_rows:
        return None
    place = take_columns(good, "longitude", "latitude", "depth_km")
    origin = float(np.median(place["longitude"])), float(np.median(place["latitude"]))
    north, east = local_position(*origin, place["longitude"], place["latitude"])
    site = take_columns(stations, "longitude", "latitude")
    site_north, site_east = local_position(*origin, site["longitude"], site["latitude"])
    variance = np.stack(list(take_columns(good, "cov_nn", "cov_ee", "cov_dd").values()), axis=-1)
    errors = np.sqrt(np.maximum(variance, 0.0))
    return plot_hypocenters(north, east, place["depth_km"], errors, site_north, site_east)
