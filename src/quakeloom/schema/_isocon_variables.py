"""Variables and tables of gains and losses of altered rocks."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable
from quakeloom.schema._rock_variables import left_out_table

ISOCON_STATUSES = ("solved", "doubtful", "not_solved")
"""Whether a mass ratio stands."""


def _ratio(name: str, meaning: str) -> Variable:
    return Variable(name, "float64", "1", meaning, "NaN", 0)


def _share(name: str, meaning: str) -> Variable:
    return Variable(name, "float64", "1", meaning, "NaN", 0, 1)


LIST = (
    _ratio("mass_ratio", "Mass of altered rock over that of its protolith: median."),
    _ratio("mass_ratio_low", "Lower end of the 95 % range of the mass ratio."),
    _ratio("mass_ratio_high", "Upper end of the 95 % range of the mass ratio."),
    _ratio("sparse_mass_ratio", "Mass ratio by the sparsest gains and losses."),
    _ratio("bootstrap_low", "Lower end of the 95 % range of bootstraps of `sparse_mass_ratio`."),
    _ratio("bootstrap_high", "Upper end of that range."),
    Variable("element_count", "int32", "1", "Elements with a value.", minimum=0),
    Variable("censored_count", "int32", "1", "Elements below a detection limit.", minimum=0),
    _ratio("r_hat", "Convergence of the chains (rank-normalized R-hat); near 1 is good."),
    Variable(
        "isocon_status", "string", "", "Whether the mass ratio stands, see `reason`.",
        values=ISOCON_STATUSES,
    ),
    _ratio("true_mass_ratio", "Of synthetic rocks."),
    _ratio("protolith_concentration", "Geometric mean of the samples of the protolith."),
    _ratio("protolith_log_error", "Standard deviation of the logarithm of that mean."),
    _share("immobile_probability", "Probability that no sample gained or lost of the element."),
    _share(
        "bootstrap_immobile_share",
        "Share of bootstraps in which the element lies on the isocon within its noise.",
    ),
    _ratio("isocon_deviation", "Distance from the isocon in standard deviations of the noise."),
    Variable(
        "truly_immobile", "int8", "1", "1 or 0 for synthetic rocks, -1 where not known.", "-1",
        -1, 1,
    ),
    _ratio("concentration", "Concentration in the altered rock."),
    _ratio("detection_limit", "Limit that the concentration lies below."),
    Variable(
        "relative_gain", "float64", "1",
        "Mass of the element gained (negative: lost) over its mass in the protolith: median.",
        "NaN", -1,
    ),
    Variable("relative_gain_low", "float64", "1", "Lower end of its 95 % range.", "NaN", -1),
    Variable("relative_gain_high", "float64", "1", "Upper end of its 95 % range.", "NaN", -1),
    Variable(
        "mass_gain", "float64", "",
        "Gain per mass of protolith, in the unit of the concentration: median.", "NaN",
    ),
    Variable("true_relative_gain", "float64", "1", "Of synthetic rocks.", "NaN", -1),
)  # fmt: skip
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "isocon_samples",
        "Mass ratios of altered rocks, one row each.",
        (
            "sample",
            "mass_ratio",
            "mass_ratio_low",
            "mass_ratio_high",
            "sparse_mass_ratio",
            "bootstrap_low",
            "bootstrap_high",
            "element_count",
            "censored_count",
            "r_hat",
            "isocon_status",
            "reason",
            "true_mass_ratio",
        ),
        ("sample",),
    ),
    TableSpec(
        "isocon_elements",
        "Elements by how likely they are immobile, the most likely first.",
        (
            "element",
            "concentration_unit",
            "protolith_concentration",
            "protolith_log_error",
            "immobile_probability",
            "bootstrap_immobile_share",
            "isocon_deviation",
            "truly_immobile",
        ),
        ("element",),
    ),
    TableSpec(
        "isocon_gains",
        "Gains and losses of every element in every altered rock.",
        (
            "sample",
            "element",
            "concentration_unit",
            "concentration",
            "detection_limit",
            "relative_gain",
            "relative_gain_low",
            "relative_gain_high",
            "mass_gain",
            "true_relative_gain",
        ),
        ("sample", "element"),
    ),
    left_out_table("isocon"),
)
"""The tables."""
