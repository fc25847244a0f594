"""From the settings of a regional ensemble to its prior and its stations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Regional, Settings
from quakeloom.core import InputError, digest_json, distance_azimuth
from quakeloom.formats import read_source, read_velocity_model
from quakeloom.schema import make_table
from quakeloom.store import (
    digest_input,
    find_input,
    find_velocity_model,
    input_place,
    own_velocity_models,
)
from quakeloom.tomography import RegionalPrior, make_regional_prior

Floats = NDArray[np.float64]
_AXES = ("depth_km", "north_km", "east_km")
"""Columns of a volume of velocities that place a node."""


@dataclass(frozen=True)
class RegionalStations:
    """Stations inside the grid, and what was put aside.

    Attributes
    ----------
    names : tuple of str
    places_km : ndarray, (stations, 3)
        Depth below sea level, north and east.
    rejects : pyarrow.Table
        Registered table ``rejects``.
    """

    names: tuple[str, ...]
    places_km: Floats
    rejects: pa.Table


def regional_settings(settings: Settings) -> Regional:
    """Return the settings of a regional ensemble.

    Raises
    ------
    InputError
        If the run has none.
    """
    if settings.regional is None:
        raise InputError(
            f"Run '{settings.name}' has no `regional` settings, so there is no ensemble. Give "
            "`regional` with an origin and a grid."
        )
    return settings.regional


def regional_axes(regional: Regional) -> tuple[Floats, Floats, Floats]:
    """Return depths, norths and easts of the nodes; the last may lie one spacing beyond."""
    ranges = (regional.depth_range_km, regional.north_range_km, regional.east_range_km)
    axes = [
        np.asarray(
            first + step * np.arange(int(np.ceil((last - first) / step - 1e-6)) + 1), np.float64
        )
        for (first, last), step in zip(ranges, regional.spacing_km, strict=True)
    ]
    return axes[0], axes[1], axes[2]


def regional_digest(settings: Settings) -> str:
    """Return the digest of the files that the models of an ensemble rest on."""
    regional = regional_settings(settings)
    files = [_model_file(settings, regional.model)]
    if regional.known:
        files.append(_existing(settings, regional.known))
    return digest_json([digest_input(f) for f in files])


def read_prior(settings: Settings) -> RegionalPrior:
    """Read the starting model and what is known, and build the prior."""
    regional = regional_settings(settings)
    axes = regional_axes(regional)
    path = _model_file(settings, regional.model)
    reference = _volume(path, axes) if path.suffix.lower() == ".csv" else _column(path)
    width = np.array(regional.standard_deviation, dtype=float)
    spread = np.interp(axes[0], width[:, 0], width[:, 1])[:, None, None]
    known: dict[str, Floats] = {}
    if regional.known:
        rows = _read_columns(
            _existing(settings, regional.known), (*_AXES, "p_velocity_km_s", "relative_error")
        )
        known = {
            "known_points_km": rows[:, :3],
            "known_velocities_km_s": rows[:, 3],
            "known_errors": rows[:, 4],
        }
    return make_regional_prior(
        axes, reference, spread, regional.lengths_km, share=regional.variance_share, **known
    )


def read_stations(settings: Settings) -> RegionalStations:
    """Read the stations and put those aside that the grid does not hold, with the reason."""
    regional = regional_settings(settings)
    if not regional.stations:
        return RegionalStations((), np.zeros((0, 3)), make_table("rejects", {}))
    source = read_source(_existing(settings, regional.stations), regional.stations_format)
    table = source.stations
    if not table.num_rows:
        raise InputError(
            f"'{regional.stations}' holds no station, so there are no travel times to compute. "
            "Give a file with stations, or leave `regional.stations` empty."
        )
    column = {n: table.column(n).to_pylist() for n in table.column_names}
    distance, azimuth = distance_azimuth(
        regional.origin_longitude_deg,
        regional.origin_latitude_deg,
        np.array(column["longitude"], dtype=float),
        np.array(column["latitude"], dtype=float),
    )
    elevation = np.nan_to_num(np.array(column["elevation_m"], dtype=float))
    places = np.column_stack(
        [
            -elevation / 1000.0,
            distance * np.cos(np.radians(azimuth)),
            distance * np.sin(np.radians(azimuth)),
        ]
    )
    names, kept, rejects = [], [], []
    axes = regional_axes(regional)
    for k, place in enumerate(places):
        name = ".".join(str(v) for v in (column["network"][k], column["station"][k]) if v)
        reason = _outside(name, place, axes)
        if not reason and name in names:
            # epochs and channels of a station share its place
            continue
        if reason:
            rejects.append(
                {
                    "source_file": column["source_file"][k],
                    "source_line": column["source_line"][k],
                    "record": "station",
                    "reason": reason,
                }
            )
        else:
            names.append(name)
            kept.append(place)
    if not names:
        raise InputError(
            f"None of the {len(places)} stations of '{regional.stations}' lies in the grid "
            f"({rejects[0]['reason']}). Widen the grid or move its origin."
        )
    aside = make_table(
        "rejects", {n: [r[n] for r in rejects] for n in rejects[0]} if rejects else {}
    )
    return RegionalStations(tuple(names), np.array(kept), pa.concat_tables([source.rejects, aside]))


def _outside(name: str, place: Floats, axes: tuple[Floats, ...]) -> str:
    for value, axis, word in zip(place, axes, ("depth", "north", "east"), strict=True):
        if not axis[0] <= value <= axis[-1]:
            return (
                f"station {name} lies outside the grid: {word} {value:.3f} km, the grid reaches "
                f"from {axis[0]:g} to {axis[-1]:g} km"
            )
    return ""


def _model_file(settings: Settings, name: str) -> Path:
    found = find_velocity_model(settings.data, name)
    if found is None:
        raise InputError(
            f"Velocity model '{name}' of '{settings.name}' is neither a file below `data` nor one "
            f"of quakeloom's own ({', '.join(own_velocity_models())}). Nothing was planned; "
            "correct regional.model."
        )
    return found


def _existing(settings: Settings, name: str) -> Path:
    found = find_input(settings.data, name)
    if found is None:
        raise InputError(
            f"'{name}' of '{settings.name}' does not exist (looked for "
            f"{input_place(settings.data, name)}). Nothing was planned; correct the path, or "
            "`data`."
        )
    return found


def _column(path: Path) -> Floats:
    model = read_velocity_model(path)
    return np.column_stack([model.depth_km, model.p_velocity_km_s])


def _read_columns(path: Path, names: tuple[str, ...]) -> Floats:
    try:
        rows = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True, dtype=float))
        table = np.column_stack([rows[n] for n in names])
    except (ValueError, IndexError, KeyError) as error:
        raise InputError(
            f"'{path}' has not the columns {', '.join(names)} ({error}). Nothing was planned; "
            "name them in the first line."
        ) from None
    if not np.isfinite(table).all():
        row = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0])
        raise InputError(
            f"Row {row + 1} of '{path}' holds something that is no number. Nothing was planned; "
            "correct or remove it."
        )
    return table


def _volume(path: Path, axes: tuple[Floats, ...]) -> Floats:
    """Read a regular three-dimensional model and interpolate it to the nodes."""
    from scipy.interpolate import RegularGridInterpolator

    rows = _read_columns(path, (*_AXES, "p_velocity_km_s"))
    own = [np.unique(rows[:, a]) for a in range(3)]
    if len(rows) != np.prod([a.size for a in own]) or min(a.size for a in own) < 2:
        raise InputError(
            f"'{path}' has {len(rows)} rows, but {' x '.join(str(a.size) for a in own)} depths, "
            "norths and easts. It is no regular grid; give one row for every node."
        )
    values = np.full([a.size for a in own], np.nan)
    values[tuple(np.searchsorted(a, rows[:, k]) for k, a in enumerate(own))] = rows[:, 3]
    if np.isnan(values).any():
        raise InputError(
            f"'{path}' gives some nodes twice and others not at all; correct the rows."
        )
    # beyond its edges the model goes on as it ends
    points = np.meshgrid(
        *(np.clip(a, o[0], o[-1]) for a, o in zip(axes, own, strict=True)), indexing="ij"
    )
    return np.asarray(RegularGridInterpolator(own, values)(np.stack(points, axis=-1)))
