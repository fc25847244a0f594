"""How picks are associated."""

from __future__ import annotations

from dataclasses import dataclass

from quakeloom.core import InputError


@dataclass(frozen=True)
class AssociationOptions:
    """Search, thresholds and errors.

    Attributes
    ----------
    minimum_depth_km, maximum_depth_km : float
        Of hypocenters.
    margin_km : float
        How far beyond the stations events are sought.
    reach_km : float
        Largest epicentral distance of a pick.
    spacing_km : float
        Of the coarse grid; 0: half of the stations' spacing, 4 to 10 km.
    depth_spacing_km : float
        Of its layers.
    depth_km, depth_error_km : float
        A Gaussian prior of depth, for events whose picks do not tell it.
    p_error_s, s_error_s : float
        Standard deviations of picks that have none.
    time_error_fraction, time_error_s : float
        Standard deviation of travel times of one model.
    works_s : float
        A station counts as working within so many seconds of a pick.
    false_events_per_day : float
        What is promised.
    minimum_picks, minimum_both : int
        Events with fewer picks, or fewer stations with P and S, are none.
    least_vote : float
        Sums of votes below are not looked at.
    rounds : int
        Searches, each with a network model fitted to the events of the one before.
    """

    minimum_depth_km: float = 0.0
    maximum_depth_km: float = 30.0
    margin_km: float = 20.0
    reach_km: float = 150.0
    spacing_km: float = 0.0
    depth_spacing_km: float = 8.0
    depth_km: float = 10.0
    depth_error_km: float = 10.0
    p_error_s: float = 0.1
    s_error_s: float = 0.2
    time_error_fraction: float = 0.02
    time_error_s: float = 0.1
    works_s: float = 6.0 * 3600.0
    false_events_per_day: float = 1.0
    minimum_picks: int = 5
    minimum_both: int = 0
    least_vote: float = 8.0
    rounds: int = 2

    def __post_init__(self) -> None:
        if not self.minimum_depth_km < self.maximum_depth_km:
            raise InputError(
                f"Depths from {self.minimum_depth_km} to {self.maximum_depth_km} km are no range, "
                "so nothing can be associated; give the smaller first."
            )
