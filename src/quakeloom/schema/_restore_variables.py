"""Variables and the table of restored fields."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

RESTORE_STATUSES = ("restored", "doubtful", "error")
"""What became of a field: restored, with a doubt that the reason says, or not at all."""


def _number(name: str, unit: str, meaning: str, least: float | None = None) -> Variable:
    return Variable(name, "float64", unit, meaning, "NaN", least)


LIST = (
    Variable("field_name", "string", "", "Variable that was restored."),
    Variable(
        "field_slice", "string", "",
        "Coordinates of the slice, where those of some dimensions are restored by themselves.",
        "empty",
    ),
    Variable(
        "restore_status", "string", "",
        "Restored, doubtful or not restored; the reason stands beside it.",
        values=RESTORE_STATUSES,
    ),
    Variable(
        "prior_roughness", "string", "",
        "First differences (membrane), second ones (plate) or a Matern field.", "empty",
        values=("", "membrane", "plate", "matern"),
    ),
    Variable("field_node_count", "int64", "1", "Nodes of the field.", minimum=0),
    Variable("field_missing_count", "int64", "1", "Nodes without data.", minimum=0),
    _number("field_smoothness", "1", "Precision of the prior, 1 over unit squared.", 0),
    _number("field_noise_deviation", "1", "Standard deviation of the noise, in the unit.", 0),
    _number("field_inverse_length", "1", "kappa of the Matern field, per node spacing.", 0),
    _number("field_log_evidence", "1", "Natural logarithm of the evidence at its maximum."),
    _number("field_log_evidence_std", "1", "Standard error of it, 0 where it is exact.", 0),
    _number("field_evidence_lead", "1", "Its lead over the next best prior that was tried.", 0),
    _number("field_degrees", "1", "Effective degrees of freedom of the posterior mean.", 0),
    _number("field_edge_share", "1", "Share of neighbors with an edge between them.", 0),
    _number("field_error_before", "1", "Root mean square of data less truth.", 0),
    _number("field_error_after", "1", "Root mean square of mean less truth, at data.", 0),
    _number("field_held_share", "1", "Nodes whose truth lies in the 95 % range, as a share.", 0),
)  # fmt: skip
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "restorations",
        "Restored fields, one row each: prior, noise and smoothness; errors where the truth is "
        "known.",
        (
            "field_name", "field_slice", "restore_status", "reason", "prior_roughness",
            "field_node_count", "field_missing_count", "field_smoothness",
            "field_noise_deviation", "field_inverse_length",
            "field_log_evidence", "field_log_evidence_std", "field_evidence_lead", "field_degrees",
            "field_edge_share", "field_error_before", "field_error_after", "field_held_share",
        ),
    ),
)  # fmt: skip
"""The tables."""
