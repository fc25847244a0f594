"""The classical reading of a first motion: the mean of the first moments after P."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

_PULSE_S = 0.05
"""Time after P whose mean is read, s; chosen here: half a period of 10 Hz, a common corner."""

_GUARD_S = 0.1
"""Time before P that is not taken for noise, s; chosen here, since a pick may be late."""


def read_first_pulse(
    windows: NDArray[np.float32], pick_sample: int, sampling_rate_hz: float
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Read the sign of the mean of the first 50 ms after P, against the noise before.

    Parameters
    ----------
    windows : ndarray of float32, shape (n, samples)
        Vertical ground motion, up positive.
    pick_sample : int
    sampling_rate_hz : float

    Returns
    -------
    polarity : ndarray of int8
        +1 up, -1 down, 0 where the mean is exactly that of the noise.
    probability_up : ndarray of float64
        Of a mean with the scatter of the noise.
    """
    data = np.asarray(windows, dtype=np.float64)
    end = max(pick_sample - round(_GUARD_S * sampling_rate_hz), 2)
    stop = pick_sample + 1 + max(round(_PULSE_S * sampling_rate_hz), 1)
    noise = data[:, :end]
    mean = noise.mean(axis=1)
    pulse = data[:, pick_sample + 1 : stop].mean(axis=1) - mean
    scatter = np.maximum(noise.std(axis=1), 1e-12 * np.abs(data).max(axis=1) + 1e-300)
    return np.sign(pulse).astype(np.int8), np.asarray(ndtr(pulse / scatter))
