"""Priors of slip: how alike it is on patches that lie near each other."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gamma, kv

from quakeloom.core import InputError

Floats = NDArray[np.float64]
SlipKernel = Literal["exponential", "von_karman", "gaussian"]

_JITTER = 1e-9
"""Share of the variance that is added to the diagonal, so that any correlation has a root."""


def slip_correlation(
    along_km: ArrayLike,
    down_km: ArrayLike,
    lengths_km: tuple[float, float],
    kernel: SlipKernel = "exponential",
    hurst: float = 0.5,
) -> Floats:
    """Return the correlations of slip on patches.

    With ``h = sqrt((da / La)^2 + (dw / Lw)^2)``, the distance of two patches along strike and
    down dip over the lengths, it is ``exp(-h)``, ``exp(-h^2 / 2)``, or that of von Karman,
    ``2^(1-H) / Gamma(H) h^H K_H(h)``, which is the exponential for ``H = 1/2`` (Mai & Beroza
    2002, J. Geophys. Res. 107, 2308).

    Parameters
    ----------
    along_km, down_km : array_like, shape (n,)
        Places of the centers.
    lengths_km : (float, float)
        Correlation lengths along strike and down dip, > 0.
    kernel : str
    hurst : float
        Hurst exponent ``H`` of von Karman, above 0 up to 1.

    Returns
    -------
    ndarray, shape (n, n)

    Raises
    ------
    InputError
        For a length that is not positive, or a kernel that does not exist.
    """
    if min(lengths_km) <= 0.0:
        raise InputError(
            f"Correlation lengths of {lengths_km} km are impossible; give both above 0."
        )
    a, w = np.asarray(along_km, dtype=float), np.asarray(down_km, dtype=float)
    h = np.hypot(
        (a[:, None] - a[None, :]) / lengths_km[0], (w[:, None] - w[None, :]) / lengths_km[1]
    )
    if kernel == "exponential":
        matrix = np.exp(-h)
    elif kernel == "gaussian":
        matrix = np.exp(-0.5 * h**2)
    elif kernel == "von_karman":
        if not 0.0 < hurst <= 1.0:
            raise InputError(f"A Hurst exponent of {hurst:g} is impossible; give one in (0, 1].")
        far = np.maximum(h, 1e-8)
        matrix = 2.0 ** (1.0 - hurst) / gamma(hurst) * far**hurst * kv(hurst, far)
        matrix[h < 1e-8] = 1.0
    else:
        raise InputError(
            f"Kernel '{kernel}' does not exist; give exponential, von_karman or gaussian."
        )
    return np.asarray(matrix + _JITTER * np.eye(a.size) if kernel == "gaussian" else matrix)
