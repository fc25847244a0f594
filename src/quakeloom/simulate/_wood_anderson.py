"""What a Wood-Anderson seismometer would have drawn, and the amplitude that a magnitude means."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

WOOD_ANDERSON_GAIN = 2080.0
"""Static magnification (Uhrhammer & Collins 1990)."""

_PERIOD_S, _DAMPING = 0.8, 0.7
"""Free period and damping of the seismometer, the damping as a share of the critical one
(Uhrhammer & Collins 1990)."""


def wood_anderson_response(frequency_hz: Floats) -> NDArray[np.complex128]:
    """Return the response to ground velocity: mm on the paper for 1 m/s.

    ``1000 G s / (s^2 + 2 h w0 s + w0^2)``: the seismometer is flat in displacement above its
    free period.
    """
    s = 2j * np.pi * frequency_hz
    natural = 2.0 * np.pi / _PERIOD_S
    return np.asarray(
        1e3 * WOOD_ANDERSON_GAIN * s / (s**2 + 2.0 * _DAMPING * natural * s + natural**2)
    )


def log_amplitude_of(magnitude: ArrayLike, distance_km: ArrayLike) -> Floats:
    """Return log10 of the Wood-Anderson amplitude in mm that a local magnitude means.

    ``log10 A = M - 1.110 log10(r / 100) - 0.00189 (r - 100) - 3`` with hypocentral distance
    r (Hutton & Boore 1987). Distances below 1 km count as 1 km.
    """
    r = np.maximum(np.asarray(distance_km, dtype=float), 1.0)
    level: Floats = (
        np.asarray(magnitude, dtype=float) - 1.110 * np.log10(r / 100.0) - 0.00189 * (r - 100.0)
    ) - 3.0
    return level
