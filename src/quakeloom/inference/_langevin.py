"""Langevin walks: members of an ensemble move on until the posterior is all they remember."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference._informed_subspace import InformedSubspace
from quakeloom.inference._white_problems import MemberStreams

Target = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]

_WANTED = 0.6
"""Share of steps to be accepted, near the best for Langevin proposals (0.574, Roberts and
Rosenthal 1998)."""


@dataclass(frozen=True)
class Walk:
    """Where a walk ended.

    Attributes
    ----------
    white : ndarray, (size,)
    accepted : float
        Share of the steps that were accepted.
    step : float
        Length of the last steps, between 0 and 2; 2 forgets its start in one step.
    """

    white: NDArray[np.float64]
    accepted: float
    step: float


def langevin_walk(
    target: Target,
    start: NDArray[np.float64],
    subspace: InformedSubspace,
    streams: MemberStreams,
    member: int,
    steps: int = 20,
    step: float = 0.1,
) -> Walk:
    r"""Move one member by Metropolis-adjusted Langevin steps, which leave its posterior as it is.

    What bias a sampler left in its members is worn off; the exact posterior stays what it is.
    Steps are semi-implicit (preconditioned Crank-Nicolson Langevin) around the Gaussian with
    the covariance of the informed subspace: in coordinates :math:`y` of unit posterior width,

    .. math:: y' = \frac{(2 - \delta)\, y - 2 \delta \nabla \Phi + \sqrt{8 \delta}\, w}{2 + \delta}

    with :math:`\Phi = -\ln p - |y|^2/2`, so that any :math:`\delta` is accepted where the
    posterior is Gaussian, in any dimension. The step length adapts in the first two thirds of
    the walk and is then held.

    Parameters
    ----------
    target : callable
        Log-posterior and its gradient at white coordinates.
    start : ndarray, (size,)
    subspace : InformedSubspace
        From :func:`averaged_subspace`.
    streams : MemberStreams
    member : int
        Whose random numbers are used.
    steps : int
    step : float
        First :math:`\delta`.

    References
    ----------
    Cotter, S. L. et al. (2013), MCMC methods for functions, Statistical Science 28. Roberts,
    G. O. and Rosenthal, J. S. (1998), Optimal scaling of discrete approximations to Langevin
    diffusions, J. R. Statist. Soc. B 60.
    """
    stream = streams.stream("walk", member)

    def describe(
        y: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
        white = subspace.center + subspace.scale(y, 1.0)
        value, gradient = target(white)
        return white, value, -subspace.scale(gradient, 1.0) - y

    y = subspace.scale(start - subspace.center, -1.0)
    white, value, slope = describe(y)
    white = start
    adapting = (2 * steps) // 3
    accepted = 0
    for k in range(steps):
        variance = 8.0 * step / (2.0 + step) ** 2
        mean = ((2.0 - step) * y - 2.0 * step * slope) / (2.0 + step)
        there = mean + math.sqrt(variance) * stream.standard_normal(y.size)
        uniform = float(stream.uniform())
        trial, trial_value, trial_slope = describe(there)
        back = ((2.0 - step) * there - 2.0 * step * trial_slope) / (2.0 + step)
        log_ratio = trial_value - value
        log_ratio -= float(np.sum((y - back) ** 2) - np.sum((there - mean) ** 2)) / (2.0 * variance)
        chance = math.exp(min(0.0, log_ratio)) if math.isfinite(log_ratio) else 0.0
        if uniform < chance:
            y, white, value, slope = there, trial, trial_value, trial_slope
            accepted += 1
        if k < adapting:
            step = min(2.0, step * math.exp((chance - _WANTED) / math.sqrt(1.0 + 0.3 * k)))
    return Walk(white, accepted / max(steps, 1), step)
