"""Variables and the table of events of two catalogs beside each other."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

MATCH_STATUSES = ("same", "new", "catalog_only")
"""What an event is beside the other catalog."""

LIST = (
    Variable(
        "catalog_event_id",
        "string",
        "",
        "Name of the event in the catalog that is compared with.",
        "empty",
    ),
    Variable(
        "match_status",
        "string",
        "",
        "The event is in both catalogs, in the first alone (`new`), or in the second alone.",
        values=MATCH_STATUSES,
    ),
    Variable(
        "matched_distance",
        "float64",
        "1",
        "Distance of the two origins in standard deviations of time and place together.",
        "NaN",
        0,
    ),
    Variable("later_s", "float64", "s", "Origin time of the first less that of the second.", "NaN"),
    Variable("moved_km", "float64", "km", "Distance of the two epicenters.", "NaN", 0),
    Variable("deeper_km", "float64", "km", "Depth of the first less that of the second.", "NaN"),
)
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "matches",
        "Events of a run and of a catalog, or of two catalogs, by origin time: each once.",
        (
            "event_id",
            "catalog_event_id",
            "match_status",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "matched_distance",
            "later_s",
            "moved_km",
            "deeper_km",
        ),
    ),
)
"""The tables."""
