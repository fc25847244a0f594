"""What a partition of the stress map keeps: sums on nodes, and events where they are needed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Stress
from quakeloom.mechanism import mechanism_grid
from quakeloom.stages.frame.partition_states import refuse_damaged
from quakeloom.stages.stress.inputs import StressEvents, axis_names, place_boundaries
from quakeloom.stages.stress.map import MapEvents, refuse_many_nodes
from quakeloom.store import RunLayout, open_array, read_arrays, read_json
from quakeloom.stress import (
    MechanismSets,
    accumulate_statistics,
    grid_around,
    join_sets,
    key_statistics,
)

log = logging.getLogger(__name__)

_MOST_SUMMED = 3_000_000
"""Nodes of the box around the mechanisms of a partition; chosen here: their sums have some 7 GB."""


_MIDWAY = 0.45
"""Distance from the nearest node, in steps, from which a place is midway between nodes, and loads
both nearly alike; chosen here: a tenth of the places of any catalog are."""

_MOST_MIDWAY = 0.8
"""Share of mechanisms midway between nodes from which the map warns; chosen here: of places rounded
to half a step a half are there, and a half at nodes, which is as good as any."""


def sum_events(stress: Stress, events: StressEvents) -> dict[str, NDArray[np.int64]]:
    """Return the keyed sums of selected events."""
    names, steps = axis_names(stress)
    used = events.weights > 0
    if used.any():
        spans = np.ptp(events.points[used], axis=0)
        sizes = [
            span / step + 2.0 if step else 1.0 for span, step in zip(spans, steps, strict=True)
        ]
        refuse_many_nodes(np.array(sizes), stress, _MOST_SUMMED)
    grid, origin = grid_around(names, steps, events.points[used], place_boundaries(stress))
    if not used.any():
        empty = accumulate_statistics(grid, np.empty((0, len(names))), np.empty((0, 20)))
        return key_statistics(grid, origin, empty)
    sums = accumulate_statistics(
        grid, events.points[used], events.statistics[used], events.weights[used]
    )
    return key_statistics(grid, origin, sums)


def needs_events(stress: Stress) -> bool:
    """Return whether the map needs the mechanisms one by one, not only their sums."""
    return stress.bootstrap > 0 or stress.planes in ("auto", "probable", "instability")


def gather_events(layout: RunLayout, names: Sequence[str]) -> MapEvents:
    """Read the mechanisms of all partitions."""
    parts = [read_arrays(layout.part("stress", n) / "events.npz") for n in names]
    points, statistics, weights, angles, places = (
        np.concatenate([p[k] for p in parts])
        for k in ("points", "statistics", "weights", "angles", "places")
    )
    from_sets = any(bool(p["from_sets"]) for p in parts)
    sets = join_sets(
        [MechanismSets(**{k[5:]: p[k] for k in p if k.startswith("sets_")}) for p in parts]
    )
    return MapEvents(points, statistics, weights, angles, sets, places, from_sets)


def sum_places(events: StressEvents) -> list[int]:
    """Return the sum of the (north, east) coordinates of the events that count, in millionths.

    Integers, so that the mean of a run does not depend on how it is split.
    """
    places = events.points[events.weights > 0, -2:]
    return [int(v) for v in np.rint(places * 1e6).astype(np.int64).sum(axis=0)]


def count_midway(stress: Stress, events: StressEvents) -> list[int]:
    """Count the events midway between nodes of the map, along north and along east."""
    steps = axis_names(stress)[1]
    if steps[-1] <= 0:
        return [0, 0]
    places = events.points[events.weights > 0, -2:] / steps[-1]
    off = np.abs(places - np.rint(places))
    return [int(n) for n in (off > _MIDWAY).sum(axis=0)]


def describe_midway(counts: Sequence[Sequence[int]], used: int) -> dict[str, Any]:
    """Return the share of mechanisms midway between nodes, and warn where nearly all are.

    Places that were rounded to a grid of the map's own step may all be: each loads the nodes around
    it alike, so that data tell nothing of how these differ.

    Parameters
    ----------
    counts : sequence of sequence of int
        Of every partition, see :func:`count_midway`.
    used : int
        Mechanisms that enter the map.
    """
    most = max((sum(axis) for axis in zip(*counts, strict=True)), default=0)
    share = most / used if used else 0.0
    many = share > _MOST_MIDWAY and used > 1
    if many:
        log.warning(
            "%.0f %% of the mechanisms stand midway between nodes of the map, as places do that "
            "were rounded to a grid of the same step. They load the nodes around them alike, so "
            "that nodes differ more than the stress does. Take half the step, or shift the places "
            "by half a step.",
            100.0 * share,
        )
    return {"midway": round(share, 4), "midway_warned": many}


def mean_place(sums: Sequence[Sequence[int]], counts: Sequence[int]) -> tuple[float, float]:
    """Return the mean (north, east) coordinate, where a single node stands."""
    total = sum(counts)
    if not total:
        return 0.0, 0.0
    north, east = (sum(s[k] for s in sums) / total / 1e6 for k in (0, 1))
    return round(north, 6), round(east, 6)


def read_acceptance(layout: RunLayout, partition: str) -> tuple[Any, tuple[NDArray[Any], ...]]:
    """Return the stored weights of acceptable mechanisms, and the grid that they stand on.

    The grid comes with the share of all orientations of each mechanism, since that of HASH
    holds mechanisms with vertical planes twice. None where no sets are stored, or where they are
    not those that the marker of the partition names: their rows would be other events.
    """
    group = layout.accepted / partition
    marker = layout.done("mechanism", partition)
    written = read_json(marker).get("digests", {}) if marker.exists() else {}
    if group.relative_to(layout.root) not in written or not (group / "acceptance").exists():
        return None, ()
    refuse_damaged(layout, "mechanism", partition)
    grid = tuple(
        np.asarray(open_array(layout.accepted / "grid", n)[...])
        for n in ("strike_deg", "dip_deg", "rake_deg")
    )
    step = read_json(layout.done_step("mechanism", "init"))["grid_step_deg"]
    return open_array(group, "acceptance"), (*grid, mechanism_grid(step).weights)
