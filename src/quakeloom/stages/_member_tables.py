"""Travel-time tables of ensemble members, one per member and station, computed once.

The location stage asks for them; they are kept as Zarr arrays under the digest of everything
that decides them, so that a station or a member more costs its own tables only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import digest_bytes, digest_json, digest_source
from quakeloom.store import atomic_folder, open_array, write_array
from quakeloom.travel import solve_eikonal


def member_table(
    cache: Path,
    velocity: NDArray[np.float64],
    spacing_km: tuple[float, ...],
    origin_km: tuple[float, ...],
    station_km: tuple[float, ...],
    active: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Return the travel times from every node of a member to a station, in s.

    Parameters
    ----------
    cache : Path
        Folder of all tables of a run.
    velocity : ndarray, (depth, distance) or (depth, north, east), km/s
    spacing_km, origin_km, station_km : tuple of float
        Per axis.
    active : ndarray of bool, optional
        As in :func:`quakeloom.travel.solve_eikonal`.

    Returns
    -------
    ndarray of float32, shape of the velocity
    """
    velocity = np.ascontiguousarray(velocity)
    key = digest_json(
        [
            digest_bytes(velocity.tobytes(), b"" if active is None else active.tobytes()),
            list(velocity.shape),
            [list(map(float, v)) for v in (spacing_km, origin_km, station_km)],
            digest_source(["quakeloom.travel"]),
        ]
    )
    name = "station_time_s" if velocity.ndim == 3 else "line_time_s"
    folder = cache / key[:2] / key
    if not folder.is_dir():
        solution = solve_eikonal(velocity, spacing_km, station_km, origin_km, active)
        with atomic_folder(folder) as temporary:
            write_array(temporary, name, solution.times_s.astype(np.float32))
    return np.asarray(open_array(folder, name)[...])
