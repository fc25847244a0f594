"""Variables on regular grids: of NetCDF and Zarr files, and of text with a row per node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError, InputError
from quakeloom.formats._simulps import is_simul_model, read_simul_model

if TYPE_CHECKING:
    from xarray import Dataset

Floats = NDArray[np.float64]

_FILL = 1e30
"""Values of this size stand for nothing in files without a fill value (GMT, NetCDF's own 9.97e36);
no quantity of the Earth that is mapped here comes near."""


@dataclass(frozen=True)
class GridVariable:
    """A variable on a regular grid.

    Attributes
    ----------
    name : str
    values : ndarray of float64
        NaN where the file has nothing.
    dimensions : tuple of str
    coordinates : dict of str to ndarray
        One per dimension; counted from 0 where the file gives none, and numbers in place of times
        and texts.
    unit : str
        As the file says it; empty if it does not.
    """

    name: str
    values: Floats
    dimensions: tuple[str, ...]
    coordinates: dict[str, Floats] = field(default_factory=dict)
    unit: str = ""


def read_grid_variables(path: Path, names: Sequence[str]) -> dict[str, GridVariable]:
    """Read variables of a grid file, by what the file is.

    NetCDF (version 3; version 4 where h5netcdf or netCDF4 is installed) and Zarr folders are read
    by xarray; SIMUL and tomoDD models have ``vp``, ``vp_vs`` and ``vs``; anything else is text
    with names in its first line and a row per node, commas or blanks between: columns that
    are asked for are variables, and of the others those that span the grid its dimensions.

    Parameters
    ----------
    path : Path
        A file, or the folder of a Zarr group.
    names : sequence of str

    Returns
    -------
    dict of str to GridVariable
        By name; all on the same grid.

    Raises
    ------
    InputError
        If a variable is not there (the message names those that are), is no number, or lies on
        another grid than the first.
    FormatError
        If the file cannot be read.
    """
    if path.is_dir() or _is_netcdf(path):
        with _open(path) as data:
            return variables_of(data, names, str(path))
    if is_simul_model(path):
        return _same_grid(_from_simul(path, names), str(path))
    return _same_grid(_from_rows(path, names), str(path))


def variables_of(data: Dataset, names: Sequence[str], source: str) -> dict[str, GridVariable]:
    """Return variables of an open dataset as :func:`read_grid_variables` does."""
    found = {}
    for name in names:
        if name not in data.variables:
            raise InputError(_missing(source, name, [str(n) for n in data.data_vars]))
        array = data[name]
        if array.dtype.kind not in "fiub":
            raise InputError(
                f"'{name}' of {source} is of type {array.dtype} and no number, so it cannot be a "
                "field. Nothing was read; name another variable."
            )
        values = np.asarray(array.to_numpy(), dtype=np.float64)
        values[~(np.abs(values) < _FILL)] = np.nan
        dimensions = tuple(str(d) for d in array.dims)
        axes = {}
        for d, n in zip(dimensions, values.shape, strict=True):
            axes[d] = _axis(data[d].to_numpy() if d in data.variables else None, n)
        unit = str(array.attrs.get("units", ""))
        found[name] = GridVariable(name, values, dimensions, axes, unit)
    return _same_grid(found, source)


def _axis(values: Any, size: int) -> Floats:
    """Return coordinates as numbers; their count where they are none, or not in order."""
    if values is None or np.asarray(values).dtype.kind not in "fiu":
        return np.arange(size, dtype=np.float64)
    axis = np.asarray(values, dtype=np.float64)
    return axis if np.isfinite(axis).all() else np.arange(size, dtype=np.float64)


def _is_netcdf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read ({error.strerror}), so there is no field in it. Nothing was "
            "restored; correct the name."
        ) from None
    return head[:3] == b"CDF" or head[1:4] == b"HDF"


def _open(path: Path) -> Any:
    import xarray

    try:
        if path.is_dir():
            return xarray.open_zarr(path, consolidated=False)
        return xarray.open_dataset(path)
    except Exception as error:  # readers of Zarr and NetCDF fail in a dozen ways
        hint = (
            "it is NetCDF 4, which needs `pip install h5netcdf`"
            if not path.is_dir() and path.open("rb").read(4)[1:] == b"HDF"
            else "check whether it is whole"
        )
        raise FormatError(
            f"'{path}' cannot be opened as a grid ({type(error).__name__}: {str(error)[:120]}). "
            f"Nothing was read; {hint}."
        ) from None


def _missing(source: str, name: str, there: Sequence[str]) -> str:
    return (
        f"There is no variable '{name}' in {source}; it has {', '.join(there) or 'none'}. Nothing "
        "was read; name one of these."
    )


def _from_simul(path: Path, names: Sequence[str]) -> dict[str, GridVariable]:
    model = read_simul_model(path)
    p = np.asarray(model.p_velocity_km_s, dtype=np.float64)
    s = model.s_velocity_km_s
    volumes: dict[str, Floats] = {"vp": p}
    if s is not None:
        volumes |= {"vs": np.asarray(s, dtype=np.float64), "vp_vs": p / s}
    # the outermost nodes lie far away
    axes = {"z_km": model.z_km[1:-1], "y_km": model.y_km[1:-1], "x_km": model.x_km[1:-1]}
    volumes = {n: v[1:-1, 1:-1, 1:-1] for n, v in volumes.items()}
    found = {}
    for name in names:
        if name not in volumes:
            raise InputError(_missing(str(path), name, list(volumes)))
        unit = "1" if name == "vp_vs" else "km s-1"
        found[name] = GridVariable(name, volumes[name], tuple(axes), dict(axes), unit)
    return found


def _from_rows(path: Path, names: Sequence[str]) -> dict[str, GridVariable]:
    """Turn rows into a grid: nodes without a row, or with an empty cell, are missing."""
    columns = _columns(path)
    for name in names:
        if name not in columns:
            raise InputError(_missing(str(path), name, list(columns)))
    spans = [c for c in columns if c not in names]
    rows = next(iter(columns.values())).size
    axes: dict[str, Floats] = {}
    places = []
    for name in spans:
        column = columns[name]
        if not np.isfinite(column).all():
            continue
        own = np.unique(column)
        if own.size < 2 or own.size > rows // 2:
            continue
        if np.prod([a.size for a in axes.values()], dtype=float) * own.size > 4.0 * rows:
            continue  # another quantity of the rows, and no axis
        axes[name] = own
        places.append(np.searchsorted(own, column))
    if not axes:
        axes, places = {"row": np.arange(rows, dtype=np.float64)}, [np.arange(rows)]
    shape = tuple(a.size for a in axes.values())
    flat = np.ravel_multi_index(tuple(places), shape)
    if np.unique(flat).size < rows:
        raise InputError(
            f"Rows of '{path}' give nodes of the grid of {' x '.join(map(str, shape))} "
            f"({', '.join(axes)}) more than once, so a value would hide another. Nothing was read; "
            "give every node one row, and all its coordinates as columns."
        )
    found = {}
    for name in names:
        values = np.full(int(np.prod(shape)), np.nan)
        values[flat] = columns[name]
        values[~(np.abs(values) < _FILL)] = np.nan
        found[name] = GridVariable(name, values.reshape(shape), tuple(axes), axes)
    return found


def _columns(path: Path) -> dict[str, Floats]:
    """Read text with names in its first line; cells that are no numbers are NaN."""
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig") as file:
            comma = "," in file.readline()
        separator = "," if comma else r"\s+"
        table = pd.read_csv(path, sep=separator, encoding="utf-8-sig", skipinitialspace=True)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise FormatError(
            f"'{path}' is neither NetCDF, Zarr, SIMUL nor text with names in its first line "
            f"({str(error)[:120]}). Nothing was read; write it as one of these."
        ) from None
    if table.empty:
        raise FormatError(f"'{path}' has names and no rows, so there is no field in it.")
    return {
        str(n).strip(): pd.to_numeric(table[n], errors="coerce").to_numpy(dtype=np.float64)
        for n in table.columns
    }


def _same_grid(found: Mapping[str, GridVariable], source: str) -> dict[str, GridVariable]:
    first = next(iter(found.values()))
    for other in found.values():
        if other.dimensions != first.dimensions or other.values.shape != first.values.shape:
            raise InputError(
                f"'{other.name}' of {source} lies on ({', '.join(other.dimensions)}) of "
                f"{other.values.shape}, and '{first.name}' on ({', '.join(first.dimensions)}) of "
                f"{first.values.shape}. They cannot be taken together; give them one grid."
            )
    return dict(found)
