"""Variables and tables of what is asked of readings: thresholds, and repeating earthquakes."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

LIST = (
    Variable(
        "threshold_method",
        "string",
        "",
        "How readings count: signs above a minimum probability, or all by their probabilities.",
        values=("threshold", "probabilities"),
    ),
    Variable(
        "minimum_probability",
        "float64",
        "1",
        "Minimum probability of the sign of a reading that counts.",
        minimum=0.5,
        maximum=1,
    ),
    Variable(
        "expected_error_rate",
        "float64",
        "1",
        "Share of wrong polarities that the search expects.",
        minimum=0,
        maximum=0.5,
    ),
    Variable(
        "mechanism_rms_deg",
        "float64",
        "deg",
        "Root mean square of the uncertainties of the two planes; in a curve a mean over the "
        "events that every way of counting solved.",
        "NaN",
        0,
        180,
    ),
    Variable(
        "rotation_from_truth_deg",
        "float64",
        "deg",
        "Rotation between the mechanism and the true one of a simulated event; in a curve a "
        "median over the events that every way of counting solved.",
        "NaN",
        0,
        120,
    ),
    Variable(
        "rotation_within_30_share",
        "float64",
        "1",
        "Share of solved events whose mechanism is within 30 degrees of the true one.",
        "NaN",
        0,
        1,
    ),
    Variable("event_count", "int64", "1", "Events that were tried.", minimum=0),
    Variable("reading_count", "int64", "1", "Readings that counted.", minimum=0),
    Variable("solved_count", "int64", "1", "Events with a mechanism.", minimum=0),
    Variable("common_count", "int64", "1", "Events that every way of counting solved.", minimum=0),
    *(
        Variable(
            f"quality_{letter.lower()}_count",
            "int64",
            "1",
            f"Solved events of quality {letter}.",
            minimum=0,
        )
        for letter in "ABCDEF"
    ),
    Variable("family", "int64", "1", "Number of the family of repeating earthquakes.", minimum=0),
    Variable("other_event_id", "string", "", "The other event of the pair."),
    Variable(
        "correlation",
        "float64",
        "1",
        "Largest correlation by amount of the two verticals; negative: mirror images.",
        minimum=-1.000001,
        maximum=1.000001,
    ),
    Variable(
        "other_probability_up",
        "float64",
        "1",
        "Probability that the first motion of the other event is up.",
        "NaN",
        0,
        1,
    ),
    Variable("pair_count", "int64", "1", "Pairs of repeating earthquakes.", minimum=0),
    Variable("mirrored_count", "int64", "1", "Pairs that are mirror images.", minimum=0),
    Variable("judged_count", "int64", "1", "Pairs with two readings.", minimum=0),
    Variable("agreeing_count", "int64", "1", "Pairs whose readings agree.", minimum=0),
    Variable("agreeing_share", "float64", "1", "Share of judged pairs that agree.", "NaN", 0, 1),
    Variable(
        "reading_error_rate",
        "float64",
        "1",
        "Share of single readings that must be wrong, if errors are independent.",
        "NaN",
        0,
        0.5,
    ),
    Variable("worth", "float64", "1", "Sum of the weights of the qualities of events.", minimum=0),
)
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "reference_arrivals",
        "What picks and first motions are judged by: the arrivals that simulated records truly "
        "hold, or an analyst's; polarity is that of P on the record.",
        ("event_id", "network", "station", "phase", "time", "polarity"),
    ),
    TableSpec(
        "station_months",
        "How often the readings of a station contradict the mechanisms in every month.",
        (
            "network",
            "station",
            "start_time",
            "end_time",
            "polarity_count",
            "contradiction_count",
            "contradiction_rate",
            "log_odds",
        ),
        ("network", "station", "start_time"),
    ),
    TableSpec(
        "threshold_trials",
        "Mechanisms of sampled events with every minimum probability of readings.",
        (
            "event_id",
            "threshold_method",
            "minimum_probability",
            "expected_error_rate",
            "status",
            "quality",
            "polarity_count",
            "mechanism_rms_deg",
            "rotation_from_truth_deg",
        ),
        ("event_id", "threshold_method", "minimum_probability"),
    ),
    TableSpec(
        "threshold_curve",
        "What mechanisms come out with every minimum probability of readings.",
        (
            "threshold_method",
            "minimum_probability",
            "expected_error_rate",
            "event_count",
            "reading_count",
            "solved_count",
            *(f"quality_{letter}_count" for letter in "abcdef"),
            "worth",
            "common_count",
            "mechanism_rms_deg",
            "rotation_from_truth_deg",
            "rotation_within_30_share",
        ),
        ("threshold_method", "minimum_probability"),
    ),
    TableSpec(
        "repeaters",
        "Repeating earthquakes and their families.",
        (
            "event_id",
            "family",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "magnitude",
        ),
        ("event_id",),
    ),
    TableSpec(
        "repeater_pairs",
        "Pairs of repeating earthquakes at a station, with what was read.",
        (
            "family",
            "event_id",
            "other_event_id",
            "network",
            "station",
            "correlation",
            "probability_up",
            "other_probability_up",
        ),
        ("event_id", "other_event_id", "network", "station"),
    ),
    TableSpec(
        "repeater_stations",
        "How consistent the readings of repeating earthquakes are at every station.",
        (
            "network",
            "station",
            "pair_count",
            "mirrored_count",
            "judged_count",
            "agreeing_count",
            "agreeing_share",
            "reading_error_rate",
        ),
        ("network", "station"),
    ),
)
"""The tables."""
