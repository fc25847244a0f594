"""Variables of focal mechanisms and of the station report, which they decide."""

from __future__ import annotations

from quakeloom.schema._registry import Variable

STATUSES = (
    "solved",
    "too_few_polarities",
    "azimuthal_gap",
    "takeoff_gap",
    "no_solution",
    "invalid_event",
    "error",
    "located",
    "too_few_picks",
    "stations_in_line",
    "outside_model",
    "not_earthquake",
    "below_takeoff_table",
    "misfit",
    "other_class",
    "other_magnitude",
)
"""What became of an event: solved or located, or why not."""

QUALITIES = ("A", "B", "C", "D", "E", "F")
"""Quality of a mechanism, as in HASH (Hardebeck and Shearer 2002): A to D of those found; E where
rays leave too wide a gap, F where there are too few readings."""

LIST = (
    # mechanisms
    Variable("status", "string", "", "What became of the event.", values=STATUSES),
    Variable("strike_deg", "float64", "deg", "Strike of the preferred plane.", "NaN", 0, 360),
    Variable("dip_deg", "float64", "deg", "Dip of the preferred plane.", "NaN", 0, 90),
    Variable("rake_deg", "float64", "deg", "Rake, Aki & Richards.", "NaN", -180, 180),
    Variable(
        "auxiliary_strike_deg", "float64", "deg", "Strike of the auxiliary plane.", "NaN", 0, 360
    ),
    Variable("auxiliary_dip_deg", "float64", "deg", "Dip of the auxiliary plane.", "NaN", 0, 90),
    Variable(
        "auxiliary_rake_deg", "float64", "deg", "Rake of the auxiliary plane.", "NaN", -180, 180
    ),
    Variable(
        "fault_plane_uncertainty_deg",
        "float64",
        "deg",
        "RMS angle of the acceptable normals to the preferred one.",
        "NaN",
        0,
        180,
    ),
    Variable(
        "auxiliary_plane_uncertainty_deg",
        "float64",
        "deg",
        "RMS angle of the acceptable slip vectors to the preferred one.",
        "NaN",
        0,
        180,
    ),
    Variable(
        "mechanism_probability",
        "float64",
        "1",
        "Share of the acceptable mechanisms close to the preferred one.",
        "NaN",
        0,
        1,
    ),
    Variable("polarity_count", "int32", "1", "Polarities used.", minimum=0),
    Variable(
        "polarity_misfit", "float64", "1", "Weighted share of polarities misfit.", "NaN", 0, 1
    ),
    Variable(
        "station_distribution_ratio",
        "float64",
        "1",
        "How far stations are from the nodal planes (0 all nodal, 1 none).",
        "NaN",
        0,
    ),
    Variable(
        "azimuthal_gap_deg",
        "float64",
        "deg",
        "Largest gap in azimuth on the lower hemisphere.",
        "NaN",
        0,
        360,
    ),
    Variable("takeoff_gap_deg", "float64", "deg", "Largest gap in take-off angle.", "NaN", 0, 90),
    Variable("amplitude_ratio_count", "int32", "1", "S/P amplitude ratios used.", minimum=0),
    Variable(
        "amplitude_ratio_misfit",
        "float64",
        "1",
        "Mean absolute misfit of log10 S/P.",
        "NaN",
        0,
    ),
    Variable("solution_count", "int32", "1", "Mechanisms found (multiples included).", minimum=0),
    Variable("acceptable_count", "int32", "1", "Grid mechanisms accepted in any trial.", minimum=0),
    Variable("quality", "string", "", "Quality letter.", "empty", values=QUALITIES),
    Variable("multiple", "bool", "1", "More than one solution stands apart."),
    Variable(
        "solution", "int8", "1", "Number of the solution of an event, 0 preferred.", minimum=0
    ),
    Variable("acceptance", "uint8", "1/255", "Weight of a grid mechanism, 255 the most accepted."),
    # station report
    Variable("contradiction_count", "int32", "1", "Polarities that contradict.", minimum=0),
    Variable(
        "contradiction_rate", "float64", "1", "Share of polarities that contradict.", "NaN", 0, 1
    ),
    Variable("pick_kind", "string", "", "Onset and weight of the pick, e.g. I0.", "empty"),
    Variable("log_odds", "float64", "1", "Natural log odds that the station is reversed.", "NaN"),
    Variable(
        "verdict",
        "string",
        "",
        "What the evidence says of a station, span or pick kind.",
        values=("normal", "reversed", "uninformative", "mixed", "too_few"),
    ),
)
"""The variables."""
