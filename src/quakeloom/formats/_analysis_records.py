"""Samples of rock with their concentrations and ratios, and what was put aside of their table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import PARTS_PER_MILLION
from quakeloom.formats._analysis_columns import AnalysisColumn

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LeftOut:
    """A cell, row or column that was put aside, with the reason.

    Attributes
    ----------
    line : int
        In the file, from 1; -1 for a whole column.
    sample, column : str
    text : str
        As it stands in the file.
    reason : str
    """

    line: int
    sample: str
    column: str
    text: str
    reason: str


@dataclass(frozen=True)
class Analyses:
    """Samples with their concentrations and ratios.

    Attributes
    ----------
    samples : list of str
    columns : list of AnalysisColumn
        Oxides, elements and ratios of isotopes, each once.
    values : ndarray, (sample, column)
        In the unit of the column; NaN where missing or censored.
    limits : ndarray, (sample, column)
        The detection limit that a value lies below; NaN elsewhere.
    errors : ndarray, (sample, column)
        Standard deviations as the table states them; NaN elsewhere.
    labels : dict of str to list of str
        Other columns.
    lines : list of int
        Lines of the samples in the file.
    left_out : list of LeftOut
    """

    samples: list[str]
    columns: list[AnalysisColumn]
    values: Floats
    limits: Floats
    errors: Floats
    labels: dict[str, list[str]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [c.name for c in self.columns]

    def choose(self, samples: NDArray, names: list[str] | None = None) -> Analyses:
        """Return some samples (a mask or numbers) and columns, by name."""
        rows = np.arange(len(self.samples))[samples]
        columns = (
            np.arange(len(self.columns))
            if names is None
            else np.array([self.names.index(n) for n in names], int)
        )
        block = np.ix_(rows, columns)
        return replace(
            self,
            samples=[self.samples[r] for r in rows],
            columns=[self.columns[c] for c in columns],
            values=self.values[block],
            limits=self.limits[block],
            errors=self.errors[block],
            labels={k: [v[r] for r in rows] for k, v in self.labels.items()},
            lines=[self.lines[r] for r in rows],
        )

    def in_ppm(self) -> Floats:
        """Return what makes ug/g of every column, for its oxide; 1 for ratios of isotopes."""
        return np.array([PARTS_PER_MILLION.get(c.unit, 1.0) for c in self.columns])
