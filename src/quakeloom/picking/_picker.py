"""What a picker is: windows in, probabilities of P and S out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PHASES = ("P", "S")
"""Phases of the second axis of :meth:`Picker.probabilities`."""


class Picker(Protocol):
    """Anything that gives probabilities of P and S for windows of ground motion.

    Attributes
    ----------
    name : str
        Name of the method or of its weights, kept with every pick.
    sampling_rate_hz : float
        Rate that windows must have.
    samples : int
        Length that windows must have.
    components : str
        Order of the components, such as ``ENZ``.
    """

    name: str
    sampling_rate_hz: float
    samples: int
    components: str

    def probabilities(self, windows: NDArray[np.float32], blind: int = 0) -> NDArray[np.float32]:
        """Return probabilities of P and S.

        Parameters
        ----------
        windows : ndarray of float32, shape (n, 3, samples)
            Ground motion, neither normalized nor filtered; a missing component is zero.
        blind : int
            Samples at each end that the caller does not use: they need not be computed.

        Returns
        -------
        ndarray of float32, shape (n, 2, samples)
        """
        ...
