"""Variables and tables of telling settings or sources of rocks apart."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable
from quakeloom.schema._rock_variables import left_out_table


def _share(name: str, meaning: str) -> Variable:
    return Variable(name, "float64", "1", meaning, "NaN", 0, 1)


LIST = (
    Variable("column_names", "string", "", "Columns of a subset, divided by blanks."),
    Variable("column_count", "int32", "1", "How many these are.", minimum=0),
    _share("cv_error", "Mean over folds of the error of rows that were not fitted."),
    Variable("cv_error_se", "float64", "1", "Standard error of that mean.", "NaN", 0),
    Variable("near_best", "bool", "1", "Within a standard error of the best."),
    _share("error_low", "Lower end of a bin of errors."),
    _share("error_high", "Upper end of the bin."),
    Variable("subset_count", "int64", "1", "Subsets in the bin.", minimum=0),
    _share("column_weight", "Share of the subsets near the best that have the column."),
    _share("column_stability", "Share of resamples of folds whose best subset has the column."),
    Variable("column_chosen", "bool", "1", "The best subset has the column."),
    Variable(
        "truly_informative", "int8", "1", "1 or 0 for synthetic rocks, -1 where not known.", "-1",
        -1, 1,
    ),
    Variable("score_of", "string", "", "Columns that are judged, and how."),
    _share("balanced_accuracy", "Mean over classes of the shares that are right, over folds."),
    Variable("balanced_accuracy_sd", "float64", "1", "Its standard deviation over folds.", "NaN",
             0),
    _share("accuracy", "Share of rows that are right."),
    Variable("log_loss", "float64", "1", "Mean of minus ln of the probability of the truth.", "NaN",
             0),
    Variable("stated_setting", "string", "", "Setting or source that the table states."),
    Variable("predicted_setting", "string", "", "The most likely one by the other folds."),
    _share("setting_probability", "Probability of the stated setting by the other folds."),
)  # fmt: skip
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "discriminate_models",
        "The best subsets of columns, at most 1,000.",
        ("column_names", "column_count", "cv_error", "cv_error_se", "near_best"),
    ),
    TableSpec(
        "discriminate_density",
        "How many subsets have which error: the density of states.",
        ("error_low", "error_high", "subset_count"),
    ),
    TableSpec(
        "discriminate_columns",
        "Elements, and how much the best subsets need them.",
        ("element", "column_weight", "column_stability", "column_chosen", "truly_informative"),
        ("element",),
    ),
    TableSpec(
        "discriminate_scores",
        "How well settings are told apart by rows that were not fitted.",
        (
            "score_of",
            "column_count",
            "balanced_accuracy",
            "balanced_accuracy_sd",
            "accuracy",
            "log_loss",
        ),
        ("score_of",),
    ),
    TableSpec(
        "discriminate_samples",
        "Samples with their stated and most likely setting.",
        ("sample", "stated_setting", "predicted_setting", "setting_probability"),
        ("sample",),
    ),
    left_out_table("discriminate"),
)
"""The tables."""
