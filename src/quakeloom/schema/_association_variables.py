"""Variables and tables of events that picks were associated with."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

UNASSIGNED_REASONS = (
    "no_time",
    "other_phase",
    "no_station",
    "no_event",
    "other_pick_taken",
    "far_in_time",
    "unlikely",
)
"""Why a pick belongs to no event."""

LIST = (
    Variable("s_pick_count", "int32", "1", "Picks of S.", minimum=0),
    Variable("both_count", "int32", "1", "Stations with picks of P and of S.", minimum=0),
    Variable(
        "event_log_odds",
        "float64",
        "1",
        "Natural logarithm of the odds that the picks are those of an event and not chance.",
    ),
    Variable("probability_real", "float64", "1", "Probability that the event is one.", "NaN", 0, 1),
    Variable(
        "detection_half_km",
        "float64",
        "km",
        "Size of the event: hypocentral distance at which half of the picks are made.",
        "NaN",
        0,
    ),
    Variable(
        "missed_near_count",
        "int32",
        "1",
        "Working stations' phases that were as likely picked as not, and have no pick.",
        minimum=0,
    ),
    Variable(
        "assignment_probability",
        "float64",
        "1",
        "Probability that the pick is the event's, and not false.",
        "NaN",
        0,
        1,
    ),
    Variable(
        "residual_sd_s",
        "float64",
        "s",
        "Standard deviation of the residual that was expected, of pick and travel time.",
        "NaN",
        0,
    ),
    Variable(
        "unassigned_reason",
        "string",
        "",
        "Why the pick belongs to no event: no time; a phase that is neither P nor S; no such "
        "station; no event near; the event has another pick of that station and phase; too far "
        "from the expected time; or too unlikely at that distance.",
        values=UNASSIGNED_REASONS,
    ),
    Variable("nearest_event_id", "string", "", "Event whose arrival is nearest.", "empty"),
    Variable(
        "nearest_residual_s",
        "float64",
        "s",
        "Pick less expected arrival of the nearest event.",
        "NaN",
    ),
)
"""The variables."""

_PICK = ("network", "station", "location_code", "channel", "phase", "time", "probability")
"""Columns that say which pick a row is of."""

_MEASURED = (
    "uncertainty_s", "snr", "picker", "polarity", "probability_up", "amplitude_wa_mm",
    "amplitude_wa_snr", "peak_velocity_m_s", "amplitude_clipped", "amplitude_reason", "clipped",
    "orientation", "reversed", "choice",
)  # fmt: skip
"""Columns of what was measured at a pick, where it is known."""

TABLE_LIST = (
    TableSpec(
        "associations",
        "Events that picks were associated with, one row each, by origin time: how many picks, and "
        "how likely they are.",
        (
            "event_id",
            "origin_time",
            "origin_error_s",
            "longitude",
            "latitude",
            "depth_km",
            "horizontal_error_km",
            "vertical_error_km",
            "pick_count_p",
            "s_pick_count",
            "both_count",
            "missed_near_count",
            "detection_half_km",
            "event_log_odds",
            "probability_real",
        ),
        ("event_id",),
    ),
    TableSpec(
        "assignments",
        "Picks that belong to an event, one row each.",
        (
            "event_id",
            *_PICK,
            "residual_s",
            "residual_sd_s",
            "assignment_probability",
            "distance_km",
            *_MEASURED,
            "source_file",
            "source_line",
        ),
    ),
    TableSpec(
        "unassigned_picks",
        "Picks that belong to no event, one row each, with the reason.",
        (
            *_PICK,
            "unassigned_reason",
            "nearest_event_id",
            "nearest_residual_s",
            "source_file",
            "source_line",
        ),
    ),
)
"""The tables."""
