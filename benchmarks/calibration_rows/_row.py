"""One line of the page "What is stated, what holds"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Row:
    """What a product states, and how often that held.

    Attributes
    ----------
    product : str
        What is stated, and on what: one line of words.
    stated : float
        Probability that the range states, such as 0.95; for a stated error its value.
    holds : float
        Share of the truths in the range; for a stated error what the errors are.
    standard_error : float
        Of ``holds``, from truth to truth.
    truths : int
        Independent truths (catalogs, lines, events).
    seconds : float
        Processor time of the measurement.
    width : float or None
        Mean width of the range, or the stated error, in ``unit``.
    ideal_width : float or None
        The same of an ideal answer, which knows all that the simulator does but the truth itself.
    unit : str
        Of the widths.
    before : float or None
        What held before the ranges were calibrated, on the same truths; None if not measured.
    reliability : sequence of (float, float)
        Stated probability and share that held, for the diagram; may be empty.
    note : str
        What must be known to read the row; empty if nothing.
    """

    product: str
    stated: float
    holds: float
    standard_error: float
    truths: int
    seconds: float
    width: float | None = None
    ideal_width: float | None = None
    unit: str = ""
    before: float | None = None
    reliability: Sequence[tuple[float, float]] = ()
    note: str = ""

    @property
    def is_share(self) -> bool:
        """Whether a probability is stated, not an error."""
        return 0.0 < self.stated < 1.0 and not self.product.endswith("(error)")


def share_and_error(inside: ArrayLike) -> tuple[float, float]:
    """Return the mean share of truths inside, and its standard error over independent truths.

    Parameters
    ----------
    inside : array_like, (truths,) or (truths, values)
        Values of one truth (nodes, events of a catalog) are not independent and are averaged;
        NaN is left out.
    """
    values = np.asarray(inside, dtype=float)
    if values.ndim > 1:
        counted = np.isfinite(values).any(axis=1)
        values = np.nanmean(values[counted], axis=1)
    n = len(values)
    mean = float(values.mean())
    if n < 2:
        return mean, math.nan
    spread = float(values.std(ddof=1)) / math.sqrt(n)
    # all inside or all outside has no scatter, which is no certainty: the rule of three
    return mean, max(spread, 1.0 / n / math.sqrt(3.0)) if spread == 0.0 else spread
