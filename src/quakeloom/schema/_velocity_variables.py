"""Variables of ensembles of velocity models: refraction lines and regions."""

from __future__ import annotations

from quakeloom.schema._registry import Variable

LIST = (
    # refraction tomography
    Variable(
        "shot_distance_km",
        "float64",
        "km",
        "Distance of the shot along the line.",
        "NaN",
    ),
    Variable(
        "shot_depth_km",
        "float64",
        "km",
        "Depth of the shot below the datum, positive down; on the ground where not known.",
        "NaN",
    ),
    Variable(
        "receiver_distance_km",
        "float64",
        "km",
        "Distance of the receiver along the line.",
        "NaN",
    ),
    Variable(
        "receiver_depth_km",
        "float64",
        "km",
        "Depth of the receiver below the datum, positive down; on the ground where not known.",
        "NaN",
    ),
    Variable("time_error_s", "float64", "s", "Standard error of the travel time.", "NaN", 0),
    Variable("phase", "string", "", "Phase code of the pick as in the source.", "empty"),
    Variable("predicted_time_s", "float64", "s", "Mean predicted travel time.", "NaN", 0),
    Variable(
        "predicted_spread_s",
        "float64",
        "s",
        "Standard deviation of the predicted travel time over the ensemble.",
        "NaN",
        0,
    ),
    Variable("member", "int64", "1", "Number of the ensemble member.", minimum=0),
    Variable(
        "p_velocity",
        "float32",
        "km/s",
        "P velocity of an ensemble member at the nodes; NaN above the ground.",
        "NaN",
        0,
    ),
    Variable(
        "regional_p_velocity",
        "float32",
        "km/s",
        "P velocity of a member of a regional ensemble at the nodes.",
        "never",
        0,
    ),
    Variable("north_km", "float64", "km", "Distance to the north of the origin of a grid."),
    Variable("east_km", "float64", "km", "Distance to the east of the origin of a grid."),
    Variable(
        "log_likelihood",
        "float64",
        "1",
        "Natural logarithm of the likelihood of the member, up to a constant.",
        "NaN",
    ),
    Variable(
        "chi_square", "float64", "1", "Mean squared normalized residual of the member.", "NaN", 0
    ),
    Variable(
        "white_coordinates",
        "float64",
        "1",
        "Standard normal coordinates of the member in the modes of the prior.",
        "NaN",
    ),
    Variable(
        "white_score",
        "float64",
        "1",
        "Gradient of the log-posterior by the white coordinates.",
        "NaN",
    ),
    Variable("member_time_s", "float64", "s", "Travel time of every pick in the member.", "NaN", 0),
    Variable(
        "station_time_s",
        "float32",
        "s",
        "Travel time from every node of a regional model to a station.",
        "infinite: no ray arrives",
    ),
    Variable(
        "line_time_s",
        "float32",
        "s",
        "Travel time from every node of a section to a station.",
        "infinite: no ray arrives",
    ),
    Variable("noise_factor", "float64", "1", "Factor of the picks' standard errors.", "NaN", 0),
    Variable(
        "ray_coverage", "float32", "km", "Mean length of rays per node over the picks.", "NaN", 0
    ),
    Variable("ground_depth_km", "float64", "km", "Depth of the ground or sea floor.", "NaN"),
)
"""The variables."""
