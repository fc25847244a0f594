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
)
"""The tables."""

ARRAY_LIST = (
    ArraySpec("seafloor_depth_m", ("row", "column")),
    ArraySpec("seafloor_sd_m", ("row", "column")),
    ArraySpec("seafloor_range90_m", ("row", "column")),
    ArraySpec("seafloor_invented", ("row", "column")),
)
"""The arrays."""
