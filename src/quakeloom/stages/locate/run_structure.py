"""The ensemble that stage ``structure`` of the same run makes, to locate the run's events in."""

from __future__ import annotations

import numpy as np

from quakeloom.config import SAME_RUN, Settings
from quakeloom.core import digest_json
from quakeloom.location import find_boundary, grid_times
from quakeloom.stages.locate.ensembles import StoredEnsemble, depth_limits
from quakeloom.stages.locate.hypocenters import locate_settings, receiver_levels_of
from quakeloom.stages.structure.reading import (
    read_structure_times,
    structure_group,
    structure_size,
)
from quakeloom.store import RunLayout, open_array


def locates_in_structure(settings: Settings) -> bool:
    """Say whether events are located in the members that the run itself makes."""
    return settings.locate is not None and SAME_RUN in settings.locate.models


def structure_times_digest(settings: Settings, layout: RunLayout) -> str:
    """Return the digest of what decides the times of those members, before they are there."""
    locate = locate_settings(settings)
    names = ("members", "minimum_depth_km", "maximum_depth_km", "boundary_velocity_km_s")
    return digest_json(
        [
            layout.plan_step("structure", "finalise").digest(),
            {n: getattr(locate, n) for n in names},
        ]
    )


def structure_ensemble_size(settings: Settings, layout: RunLayout) -> tuple[int, int, float]:
    """Return members, groups and bytes of the times that are read."""
    members, groups, size = structure_size(settings, layout)
    taken = min(members, locate_settings(settings).members or members)
    return taken, groups, size * taken / members


def read_structure(settings: Settings, layout: RunLayout) -> StoredEnsemble:
    """Read the times of the members, P and S in their own velocities."""
    locate = locate_settings(settings)
    found = read_structure_times(settings, layout, locate.members or None)
    depth, north, east = found["axes_km"]
    times = grid_times(found["names"], found["stations"], found["time_s"], depth, north, east)
    boundary = np.full((north.size, east.size, times.member_count), np.nan)
    if locate.boundary_velocity_km_s > 0:
        assert settings.structure is not None
        every = tuple(slice(None, None, k) for k in settings.structure.table_every)
        array = open_array(structure_group(layout), "structure_p_velocity")
        for k in range(times.member_count):
            velocity = np.asarray(array[k], dtype=float)[every]
            boundary[..., k] = find_boundary(velocity, depth, locate.boundary_velocity_km_s)
    levels = receiver_levels_of(settings, layout)
    limits = depth_limits(locate, levels, float(depth[-1]))
    limits = max(limits[0], float(depth[0])), min(limits[1], float(depth[-1]))
    return StoredEnsemble(times, boundary, found["plane"], limits_km=limits)
