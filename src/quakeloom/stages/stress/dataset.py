"""A stress map as a dataset on its axes, by the CF conventions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.schema import variable
from quakeloom.stages.stress.columns import node_columns
from quakeloom.stages.stress.map import StressMap
from quakeloom.stress import NEIGHBOR_SHIFTS, REGIMES

_NO_FLAG = np.int8(-1)
"""Code of a regime or a quality at a node without a stress; the fill value of both."""

_GEOGRAPHIC = "EPSG:4326"
"""WGS84: the reference of a map in longitude and latitude."""


def make_dataset(made: StressMap, provenance: dict[str, Any]) -> Any:
    """Return the map as an xarray Dataset on its axes, by the CF conventions.

    Variables have the names of the columns of table ``stress``; the coordinate reference system
    is the grid mapping ``crs``, and ``history`` says what the map was made of. It has no time,
    so that the same input gives the same bytes.

    References
    ----------
    Eaton, B., et al. NetCDF Climate and Forecast (CF) Metadata Conventions 1.10.
    """
    import xarray

    grid = made.grid
    columns = node_columns(
        grid, made.field, made.uncertainty, np.stack([made.longitude, made.latitude], axis=1)
    )
    data = _quantities(made, columns) | _tensors(made)
    places = {n: data.pop(n) for n in ("longitude", "latitude") if n in data}
    for dims, _, attributes in data.values():
        if set(grid.axes) <= set(dims):
            attributes["grid_mapping"] = "crs"
    data["crs"] = ((), np.int32(0), _reference_system(made))
    coordinates = {n: (n, v, _axis_attributes(n)) for n, v in grid.axes.items()} | places
    dataset = xarray.Dataset(data, coordinates, _about(made, provenance))
    for name in ("regime", "stress_quality"):
        dataset[name].encoding = {"dtype": "int8", "_FillValue": _NO_FLAG}
    return dataset


def _about(made: StressMap, provenance: dict[str, Any]) -> dict[str, str]:
    """Global attributes."""
    program = f"quakeloom {provenance.get('quakeloom', '')}".strip()
    digests = ", ".join(
        f"{words} {provenance[key]}"
        for key, words in (("settings_digest", "settings"), ("inputs_digest", "inputs"))
        if key in provenance
    )
    count = int(made.field.mechanism_count.sum())
    return {
        "Conventions": "CF-1.10",
        "title": "Stress map from focal mechanisms",
        "source": program,
        "history": f"{program}: stress of {count} focal mechanisms"
        + (f"; digests: {digests}" if digests else ""),
    }


def _reference_system(made: StressMap) -> dict[str, Any]:
    """Attributes of the grid mapping."""
    from pyproj import CRS  # takes a while; few commands need it

    return dict(CRS.from_user_input(made.projection or _GEOGRAPHIC).to_cf())


def _quantities(made: StressMap, columns: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Variables of the registered quantities."""
    grid = made.grid
    dims = tuple(grid.axes)
    data: dict[str, Any] = {}
    flags = {"regime": REGIMES, "stress_quality": ("", *"ABCDE")}
    for name, values in columns.items():
        v = variable(name)
        attributes: dict[str, Any] = {"units": _cf_unit(v.unit), "long_name": v.meaning}
        if name in ("depth_km", "time_year"):
            continue  # an axis, or missing
        if name in ("longitude", "latitude"):
            if grid.is_geographic:
                continue
            attributes |= _axis_attributes(name)
            del attributes["axis"]  # the axes are easting and northing
        if name in flags:
            words = flags[name]
            values = np.array([words.index(str(w)) for w in values], dtype=float)
            attributes["flag_values"] = np.arange(len(words), dtype=np.int8)
            attributes["flag_meanings"] = " ".join(w or "none" for w in words)
            del attributes["units"]
        data[name] = (dims, _spread(made, values.astype(float)), attributes)
    if made.bootstrap is not None:
        for name in ("shmax_std_deg", "shape_ratio_std", "a_phi_std"):
            data[f"bootstrap_{name}"] = (
                dims, _spread(made, getattr(made.bootstrap, name)),
                {"units": _cf_unit(variable(name).unit), "long_name": f"Bootstrap {name}"},
            )  # fmt: skip
    return data


def _tensors(made: StressMap) -> dict[str, Any]:
    """Variables of the tensors, their covariances and draws."""
    field, dims = made.field, tuple(made.grid.axes)
    sign = "orthonormal basis (NN-EE)/sqrt2, (2DD-NN-EE)/sqrt6, NE, ND, ED times sqrt2"
    data: dict[str, Any] = {
        "components": (
            (*dims, "component"), _spread(made, field.components, (5,)),
            {"units": "1", "long_name": f"Deviatoric stress, tension positive, {sign}; any length"},
        ),
        "covariance": (
            (*dims, "component", "component_2"), _spread(made, field.covariance, (5, 5)),
            {"units": "1", "long_name": "Posterior covariance of the components"},
        ),
        "neighbor_covariance": (
            (*dims, "neighbor", "component", "component_2"),
            _spread(made, field.neighbor_covariance, (len(NEIGHBOR_SHIFTS), 5, 5)),
            {
                "units": "1",
                "long_name": "Posterior covariance of the components (rows) with those of a "
                "neighbor",
                "neighbor_steps": " ".join(f"{a},{b}" for a, b in NEIGHBOR_SHIFTS),
            },
        ),
    }  # fmt: skip
    if len(made.fields):
        data["drawn_components"] = (
            (*dims, "component", "draw"),
            _spread(made, made.fields.transpose(1, 2, 0), (5, len(made.fields))),
            {"units": "1", "long_name": "Joint posterior draws of the components"},
        )
    return data


def _spread(made: StressMap, values: NDArray[Any], tail: tuple[int, ...] = ()) -> NDArray[Any]:
    """Values of nodes on the whole grid, NaN where there is no node."""
    kind = values.dtype if values.dtype.kind == "f" else float
    out = np.full((*made.grid.shape, *tail), np.nan, dtype=kind)
    out[tuple(made.grid.places.T)] = values
    return out


def _cf_unit(unit: str) -> str:
    return {"deg": "degree", "": "1", "years": "year"}.get(unit, unit)


def _axis_attributes(name: str) -> dict[str, str]:
    return {
        "longitude": {"units": "degrees_east", "standard_name": "longitude", "axis": "X"},
        "latitude": {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"},
        "easting": {"units": "km", "standard_name": "projection_x_coordinate", "axis": "X"},
        "northing": {"units": "km", "standard_name": "projection_y_coordinate", "axis": "Y"},
        "depth_km": {"units": "km", "standard_name": "depth", "positive": "down", "axis": "Z"},
        "time_year": {"units": "year", "long_name": "decimal year"},
    }[name]
