"""Compositions: closure, log-ratios, values below a detection limit.

Aitchison (1986), The Statistical Analysis of Compositional Data; isometric log-ratios by
Egozcue et al. (2003), Math. Geol. 35, 279-300; replacement by Martin-Fernandez et al. (2003),
Math. Geol. 35, 253-278.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

LIMIT_SHARE = 0.65
"""What of a detection limit stands for a value below it (Martin-Fernandez et al., 2003)."""


def close_composition(values: Floats) -> Floats:
    """Divide every row by its sum.

    Parameters
    ----------
    values : ndarray, (sample, part)
        Positive, all in one unit.

    Raises
    ------
    InputError
        If a value is not positive and finite.
    """
    x = np.asarray(values, float)
    if not (np.isfinite(x) & (x > 0)).all():
        raise InputError(
            f"{int((~(np.isfinite(x) & (x > 0))).sum())} of {x.size} values of a composition are "
            "missing or not positive, and logarithms of ratios need all of them. Nothing was "
            "computed; leave parts or samples out, or give detection limits."
        )
    return np.asarray(x / x.sum(axis=-1, keepdims=True))


def replace_censored(values: Floats, limits: Floats, share: float = LIMIT_SHARE) -> Floats:
    """Put a share of the detection limit in place of values below it.

    Ratios of the other parts stay as they are (multiplicative replacement): before closure
    nothing else must be changed.

    Parameters
    ----------
    values, limits : ndarray, (sample, part)
        NaN where missing, and where nothing is censored.
    share : float
    """
    return np.asarray(np.where(np.isfinite(limits) & ~np.isfinite(values), share * limits, values))


def centered_log_ratio(values: Floats) -> Floats:
    """Return the logarithms of parts over the geometric mean of their row.

    Parameters
    ----------
    values : ndarray, (..., part)
        Positive; closure does not matter.
    """
    logs = np.log(np.asarray(values, float))
    return np.asarray(logs - logs.mean(axis=-1, keepdims=True))


def helmert_basis(parts: int) -> Floats:
    """Return an orthonormal basis of log-ratios, (part, part - 1).

    Column k is ``sqrt(k / (k + 1)) (1/k, ..., 1/k, -1, 0, ...)``: the first k parts against
    the next.
    """
    basis = np.zeros((parts, parts - 1))
    for k in range(1, parts):
        basis[:k, k - 1] = 1.0 / k
        basis[k, k - 1] = -1.0
        basis[:, k - 1] *= np.sqrt(k / (k + 1.0))
    return basis


def isometric_log_ratio(values: Floats) -> Floats:
    """Return coordinates of compositions in :func:`helmert_basis`, (..., part - 1)."""
    return np.asarray(centered_log_ratio(values) @ helmert_basis(np.shape(values)[-1]))


def composition_of(coordinates: Floats) -> Floats:
    """Return the closed composition of isometric log-ratios."""
    z = np.asarray(coordinates, float)
    logs = z @ helmert_basis(z.shape[-1] + 1).T
    parts = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(parts / parts.sum(axis=-1, keepdims=True))
