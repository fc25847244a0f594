"""Travel-time tables of ensemble members, one per member and station, computed once.

The location stage asks for them; they are kept as Zarr arrays under the digest of everything
that decides them, so that a station or a member more costs its own tables only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import digest_bytes, digest_json
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.store import Item, atomic_folder, digest_array, open_array, write_array
from quakeloom.travel import solve_eikonal


@dataclass(frozen=True)
class MemberTable:
    """Travel times from the nodes of a member to a station.

    Attributes
    ----------
    key : str
        Digest of everything that decides the times; names the folder in the cache.
    time_s : ndarray of float32
        (depth, distance) or (depth, north, east); infinite where no ray arrives.
    """

    key: str
    time_s: NDArray[np.float32]


def member_table(
    cache: Item,
    velocity: NDArray[np.float64],
    spacing_km: tuple[float, ...],
    origin_km: tuple[float, ...],
    station_km: tuple[float, ...],
    active: NDArray[np.bool_] | None = None,
    order: int = 2,
    every: tuple[int, ...] | None = None,
) -> MemberTable:
    """Return the travel times from the nodes of a member to a station.

    Parameters
    ----------
    cache : Item
        Folder of all tables of a run.
    velocity : ndarray, (depth, distance) or (depth, north, east), km/s
    spacing_km, origin_km, station_km : tuple of float
        Per axis.
    active : ndarray of bool, optional
        As in :func:`quakeloom.travel.solve_eikonal`.
    order : int
        Order of the solver.
    every : tuple of int, optional
        Keep every so many nodes per axis; all if absent.
    """
    velocity = np.ascontiguousarray(velocity)
    every = (1,) * velocity.ndim if every is None else tuple(every)
    key = digest_json(
        [
            digest_bytes(velocity.tobytes(), b"" if active is None else active.tobytes()),
            list(velocity.shape),
            [list(map(float, v)) for v in (spacing_km, origin_km, station_km)],
            [order, *every],
            code_digest("quakeloom.travel"),
        ]
    )
    name = "station_time_s" if velocity.ndim == 3 else "line_time_s"
    folder = table_folder(cache, key)
    if not folder.exists():
        solution = solve_eikonal(velocity, spacing_km, station_km, origin_km, active, order)
        kept = solution.times_s[tuple(slice(None, None, k) for k in every)]
        with atomic_folder(folder) as temporary:
            write_array(temporary, name, kept.astype(np.float32))
    return MemberTable(key, np.asarray(open_array(folder, name)[...]))


def table_digest(cache: Item, key: str, name: str = "station_time_s") -> str:
    """Return the digest of a table as it stands in the cache; empty if it is not there."""
    return digest_array(table_folder(cache, key), name)


def table_folder(cache: Item, key: str) -> Item:
    """Return where a table lies in the cache."""
    return cache / key[:2] / key
