"""Variables and tables of degrees of melting and of the source of basalts."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable
from quakeloom.schema._rock_variables import left_out_table

MELTING_STATUSES = ("solved", "doubtful")
"""Whether a degree of melting stands."""


def _share(name: str, meaning: str) -> Variable:
    return Variable(name, "float64", "1", meaning, "NaN", 0, 1)


def _positive(name: str, meaning: str, unit: str = "") -> Variable:
    return Variable(name, "float64", unit, meaning, "NaN", 0)


LIST = (
    _share("melt_fraction", "Degree of melting: median."),
    _share("melt_fraction_low", "Lower end of the 95 % range of the degree of melting."),
    _share("melt_fraction_high", "Upper end of that range."),
    _share("exhausted_probability", "Probability that some element is wholly in the melt."),
    Variable(
        "melting_status", "string", "", "Whether the degree of melting stands, see `reason`.",
        values=MELTING_STATUSES,
    ),
    _share("true_melt_fraction", "Of synthetic basalts."),
    _positive("source_concentration", "In the source, in `concentration_unit`: median."),
    _positive("source_low", "Lower end of its 95 % range."),
    _positive("source_high", "Upper end of that range."),
    _positive("source_before", "Concentration in the source beforehand."),
    _positive("bulk_coefficient", "Bulk partition coefficient of solid and melt.", "1"),
    _positive("melting_coefficient", "Partition coefficient of the phases that melt.", "1"),
    Variable(
        "melting_trade_off", "float64", "1",
        "Correlation of the logarithms of source and mean degree of melting: near 1 their "
        "ratio is known better than either.", "NaN", -1, 1,
    ),
    _positive("true_source", "Of synthetic basalts."),
    Variable("melting_model", "string", "", "How the source melts: batch or fractional."),
    _positive("log_evidence_error", "Standard error of that.", "1"),
    _share("model_probability", "Probability of the model among those that were tried."),
)  # fmt: skip
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "melting_samples",
        "Degrees of melting of basalts, one row each.",
        (
            "sample",
            "melt_fraction",
            "melt_fraction_low",
            "melt_fraction_high",
            "element_count",
            "exhausted_probability",
            "melting_status",
            "reason",
            "true_melt_fraction",
        ),
        ("sample",),
    ),
    TableSpec(
        "melting_source",
        "The source of basalts, one row per oxide or element, the most incompatible first.",
        (
            "element",
            "concentration_unit",
            "source_concentration",
            "source_low",
            "source_high",
            "source_before",
            "bulk_coefficient",
            "melting_coefficient",
            "melting_trade_off",
            "true_source",
        ),
        ("element",),
    ),
    TableSpec(
        "melting_models",
        "Ways of melting and their evidence.",
        (
            "melting_model",
            "log_evidence",
            "log_evidence_error",
            "model_probability",
            "reason",
        ),
        ("melting_model",),
    ),
    left_out_table("melting"),
)
"""The tables."""
