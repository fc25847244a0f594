"""Settings of the way from picks over all time to events."""

from __future__ import annotations

from typing import Literal

from quakeloom.config._fields import Section, setting


class Associate(Section):
    """Events from picks over all time. The run finds its own events where this group is given."""

    models: list[str] = setting(
        list,
        "Layered velocity models, as in `takeoff.models`, whose are taken if none is given; the "
        "scatter of several is the error of travel times.",
    )
    members: int = setting(
        0, "Members drawn around the first model; 0: models as they are.", "models", ge=0, le=1000
    )
    candidates: Literal["stack", "octree"] = setting(
        "stack", "What proposes candidates: back-projection, or PyOcto if it is installed."
    )
    false_events_per_day: float = setting(
        1.0, "Expected number of false events; the threshold follows from it.", "1", ge=0, le=1e6
    )
    minimum_picks: int = setting(5, "Picks that an event has at least.", "picks", ge=3, le=1000)
    minimum_both: int = setting(
        0, "Stations with P and S that an event has at least.", "stations", ge=0, le=1000
    )
    minimum_depth_km: float = setting(0.0, "Least depth of hypocenters.", "km", ge=-9, le=800)
    maximum_depth_km: float = setting(30.0, "Largest depth of hypocenters.", "km", ge=0, le=800)
    margin_km: float = setting(
        20.0, "How far beyond the stations events are sought.", "km", ge=0, le=1000
    )
    reach_km: float = setting(150.0, "Largest epicentral distance of a pick.", "km", gt=0, le=2000)
    spacing_km: float = setting(
        0.0, "Of the coarse grid; 0: half of the stations' spacing, 4 to 10 km.", "km", ge=0, le=100
    )
    depth_spacing_km: float = setting(8.0, "Of its layers.", "km", gt=0, le=200)
    depth_km: float = setting(10.0, "Mean of the prior of depths.", "km", ge=-9, le=800)
    depth_error_km: float = setting(
        10.0, "Standard deviation of the prior of depths.", "km", gt=0, le=1000
    )
    p_error_s: float = setting(0.1, "Standard error of P picks that state none.", "s", gt=0, le=10)
    s_error_s: float = setting(0.2, "That of S picks.", "s", gt=0, le=10)
    time_error_fraction: float = setting(
        0.02, "Error of travel times of a single model as a share of them, and", "1", ge=0, le=1
    )
    time_error_s: float = setting(0.1, "in all cases.", "s", ge=0, le=10)
    works_s: float = setting(
        21600.0, "A station counts as working within so long of any of its picks.", "s", gt=0
    )
    least_vote: float = setting(
        8.0, "Sums of votes (natural logarithm of odds) below are not looked at.", "1", ge=0
    )
    rounds: int = setting(
        2, "Searches, each with a network model fitted to the events of the one before.", "1",
        ge=1, le=10,
    )  # fmt: skip
