"""What the network sees of a window: two odd functions of the record."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLING_RATE_HZ = 100.0
"""Of the windows, Hz; that of most networks of small earthquakes."""

SAMPLES = 150
"""Length of the windows: 1.5 s; chosen here, noise to compare with and the first few swings."""

PICK_SAMPLE = 60
"""Sample of the pick: 0.6 s of a window are before it; chosen here."""

_QUIET = 45
"""Samples that are taken for noise: up to 0.15 s before the pick."""

_LEAST = 1e-20
"""Keeps quotients finite in a dead window, amplitude in any unit; chosen here, below any signal."""


def normalize_windows(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the two channels that the network reads.

    The first is the record over its peak within 0.3 s around the pick: the shape of the
    first swing. The second is ``asinh`` of the record over the noise before the pick: what
    rises out of the noise, however faint beside what follows. Both turn with the record.

    Parameters
    ----------
    windows : ndarray of float32, shape (windows, 150)
        Vertical records at 100 Hz, up positive, the pick at sample 60.

    Returns
    -------
    ndarray of float32, shape (windows, 2, 150)
    """
    data = np.asarray(windows, dtype=np.float32)
    quiet = data[:, :_QUIET]
    data = data - quiet.mean(axis=1, keepdims=True)
    near = np.abs(data[:, PICK_SAMPLE - 15 : PICK_SAMPLE + 30]).max(axis=1, keepdims=True)
    noise = np.sqrt(np.mean(data[:, :_QUIET] ** 2, axis=1, keepdims=True))
    noise = np.maximum(noise, 1e-4 * near)
    out = np.empty((data.shape[0], 2, data.shape[1]), np.float32)
    out[:, 0] = np.clip(data / np.maximum(near, _LEAST), -3.0, 3.0)
    out[:, 1] = np.arcsinh(data / np.maximum(noise, _LEAST)) * np.float32(0.4)
    return out
