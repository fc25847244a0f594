"""Which picks of an event can be used, and why others cannot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PICK_USES = (
    "used",
    "unknown_phase",
    "no_uncertainty",
    "no_station",
    "no_table",
    "doubled",
    "s_before_p",
    "far_in_time",
    "too_far",
)
"""What becomes of a pick."""

_LINE_SHARE = 0.01
"""Width over length of a network from which its stations do not lie in a line. Chosen here."""


def screen_picks(
    station: Sequence[str],
    phase: Sequence[str],
    time_s: Floats,
    uncertainty_s: Floats,
    longitude: Floats,
    group: NDArray[np.int64],
    longest_s: float,
) -> list[str]:
    """Say of every pick whether it is used, one of :data:`PICK_USES`.

    Of several picks of one phase at a station the most certain is used, of equals the earliest.
    An S that is not later than the P of its station is left out. A pick farther from the middle
    one than the longest travel time belongs to another event.
    """
    count = len(phase)
    use = ["used"] * count
    for i in range(count):
        if phase[i] not in ("P", "S"):
            use[i] = "unknown_phase"
        elif not (np.isfinite(time_s[i]) and uncertainty_s[i] > 0):
            use[i] = "no_uncertainty"
        elif not np.isfinite(longitude[i]):
            use[i] = "no_station"
        elif group[i] < 0:
            use[i] = "no_table"
    left = [i for i in range(count) if use[i] == "used"]
    if left:
        # The middle of the largest group within the longest time, so that strays do not count.
        times = np.sort(time_s[left])
        inside = np.searchsorted(times, times + longest_s, side="right") - np.arange(times.size)
        begin = times[int(np.argmax(inside))]
        for i in left:
            if not begin <= time_s[i] <= begin + longest_s:
                use[i] = "far_in_time"
    best: dict[tuple[str, str], int] = {}
    for i in range(count):
        if use[i] != "used":
            continue
        key = (station[i], phase[i])
        other = best.get(key)
        if other is None:
            best[key] = i
            continue
        better = (uncertainty_s[i], time_s[i]) < (uncertainty_s[other], time_s[other])
        use[other if better else i] = "doubled"
        if better:
            best[key] = i
    for (name, kind), i in best.items():
        if kind == "S":
            p = best.get((name, "P"))
            if p is not None and time_s[i] <= time_s[p]:
                use[i] = "s_before_p"
    return use


def stations_in_line(station: Floats) -> bool:
    """Say whether stations (depth, north, east) lie in a line, seen from above.

    Within 1 % of their extent; two stations always do.
    """
    place = np.unique(np.round(station[:, 1:], 3), axis=0)
    if place.shape[0] < 3:
        return True
    size = np.linalg.svd(place - place.mean(axis=0), compute_uv=False)
    return bool(size[1] < _LINE_SHARE * size[0])
