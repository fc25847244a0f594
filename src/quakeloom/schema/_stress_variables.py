"""Variables of the stress map and of the slip tendency of faults."""

from __future__ import annotations

from quakeloom.schema._registry import Variable

STRESS_QUALITIES = ("A", "B", "C", "D", "E", "")
"""Quality of a direction of SHmax, as on the World Stress Map (Heidbach et al. 2018); empty where
there is none."""

STRESS_REGIMES = ("NF", "NS", "SS", "TS", "TF", "U")
"""Faulting regimes of the World Stress Map (Zoback 1992): normal, normal with strike-slip,
strike-slip, thrust with strike-slip, thrust, undefined."""

_LOW, _HIGH = "2.5 % quantile of the posterior", "97.5 % quantile of the posterior"
"""What names with ``_low`` and ``_high`` mean, in every table: the ends of the 95 % range."""


def _axis(number: int, words: str) -> tuple[Variable, ...]:
    name = f"s{number}"
    return (
        Variable(
            f"{name}_azimuth_deg",
            "float64",
            "deg",
            f"Azimuth of S{number}, the {words} principal stress, of its end that points down.",
            "NaN",
            0,
            360,
        ),
        Variable(
            f"{name}_plunge_deg",
            "float64",
            "deg",
            f"Plunge of S{number} from the horizontal.",
            "NaN",
            0,
            90,
        ),
        Variable(
            f"{name}_std_deg",
            "float64",
            "deg",
            f"Root mean square angle of the posterior S{number} axes to the best one.",
            "NaN",
            0,
            90,
        ),
        Variable(
            f"{name}_95_deg",
            "float64",
            "deg",
            f"Angle that 95 % of the posterior S{number} axes are within.",
            "NaN",
            0,
            90,
        ),
    )


LIST = (
    Variable("time_year", "float64", "years", "Time of the node in decimal years.", "NaN"),
    Variable(
        "shmax_deg",
        "float64",
        "deg",
        "Direction of the largest horizontal compression, clockwise from north, 0 to 180.",
        "NaN",
        0,
        180,
    ),
    Variable(
        "shmax_std_deg",
        "float64",
        "deg",
        "Root mean square deviation of posterior SHmax; 52 if every direction is as likely.",
        "NaN",
        0,
        90,
    ),
    Variable(
        "shmax_low_deg",
        "float64",
        "deg",
        f"{_LOW} of SHmax, counted on below 0 so that it is below SHmax: -7 is 173.",
        "NaN",
        -90,
        180,
    ),
    Variable(
        "shmax_high_deg",
        "float64",
        "deg",
        f"{_HIGH} of SHmax, counted on above 180 so that it is above SHmax: 187 is 7.",
        "NaN",
        0,
        270,
    ),
    Variable("shape_ratio", "float64", "1", "Shape ratio (S2-S3)/(S1-S3).", "NaN", 0, 1),
    Variable("shape_ratio_std", "float64", "1", "Standard error of the shape ratio.", "NaN", 0),
    Variable("shape_ratio_low", "float64", "1", f"{_LOW} of the shape ratio.", "NaN", 0, 1),
    Variable("shape_ratio_high", "float64", "1", f"{_HIGH} of the shape ratio.", "NaN", 0, 1),
    Variable(
        "a_phi",
        "float64",
        "1",
        "Regime number of Simpson (1997): 0.5 normal, 1.5 strike-slip, 2.5 thrust.",
        "NaN",
        0,
        3,
    ),
    Variable("a_phi_std", "float64", "1", "Standard error of the regime number.", "NaN", 0),
    Variable("a_phi_low", "float64", "1", f"{_LOW} of the regime number.", "NaN", 0, 3),
    Variable("a_phi_high", "float64", "1", f"{_HIGH} of the regime number.", "NaN", 0, 3),
    Variable(
        "regime",
        "string",
        "",
        "World Stress Map regime by the plunges of S1, S2, S3.",
        values=STRESS_REGIMES,
    ),
    *(
        Variable(
            f"probability_{r.lower()}",
            "float64",
            "1",
            f"Posterior probability of regime {r}.",
            "NaN",
            0,
            1,
        )
        for r in STRESS_REGIMES
    ),
    *_axis(1, "most compressive"),
    *_axis(2, "intermediate"),
    *_axis(3, "least compressive"),
    Variable("mechanism_count", "int64", "1", "Mechanisms whose nearest node it is.", minimum=0),
    Variable("data_weight", "float64", "1", "Sum of the weights of mechanisms.", minimum=0),
    Variable(
        "resolution",
        "float64",
        "1",
        "Share of the estimate decided by the node's own data; neighbors decide the rest.",
        "NaN",
    ),
    Variable(
        "stress_quality",
        "string",
        "",
        "Letter by half the 95 % range of SHmax: A 15, B 20, C 25, D 40 degrees, else E.",
        "empty",
        values=STRESS_QUALITIES,
    ),
    # faults
    Variable("fault", "string", "", "Name of the fault or segment."),
    Variable("dip_std_deg", "float64", "deg", "Standard error of the dip.", "NaN", 0),
    Variable(
        "slip_tendency",
        "float64",
        "1",
        "Normalized slip tendency, expectation over stress and friction (1: best oriented).",
        "NaN",
        0,
        1,
    ),
    Variable("slip_tendency_std", "float64", "1", "Standard deviation of it.", "NaN", 0),
    Variable("slip_tendency_low", "float64", "1", f"{_LOW} of the slip tendency.", "NaN", 0, 1),
    Variable("slip_tendency_high", "float64", "1", f"{_HIGH} of the slip tendency.", "NaN", 0, 1),
    Variable(
        "slip_tendency_friction_minimum",
        "float64",
        "1",
        "Smallest expectation of the slip tendency over the frictions.",
        "NaN",
        0,
        1,
    ),
    Variable(
        "slip_tendency_friction_maximum",
        "float64",
        "1",
        "Largest expectation of the slip tendency over the frictions.",
        "NaN",
        0,
        1,
    ),
    Variable(
        "predicted_rake_deg",
        "float64",
        "deg",
        "Rake of the slip that the stress would drive.",
        "NaN",
        -180,
        180,
    ),
    Variable(
        "predicted_rake_std_deg", "float64", "deg", "Standard deviation of it.", "NaN", 0, 180
    ),
    Variable(
        "rake_misfit_deg",
        "float64",
        "deg",
        "Angle from the predicted to the known rake.",
        "NaN",
        0,
        180,
    ),
    Variable("rake_misfit_std_deg", "float64", "deg", "Standard deviation of it.", "NaN", 0, 180),
)
"""The variables."""
