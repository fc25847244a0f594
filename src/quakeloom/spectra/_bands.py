"""The band in which a spectrum can be used: one run of bins above the noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def usable_bands(usable: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the longest run of usable bins of every spectrum; the lower of two equal ones.

    Parameters
    ----------
    usable : ndarray of bool, shape (spectra, bins)

    Returns
    -------
    first, last : ndarray, shape (spectra,)
        Bins ``first ... last - 1``; equal where there is none.
    """
    rows, bins = usable.shape
    run = np.zeros(rows, np.int64)
    longest = np.zeros(rows, np.int64)
    end = np.zeros(rows, np.int64)
    for k in range(bins):
        run = np.where(usable[:, k], run + 1, 0)
        better = run > longest
        longest = np.where(better, run, longest)
        end = np.where(better, k + 1, end)
    return end - longest, end
