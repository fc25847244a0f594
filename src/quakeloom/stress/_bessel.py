"""Bessel functions of the distribution of von Mises, compiled."""

from __future__ import annotations

import numpy as np

from quakeloom.core import compiled


@compiled()
def log_bessel(c: float) -> tuple[float, float]:
    """Return ``ln I0(c) - c`` and ``I1(c) / I0(c)`` (Abramowitz & Stegun 1964, 9.8.1 to 9.8.4)."""
    if c < 3.75:
        y = (c / 3.75) ** 2
        i0 = 1.0 + y * (
            3.5156229
            + y * (3.0899424 + y * (1.2067492 + y * (0.2659732 + y * (0.0360768 + y * 0.0045813))))
        )
        i1 = c * (
            0.5
            + y
            * (
                0.87890594
                + y
                * (
                    0.51498869
                    + y * (0.15084934 + y * (0.02658733 + y * (0.00301532 + y * 0.00032411)))
                )
            )
        )
        return np.log(i0) - c, i1 / i0
    y = 3.75 / c
    i0 = 0.39894228 + y * (
        0.01328592
        + y
        * (
            0.00225319
            + y
            * (
                -0.00157565
                + y
                * (
                    0.00916281
                    + y * (-0.02057706 + y * (0.02635537 + y * (-0.01647633 + y * 0.00392377)))
                )
            )
        )
    )
    i1 = 0.39894228 + y * (
        -0.03988024
        + y
        * (
            -0.00362018
            + y
            * (
                0.00163801
                + y
                * (
                    -0.01031555
                    + y * (0.02282967 + y * (-0.02895312 + y * (0.01787654 - y * 0.00420059)))
                )
            )
        )
    )
    return np.log(i0) - 0.5 * np.log(c), i1 / i0
