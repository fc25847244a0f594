"""Settings of merging the events that a run found with those of a catalog."""

from __future__ import annotations

from quakeloom.config._fields import Section, setting


class Merge(Section):
    """Events found, and the events of `sources`: which are the same, new, or not found.

    The stage runs where this group is given, even empty (`merge: {}`), beside `associate`.
    """

    largest_distance: float = setting(
        5.0,
        "Events are the same within so many standard deviations of time and place together.",
        "1",
        gt=0,
        le=20,
    )
    time_error_s: float = setting(
        2.0, "Standard error of origin times that state none.", "s", gt=0, le=60
    )
    horizontal_error_km: float = setting(
        5.0, "Standard error of epicenters that state none.", "km", gt=0, le=100
    )
    depth_error_km: float = setting(
        10.0, "Standard error of depths that state none.", "km", gt=0, le=200
    )
