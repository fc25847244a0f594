"""Variables and tables of faults that were found in clouds of hypocenters."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

FAULT_STATUSES = ("stable", "doubtful")
"""What a found plane is: found from most starts, in most draws and hardly by chance, or not."""

KNOWN_STATUSES = ("", "matched", "offset", "unknown")
"""How a found plane lies to known faults; empty where none were given."""

MEMBER_STATUSES = ("used", "not_located")
"""Whether an event took part in the search for faults."""


def _with_error(name: str, unit: str, meaning: str, most: float | None = None) -> list[Variable]:
    head, _, tail = name.rpartition("_")
    return [
        Variable(name, "float64", unit, meaning, "NaN", 0, most),
        Variable(f"{head}_std_{tail}", "float64", unit, "Standard error of it.", "NaN", 0),
    ]


LIST = (
    Variable(
        "fault_status", "string", "",
        "Stable if found from most starts, in most draws, and rarely where there are no planes; "
        "else doubtful.",
        values=FAULT_STATUSES,
    ),
    Variable("strike_std_deg", "float64", "deg", "Standard error of the strike.", "NaN", 0),
    *_with_error("fault_length_km", "km", "Length of the plane along strike."),
    *_with_error("fault_width_km", "km", "Width of the plane down dip."),
    *_with_error(
        "fault_thickness_km", "km",
        "Scale of Student's t of the distances from the plane, errors of location taken out.",
    ),
    Variable("center_std_km", "float64", "km", "Standard error of the place across it.", "NaN", 0),
    Variable(
        "expected_event_count", "float64", "1", "Sum of the probabilities of its members.", "NaN", 0
    ),
    Variable(
        "log_likelihood_gain", "float64", "1",
        "Rise of the natural logarithm of the likelihood by the plane.", "NaN",
    ),
    Variable(
        "planarity", "float64", "1",
        "Natural logarithm of the likelihood of its events over that of clusters as dense without "
        "planes.", "NaN",
    ),
    Variable(
        "start_share", "float64", "1", "Part of the searches that found the plane.", "NaN", 0, 1
    ),
    Variable(
        "draw_share", "float64", "1", "Part of the draws that have the plane.", "NaN", 0, 1
    ),
    Variable(
        "fault_chance", "float64", "1",
        "Chance that so good a plane is found where there are clusters and no planes.",
        "NaN", 0, 1,
    ),
    Variable(
        "known_status", "string", "",
        "Whether a known fault continues in the plane (matched), turns like it nearby (offset), or "
        "none does (unknown).",
        "empty", values=KNOWN_STATUSES,
    ),
    Variable("known_fault", "string", "", "The known fault.", "empty"),
    Variable("known_distance_km", "float64", "km", "Distance across from it.", "NaN", 0),
    Variable("known_angle_deg", "float64", "deg", "Angle to it between normals.", "NaN", 0, 90),
    Variable(
        "member_status", "string", "", "Whether the event took part in the search.",
        values=MEMBER_STATUSES,
    ),
    Variable(
        "fault_probability", "float64", "1",
        "Probability that the event is on the fault; where none is named, on no fault.",
        "NaN", 0, 1,
    ),
    Variable(
        "plane1_probability", "float64", "1",
        "Probability that the first nodal plane of the event's mechanism slipped.", "NaN", 0, 1,
    ),
    Variable("fault_draw", "int32", "1", "Number of the draw, from 0.", minimum=0),
)  # fmt: skip
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "faults",
        "Finite planes found in the hypocenters of a run, the one with most events first.",
        (
            "fault",
            "fault_status",
            "reason",
            "longitude",
            "latitude",
            "depth_km",
            "center_std_km",
            "strike_deg",
            "strike_std_deg",
            "dip_deg",
            "dip_std_deg",
            "rake_deg",
            "fault_length_km",
            "fault_length_std_km",
            "fault_width_km",
            "fault_width_std_km",
            "fault_thickness_km",
            "fault_thickness_std_km",
            "expected_event_count",
            "log_likelihood_gain",
            "planarity",
            "start_share",
            "draw_share",
            "fault_chance",
            "known_status",
            "known_fault",
            "known_distance_km",
            "known_angle_deg",
        ),
        ("fault",),
    ),
    TableSpec(
        "fault_members",
        "Faults of every event with probabilities; the row without a fault says how probably it is "
        "on none.",
        (
            "event_id",
            "member_status",
            "reason",
            "fault",
            "fault_probability",
            "plane1_probability",
        ),
    ),
    TableSpec(
        "fault_draws",
        "Draws of the found planes.",
        (
            "fault",
            "fault_draw",
            "longitude",
            "latitude",
            "depth_km",
            "strike_deg",
            "dip_deg",
            "fault_length_km",
            "fault_width_km",
            "fault_thickness_km",
        ),
    ),
)
"""The tables."""
