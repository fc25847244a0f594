"""Travel times of a line as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TravelTimePicks:
    """Picked first-arrival times of one line.

    Attributes
    ----------
    shots_km, receivers_km : ndarray, (n, 2)
        Depth and distance; a depth of NaN means on the ground.
    times_s, errors_s : ndarray, (n,)
        Travel times and their standard errors.
    phases : ndarray of str, (n,)
        Phase codes of the source, may be empty.
    """

    shots_km: NDArray[np.float64]
    receivers_km: NDArray[np.float64]
    times_s: NDArray[np.float64]
    errors_s: NDArray[np.float64]
    phases: NDArray[np.str_]

    def __len__(self) -> int:
        return self.times_s.size

    def take(self, which: NDArray) -> TravelTimePicks:
        """Return some of the picks."""
        return TravelTimePicks(
            self.shots_km[which],
            self.receivers_km[which],
            self.times_s[which],
            self.errors_s[which],
            self.phases[which],
        )
