"""What is said of a regional ensemble: figures in JSON, and NetCDF of its moments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.stages.ensemble.blocks import ensemble_path
from quakeloom.stages.regional.inputs import regional_settings
from quakeloom.store import RunLayout, open_array, write_dataset, write_json_if_changed
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
    regional = regional_settings(settings)
    dims = ("depth", "north", "east")

    def variable(values: NDArray[np.float64], words: str) -> Any:
        return (dims, values.astype(np.float32), {"long_name": words, "units": "km s-1"})

    data = xr.Dataset(
        {
            "mean": variable(mean, "mean P velocity of the ensemble"),
            "standard_deviation": variable(spread, "standard deviation of the P velocity"),
            "reference": variable(prior.reference, "starting model"),
        },
        {
            "depth": ("depth", prior.depth_km, {"units": "km", "positive": "down", "axis": "Z"}),
            "north": ("north", prior.north_km, {"units": "km", "axis": "Y"}),
            "east": ("east", prior.east_km, {"units": "km", "axis": "X"}),
        },
        {
            "Conventions": "CF-1.10",
            "title": settings.name,
            "source": "quakeloom regional",
            "origin_longitude_deg": regional.origin_longitude_deg,
            "origin_latitude_deg": regional.origin_latitude_deg,
        },
    )
    write_dataset(layout.root / "regional.nc", data)
    write_json_if_changed(layout.root / "regional.json", summary)
    return summary


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
