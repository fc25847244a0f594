"""Arrivals of a catalog at stations, and which events structure can be read from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.structure._grid import StructureGrid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EVENT_STATES = (
    "used", "too_few_picks", "one_sided", "no_place", "outside_model", "misfit",
)  # fmt: skip
"""What becomes of an event."""


@dataclass(frozen=True)
class Arrivals:
    """Arrival times of events at stations, sorted by event.

    Attributes
    ----------
    event : ndarray of int, (picks,)
        Number of the event, not decreasing.
    station : ndarray of int, (picks,)
        Number of the station.
    is_s : ndarray of bool, (picks,)
    time_s : ndarray, (picks,)
        After the reference time of the event.
    sigma_s : ndarray, (picks,)
        Standard errors.
    station_km : ndarray, (stations, 3)
        Depth, north and east of the stations.
    """

    event: Ints
    station: Ints
    is_s: NDArray[np.bool_]
    time_s: Floats
    sigma_s: Floats
    station_km: Floats

    def subset(self, which: NDArray[np.bool_] | Ints) -> Arrivals:
        """Return some of the picks."""
        return replace(
            self, event=self.event[which], station=self.station[which], is_s=self.is_s[which],
            time_s=self.time_s[which], sigma_s=self.sigma_s[which],
        )  # fmt: skip

    @property
    def group(self) -> Ints:
        """Number of station and phase: that of the station, S after all P."""
        return self.station + self.is_s * len(self.station_km)


@dataclass(frozen=True)
class EventChecks:
    """What an event must have to be used.

    Attributes
    ----------
    minimum_picks : int
    maximum_gap_deg : float
        Largest angle between neighboring stations as seen from the epicenter.
    """

    minimum_picks: int = 6
    maximum_gap_deg: float = 180.0


def check_events(
    arrivals: Arrivals, place_km: Floats, grid: StructureGrid, checks: EventChecks
) -> tuple[list[str], list[str]]:
    """Say for every event whether structure can be read from it, and why not.

    Parameters
    ----------
    arrivals : Arrivals
    place_km : ndarray, (events, 3)
        Depth, north and east of starting places; NaN where there is none.

    Returns
    -------
    status, reason : list of str
        Of :data:`EVENT_STATES`; no reason where used.
    """
    status, reason = [], []
    starts = np.searchsorted(arrivals.event, np.arange(len(place_km) + 1))
    inside = grid.holds(np.nan_to_num(place_km, nan=0.0), 1.0)
    for i, place in enumerate(place_km):
        stations = np.unique(arrivals.station[starts[i] : starts[i + 1]])
        count = int(starts[i + 1] - starts[i])
        if not np.isfinite(place).all():
            found = "no_place", "no starting place; locate it first, or give a catalog"
        elif count < checks.minimum_picks:
            found = (
                "too_few_picks",
                f"{count} usable picks, fewer than {checks.minimum_picks}: its source takes four, "
                "and little is left for structure",
            )
        elif not inside[i]:
            found = (
                "outside_model",
                f"its place (depth {place[0]:.1f}, north {place[1]:.1f}, east {place[2]:.1f} km) "
                "is outside the grid or at its side; widen the grid to use it",
            )
        else:
            gap = station_gap(arrivals.station_km[stations, 1:] - place[1:])
            found = ("used", "")
            if gap > checks.maximum_gap_deg:
                found = (
                    "one_sided",
                    f"its stations leave a gap of {gap:.0f} degrees, more than "
                    f"{checks.maximum_gap_deg:g}: place and structure cannot be told apart",
                )
        status.append(found[0])
        reason.append(found[1])
    return status, reason


def station_gap(offsets_km: Floats) -> float:
    """Return the largest angle (deg) between neighboring directions (n, 2); 360 for one or none."""
    if len(offsets_km) < 2:
        return 360.0
    angle = np.sort(np.degrees(np.arctan2(offsets_km[:, 1], offsets_km[:, 0])) % 360.0)
    return float(np.diff(np.append(angle, angle[0] + 360.0)).max())
