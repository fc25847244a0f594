"""Variables, tables and arrays of structure from earthquakes."""

from __future__ import annotations

from quakeloom.schema._registry import ArraySpec, TableSpec, Variable

STRUCTURE_EVENTS = (
    "used", "too_few_picks", "one_sided", "no_place", "outside_model", "misfit",
)  # fmt: skip
"""Whether an event was used for structure, or why not."""

STRUCTURE_PICKS = (
    "used",
    "outlier",
    "unknown_phase",
    "no_uncertainty",
    "no_time",
    "no_station",
    "outside_grid",
    "too_far",
    "doubled",
    "event_not_used",
)
"""Whether a pick was used for structure, or why not."""


def _velocity(name: str, words: str) -> Variable:
    return Variable(name, "float32", "km/s", words, "never", 0)


def _number(name: str, unit: str, words: str, least: float | None = 0) -> Variable:
    return Variable(name, "float64", unit, words, "NaN", least)


LIST = (
    Variable(
        "structure_status", "string", "", "Whether structure was read from the event, or why not.",
        values=STRUCTURE_EVENTS,
    ),
    Variable(
        "structure_use", "string", "", "Whether structure was read from the pick, or why not.",
        values=STRUCTURE_PICKS,
    ),
    _number("residual_before_s", "s", "Residual in the starting model, of a source fitted in it.",
            None),
    _number("residual_after_s", "s", "Residual in the mean model with station terms, of a source "
            "fitted in it.", None),
    _number("pick_share", "1", "Probability that the pick is a right one; what it counts."),
    _number("rms_before_s", "s", "Root mean square of the residuals in the starting model."),
    _number("rms_after_s", "s", "Root mean square of the residuals in the mean model."),
    _number("structure_moved_km", "km", "Distance of the source in the mean model from that in the "
            "starting model."),
    _velocity("structure_p_velocity", "P velocity of a member at the solver's nodes."),
    _velocity("structure_s_velocity", "S velocity of a member at the solver's nodes."),
    _velocity("structure_p_mean", "P velocity of the mean model at the solver's nodes."),
    _velocity("structure_s_mean", "S velocity of the mean model at the solver's nodes."),
    _velocity("structure_p_start", "P velocity of the starting model at the solver's nodes."),
    *(
        Variable(f"structure_{of}_{when}", "float32", "1",
                 f"Standard deviation of the logarithm of {words}, {told}, at the solver's nodes.",
                 "never", 0)
        for of, words in (("p", "P velocity"), ("ratio", "Vp/Vs"))
        for when, told in (("prior", "of the prior"), ("posterior", "of the posterior"))
    ),
    Variable("structure_coordinates", "float64", "1",
             "White coordinates of the mean model, of ln Vp and then of ln(Vp/Vs), and delays of "
             "stations over their standard deviation."),
    Variable("sum_matrix", "int64", "1",
             "Sums of products of derivatives over errors, in units of 2**-28."),
    Variable("sum_vector", "int64", "1",
             "Sums of products of derivatives and residuals over errors, in units of 2**-28."),
)  # fmt: skip
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "structure_events",
        "Events of a structure: whether each was used, and its source in the mean model.",
        (
            "event_id",
            "structure_status",
            "reason",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "structure_moved_km",
            "pick_count",
            "rms_before_s",
            "rms_after_s",
        ),
        ("event_id",),
    ),
    TableSpec(
        "structure_arrivals",
        "Picks of a structure: whether each was used, and its residuals before and after.",
        (
            "event_id",
            "network",
            "station",
            "phase",
            "time",
            "uncertainty_s",
            "structure_use",
            "residual_before_s",
            "residual_after_s",
            "pick_share",
        ),
    ),
    TableSpec(
        "structure_terms",
        "Delays of stations in the mean model, with their standard errors.",
        ("station", "phase", "station_term_s", "station_term_error_s", "pick_count"),
        ("station", "phase"),
    ),
)
"""The tables."""

_NODES = ("depth", "north", "east")
"""Dimensions of arrays on the solver's nodes."""

ARRAY_LIST = (
    ArraySpec("structure_p_velocity", ("member", *_NODES)),
    ArraySpec("structure_s_velocity", ("member", *_NODES)),
    *(
        ArraySpec(f"structure_{name}", _NODES)
        for name in (
            "p_mean", "s_mean", "p_start", "p_prior", "p_posterior", "ratio_prior",
            "ratio_posterior",
        )
    ),
    ArraySpec("structure_coordinates", ("mode",)),
    ArraySpec("sum_matrix", ("mode", "mode")),
    ArraySpec("sum_vector", ("mode",)),
)  # fmt: skip
"""The arrays."""
