"""The classical reading: the mean of the first samples after the pick."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def read_first_pulse(
    windows: NDArray[np.float32],
    pick_sample: int,
    sampling_rate_hz: float,
    *,
    length_s: float = 0.05,
    error_s: float = 0.02,
) -> NDArray[np.float32]:
    """Return the probability that the first motion is up, from the mean after the pick.

    The mean of ``length_s`` after the pick, less the mean before it, in units of the
    scatter of such means in the noise before the pick, goes through the normal
    distribution. It trusts the pick: a pick 60 ms late reads the second swing.

    Parameters
    ----------
    windows : ndarray of float32, shape (windows, samples)
        Vertical records, up positive.
    pick_sample : int
    sampling_rate_hz : float
    length_s : float
        Length that is averaged.
    error_s : float
        Samples this near before the pick are not taken for noise.

    Returns
    -------
    ndarray of float32, shape (windows,)
    """
    from scipy.special import ndtr

    count = max(round(length_s * sampling_rate_hz), 1)
    stop = pick_sample - round(error_s * sampling_rate_hz)
    if stop < 2 * count or pick_sample + count > windows.shape[1]:
        raise ValueError(
            f"windows of {windows.shape[1]} samples with the pick at {pick_sample} hold no "
            f"{count} samples after the pick and {2 * count} before it"
        )
    data = np.asarray(windows, dtype=np.float64)
    quiet = data[:, :stop]
    data = data - quiet.mean(axis=1, keepdims=True)
    whole = stop // count * count
    means = data[:, stop - whole : stop].reshape(len(data), -1, count).mean(axis=2)
    scatter = np.sqrt(np.mean(means**2, axis=1))
    first = data[:, pick_sample : pick_sample + count].mean(axis=1)
    scatter = np.maximum(scatter, 1e-6 * np.abs(data).max(axis=1) + 1e-300)
    return np.asarray(ndtr(first / scatter), dtype=np.float32)
