"""What is said of a regional ensemble: figures in JSON, and NetCDF of its moments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.config import Settings
from quakeloom.core import geographic_position
from quakeloom.stages.ensemble.blocks import ensemble_path
from quakeloom.stages.regional.inputs import regional_settings
from quakeloom.store import (
    RunLayout,
    open_array,
    write_dataset,
    write_json_if_changed,
)
from quakeloom.tomography import RegionalPrior


def write_products(
    settings: Settings,
    layout: RunLayout,
    prior: RegionalPrior,
    stations: int,
    times: Iterable[NDArray[np.float32]],
) -> dict[str, Any]:
    """Write the products of a complete ensemble; return its summary.

    ``times`` are those of one station after the other, (member, depth, north, east).
    """
    array = open_array(ensemble_path(layout), "regional_p_velocity")
    mean, spread = _moments(array)
    summary: dict[str, Any] = {
        "name": settings.name,
        "members": int(array.shape[0]),
        "nodes": int(np.prod(array.shape[1:])),
        "modes": int(prior.field.size),
        "known": int(prior.known.size),
        "stations": stations,
        "mean_relative_spread": float(np.mean(spread / mean)),
    }
    if prior.known.size:
        summary["known_misfit"] = _known_misfit(prior, array)
    if stations:
        summary |= _time_spread(times)
    data = _describe_volume(settings, prior, mean, spread, summary["members"])
    write_dataset(layout.root / "regional.nc", data)
    write_json_if_changed(layout.root / "regional.json", summary)
    return summary


def _describe_volume(
    settings: Settings,
    prior: RegionalPrior,
    mean: NDArray[np.float64],
    spread: NDArray[np.float64],
    members: int,
) -> xr.Dataset:
    """Moments of the ensemble by the CF conventions, in the plane around the origin."""
    from pyproj import CRS  # takes a while; few commands need it

    regional = regional_settings(settings)
    dims = ("depth", "north", "east")
    origin = (regional.origin_longitude_deg, regional.origin_latitude_deg)
    plane = CRS.from_proj4(
        f"+proj=aeqd +lon_0={origin[0]} +lat_0={origin[1]} +datum=WGS84 +units=km +type=crs"
    )
    longitude, latitude = geographic_position(
        *origin, np.asarray(prior.north_km)[:, None], np.asarray(prior.east_km)[None, :]
    )

    def variable(values: NDArray[np.float64], words: str) -> Any:
        attributes = {"long_name": words, "units": "km s-1", "grid_mapping": "crs"}
        return (dims, values.astype(np.float32), attributes)

    def axis(values: NDArray[np.float64], name: str, letter: str, **more: str) -> Any:
        return ({"X": "east", "Y": "north", "Z": "depth"}[letter], values,
                {"units": "km", "standard_name": name, "axis": letter, **more})  # fmt: skip

    def place(values: NDArray[np.float64], name: str, unit: str) -> Any:
        return (("north", "east"), values, {"units": unit, "standard_name": name})

    return xr.Dataset(
        {
            "mean": variable(mean, "mean P velocity of the ensemble"),
            "standard_deviation": variable(spread, "standard deviation of the P velocity"),
            "reference": variable(prior.reference, "starting model"),
            "crs": ((), np.int32(0), dict(plane.to_cf())),
        },
        {
            "depth": axis(prior.depth_km, "depth", "Z", positive="down"),
            "north": axis(prior.north_km, "projection_y_coordinate", "Y"),
            "east": axis(prior.east_km, "projection_x_coordinate", "X"),
            "longitude": place(longitude, "longitude", "degrees_east"),
            "latitude": place(latitude, "latitude", "degrees_north"),
        },
        {
            "Conventions": "CF-1.10",
            "title": settings.name,
            "source": f"quakeloom {__version__} regional",
            "history": f"quakeloom {__version__} regional: {members} velocity models, "
            "conditioned on what is known",
            "origin_longitude_deg": origin[0],
            "origin_latitude_deg": origin[1],
        },
    )


def _moments(array: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation, one member in memory at a time."""
    n = array.shape[0]
    total = np.zeros(array.shape[1:])
    for k in range(n):
        total += np.asarray(array[k], dtype=np.float64)
    mean = total / n
    square = np.zeros_like(mean)
    for k in range(n):
        square += (np.asarray(array[k], dtype=np.float64) - mean) ** 2
    return mean, np.sqrt(square / max(n - 1, 1))


def _time_spread(times: Iterable[NDArray[np.float32]]) -> dict[str, float]:
    """Return the largest and the mean standard deviation of travel times over the members."""
    largest = total = 0.0
    count = 0
    for each in times:
        arrived = np.isfinite(each).all(axis=0)
        spread = each[:, arrived].std(axis=0, dtype=np.float64)
        largest = max(largest, float(spread.max(initial=0.0)))
        total += float(spread.sum())
        count += spread.size
    return {
        "largest_travel_time_spread_s": largest,
        "mean_travel_time_spread_s": total / max(count, 1),
    }


def _known_misfit(prior: RegionalPrior, array: Any) -> float:
    """Root mean square of (members less known) over the known velocities' errors."""
    residuals = []
    for k in range(array.shape[0]):
        log = np.log(np.asarray(array[k], dtype=np.float64) / prior.reference)
        found = prior.read_field(log)
        residuals.append((found - prior.known) / prior.sigma)
    return float(np.sqrt(np.mean(np.square(residuals))))
