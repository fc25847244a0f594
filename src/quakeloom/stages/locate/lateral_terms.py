"""What station terms of a catalog share, where velocity changes sideways and models are flat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import local_position
from quakeloom.location import SMOOTHED_FROM, SharedDelays, no_shared_delays, share_delays
from quakeloom.stages.locate.events import Locator
from quakeloom.stages.locate.term_events import (
    WITH_MISFITS,
    Parts,
    TermKeys,
    arrival_codes,
    used_arrivals,
)

Floats = NDArray[np.float64]

_MOST_EVENTS = 400
"""Events whose paths are averaged; of a larger catalog an even part. Chosen here: means are then
known to a twentieth of the scatter."""

_LEAST_SHARE = 0.9
"""Share of the variance of errors of paths from which on they are delays of stations, chosen here:
events are in one place then. Elsewhere short paths would get the delays of long ones (events up
to 25 km apart, 0.8: five in a hundred then had one member left)."""


def read_shared_delays(
    locate: Locate, locator: Locator, parts: Parts, keys: TermKeys, chosen: NDArray[np.int64]
) -> SharedDelays:
    """Return what the terms of some stations and phases share.

    None where models are not flat, or are too few to be moved: there locating adds no errors of
    paths either. None where events are spread out: then every event has errors of its own.

    Parameters
    ----------
    locate : Locate
    locator : Locator
    parts : callable
        See :data:`quakeloom.stages.locate.term_events.Parts`.
    keys : TermKeys
    chosen : ndarray of int
        Those with a term, by their number among the keys.
    """
    times = locator.ensemble.times
    sampled = locate.smooth_models and times.member_count >= SMOOTHED_FROM
    if not (times.radial and sampled and locate.lateral_spread > 0.0):
        return no_shared_delays(chosen.size)
    number = {keys.names[k]: i for i, k in enumerate(chosen)}
    every = max(-(-keys.events // _MOST_EVENTS), 1)
    seen = 0
    rows: list[Floats] = []
    for hypocenters, arrivals in parts():
        good, used, event = used_arrivals(hypocenters, arrivals, WITH_MISFITS)
        kept = np.flatnonzero((seen + event) % every == 0)
        seen += good.num_rows
        used, event = used.take(kept), event[kept]
        names, code = arrival_codes(used)
        key = np.array([number.get(n, -1) for n in names], dtype=float)[code]
        place = [good.column(c).to_numpy()[event] for c in ("longitude", "latitude")]
        paths = [used.column(c).to_numpy() for c in ("distance_km", "azimuth_deg", "travel_time_s")]
        rows.append(np.stack([key, *place, *paths]))
    key, longitude, latitude, away, azimuth, travel = np.concatenate(rows, axis=1)
    middle = float(np.median(longitude)), float(np.median(latitude))
    event_km = np.column_stack(local_position(*middle, longitude, latitude))
    angle = np.radians(azimuth)
    station_km = event_km + away[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    found = share_delays(
        key.astype(np.int64), event_km, station_km, np.nan_to_num(travel), chosen.size,
        locate.lateral_spread, locate.lateral_km,
    )  # fmt: skip
    return found if found.share >= _LEAST_SHARE else no_shared_delays(chosen.size)
