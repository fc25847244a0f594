"""Variables and tables of magnitudes that a run measures, and of what its catalog says."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

MAGNITUDE_STATUSES = (
    "measured",
    "at_least",
    "few_amplitudes",
    "no_amplitude",
    "no_hypocenter",
    "too_deep",
    "impossible",
)
"""What became of the magnitude of an event."""

AMPLITUDE_USES = (
    "used",
    "no_amplitude",
    "no_s",
    "no_station",
    "no_hypocenter",
    "too_deep",
    "out_of_range",
    "low_snr",
    "clipped",
)
"""Whether an amplitude was used for the magnitude, or why not."""

COMPLETENESS_METHODS = (
    "maximum_curvature",
    "goodness_of_fit_90",
    "goodness_of_fit_95",
    "b_stability",
    "none",
)
"""How completeness was estimated; ``none`` where there are too few magnitudes."""

LIST = (
    Variable(
        "magnitude_status",
        "string",
        "",
        "What became of the magnitude: measured; a lower bound, since all amplitudes are clipped; "
        "or why there is none.",
        values=MAGNITUDE_STATUSES,
    ),
    Variable(
        "magnitude_error",
        "float64",
        "1",
        "Standard error of the magnitude: scatter of amplitudes, station terms, attenuation and "
        "hypocenter.",
        "NaN",
        0,
    ),
    Variable("amplitude_count", "int32", "1", "Amplitudes that were used.", minimum=0),
    Variable(
        "clipped_count",
        "int32",
        "1",
        "Amplitudes that are too small for clipping, and were not used.",
        minimum=0,
    ),
    Variable(
        "magnitude_at_least",
        "float64",
        "1",
        "Median of the magnitudes of clipped amplitudes, which are lower bounds.",
        "NaN",
    ),
    Variable(
        "is_saturated",
        "bool",
        "1",
        "The scale saturates at such magnitudes: the event may be larger.",
    ),
    Variable(
        "amplitude",
        "float64",
        "source unit",
        "Amplitude in the unit of the formula: of ML_hutton_boore mm on a Wood-Anderson "
        "seismometer, of Mv_watanabe cm/s.",
        "NaN",
        0,
    ),
    Variable("hypocentral_km", "float64", "km", "From the hypocenter to the station.", "NaN", 0),
    Variable(
        "station_magnitude",
        "float64",
        "1",
        "Magnitude of one amplitude, with the term of its station; of a clipped one a lower bound.",
        "NaN",
    ),
    Variable(
        "magnitude_residual",
        "float64",
        "1",
        "Magnitude of the station less that of the event.",
        "NaN",
    ),
    Variable(
        "amplitude_weight",
        "float64",
        "1",
        "How much the amplitude counts: 1.25 at best, near 0 for one that is far off, 0 for one "
        "that was left out.",
        "never",
        0,
        2,
    ),
    Variable(
        "amplitude_use",
        "string",
        "",
        "Whether the amplitude was used, or why not: none; of P alone; station or hypocenter not "
        "known; deeper or at another distance than the formula is for; weak; clipped.",
        values=AMPLITUDE_USES,
    ),
    Variable(
        "magnitude_term",
        "float64",
        "1",
        "Added to the magnitudes of a station; the terms of the reference stations sum to 0.",
        "NaN",
    ),
    Variable("magnitude_term_error", "float64", "1", "Standard error of the term.", "NaN", 0),
    Variable(
        "catalog_scope",
        "string",
        "",
        "What a row is of: the whole catalog, a window of time, or a cell of longitude and "
        "latitude.",
        values=("catalog", "window", "cell"),
    ),
    Variable(
        "cell_deg",
        "float64",
        "deg",
        "Side of the cell, whose center longitude and latitude are.",
        "NaN",
        0,
    ),
    Variable("magnitude_count", "int32", "1", "Magnitudes that it rests on.", minimum=0),
    Variable(
        "completeness_method",
        "string",
        "",
        "How completeness was estimated.",
        values=COMPLETENESS_METHODS,
    ),
    Variable(
        "completeness",
        "float64",
        "1",
        "Magnitude of completeness: from it on, the catalog is thought to be complete.",
        "NaN",
        -10,
        12,
    ),
    Variable(
        "completeness_low", "float64", "1", "Its 2.5 % of resampled catalogs.", "NaN", -10, 12
    ),
    Variable(
        "completeness_high", "float64", "1", "Its 97.5 % of resampled catalogs.", "NaN", -10, 12
    ),
    Variable(
        "completeness_share",
        "float64",
        "1",
        "Share of resampled catalogs in which the method found one.",
        "NaN",
        0,
        1,
    ),
    Variable(
        "b_value",
        "float64",
        "1",
        "b of the magnitudes from completeness on (Tinti & Mulargia 1987).",
        "NaN",
        0,
    ),
    Variable("b_value_error", "float64", "1", "Its standard error (Shi & Bolt 1982).", "NaN", 0),
    Variable("b_count", "int32", "1", "Magnitudes that b rests on.", minimum=0),
    Variable(
        "b_positive",
        "float64",
        "1",
        "b of upward differences of successive magnitudes, which bear incompleteness (van der Elst "
        "2021).",
        "NaN",
        0,
    ),
    Variable("b_positive_error", "float64", "1", "Its standard error.", "NaN", 0),
    Variable("b_positive_count", "int32", "1", "Differences that it rests on.", minimum=0),
)
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "magnitudes",
        "Magnitudes measured from the amplitudes of the run, one row per event, measured or not.",
        (
            "event_id",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "magnitude_status",
            "reason",
            "magnitude",
            "magnitude_error",
            "magnitude_type",
            "amplitude_count",
            "clipped_count",
            "magnitude_at_least",
            "is_saturated",
        ),
        ("event_id",),
    ),
    TableSpec(
        "station_magnitudes",
        "Magnitudes of single amplitudes, one row per event and station, used or left out.",
        (
            "event_id",
            "network",
            "station",
            "amplitude",
            "amplitude_wa_snr",
            "hypocentral_km",
            "station_magnitude",
            "magnitude_residual",
            "amplitude_weight",
            "amplitude_use",
        ),
    ),
    TableSpec(
        "magnitude_terms",
        "Terms of stations, estimated from all amplitudes together with the magnitudes.",
        (
            "network",
            "station",
            "magnitude_term",
            "magnitude_term_error",
            "amplitude_count",
        ),
        ("network", "station"),
    ),
    TableSpec(
        "completeness",
        "Completeness and b-values: of the whole catalog, of windows of time and of cells, one row "
        "per method.",
        (
            "catalog_scope",
            "start_time",
            "end_time",
            "longitude",
            "latitude",
            "cell_deg",
            "magnitude_count",
            "completeness_method",
            "completeness",
            "completeness_low",
            "completeness_high",
            "completeness_share",
            "b_value",
            "b_value_error",
            "b_count",
            "b_positive",
            "b_positive_error",
            "b_positive_count",
            "reason",
        ),
    ),
)
"""The tables."""
