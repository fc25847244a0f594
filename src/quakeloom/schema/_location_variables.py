"""Variables of located hypocenters, their arrivals, station terms and draws."""

from __future__ import annotations

from quakeloom.schema._registry import ArraySpec, TableSpec, Variable

PICK_USES = (
    "used",
    "unknown_phase",
    "no_uncertainty",
    "no_station",
    "no_table",
    "doubled",
    "s_before_p",
    "far_in_time",
    "too_far",
)
"""Whether a pick was used to locate its event, or why not."""


def _covariance(code: str, words: str) -> Variable:
    return Variable(f"cov_{code}", "float64", "km^2", f"Posterior covariance of {words}.", "NaN")


LIST = (
    Variable("longitude_map", "float64", "deg", "Longitude of the maximum.", "NaN", -180, 360),
    Variable("latitude_map", "float64", "deg", "Latitude of the maximum.", "NaN", -90, 90),
    Variable("depth_map_km", "float64", "km", "Depth of the maximum.", "NaN", -10, 800),
    Variable("origin_time_map", "time", "", "Origin time at the maximum, UTC.", "null"),
    Variable("origin_error_s", "float64", "s", "Standard error of the origin time.", "NaN", 0),
    _covariance("ee", "east with itself"),
    _covariance("en", "east with north"),
    _covariance("ed", "east with depth"),
    _covariance("nn", "north with itself"),
    _covariance("nd", "north with depth"),
    _covariance("dd", "depth with itself"),
    *(
        Variable(f"depth_{q}_km", "float64", "km", f"{w} quantile of depth.", "NaN", -10, 800)
        for q, w in (("025", "2.5 %"), ("160", "16 %"), ("840", "84 %"), ("975", "97.5 %"))
    ),
    *(
        variable
        for rank, word in ((1, "longest"), (2, "middle"), (3, "shortest"))
        for variable in (
            Variable(
                f"ellipsoid_{rank}_km",
                "float64",
                "km",
                f"Half the {word} axis of the 68 % ellipsoid.",
                "NaN",
                0,
            ),
            Variable(
                f"ellipsoid_{rank}_azimuth_deg",
                "float64",
                "deg",
                f"Azimuth of the {word} axis, of its end that points down.",
                "NaN",
                0,
                360,
            ),
            Variable(
                f"ellipsoid_{rank}_plunge_deg",
                "float64",
                "deg",
                f"Plunge of the {word} axis.",
                "NaN",
                0,
                90,
            ),
        )
    ),
    Variable(
        "within_model_variance",
        "float64",
        "km^2",
        "Mean over members of the trace of their own covariance.",
        "NaN",
    ),
    Variable(
        "between_model_variance",
        "float64",
        "km^2",
        "Trace of the covariance of the members' means; with the former the whole trace.",
        "NaN",
    ),
    Variable(
        "within_model_depth_variance",
        "float64",
        "km^2",
        "Mean over members of their own variance of depth.",
        "NaN",
    ),
    Variable(
        "between_model_depth_variance",
        "float64",
        "km^2",
        "Variance of the members' mean depths.",
        "NaN",
    ),
    Variable(
        "effective_model_count",
        "float64",
        "1",
        "Effective number of members, one over the sum of squared weights, before these are "
        "tempered; below 10 of many the ensemble is too small for the data.",
        "NaN",
        0,
    ),
    Variable("rms_s", "float64", "s", "Weighted root mean square residual.", "NaN", 0),
    Variable("pick_count", "int32", "1", "Picks used.", minimum=0),
    Variable("pick_count_p", "int32", "1", "P picks used.", minimum=0),
    Variable("station_gap_deg", "float64", "deg", "Largest gap in azimuth.", "NaN", 0, 360),
    Variable("nearest_station_km", "float64", "km", "Distance of the nearest station.", "NaN", 0),
    Variable(
        "probability_below_boundary",
        "float64",
        "1",
        "Probability that the event is below the boundary, whose depth follows each member.",
        "NaN",
        0,
        1,
    ),
    *(
        variable
        for kind, words in (
            ("gaussian", "the Gaussian approximation of the ensemble"),
            ("single", "the mean model"),
        )
        for variable in (
            Variable(
                f"longitude_{kind}", "float64", "deg", f"Longitude by {words}.", "NaN", -180, 360
            ),
            Variable(f"latitude_{kind}", "float64", "deg", f"Latitude by {words}.", "NaN", -90, 90),
            Variable(f"depth_{kind}_km", "float64", "km", f"Depth by {words}.", "NaN", -10, 800),
            Variable(
                f"depth_error_{kind}_km",
                "float64",
                "km",
                f"Standard error of depth by {words}.",
                "NaN",
                0,
            ),
        )
    ),
    Variable(
        "grid_coarser",
        "int8",
        "1",
        "How often the spacing of nodes is twice the wanted one, for want of nodes.",
        minimum=0,
    ),
    Variable(
        "pick_use",
        "string",
        "",
        "Whether the pick was used, or why it was not.",
        values=PICK_USES,
    ),
    Variable("residual_s", "float64", "s", "Observed minus predicted arrival time.", "NaN"),
    Variable("station_term_s", "float64", "s", "Delay of the station.", "NaN"),
    Variable("station_term_error_s", "float64", "s", "Standard error of the delay.", "NaN", 0),
    Variable(
        "travel_time_error_s",
        "float64",
        "s",
        "Spread of the travel time between members, after a change of their origin times.",
        "NaN",
        0,
    ),
    Variable(
        "pick_noise_s", "float64", "s", "Error of picks beyond what is stated.", "NaN", 0
    ),
    Variable("pick_noise_error_s", "float64", "s", "Standard error of it.", "NaN", 0),
    Variable(
        "station_spread_s", "float64", "s", "Standard deviation of the delays of stations.",
        "NaN", 0,
    ),
    Variable(
        "lateral_share", "float64", "1",
        "Share of the variance of errors by velocity sideways that station terms have.",
        "NaN", 0, 1,
    ),
    Variable(
        "lateral_spread", "float64", "1",
        "Standard deviation of the logarithm of velocity sideways that station terms tell.",
        "NaN", 0,
    ),
    Variable("contamination", "float64", "1", "Share of wrong picks.", "NaN", 0, 1),
    Variable("product", "string", "", "What states a range or a probability.", "empty"),
    Variable("stated_probability", "float64", "1", "Probability that is stated.", "NaN", 0, 1),
    Variable("share_held", "float64", "1", "Share of the truths that the range held.", "NaN", 0, 1),
    Variable(
        "share_held_error", "float64", "1", "Standard error of it, over catalogs.", "NaN", 0
    ),
    Variable("truth_count", "int32", "1", "Truths that were compared.", "", 0),
    Variable("catalog_count", "int32", "1", "Simulated catalogs.", "", 0),
    Variable("range_width", "float64", "", "Median width, or stated error.", "NaN", 0),
    Variable("range_unit", "string", "", "Unit of the width.", "empty"),
    Variable("draw_longitude", "float64", "deg", "Longitude of a draw.", "NaN", -180, 360),
    Variable("draw_latitude", "float64", "deg", "Latitude of a draw.", "NaN", -90, 90),
    Variable("draw_depth_km", "float64", "km", "Depth of a draw.", "NaN", -10, 800),
    Variable(
        "draw_origin_s", "float64", "s", "Origin time of a draw minus the mean origin time.", "NaN"
    ),
    Variable("draw_member", "int16", "1", "Member of a draw, -1 without location.", "-1", -1),
    Variable(
        "member_weight", "float32", "1", "Posterior weight of a member, 0 without location.",
        "never", 0, 1,
    ),
    Variable(
        "straight_slowness",
        "float32",
        "s/km",
        "Travel time over the straight distance to the receiver; a group is a phase and level.",
        "never",
        0,
    ),
    Variable(
        "location_time_s",
        "float32",
        "s",
        "Travel time from the nodes of a grid to a station; a group is a phase and a station.",
        "infinite: no ray arrives",
    ),
    Variable("level_km", "float64", "km", "Depth of a receiver level.", "never"),
    Variable("boundary_km", "float64", "km", "Depth of the boundary in a member.", "NaN"),
)  # fmt: skip
"""The variables."""

