"""Variables and tables of what is asked of readings: thresholds, and repeating earthquakes."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

LIST = (
    Variable(
        "threshold_method",
        "string",
        "",
        "How readings count: signs above a least probability, or all by their probabilities.",
        values=("threshold", "probabilities"),
    ),
    Variable(
        "minimum_probability",
        "float64",
        "1",
        "Least probability of the sign of a reading that counts.",
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
        "Root mean square of the uncertainties of the two planes; a mean over events in a curve.",
        "NaN",
        0,
        180,
    ),
    Variable(
        "rotation_from_truth_deg",
        "float64",
        "deg",
        "Rotation between the mechanism and the true one of a simulated event; a median over "
        "events in a curve.",
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
    Variable("worth", "float64", "1", "Sum of the weights of the qualities of events.", minimum=0),
)

TABLE_LIST = (
    TableSpec(
        "threshold_trials",
        "Mechanisms of sampled events with every least probability of readings.",
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
        "What mechanisms come out with every least probability of readings.",
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
)
