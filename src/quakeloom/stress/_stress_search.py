"""Stresses that one stress of all events may have, found by particles.

References
----------
Del Moral, P., Doucet, A. & Jasra, A. (2006). Sequential Monte Carlo samplers. J. R. Statist. Soc.
B 68, 411-436.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.stress._fault_population import population_table
from quakeloom.stress._plane_prior import (
    LENGTH_STD,
    draw_shared,
    given_numbers,
    log_shape_prior,
    log_shared_prior,
)
from quakeloom.stress._slip_likelihood import (
    NO_DERIVATIVES,
    Found,
    Placed,
    Supposed,
    log_likelihood,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Look = Callable[[Floats, NDArray[np.bool_]], Floats]
"""Logarithm of the likelihood of those particles that are chosen."""

_MOVES, _LAST_MOVES = 6, 20
"""Moves of all particles after each choice, and after the last. Chosen here."""

_FAMILY_WEIGHT = 2.0
"""Events that a family of one fault counts as in the search. Chosen here: stresses of either of its
planes are found, and chains begin apart."""

_EFFECTIVE = 0.5
"""Share of the particles that weights leave at each power."""


def search_stresses(
    placed: Placed, first: Integers, particles: int, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return stresses and shared numbers that one stress of all events may have.

    Particles of the prior go to the posterior by powers of the likelihood, linearized in the errors
    of normals, and are chosen anew by their weights at each; so that stresses far apart are all
    found, and each as often as it is likely.

    Parameters
    ----------
    placed : Placed
        The places are not looked at.
    first : ndarray of int64, shape (events + 1,)
    particles : int
    seed : int

    Returns
    -------
    stresses : ndarray, shape (particles, 1, 5)
        Unit tensors.
    shared : ndarray, shape (particles, 5)
    """
    generator = random_stream(seed, "stress search")
    events = placed.weights.size
    # a family of one fault is hardly more than one choice of a plane; chains tell how much more
    size = np.bincount(placed.family[placed.family >= 0], minlength=len(placed.fault_nodes))
    shared_by = np.where(placed.family >= 0, np.append(size, 1)[placed.family], 1)
    one = placed._replace(
        weights=placed.weights * np.minimum(1.0, _FAMILY_WEIGHT / shared_by),
        nodes=np.zeros((events, 1), np.int64), corners=np.ones((events, 1)),
        family=np.full(events, -1, np.int64), fault_nodes=np.zeros((0, 1), np.int64),
        fault_corners=np.zeros((0, 1)),
    )  # fmt: skip
    width = np.diff(first)
    member = first[:-1] + (width * generator.random((particles, events))).astype(np.int64)
    no_faults = np.zeros((particles, 0, 4))
    supposed = Supposed(member, np.zeros((particles, events, 2, 2)), no_faults)
    area = np.zeros(1, dtype=np.int64)

    def look(x: Floats, rows: NDArray[np.bool_]) -> Floats:
        by_event = np.empty((int(rows.sum()), events))
        log_likelihood(
            one, population_table(), np.ascontiguousarray(x[rows, None, :5]),
            given_numbers(x[rows, 5:]),
            Supposed(supposed.member[rows], supposed.turned[rows], no_faults[rows]),
            1.0, Found(by_event, np.empty((len(by_event), 0))), NO_DERIVATIVES,
        )  # fmt: skip
        return np.asarray(by_event.sum(axis=1))

    def before(x: Floats) -> Floats:
        length = np.log(np.linalg.norm(x[:, :5], axis=1))
        value = log_shared_prior(x[:, 5:]) - 0.5 * (length / LENGTH_STD) ** 2 - 5.0 * length
        return np.asarray(value + log_shape_prior(x[:, None, :5], area))

    m = generator.standard_normal((particles, 5))
    m *= np.exp(LENGTH_STD * generator.standard_normal((particles, 1)))
    m /= np.linalg.norm(m, axis=1, keepdims=True)
    x = np.concatenate([m, draw_shared(particles, generator)], axis=1)
    # directions are even so far, shape ratios are to be
    weight = log_shape_prior(x[:, None, :5], area)
    likelihood, power = look(x, np.ones(particles, dtype=bool)), 0.0
    while True:
        chosen, power = _choose(weight, likelihood, power, generator)
        weight = np.zeros(particles)
        x, likelihood = x[chosen], likelihood[chosen]
        # what a particle supposes of events with sets goes with it
        supposed = supposed._replace(member=supposed.member[chosen])
        x, likelihood = _stir(x, likelihood, power, (look, before), generator)
        if power >= 1.0:
            break
    stresses = x[:, None, :5] / np.linalg.norm(x[:, None, :5], axis=2, keepdims=True)
    return stresses, x[:, 5:]


def _choose(
    weight: Floats, likelihood: Floats, power: float, generator: np.random.Generator
) -> tuple[Integers, float]:
    """Return which particles go on, and the next power of the likelihood."""
    count = weight.size

    def weigh(at: float) -> Floats:
        w = weight + (at - power) * likelihood
        w = np.exp(w - w.max())
        shares: Floats = w / w.sum()
        return shares

    low, high = power, 1.0
    if 1.0 / np.sum(weigh(1.0) ** 2) < _EFFECTIVE * count:
        for _ in range(40):
            middle = 0.5 * (low + high)
            if 1.0 / np.sum(weigh(middle) ** 2) < _EFFECTIVE * count:
                high = middle
            else:
                low = middle
        # weights of the prior alone may be that uneven
        high = max(low, power + 1e-6)
    ends = np.cumsum(weigh(high))
    places = (generator.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(ends, places), count - 1), high


def _stir(
    x: Floats,
    likelihood: Floats,
    power: float,
    functions: tuple[Look, Callable[[Floats], Floats]],
    generator: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Move particles by steps along the differences of others, or of their common spread."""
    look, before = functions
    count, size = x.shape
    prior, scale = before(x), 1.0
    for number in range(_LAST_MOVES if power >= 1.0 else _MOVES):
        one, two = generator.integers(0, count, (2, count))
        if number % 2:
            step = x[one] - x[two]
            step *= np.where(generator.random(count) < 0.1, 1.0, scale * 2.38 / np.sqrt(2 * size))[
                :, None
            ]
        else:
            root = np.linalg.cholesky(np.cov(x.T) + 1e-9 * np.eye(size))
            step = scale * 2.38 / np.sqrt(size) * (generator.standard_normal(x.shape) @ root.T)
        part = generator.integers(0, 3, count)
        step[part == 1, 5:] = 0.0
        step[part == 2, :5] = 0.0
        moved = x + step + 1e-5 * generator.standard_normal(x.shape)
        value = before(moved)
        rows = np.isfinite(value)
        found = np.full(count, -np.inf)
        found[rows] = look(moved, rows)
        with np.errstate(invalid="ignore"):
            gain = np.where(rows, value - prior + power * (found - likelihood), -np.inf)
        taken = np.log(generator.random(count)) < gain
        x = np.where(taken[:, None], moved, x)
        prior, likelihood = np.where(taken, value, prior), np.where(taken, found, likelihood)
        scale = float(np.clip(scale * np.exp(0.5 * (taken.mean() - 0.25)), 0.05, 2.0))
    return x, likelihood
