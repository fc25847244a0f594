"""Variables, tables and arrays of the sea floor."""

from __future__ import annotations

from quakeloom.schema._registry import ArraySpec, TableSpec, Variable

LIST = (
    # finer grids
    Variable(
        "seafloor_depth_m", "float64", "m",
        "Depth of the sea floor, mean of a cell, positive down.",
        "NaN",
    ),
    Variable(
        "seafloor_sd_m", "float32", "m", "Half width of the 68 % range of the depth of a cell.",
        "NaN", 0,
    ),
    Variable(
        "seafloor_range90_m", "float32", "m",
        "Half width of the 90 % range of the depth of a cell.",
        "NaN", 0,
    ),
    Variable(
        "seafloor_invented", "float32", "1",
        "Share of the relief inside coarse cells that the input does not decide; 1 in its holes.",
        "NaN", 0, 1,
    ),
    # scores of methods
    Variable("seafloor_area", "string", "", "Area that methods are compared on; `all` pools them."),
    Variable("seafloor_method", "string", "", "Method that makes a grid finer."),
    Variable("depth_rmse_m", "float64", "m", "Root mean square error of depths of known cells.",
             "NaN", 0),
    Variable("depth_bias_m", "float64", "m", "Mean error of depths of known cells.", "NaN"),
    Variable("depth_mae_m", "float64", "m", "Mean absolute error of depths of known cells.",
             "NaN", 0),
    Variable("rugged_rmse_m", "float64", "m", "The same on the steepest fifth of the ground.",
             "NaN", 0),
    Variable("hole_rmse_m", "float64", "m", "The same in holes of the input.", "NaN", 0),
    Variable("slope_rmse", "float64", "1", "Root mean square error of slopes, m per m.", "NaN", 0),
    Variable("psnr_db", "float64", "dB", "Range of the truth over the error of depths.", "NaN"),
    Variable(
        "power_ratio", "float64", "1",
        "Power over the true one in the finest octave of waves that the input resolves.",
        "NaN", 0,
    ),
    Variable("held_share", "float64", "1", "Share of true depths within their 90 % ranges.",
             "NaN", 0, 1),
    Variable("held_hole_share", "float64", "1", "The same in holes of the input.", "NaN", 0, 1),
    Variable(
        "rmse_over_bicubic", "float64", "1", "Error of depths over that of cubic interpolation.",
        "NaN", 0,
    ),
    # soundings
    Variable("easting_m", "float64", "m", "Distance east in a projection, or from the middle.",
             "NaN"),
    Variable("northing_m", "float64", "m", "Distance to the north, likewise.", "NaN"),
    Variable("sounding_depth_m", "float64", "m", "Depth of a sounding, positive down.", "NaN"),
    Variable("probability_wrong", "float64", "1", "Probability that a sounding is wrong.", "never",
             0, 1),
    Variable("ground_depth_m", "float64", "m", "Depth of the ground by those around.",
             "NaN"),
    Variable("ground_scatter_m", "float64", "m", "Scatter of right soundings around.", "NaN", 0),
    Variable(
        "sounding_reason", "string", "",
        "Why a sounding is likely wrong (`shallow`, `deep`, `missing`) or hard to tell "
        "(`few_neighbors`, `rough_ground`).",
        "empty", values=("", "shallow", "deep", "few_neighbors", "rough_ground", "missing"),
    ),
)  # fmt: skip
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "seafloor_scores",
        "Methods that make grids finer, on areas whose truth is known.",
        (
            "seafloor_area",
            "seafloor_method",
            "depth_rmse_m",
            "rmse_over_bicubic",
            "depth_bias_m",
            "depth_mae_m",
            "rugged_rmse_m",
            "hole_rmse_m",
            "slope_rmse",
            "psnr_db",
            "power_ratio",
            "held_share",
            "held_hole_share",
        ),
    ),
    TableSpec(
        "soundings",
        "Soundings with what is said of each, in the order of the files; none is left out.",
        (
            "longitude",
            "latitude",
            "easting_m",
            "northing_m",
            "sounding_depth_m",
            "probability_wrong",
            "sounding_reason",
            "ground_depth_m",
            "ground_scatter_m",
            "source_file",
            "source_line",
        ),
    ),
)
"""The tables."""

ARRAY_LIST = (
    ArraySpec("seafloor_depth_m", ("row", "column")),
    ArraySpec("seafloor_sd_m", ("row", "column")),
    ArraySpec("seafloor_range90_m", ("row", "column")),
    ArraySpec("seafloor_invented", ("row", "column")),
)
"""The arrays."""