_MOMENTS = tuple(f"cov_{c}" for c in ("ee", "en", "ed", "nn", "nd", "dd"))
"""Columns of the covariance of a hypocenter: east, north, depth."""

TABLE_LIST = (
    TableSpec(
        "hypocenters",
        "Located hypocenters, one row per event, located or not; means, maxima and ranges of the "
        "posterior over the ensemble of models.",
        (
            "event_id",
            "status",
            "reason",
            "longitude",
            "latitude",
            "depth_km",
            "origin_time",
            "origin_error_s",
            "magnitude",
            "longitude_map",
            "latitude_map",
            "depth_map_km",
            "origin_time_map",
            *_MOMENTS,
            "depth_025_km",
            "depth_160_km",
            "depth_840_km",
            "depth_975_km",
            "within_model_variance",
            "between_model_variance",
            "within_model_depth_variance",
            "between_model_depth_variance",
            "effective_model_count",
            "rms_s",
            "pick_count",
            "pick_count_p",
            "station_gap_deg",
            "nearest_station_km",
            *(
                f"ellipsoid_{rank}_{what}"
                for rank in (1, 2, 3)
                for what in ("km", "azimuth_deg", "plunge_deg")
            ),
            "probability_below_boundary",
            *(
                name
                for kind in ("gaussian", "single")
                for name in (
                    f"longitude_{kind}",
                    f"latitude_{kind}",
                    f"depth_{kind}_km",
                    f"depth_error_{kind}_km",
                )
            ),
            "grid_coarser",
        ),
        ("event_id",),
    ),
    TableSpec(
        "arrivals",
        "Picks as they were used to locate, with residuals at the maximum.",
        (
            "event_id",
            "network",
            "station",
            "phase",
            "time",
            "uncertainty_s",
            "pick_use",
            "residual_s",
            "travel_time_s",
            "travel_time_error_s",
            "station_term_s",
            "distance_km",
            "azimuth_deg",
            "choice",
        ),
    ),
    TableSpec(
        "station_terms",
        "Delays of stations estimated from all events.",
        (
            "network",
            "station",
            "phase",
            "station_term_s",
            "station_term_error_s",
            "pick_count",
        ),
        ("network", "station", "phase"),
    ),
    TableSpec(
        "station_term_draws",
        "Delays of stations in every member: one draw of what the events leave possible.",
        (
            "network",
            "station",
            "phase",
            "member",
            "station_term_s",
        ),
        ("network", "station", "phase", "member"),
    ),
    TableSpec(
        "pick_noise",
        "Errors of picks beyond those stated, inferred from the residuals of all events.",
        (
            "phase",
            "pick_noise_s",
            "pick_noise_error_s",
            "contamination",
            "station_spread_s",
            "lateral_share",
            "lateral_spread",
            "pick_count",
        ),
        ("phase",),
    ),
    TableSpec(
        "calibration",
        "Which stated ranges hold on simulated catalogs like that of the run.",
        (
            "product",
            "stated_probability",
            "share_held",
            "share_held_error",
            "truth_count",
            "catalog_count",
            "range_width",
            "range_unit",
        ),
        ("product",),
    ),
)
"""The tables."""

ARRAY_LIST = (
    ArraySpec("draw_longitude", ("event", "draw")),
    ArraySpec("draw_latitude", ("event", "draw")),
    ArraySpec("draw_depth_km", ("event", "draw")),
    ArraySpec("draw_origin_s", ("event", "draw")),
    ArraySpec("draw_member", ("event", "draw")),
    ArraySpec("member_weight", ("event", "member")),
    ArraySpec("straight_slowness", ("group", "depth", "distance", "member")),
    ArraySpec("level_km", ("level",)),
    ArraySpec("location_time_s", ("group", "depth", "north", "east", "member")),
    ArraySpec("boundary_km", ("north", "east", "member")),
)
"""The arrays."""
