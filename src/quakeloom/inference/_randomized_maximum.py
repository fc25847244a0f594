"""Randomized maximum likelihood: a prior draw and perturbed data give a member."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from quakeloom.inference._white_problems import (
    MemberStreams,
    WhiteProblem,
    robust_weights,
    white_draw,
)

_SLOW = 0.2
"""A step that lowers the objective by less than this share of it is followed by a new derivative
(chosen here)."""


@dataclass(frozen=True)
class MemberDraw:
    """What one member of an ensemble is pulled to, instead of the prior's mean and the data.

    Attributes
    ----------
    prior : ndarray, (size,)
        A draw from the prior.
    data : ndarray, (n,)
        The data with errors added.
    gamma : float, optional
        Standard gamma variate that the factor of all standard errors is drawn with; its most
        probable value if absent.
    """

    prior: NDArray[np.float64]
    data: NDArray[np.float64]
    gamma: float | None = None


@dataclass(frozen=True)
class Linearization:
    """A model, its predicted data and their derivative by the white coordinates."""

    white: NDArray[np.float64]
    prediction: NDArray[np.float64]
    jacobian: NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """One optimized model.

    Attributes
    ----------
    white : ndarray, (size,)
    prediction : ndarray, (n,)
    iterations : int
        Gauss-Newton steps made.
    converged : bool
        The last step lowered the objective by less than the tolerance.
    noise_factor : float
        What the standard errors were multiplied by; 1 where it is not inferred.
    """

    white: NDArray[np.float64]
    prediction: NDArray[np.float64]
    iterations: int
    converged: bool
    noise_factor: float = 1.0


def maximize_posterior(
    problem: WhiteProblem,
    drawn: MemberDraw | None = None,
    start: Linearization | None = None,
    steps: int = 12,
    tolerance: float = 1e-3,
    degrees_of_freedom: float | None = None,
    noise_shape: float | None = None,
) -> Fit:
    r"""Minimize :math:`|\xi-\xi_0|^2 + |(g(\xi)-d)/\sigma|^2` by damped Gauss-Newton.

    With :math:`\xi_0 = 0` and the observed data it gives the most probable model; with a
    draw from the prior and perturbed data, one member of :func:`randomized_member`. While
    steps gain much, the derivative is carried along by Broyden's update; it is computed anew
    where they gain little, and always before the search is called converged.

    Parameters
    ----------
    problem : WhiteProblem
    drawn : MemberDraw, optional
        :math:`\xi_0` and data instead of zero and the problem's.
    start : Linearization, optional
        First guess with what was found there; :math:`\xi_0` if absent.
    steps : int
        Most Gauss-Newton steps.
    tolerance : float
        A step that lowers the objective by less than this share of the number of data ends
        the search.
    degrees_of_freedom : float, optional
        Student's t instead of normal errors, by reweighting.
    noise_shape : float, optional
        Infer one factor of all standard errors: its square has an inverse gamma prior of
        this shape with mode near 1, conditioned on the residuals after every step.
    """
    drawn = drawn or MemberDraw(np.zeros(problem.size), problem.data)
    d, xi0 = drawn.data, drawn.prior
    nu = degrees_of_freedom
    if start is None:
        xi = xi0.copy()
        predicted, jacobian = problem.linearize(xi)
    else:
        xi, predicted, jacobian = start.white.copy(), start.prediction, start.jacobian
    sigma, factor = problem.sigma, 1.0

    def objective(r: NDArray[np.float64], x: NDArray[np.float64]) -> float:
        return -2.0 * robust_weights((r - d) / sigma, nu)[1] + float(np.sum((x - xi0) ** 2))

    fresh = True
    converged = False
    made = 0
    while made < steps and not converged:
        made += 1
        sigma = problem.sigma * factor
        value = objective(predicted, xi)
        root = np.sqrt(robust_weights((predicted - d) / sigma, nu)[0]) / sigma
        a = jacobian * root[:, None]
        target = root * (d - predicted) + a @ (xi - xi0)
        goal = xi0 + _regularized_step(a, target)
        found = _search(problem, xi, goal, value, objective)
        gain = 0.0
        if found is not None:
            trial, there, trial_value = found
            gain = value - trial_value
            jacobian = _explain_step(jacobian, trial - xi, there - predicted)
            xi, predicted = trial, there
        if noise_shape is not None:
            factor = _scale_errors(problem, predicted, noise_shape, drawn.gamma)
        small = gain < tolerance * d.size
        converged = small and fresh
        if converged:
            break
        fresh = small or gain < _SLOW * value
        if fresh and made < steps:
            predicted, jacobian = problem.linearize(xi)
    return Fit(xi, predicted, made, converged, factor)


def _explain_step(
    jacobian: NDArray[np.float64], step: NDArray[np.float64], change: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return Broyden's update: the derivative nearest to the old one that explains a step."""
    return jacobian + np.outer((change - jacobian @ step) / (step @ step), step)


