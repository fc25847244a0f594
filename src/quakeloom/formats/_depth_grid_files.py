"""The files that grids of depths lie in: classic NetCDF, HDF5, Zarr, ESRI ASCII, GeoTIFF."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError

Floats = NDArray[np.float64]

_X_NAMES = ("x", "lon", "longitude", "easting", "east")
"""Names of the coordinates of columns."""

_Y_NAMES = ("y", "lat", "latitude", "northing", "north")
"""Names of the coordinates of rows."""

_Z_NAMES = ("z", "elevation", "depth", "bathymetry", "height", "band1", "altitude", "topo")
"""Names of depths or heights, the likeliest first."""

_LARGEST_TEXT = 200_000_000
"""Bytes of a grid as text, above which it is refused: it would be held in memory. Chosen here."""


@dataclass(frozen=True)
class RawGrid:
    """An open file with a grid: numbers as they stand there.

    Attributes
    ----------
    name : str
        Of the variable.
    y, x : ndarray
        Coordinates of rows and columns, in the order of the file.
    coordinate_unit : str
        As the file says; may be empty.
    attributes : mapping
        Of the variable.
    read : callable
        Takes the first row and the one after the last; returns float64, NaN where missing.
    """

    name: str
    y: Floats
    x: Floats
    coordinate_unit: str
    attributes: Mapping[str, Any]
    read: Callable[[int, int], Floats]


@contextlib.contextmanager
def open_raw_grid(path: Path, variable: str = "") -> Iterator[RawGrid]:
    """Open a file with a grid, by its first bytes.

    Raises
    ------
    FormatError
        If it is missing or holds no grid that can be read.
    """
    if path.is_dir():
        with _zarr(path, variable) as grid:
            yield grid
        return
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise FormatError(
            f"There is no grid '{path}' that can be read ({error.strerror or error}). Nothing was "
            "computed; name a file of NetCDF, ESRI ASCII or GeoTIFF, or a folder of Zarr."
        ) from None
    opener = _text
    if head[:3] == b"CDF":
        opener = _classic
    elif head[1:4] == b"HDF":
        opener = _hdf5
    elif head[:2] in (b"II", b"MM"):
        opener = _geotiff
    with opener(path, variable) as grid:
        yield grid


def _fail(path: Path, what: str, remedy: str = "check the file") -> FormatError:
    return FormatError(f"'{path}': {what}. Nothing was computed; {remedy}.")


def _attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as plain values; of arrays of one value, this value."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        v = value
        if isinstance(v, np.ndarray) and v.size == 1:
            v = v.ravel()[0]
        found[str(key)] = v.decode("utf-8", "replace") if isinstance(v, bytes) else v
    return found


def _choose(path: Path, shapes: Mapping[str, tuple[int, ...]], wanted: str) -> tuple[str, str, str]:
    """Return the names of depths, rows and columns among the variables of a file."""
    lower = {n.lower(): n for n in shapes}
    flat = [n for n, s in shapes.items() if len(s) == 2 and min(s) > 1]
    if wanted and wanted not in flat:
        raise _fail(path, f"there is no variable '{wanted}' of two dimensions (there are "
                    f"{', '.join(flat) or 'none'})", "correct `variable`")  # fmt: skip
    named = [lower[n] for n in _Z_NAMES if n in lower and lower[n] in flat]
    chosen = wanted or (named[0] if named else flat[0] if len(flat) == 1 else "")
    if not chosen:
        raise _fail(
            path, f"it holds {len(flat)} variables of two dimensions, none called "
            f"{', '.join(_Z_NAMES[:4])}", "name one in `variable`",
        )  # fmt: skip
    rows, columns = shapes[chosen]
    y = next((lower[n] for n in _Y_NAMES if n in lower and shapes[lower[n]] == (rows,)), "")
    x = next((lower[n] for n in _X_NAMES if n in lower and shapes[lower[n]] == (columns,)), "")
    if not y or not x:
        raise _fail(path, f"variable '{chosen}' has no coordinates of its rows and columns called "
                    "y, lat or latitude and x, lon or longitude")  # fmt: skip
    return chosen, y, x


def _decoded(values: Any, attributes: Mapping[str, Any]) -> Floats:
    """Return numbers by the CF conventions: fill values, scale and offset."""
    z = np.asarray(values)
    missing = np.zeros(z.shape, bool)
    for key in ("_FillValue", "missing_value"):
        fill = attributes.get(key)
        if isinstance(fill, int | float | np.number) and np.isfinite(float(fill)):
            missing |= z == fill
    out = z.astype(np.float64)
    out[missing] = np.nan
    scale, offset = attributes.get("scale_factor", 1.0), attributes.get("add_offset", 0.0)
    return np.asarray(out * float(scale) + float(offset))


@contextlib.contextmanager
def _classic(path: Path, wanted: str) -> Iterator[RawGrid]:
    from scipy.io import netcdf_file

    try:
        file = netcdf_file(str(path), "r", mmap=True, maskandscale=False)
    except (OSError, ValueError, TypeError, IndexError, KeyError, AssertionError) as error:
        raise _fail(path, f"it is no NetCDF that can be read ({error})") from None
    try:
        variables = file.variables
        name, y, x = _choose(path, {n: tuple(v.shape) for n, v in variables.items()}, wanted)
        z = variables[name]
        said = _attributes(z._attributes)
        unit = _attributes(variables[x]._attributes).get("units", "")
        yield RawGrid(
            name, np.array(variables[y][:], float), np.array(variables[x][:], float), str(unit),
            said, lambda a, b: _decoded(np.array(z[a:b]), said),
        )  # fmt: skip
    finally:
        with warnings.catch_warnings():
            # the map goes when the last view of it does
            warnings.simplefilter("ignore", RuntimeWarning)
            file.close()


@contextlib.contextmanager
def _hdf5(path: Path, wanted: str) -> Iterator[RawGrid]:
    try:
        import h5py
    except ImportError:
        raise _fail(
            path, "it is NetCDF-4, which needs h5py, and that is not installed",
            "install h5py, or write the grid as classic NetCDF (`gmt grdconvert in.nc out.nc=cf`)",
        ) from None  # fmt: skip
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise _fail(path, f"it is no NetCDF that can be read ({error})") from None
    with file:
        variables = {n: v for n, v in file.items() if hasattr(v, "shape")}
        name, y, x = _choose(path, {n: tuple(v.shape) for n, v in variables.items()}, wanted)
        z = variables[name]
        said = _attributes(dict(z.attrs))
        unit = _attributes(dict(variables[x].attrs)).get("units", "")
        yield RawGrid(
            name, np.array(variables[y][:], float), np.array(variables[x][:], float), str(unit),
            said, lambda a, b: _decoded(z[a:b], said),
        )  # fmt: skip


@contextlib.contextmanager
def _zarr(path: Path, wanted: str) -> Iterator[RawGrid]:
    import zarr

    try:
        group: Any = zarr.open_group(str(path), mode="r")
        variables = dict(group.arrays())
    except Exception as error:  # zarr and its codecs raise errors of many kinds
        raise _fail(path, f"it is no group of Zarr that can be read ({error})") from None
    name, y, x = _choose(path, {n: tuple(v.shape) for n, v in variables.items()}, wanted)
    z: Any = variables[name]
    said = _attributes(dict(z.attrs))
    unit = dict(variables[x].attrs).get("units", "")
    yield RawGrid(
        name, np.array(variables[y][:], float), np.array(variables[x][:], float), str(unit), said,
        lambda a, b: _decoded(z[a:b], said),
    )  # fmt: skip


@contextlib.contextmanager
def _text(path: Path, wanted: str) -> Iterator[RawGrid]:
    """ESRI ASCII: a head of five or six lines, rows from north to south."""
    if path.stat().st_size > _LARGEST_TEXT:
        raise _fail(path, "a grid as text of more than 200 MB", "write it as NetCDF")
    text = path.read_text(encoding="ascii", errors="replace").split()
    head: dict[str, float] = {}
    at = 0
    with contextlib.suppress(ValueError):
        while at + 1 < len(text) and text[at][:1].isalpha() and len(head) < 10:
            head[text[at].lower()] = float(text[at + 1])
            at += 2
    if not {"ncols", "nrows", "cellsize"} <= set(head):
        raise _fail(path, "it is neither NetCDF, Zarr, GeoTIFF nor ESRI ASCII (no ncols, nrows and "
                    "cellsize)")  # fmt: skip
    rows, columns, cell = int(head["nrows"]), int(head["ncols"]), head["cellsize"]
    try:
        values = np.array(text[at:], float)
    except ValueError:
        raise _fail(path, "a number of the grid cannot be read") from None
    if values.size != rows * columns or min(rows, columns) < 2 or not cell > 0:
        raise _fail(path, f"its head says {rows} x {columns} cells of {cell:g}, and it holds "
                    f"{values.size} numbers")  # fmt: skip
    west = head["xllcenter"] if "xllcenter" in head else head.get("xllcorner", 0.0) + cell / 2
    south = head["yllcenter"] if "yllcenter" in head else head.get("yllcorner", 0.0) + cell / 2
    z = values.reshape(rows, columns)
    z[z == head.get("nodata_value", -9999.0)] = np.nan
    y = np.asarray(south + cell * np.arange(rows)[::-1], np.float64)
    x = np.asarray(west + cell * np.arange(columns), np.float64)
    yield RawGrid("z", y, x, "", {}, lambda a, b: z[a:b].copy())


@contextlib.contextmanager
def _geotiff(path: Path, wanted: str) -> Iterator[RawGrid]:
    try:
        import rasterio
    except ImportError:
        raise _fail(
            path, "it is a GeoTIFF, which needs rasterio, and that is not installed",
            "install rasterio, or write the grid as NetCDF (`gdal_translate -of netCDF`)",
        ) from None  # fmt: skip
    with rasterio.open(path) as file:
        t, fill = file.transform, file.nodata
        if t.b or t.d:
            raise _fail(path, "its rows are not along the axes", "warp it first")
        x = t.c + t.a * (np.arange(file.width) + 0.5)
        y = t.f + t.e * (np.arange(file.height) + 0.5)
        unit = "degrees" if file.crs is not None and file.crs.is_geographic else ""

        def read(first: int, stop: int) -> Floats:
            window = ((first, stop), (0, file.width))
            z = np.asarray(file.read(1, window=window), np.float64)
            return z if fill is None else np.where(z == fill, np.nan, z)

        yield RawGrid("band1", y, x, unit, {}, read)
