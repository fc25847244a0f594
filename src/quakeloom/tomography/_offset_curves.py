"""Travel time over offset: what many picks say before any model is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

_KNOTS, _ROUNDS = 25, 8
"""Offsets where the slope may change, and rounds of robust weights."""

_SCATTER, _ENVELOPE_SCATTER = 0.1, 0.03
"""Relative deviation from which a time counts less; for late times of the lower envelope."""


@dataclass(frozen=True)
class OffsetCurve:
    """First-arrival time as an increasing and concave function of offset.

    Attributes
    ----------
    knots_km : ndarray, (n,)
        Offsets where the slope changes, increasing.
    bends_s_km : ndarray, (n,)
        By how much the slope falls there, none negative; beyond the last knot it is zero.
    """

    knots_km: NDArray[np.float64]
    bends_s_km: NDArray[np.float64]

    def times(self, offset_km: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return times in s at offsets."""
        return np.asarray(np.minimum(offset_km[..., None], self.knots_km) @ self.bends_s_km)

    def slopes(self, offset_km: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the slope in s/km at offsets; beyond the last knot that before it."""
        slopes = np.cumsum(self.bends_s_km[::-1])[::-1]
        slopes = slopes[slopes > 0]
        at = np.searchsorted(self.knots_km[: slopes.size], offset_km, side="left")
        return np.asarray(slopes[np.minimum(at, slopes.size - 1)])


def fit_offset_curve(
    offset_km: NDArray[np.float64], times_s: NDArray[np.float64], envelope: bool = False
) -> OffsetCurve:
    """Fit times by an increasing and concave function of offset, robustly.

    The function is a sum of ``min(x, x_j)`` with weights of one sign, found by non-negative
    least squares of relative deviations.

    Parameters
    ----------
    offset_km, times_s : ndarray, (n,)
        Times must be positive.
    envelope : bool
        Follow the lower edge of the times, as where later arrivals are among them, instead of
        their middle.
    """
    x, t = np.maximum(offset_km, 1e-9), times_s
    knots = np.unique(np.quantile(x, np.linspace(0.0, 1.0, _KNOTS)))
    equal = 1.0 / np.maximum(t, np.median(t) / 10.0)
    weight = equal
    design = np.minimum(x[:, None], knots)
    for _ in range(_ROUNDS):
        bends, _ = nnls(design * weight[:, None], t * weight)
        late = t / (design @ bends) - 1.0
        scatter = np.where(late > 0, _ENVELOPE_SCATTER, _SCATTER) if envelope else _SCATTER
        weight = equal / np.sqrt(1.0 + (late / scatter) ** 2)
    return OffsetCurve(knots, bends)


def turning_velocities(curve: OffsetCurve) -> NDArray[np.float64]:
    r"""Return the velocity over depth that a curve asks for.

    By the integral of Herglotz and Wiechert, ``z(p) = 1 / pi * integral of arcosh(p(x) / p) dx``.

    Returns
    -------
    ndarray, (n, 2)
        Depth in km and velocity in km/s, down to where rays turn.

    References
    ----------
    Aki, K., Richards, P. G. (2002), Quantitative Seismology, 2nd ed., section 9.4.
    """
    slope = np.cumsum(curve.bends_s_km[::-1])[::-1]
    slope = slope[slope > 0]
    width = np.diff(curve.knots_km[: slope.size], prepend=0.0)
    depth = np.array(
        [
            np.sum(width[:k] * np.arccosh(np.maximum(slope[:k] / slope[k], 1.0))) / np.pi
            for k in range(slope.size)
        ]
    )
    changes = np.flatnonzero(np.diff(slope, prepend=np.inf) < 0)
    return np.column_stack([depth[changes], 1.0 / slope[changes]])
