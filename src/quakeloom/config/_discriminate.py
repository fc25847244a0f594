"""Settings of telling tectonic settings or sources apart by analyses."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import Section, setting
from quakeloom.config._rock_tables import RockTable


class DiscriminateSimulation(Section):
    """Synthetic rocks of settings that a few elements tell apart."""

    samples: int = setting(300, "Samples.", "samples", ge=20, le=100000)
    classes: int = setting(3, "Settings.", "settings", ge=2, le=20)
    elements: int = setting(10, "Elements.", "elements", ge=3, le=28)
    informative: int = setting(3, "Elements that differ between settings.", "elements", ge=1)

    @model_validator(mode="after")
    def _informative_are_elements(self) -> DiscriminateSimulation:
        if self.informative > self.elements:
            raise ValueError("informative must not be more than elements")
        return self


class Discriminate(RockTable):
    """Which elements tell settings or sources of rocks apart, and how well."""

    simulation: DiscriminateSimulation | None = setting(
        None, "Make rocks of known settings in place of a table."
    )
    class_column: str = setting("", "Column of the table with the setting of each sample.")
    transform: Literal["log_ratio", "raw"] = setting(
        "log_ratio",
        "Concentrations as centered logarithms of ratios, or as they are; ratios of isotopes stay.",
    )
    search: Literal["auto", "logistic", "discriminant"] = setting(
        "auto",
        "Model by which subsets of columns are compared: logistic regression, or a linear "
        "discriminant, which is faster by far where there are many classes; `auto` is logistic "
        "for two. The chosen columns are judged by logistic regression always.",
    )
    loss_weight: float = setting(
        10.0, "Weight of the loss beside the penalty (C of scikit-learn).", "1", gt=0, le=1e6
    )
    folds: int = setting(10, "Folds of cross-validation.", "folds", ge=2, le=50)
    nested_folds: int = setting(
        5, "Folds without which columns are chosen again, for the score of the choice; 0: none.",
        "folds", ge=0, le=20,
    )  # fmt: skip
    balanced: bool = setting(
        True, "Whether all classes count alike, however many samples they have."
    )
    exhaustive_columns: int = setting(
        16, "Columns up to which every subset is tried; more are drawn by replica exchange.",
        "columns", ge=1, le=24,
    )  # fmt: skip
    sweeps: int = setting(400, "Moves of each replica.", "moves", ge=10, le=100000)
    most_missing: float = setting(
        0.2, "Columns of which a larger share is missing are left out; then rows that miss a cell.",
        "1", ge=0, le=1,
    )  # fmt: skip

    @model_validator(mode="after")
    def _classes_are_named(self) -> Discriminate:
        if self.table and not self.class_column:
            raise ValueError("name the `class_column` of the table")
        if self.nested_folds == 1:
            raise ValueError("nested_folds is 0 for none, or at least 2")
        return self
