"""How the data choose the strength of smoothing."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from quakeloom.plots._style import (
    ALERT,
    INK,
    PAGE_WIDTH_IN,
    new_panels,
    plain_powers,
    styled,
    use_logarithmic,
)


@styled
def plot_abic_curve(
    alpha2: ArrayLike,
    abic: ArrayLike,
    misfit: ArrayLike,
    roughness: ArrayLike,
    chosen: float,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw ABIC against the smoothing strength, and misfit against roughness beside it.

    Parameters
    ----------
    alpha2, abic, misfit, roughness : array_like, shape (strengths,)
    chosen : float
        The strength that was used.
    width_in : float
    """
    a, b, e, r = (np.asarray(v, float) for v in (alpha2, abic, misfit, roughness))
    order = np.argsort(a)
    a, b, e, r = a[order], b[order], e[order], r[order]
    at = int(np.argmin(np.abs(np.log(a / chosen))))
    figure, (left, right) = new_panels(2, width_in, 2.6, gridspec_kw={"wspace": 0.08})
    left.plot(a, b - b.min(), color=INK, lw=1.0, marker="o", ms=2.2)
    left.plot(a[at], b[at] - b.min(), "o", color=ALERT, ms=5)
    left.annotate(
        f"α² = {chosen:.3g}", (a[at], b[at] - b.min()),
        xytext=(-6, 8) if at > len(a) // 2 else (24, 6), textcoords="offset points",
        ha="right" if at > len(a) // 2 else "left", fontsize=7, color=ALERT,
    )  # fmt: skip
    use_logarithmic(left, "x")
    if np.ptp(b) > 300.0:
        left.set_yscale("symlog", linthresh=100.0)
        left.yaxis.set_major_formatter(plain_powers())
    left.set_ylim(0, None)
    left.set_xlabel("Smoothing strength α²")
    left.set_ylabel("ABIC above its minimum")
    right.plot(r, e, color=INK, lw=1.0, marker="o", ms=2.2)
    right.plot(r[at], e[at], "o", color=ALERT, ms=5)
    use_logarithmic(right, "x")
    right.set_xlabel("Roughness mᵀ R m")
    right.set_ylabel("Misfit |d - G m|²")
    return figure
