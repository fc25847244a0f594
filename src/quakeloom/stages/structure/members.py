"""Members of a structure: drawn, kept, and timed to every station, on workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.stages.ensemble.member_tables import member_table
from quakeloom.stages.structure.inputs import structure_settings
from quakeloom.store import Item
from quakeloom.structure import StructurePrior

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MemberTask:
    """A member whose velocities are wanted with its tables.

    Attributes
    ----------
    settings : Settings
    prior : StructurePrior
    white : ndarray
        Its coordinates.
    names : tuple of str
        Stations.
    place_km : ndarray, (stations, 3)
    cache : Item
        Folder of all tables.
    """

    settings: Settings
    prior: StructurePrior
    white: Floats
    names: tuple[str, ...]
    place_km: Floats
    cache: Item


def make_member(
    task: MemberTask,
) -> tuple[NDArray[np.float32], NDArray[np.float32], list[dict[str, str]]]:
    """Return P and S velocity of a member, and the keys of its tables by phase and station."""
    asked, grid = structure_settings(task.settings), task.prior.grid
    velocities = [v.astype(np.float32) for v in task.prior.velocities(task.white)]
    keys: list[dict[str, str]] = []
    for velocity in velocities:
        exact = velocity.astype(np.float64)
        keys.append(
            {
                name: member_table(
                    task.cache, exact, grid.spacing_km, grid.origin_km, tuple(place.tolist()),
                    order=asked.order, every=asked.table_every,
                ).key
                for name, place in zip(task.names, task.place_km, strict=True)
            }
        )  # fmt: skip
    return velocities[0], velocities[1], keys
