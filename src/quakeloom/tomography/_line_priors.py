"""A prior that follows from the picks of a line: mean, widths and correlation lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference import Linearization, log_evidence, maximize_posterior
from quakeloom.tomography._offset_curves import OffsetCurve, turning_velocities
from quakeloom.tomography._refraction import RefractionProblem

_OFFSETS = 8
"""Groups of picks by offset whose scatter is measured; chosen here."""

_LEAST, _MOST = 0.03, 0.4
"""Least and largest standard deviation of the logarithm of velocity; chosen here, from a very even
crust to one in which velocity is known to a factor of 1.5."""

_STEP = 1.6
"""Factor between the correlation lengths, and between the widths, that are compared; chosen here:
the evidence of a line hardly tells lengths nearer to each other apart."""

_GROWTH, _GROWTHS = 0.1, 5
"""Step of the growth of the vertical length per depth, and growths that are tried for a beginning;
chosen here."""

_GAIN = 3.0
"""Gain of the logarithm of the evidence that a change of the prior must bring: a factor of 20, from
which Kass & Raftery (1995) call it strong."""

_STEPS, _TOLERANCE = 15, 3e-3
"""Gauss-Newton steps, and share of the number of data by which one must lower the objective, as in
:class:`SamplerOptions`."""

_MOST_MODES = 2000
"""Modes that a prior may have; chosen here: the work grows with their cube."""


def reference_at_nodes(
    table: NDArray[np.float64], spacing_km: float, deepest_km: float
) -> NDArray[np.float64]:
    """Average a velocity over depth to what nodes of a spacing can carry.

    The slowness of every node is the mean over half a spacing above and below it, so that
    thin layers keep their travel times.

    Parameters
    ----------
    table : ndarray, (n, 2)
        Depth below ground and velocity, linear between.
    spacing_km, deepest_km : float

    Returns
    -------
    ndarray, (m, 2)
    """
    depth = np.arange(0.0, deepest_km + spacing_km, spacing_km)
    fine = np.unique(
        np.concatenate([np.linspace(0.0, depth[-1] + spacing_km, 20 * depth.size), table[:, 0]])
    )
    slowness = 1.0 / np.interp(fine, table[:, 0], table[:, 1])
    total = np.concatenate([[0.0], np.cumsum(0.5 * (slowness[1:] + slowness[:-1]) * np.diff(fine))])
    above, below = np.maximum(depth - 0.5 * spacing_km, 0.0), depth + 0.5 * spacing_km
    time = np.interp(below, fine, total) - np.interp(above, fine, total)
    return np.column_stack([depth, (below - above) / time])


def velocity_scatter(
    curve: OffsetCurve,
    offset_km: NDArray[np.float64],
    times_s: NDArray[np.float64],
    errors_s: NDArray[np.float64],
    length_km: float,
) -> NDArray[np.float64]:
    r"""Return how much the logarithm of velocity scatters at a depth, from times by offset.

    Deviations from the curve, less the picks' errors, say how much the mean velocity along rays
    differs. A place differs more: a mean over x of structure of length L has
    :math:`\sqrt{x / L}` times less of it. Never less than deeper down.

    Returns
    -------
    ndarray, (n, 2)
        Depth below ground in km and standard deviation of the logarithm of velocity.
    """
    deviation = np.clip(np.log(times_s / curve.times(np.maximum(offset_km, 1e-9))), -0.5, 0.5)
    turning = turning_velocities(curve)
    rows = []
    for part in np.array_split(np.argsort(offset_km, kind="stable"), _OFFSETS):
        if not part.size:
            continue
        noise = float(np.mean((errors_s[part] / times_s[part]) ** 2))
        scatter = np.sqrt(max(float(np.mean(deviation[part] ** 2)) - noise, 0.0))
        middle = float(np.median(offset_km[part]))
        pieces = max(middle / length_km, 1.0)
        velocity = 1.0 / float(curve.slopes(np.array([middle]))[0])
        depth = float(np.interp(velocity, turning[:, 1], turning[:, 0]))
        rows.append((depth, float(np.clip(pieces**0.5 * scatter, _LEAST, _MOST))))
    table = np.array(rows)
    table[:, 1] = np.maximum.accumulate(table[::-1, 1])[::-1]
    depths = np.unique(table[:, 0])
    return np.column_stack([depths, [table[table[:, 0] == z, 1].max() for z in depths]])


@dataclass(frozen=True)
class PriorChoice:
    """What the data prefer.

    Attributes
    ----------
    depth_length, distance_length, width : float
        Factors on the correlation lengths and on the standard deviation.
    growth : float
        Growth of the vertical length per depth.
    log_evidence : float
        Natural logarithm of the probability of the data, in Laplace's approximation.
    tried : int
        Priors compared.
    """

    depth_length: float
    distance_length: float
    width: float
    growth: float
    log_evidence: float
    tried: int


def choose_prior(
    build: Callable[[float, float, float, float], RefractionProblem],
    free: tuple[bool, bool, bool, bool],
    degrees_of_freedom: float | None = None,
) -> PriorChoice:
    """Find the correlation lengths and the width that make the data most probable.

    Each is changed by a factor of 1.6, the growth of the vertical length by 0.1, as long as the
    logarithm of the evidence (:func:`quakeloom.inference.log_evidence`) grows by 3, one after the
    other. Lengths whose prior has more than 2,000 modes are not tried.

    Parameters
    ----------
    build : callable
        Returns the problem for factors on the length in depth, the length along the line and
        the width, and a growth.
    free : tuple of bool
        Which of the four may change.
    degrees_of_freedom : float, optional
        Student's t likelihood.
    """
    found: dict[tuple[int, ...], float] = {}

    def values(step: tuple[int, ...]) -> tuple[float, float, float, float]:
        return _STEP ** step[0], _STEP ** step[1], _STEP ** step[2], _GROWTH * step[3]

    def evidence(step: tuple[int, ...]) -> float:
        if step[3] < 0:
            return -np.inf
        if step not in found:
            problem = build(*values(step))
            found[step] = -np.inf
            if problem.size <= _MOST_MODES or step == first:
                fit = maximize_posterior(
                    problem,
                    steps=_STEPS,
                    tolerance=_TOLERANCE,
                    degrees_of_freedom=degrees_of_freedom,
                )
                there = Linearization(fit.white, *problem.linearize(fit.white))
                found[step] = log_evidence(problem, there, degrees_of_freedom)
        return found[step]

    # the least growth that can be afforded: too much of it leaves structure out
    growths = range(_GROWTHS if free[3] else 1)
    first: tuple[int, ...] = next(
        (s for s in ((0, 0, 0, g) for g in growths) if build(*values(s)).size <= _MOST_MODES),
        (0, 0, 0, growths[-1]),
    )
    best = first
    better = True
    while better:
        better = False
        for k, change in product(np.flatnonzero(free), (1, -1)):
            step = (*best[:k], best[k] + change, *best[k + 1 :])
            if evidence(step) > evidence(best) + _GAIN:
                best, better = step, True
    return PriorChoice(*values(best), log_evidence=evidence(best), tried=len(found))
