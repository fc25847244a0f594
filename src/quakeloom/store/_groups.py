"""Zarr groups and NetCDF files as a whole: what they say of themselves, and datasets of xarray."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from quakeloom.core import InputError
from quakeloom.store._items import Item, atomic_file, atomic_folder, local_copy
from quakeloom.store._local import LocalStore

if TYPE_CHECKING:
    from xarray import Dataset


def create_group(group: Item, attributes: Mapping[str, Any]) -> None:
    """Create a Zarr group with attributes, if it is not there."""
    import zarr

    zarr.open_group(group.zarr, mode="a", attributes=dict(attributes))


def read_attributes(group: Item) -> dict[str, Any]:
    """Return the attributes of a Zarr group; empty if there is no group."""
    import zarr

    if not group.exists():
        return {}
    return dict(zarr.open_group(group.zarr, mode="r").attrs)


def write_attributes(group: Item, attributes: Mapping[str, Any]) -> None:
    """Add attributes to those of a Zarr group, which is created if it is not there."""
    import zarr

    zarr.open_group(group.zarr, mode="a").attrs.update(dict(attributes))


def write_dataset(item: Item, dataset: Dataset) -> None:
    """Write a dataset of xarray, whole: NetCDF if the name ends with ``.nc``, else Zarr.

    Coordinates of NetCDF files have no fill value, as the CF conventions ask (section 2.5.1).
    """
    if item.name.endswith(".nc"):
        complete = {str(n): {"_FillValue": None} for n in dataset.coords}
        with atomic_file(item) as temporary:
            dataset.to_netcdf(temporary, engine="scipy", format="NETCDF3_64BIT", encoding=complete)
        return
    with atomic_folder(item) as group:
        dataset.to_zarr(group.zarr, mode="w", consolidated=False, zarr_format=3)


@contextlib.contextmanager
def open_dataset(item: Item) -> Iterator[Dataset]:
    """Open what :func:`write_dataset` wrote, for the length of a ``with`` block.

    Raises
    ------
    InputError
        If it is not there, or what it says of itself is damaged. Chunks are read when they are
        used; their damage is found by the digests of the run.
    """
    import xarray  # takes half a second; few commands need it

    if not item.exists():
        raise InputError(f"{item} is missing, so it cannot be read. Run what makes it again.")
    if item.name.endswith(".nc"):
        with (
            local_copy(item) as path,
            _opened(item, lambda: xarray.open_dataset(path, engine="scipy")) as data,
        ):
            yield data
        return
    with _opened(item, lambda: xarray.open_zarr(item.zarr, consolidated=False)) as data:
        yield data


def open_lazily(item: Item) -> Dataset:
    """Open a Zarr group or a NetCDF file for notebooks: arrays are read when they are used.

    Raises
    ------
    InputError
        If it is not there.
    """
    import xarray  # takes half a second; few commands need it

    if not item.exists():
        raise InputError(f"{item} is missing, so it cannot be read. Run what makes it again.")
    data: Dataset
    if item.name.endswith(".nc"):
        near = item.local if isinstance(item.store, LocalStore) else item.open()
        data = _opened(item, lambda: xarray.open_dataset(near, engine="scipy"))
    else:
        with warnings.catch_warnings():
            # locks and notes of the stages lie beside the arrays
            warnings.filterwarnings("ignore", "Object at .* is not recognized")
            data = _opened(item, lambda: xarray.open_zarr(item.zarr, consolidated=False))
    return data


def _opened(item: Item, opening: Callable[[], Dataset]) -> Dataset:
    """Open a dataset; damage to what it says of itself is told in words."""
    try:
        return opening()
    except MemoryError:
        raise
    except Exception as error:  # readers of JSON, Zarr and NetCDF fail in a dozen ways
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InputError(
            f"{item} cannot be opened ({type(error).__name__}: {str(error)[:120]}), so it is "
            "damaged. Remove it and run again: what makes it is made again."
        ) from error
