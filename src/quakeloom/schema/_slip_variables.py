"""Variables and tables of slip from displacements of the surface."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

DISPLACEMENT_STATUSES = ("used", "not_finite", "no_error", "no_place", "not_asked", "unreadable")
"""Whether a displacement was used for the slip, or why not."""

COMPONENTS = ("east", "north", "up", "line_of_sight")
"""Directions of displacements."""

_ONE_MODEL = "in the reference model alone"
"""What stands behind the meaning of columns of the answer without an ensemble."""

LIST = (
    Variable(
        "site", "string", "", "Name of the GNSS site, or number of the point.", "empty",
    ),
    Variable(
        "component", "string", "", "Direction of the displacement, positive to the east, north, "
        "up, or along the unit vector that the file gives.", values=COMPONENTS,
    ),
    *(
        Variable(
            f"direction_{n}", "float64", "1", f"The unit vector's part to the {n}.", "NaN",
            -1.000001, 1.000001,
        )
        for n in ("east", "north")
    ),
    Variable("direction_up", "float64", "1", "The unit vector's part upward.", "NaN",
             -1.000001, 1.000001),
    Variable("displacement_m", "float64", "m", "Displacement of the surface.", "NaN"),
    Variable("displacement_error_m", "float64", "m", "Standard error of it.", "NaN", 0),
    Variable(
        "displacement_status", "string", "", "Used for the slip, or why not.",
        values=DISPLACEMENT_STATUSES,
    ),
    Variable("predicted_m", "float64", "m", "Mean displacement of the mixture.", "NaN"),
    Variable("one_model_predicted_m", "float64", "m", f"The same {_ONE_MODEL}.", "NaN"),
    Variable("patch", "int64", "1", "Number of the patch, from 0 along strike, row by row down."),
    Variable("patch_along_km", "float64", "km", "Center of the patch along strike, from the "
             "middle of the fault.", "NaN"),
    Variable("patch_down_km", "float64", "km", "Center of the patch down dip, from the upper "
             "edge.", "NaN"),
    Variable("patch_length_km", "float64", "km", "Length along strike.", "NaN", 0),
    Variable("patch_width_km", "float64", "km", "Width down dip.", "NaN", 0),
    Variable("slip_m", "float64", "m", "Mean slip in the mixture of models: along the rake, or its "
             "amount where the rake is free within bounds.", "NaN"),
    Variable("slip_std_m", "float64", "m", "Standard deviation of it, of all models together.",
             "NaN", 0),
    Variable("slip_within_std_m", "float64", "m", "Its part within models: root of the mean of "
             "their variances.", "NaN", 0),
    Variable("slip_low_m", "float64", "m", "Lower end of the 95 % range.", "NaN"),
    Variable("slip_high_m", "float64", "m", "Upper end of the 95 % range.", "NaN"),
    Variable("slip_prior_std_m", "float64", "m", "Standard deviation of the prior.", "NaN", 0),
    Variable("exceedance_probability", "float64", "1", "Probability that slip is above the first "
             "value of `slip.exceedance_m`.", "NaN", 0, 1),
    Variable("one_model_slip_m", "float64", "m", f"Mean slip {_ONE_MODEL}.", "NaN"),
    Variable("one_model_slip_std_m", "float64", "m", f"Standard deviation {_ONE_MODEL}.",
             "NaN", 0),
    Variable("one_model_low_m", "float64", "m", f"Lower end of the 95 % range {_ONE_MODEL}.",
             "NaN"),
    Variable("one_model_high_m", "float64", "m", f"Upper end of the 95 % range {_ONE_MODEL}.",
             "NaN"),
    Variable("gaussian_slip_m", "float64", "m", "Mean slip where the models' scatter is a Gaussian "
             "error of prediction.", "NaN"),
    Variable("gaussian_slip_std_m", "float64", "m", "Standard deviation of that.", "NaN", 0),
    Variable("true_slip_m", "float64", "m", "Slip that was simulated.", "NaN"),
    Variable("model", "int64", "1", "Number of the model in the ensemble."),
    Variable("slip_model_status", "string", "", "Whether the model was used.",
             values=("used", "failed")),
    Variable("model_strike_deg", "float64", "deg", "Strike of the model's fault.", "NaN", -360,
             720),
    Variable("model_dip_deg", "float64", "deg", "Dip of the model's fault.", "NaN", 0, 90),
    Variable("model_top_km", "float64", "km", "Depth of the upper edge in the model.", "NaN"),
    Variable("model_offset_km", "float64", "km", "Offset of the model's fault to the left of its "
             "strike.", "NaN"),
    Variable("poisson_ratio", "float64", "1", "Poisson's ratio of the model.", "NaN", -1, 0.5),
    Variable("rigidity_gpa", "float64", "GPa", "Rigidity of the model.", "NaN", 0),
    Variable("log_evidence", "float64", "1", "Natural logarithm of the model's evidence, "
             "hyper-parameters summed over.", "NaN"),
    Variable("model_weight", "float64", "1", "Weight of the model in the mixture.", "NaN", 0, 1),
    Variable("moment_nm", "float64", "N m", "Mean moment along the rake.", "NaN"),
    Variable("moment_std_nm", "float64", "N m", "Standard deviation of the moment.", "NaN", 0),
    Variable("residual_rms", "float64", "1", "Root mean square of residuals over their errors.",
             "NaN", 0),
)  # fmt: skip
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "displacements",
        "Displacements of the surface, one component a row, with what slip predicts of them.",
        (
            "site", "component", "longitude", "latitude", "direction_east", "direction_north",
            "direction_up", "displacement_m", "displacement_error_m", "displacement_status",
            "reason", "predicted_m", "one_model_predicted_m", "source_file", "source_line",
        ),
    ),
    TableSpec(
        "slip_patches",
        "Slip on the patches of a fault: the mixture of models, and simpler answers beside it.",
        (
            "patch", "longitude", "latitude", "depth_km", "strike_deg", "dip_deg", "rake_deg",
            "patch_along_km", "patch_down_km", "patch_length_km", "patch_width_km", "slip_m",
            "slip_std_m", "slip_within_std_m", "slip_low_m", "slip_high_m", "slip_prior_std_m",
            "exceedance_probability", "one_model_slip_m", "one_model_slip_std_m",
            "one_model_low_m", "one_model_high_m",
            "gaussian_slip_m", "gaussian_slip_std_m", "true_slip_m",
        ),
        ("patch",),
    ),
    TableSpec(
        "slip_models",
        "Models of the medium and of the fault's geometry, with their evidence and weight.",
        (
            "model", "slip_model_status", "reason", "model_strike_deg", "model_dip_deg",
            "model_top_km", "model_offset_km", "poisson_ratio", "rigidity_gpa", "log_evidence",
            "model_weight", "moment_nm", "moment_std_nm", "residual_rms",
        ),
        ("model",),
    ),
)  # fmt: skip
"""The tables."""
