"""Populations: a posterior of a few parameters by evaluating it at a few hundred places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SCALES = (0.02, 0.1, 0.4)
"""Standard deviations of the steps that a coordinate makes, as shares of its range, equally likely;
chosen here: some look near what is good, others away from it."""

_UNIFORM = 0.2
"""Share of the places of later rounds that are drawn from the prior, so that no weight can exceed
five times what it has there (a defensive mixture, Hesterberg 1995)."""

_MOVED, _ANEW = 0.15, 0.05
"""Share of the coordinates that a Metropolis step moves, and of the steps that draw all anew;
chosen here."""

_IMAGES = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Mirror images of a step at the ends of a coordinate, in its ranges: steps are reflected."""


@dataclass(frozen=True)
class Population:
    """Places in the unit cube with the weights of a posterior.

    Attributes
    ----------
    places : ndarray, (n, dimension)
    log_density : ndarray, (n,)
        What was evaluated.
    log_weights : ndarray, (n,)
        Importance weights, which sum to 1.
    """

    places: NDArray[np.float64]
    log_density: NDArray[np.float64]
    log_weights: NDArray[np.float64]

    @property
    def best(self) -> NDArray[np.float64]:
        """The place with the largest density."""
        return np.asarray(self.places[int(np.argmax(self.log_density))])


def population_posterior(
    log_density: Callable[[NDArray[np.float64]], float],
    dimension: int,
    rounds: Sequence[int],
    random: np.random.Generator,
) -> Population:
    r"""Weigh places of a unit cube, whose prior is uniform, by a density.

    The first round is drawn from the prior. Places of a later round step from those before, which
    are chosen by their weights; the weights of all are
    :math:`w_i \propto p(u_i) / \sum_r (n_r / n)\, q_r(u_i)` (deterministic mixture), so that no
    round is wasted and none needs to be right.

    Parameters
    ----------
    log_density : callable
        Likelihood or evidence of a place, up to a constant; minus infinity where impossible.
    dimension : int
    rounds : sequence of int
        Places of every round.
    random : numpy.random.Generator

    References
    ----------
    Cappe, O. et al. (2004), Population Monte Carlo, J. Comput. Graph. Stat. 13. Owen, A. and Zhou,
    Y. (2000), Safe and effective importance sampling, J. Am. Stat. Assoc. 95.
    """
    places = np.empty((0, dimension))
    values = np.empty(0)
    # parents of every round: their places and probabilities; none in the first
    mixtures: list[tuple[int, NDArray[np.float64], NDArray[np.float64]]] = []
    log_weights = np.empty(0)
    for count in rounds:
        parents, chances = places, np.exp(log_weights)
        new = random.uniform(size=(count, dimension))
        if len(parents):
            stepping = np.flatnonzero(random.uniform(size=count) >= _UNIFORM)
            chosen = random.choice(len(parents), size=len(stepping), p=chances / chances.sum())
            scale = random.choice(_SCALES, size=(len(stepping), dimension))
            step = parents[chosen] + scale * random.standard_normal((len(stepping), dimension))
            # reflected at both ends
            step = np.abs(np.mod(step + 1.0, 2.0) - 1.0)
            new[stepping] = step
        mixtures.append((count, parents, chances))
        places = np.concatenate([places, new])
        values = np.concatenate([values, [log_density(u) for u in new]])
        log_weights = values - _log_mixture(places, mixtures)
        log_weights -= np.logaddexp.reduce(log_weights)
    return Population(places, values, log_weights)


def walk_in_cube(
    log_density: Callable[[NDArray[np.float64]], float],
    start: NDArray[np.float64],
    steps: int,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Walk in a unit cube by Metropolis steps, from a place that is good.

    A step moves some of the coordinates, a little or far, reflected at the ends, so that it is as
    likely as its return; now and then all are drawn anew.

    Parameters
    ----------
    log_density : callable
        As for :func:`population_posterior`.
    start : ndarray, (dimension,)
    steps : int
    random : numpy.random.Generator

    Returns
    -------
    ndarray, (steps, dimension)
        Where the walk was after every step.
    """
    here, value = start.copy(), log_density(start)
    visited = np.empty((steps, start.size))
    for k in range(steps):
        scale = random.choice(_SCALES, size=start.size)
        moved = random.uniform(size=start.size) < _MOVED
        moved[random.integers(start.size)] = True
        step = here + np.where(moved, scale * random.standard_normal(start.size), 0.0)
        there = np.abs(np.mod(step + 1.0, 2.0) - 1.0)
        anew = random.uniform(size=start.size)
        there = anew if random.uniform() < _ANEW else there
        there_value = log_density(there)
        if np.log(random.uniform()) < there_value - value:
            here, value = there, there_value
        visited[k] = here
    return visited


def _log_mixture(
    places: NDArray[np.float64],
    mixtures: Sequence[tuple[int, NDArray[np.float64], NDArray[np.float64]]],
) -> NDArray[np.float64]:
    """Logarithm of the density from which all places were drawn."""
    total = sum(count for count, _, _ in mixtures)
    density = np.zeros(len(places))
    for count, parents, chances in mixtures:
        here = np.ones(len(places))
        if len(parents):
            steps = np.ones((len(places), len(parents)))
            for d in range(places.shape[1]):
                steps *= _step_density(places[:, d, None], parents[None, :, d])
            here = _UNIFORM + (1.0 - _UNIFORM) * (steps @ (chances / chances.sum()))
        density += count / total * here
    return np.log(density)


def _step_density(there: NDArray[np.float64], here: NDArray[np.float64]) -> NDArray[np.float64]:
    """Density of a reflected step of one coordinate."""
    density = np.zeros(np.broadcast_shapes(there.shape, here.shape))
    for scale in _SCALES:
        for image in _IMAGES:
            for mirrored in (there, -there):
                z = (2.0 * image + mirrored - here) / scale
                density += np.exp(-0.5 * z * z) / (scale * np.sqrt(2.0 * np.pi))
    return density / len(_SCALES)
