"""Travel times of a finished regional ensemble, as the location of events reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import IncompleteError
from quakeloom.stages.ensemble.blocks import blocks_of
from quakeloom.stages.ensemble.member_tables import table_folder
from quakeloom.stages.regional import REGIONAL
from quakeloom.stages.regional.inputs import read_stations, regional_axes, regional_settings
from quakeloom.store import Item, RunLayout, open_array, read_json


def read_times(settings: Settings, layout: RunLayout, members: int | None = None) -> dict[str, Any]:
    """Read the travel times of every member at every station, for the location of events.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
        Of a finished ensemble.
    members : int, optional
        The first so many members; all if absent.

    Returns
    -------
    dict
        ``names`` of the members, ``stations``, ``time_s`` as float32 of shape (stations, depths,
        norths, easts, members), ``depth_km``, ``north_km``, ``east_km``, and the origin
        ``longitude_deg`` and ``latitude_deg`` that norths and easts count from.
    """
    regional = regional_settings(settings)
    stations = read_stations(settings).names
    keys = table_keys(settings, layout)
    chosen = sorted(keys)[:members]
    axes = [a[::k] for a, k in zip(regional_axes(regional), regional.table_every, strict=True)]
    time_s = np.empty((len(stations), *(a.size for a in axes), len(chosen)), dtype=np.float32)
    for j, member in enumerate(chosen):
        for i, station in enumerate(stations):
            time_s[i, ..., j] = read_station_table(layout, keys[member][station])
    return {
        "names": tuple(f"m{m:04d}" for m in chosen),
        "stations": stations,
        "time_s": time_s,
        "depth_km": axes[0],
        "north_km": axes[1],
        "east_km": axes[2],
        "longitude_deg": regional.origin_longitude_deg,
        "latitude_deg": regional.origin_latitude_deg,
    }


def table_keys(settings: Settings, layout: RunLayout) -> dict[int, dict[str, list[str]]]:
    """Return key and digest of the tables by member and station."""
    keys: dict[int, dict[str, list[str]]] = {}
    for block in blocks_of(regional_settings(settings)):
        marker = layout.done(REGIONAL.name, block.name)
        if not marker.exists():
            raise IncompleteError(
                f"Block {block.name} of the ensemble in {layout.root} is missing, so nothing can "
                "be located in it; run the workflow."
            )
        keys |= {int(m): t for m, t in read_json(marker)["tables"].items()}
    return keys


def read_station_table(layout: RunLayout, key: list[str]) -> NDArray[np.float32]:
    """Return the travel times of a table, from its key and digest."""
    return np.asarray(open_array(table_folder(tables_cache(layout), key[0]), "station_time_s")[...])


def tables_cache(layout: RunLayout) -> Item:
    """Return the folder of all tables of a run."""
    return layout.root / "tables"
