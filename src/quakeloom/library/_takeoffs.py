"""Take-off angles and travel times of first arrivals in layered models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from quakeloom.config import Settings
from quakeloom.core import InputError
from quakeloom.library._frames import plain_values
from quakeloom.library._results import Result, count, nothing_to_plot
from quakeloom.library._settings import model_names, settings_of
from quakeloom.plots import plot_takeoff_curves
from quakeloom.schema import make_table
from quakeloom.stages.takeoff.reading import trace_models
from quakeloom.travel import TableStack, lookup, stack_tables

_GROUPS = ("takeoff", "selection")
"""Groups of settings whose names are options here."""


class TakeoffAngles(Result):
    """Take-off angles and travel times, one row per model and pair of depth and distance.

    Columns: ``model``, ``depth_km``, ``distance_km``, ``takeoff_deg`` (0 straight down, 180
    straight up), ``travel_time_s``.
    """

    def plot(self) -> Figure:
        """Return angles and times over distance, one line per model and depth."""
        table = self.table.dropna(subset=["takeoff_deg"])
        if table.empty:
            raise nothing_to_plot("the take-off angles", "Ask for depths and distances in reach.")
        curves = {
            f"{model}, {depth:g} km": (rows.distance_km, rows.takeoff_deg, rows.travel_time_s)
            for (model, depth), rows in table.groupby(["model", "depth_km"], sort=True)
        }
        return plot_takeoff_curves(curves)

    def _words(self) -> list[str]:
        models = list(dict.fromkeys(self._table.column("model").to_pylist()))
        angles = self._table.column("takeoff_deg").to_numpy()
        known = angles[np.isfinite(angles)]
        span = f", {known.min():.1f} to {known.max():.1f} degrees from down" if known.size else ""
        return [f"TakeoffAngles: {count(len(self), 'ray')} in {', '.join(models)}{span}"]


def takeoff_angles(
    depth_km: ArrayLike,
    distance_km: ArrayLike,
    models: Any = "generic_crust",
    **settings: Any,
) -> TakeoffAngles:
    """Return take-off angles and travel times of first P arrivals in layered models.

    Angles are looked up in a table that is traced for the depths and distances asked for, as the
    stage ``takeoff`` does.

    Parameters
    ----------
    depth_km, distance_km : array_like
        Depth of the source below sea level and epicentral distance; broadcast to one shape.
        Sources above sea level are taken to be at it.
    models : str, Path or list
        Velocity models: names of those that come with quakeloom, or files.
    **settings
        Settings of the group ``takeoff``, such as ``law`` and ``table_step_km``.

    Returns
    -------
    TakeoffAngles
        Where no angle is known, NaN, and a row in ``rejects`` with the reason.

    Raises
    ------
    InputError
        If depths or distances are no finite numbers of shapes that go together, or a model is
        missing.
    SettingsError
        If a keyword is unknown or wrong.

    Examples
    --------
    >>> ql.takeoff_angles(10.0, [5, 20, 80], models="generic_crust").table
    """
    depth, distance = _pairs(depth_km, distance_km)
    given = dict(settings)
    given.setdefault("maximum_depth_km", max(60.0, float(np.ceil(depth.max()))))
    given.setdefault("maximum_distance_km", max(120.0, float(np.ceil(distance.max()))))
    checked = settings_of("takeoff_angles", _GROUPS, given, takeoff={"models": model_names(models)})
    stack = trace_stack(checked)
    names = checked.takeoff.models
    index = np.repeat(np.arange(len(names)), depth.size)
    depths, distances = np.tile(depth, len(names)), np.tile(distance, len(names))
    takeoff, time = lookup(stack, index, np.maximum(depths, 0.0), distances)
    table = pa.table(
        {
            "model": pa.array([names[i] for i in index]),
            "depth_km": depths,
            "distance_km": distances,
            "takeoff_deg": takeoff,
            "travel_time_s": time,
        }
    )
    bad = np.flatnonzero(~np.isfinite(takeoff))
    reach = f"{stack.depth_km[-1]:g} km deep and {stack.distance_km[-1]:g} km far"
    rejects = make_table(
        "rejects",
        {
            "source_line": bad + 1,
            "record": ["ray"] * bad.size,
            "reason": [
                f"no ray from {depths[i]:g} km depth over {distances[i]:g} km in the table, which "
                f"is {reach}"
                for i in bad
            ],
        },
        rows=bad.size,
    )
    return TakeoffAngles(table, rejects)


def trace_stack(settings: Settings) -> TableStack:
    """Trace the models of settings to tables that angles are looked up in."""
    return stack_tables(list(trace_models(settings)))


def _pairs(
    depth_km: ArrayLike, distance_km: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    try:
        depth, distance = np.broadcast_arrays(
            np.asarray(plain_values(depth_km), dtype=float),
            np.asarray(plain_values(distance_km), dtype=float),
        )
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Depths and distances do not go together ({error}). No angle was traced; give "
            "numbers, or arrays of one shape."
        ) from None
    depth, distance = depth.ravel(), distance.ravel()
    if not depth.size:
        raise InputError("There is no pair of depth and distance, so no angle was traced.")
    wrong = ~(np.isfinite(depth) & np.isfinite(distance) & (distance >= 0.0))
    if wrong.any():
        first = f"{depth[wrong][0]:g} km and {distance[wrong][0]:g} km"
        raise InputError(
            f"{int(wrong.sum())} of {depth.size} pairs of depth and distance are no finite numbers "
            f"or negative distances (the first: {first}). No angle was traced; leave them out."
        )
    return depth, distance