def _scale_errors(
    problem: WhiteProblem, predicted: NDArray[np.float64], shape: float, gamma: float | None
) -> float:
    """Return the factor of all standard errors, drawn or most probable, given residuals."""
    square = float(np.sum(((predicted - problem.data) / problem.sigma) ** 2))
    scale = shape + 1.0 + 0.5 * square
    posterior_shape = shape + 0.5 * problem.data.size
    return float(np.sqrt(scale / (posterior_shape + 1.0 if gamma is None else gamma)))


def _search(
    problem: WhiteProblem,
    here: NDArray[np.float64],
    goal: NDArray[np.float64],
    value: float,
    objective: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
) -> tuple[NDArray[np.float64], NDArray[np.float64], float] | None:
    """Go toward the goal as far as the objective falls; None if it does not."""
    length = 1.0
    for _ in range(5):
        trial = here + length * (goal - here)
        there = problem.predict(trial)
        found = objective(there, trial)
        if found < value:
            return trial, there, found
        length *= 0.5 if found < 2.0 * value else 0.25
    return None


def _regularized_step(a: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve min |x|^2 + |a x - target|^2 on the smaller side."""
    n, m = a.shape
    if n <= m:
        system = a @ a.T
        system[np.diag_indices(n)] += 1.0
        return np.asarray(a.T @ linalg.solve(system, target, assume_a="pos", overwrite_a=True))
    system = a.T @ a
    system[np.diag_indices(m)] += 1.0
    return np.asarray(linalg.solve(system, a.T @ target, assume_a="pos", overwrite_a=True))


def randomized_member(
    problem: WhiteProblem,
    streams: MemberStreams,
    member: int,
    start: Linearization | None = None,
    steps: int = 12,
    tolerance: float = 1e-3,
    degrees_of_freedom: float | None = None,
    noise_shape: float | None = None,
) -> Fit:
    """Compute one member of a randomized-maximum-likelihood ensemble.

    A model is drawn from the prior and the data are perturbed by their errors, both keyed by
    the member's number; the model closest to both is the member. Exact for linear problems,
    and close where the problem is nearly linear within the posterior's width. Members need
    nothing of each other.

    Parameters
    ----------
    problem : WhiteProblem
    streams : MemberStreams
    member : int
        Whose random numbers are used.
    start : Linearization, optional
        The most probable model, shared by all members; spares every one a linearization.
    steps, tolerance, degrees_of_freedom, noise_shape
        As in :func:`maximize_posterior`.

    References
    ----------
    Oliver, D. S., He, N. and Reynolds, A. C. (1996), Conditioning permeability fields to
    pressure data, ECMOR V. Bardsley, J. M. et al. (2014), Randomize-then-optimize, SIAM J.
    Sci. Comput. 36.
    """
    n = problem.data.size
    noise = white_draw(streams, member, n, "noise")
    gamma = None
    if noise_shape is not None:
        gamma = float(streams.stream("noise_factor", member).gamma(noise_shape + 0.5 * n))
    drawn = MemberDraw(
        white_draw(streams, member, problem.size), problem.data + problem.sigma * noise, gamma
    )
    return maximize_posterior(
        problem, drawn, start, steps, tolerance, degrees_of_freedom, noise_shape
    )
