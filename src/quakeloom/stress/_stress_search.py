"""Stresses that one stress of all events may have, found by particles.

References
----------
Del Moral, P., Doucet, A. & Jasra, A. (2006). Sequential Monte Carlo samplers. J. R. Statist. Soc.
B 68, 411-436.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.stress._fault_moves import (
    FAULT_MOVES,
    FaultStart,
    propose_faults,
    propose_half_turn,
    spread_to_events,
    sum_by_family,
)
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

_MOVES, _LAST_MOVES = 6, 20
"""Moves of all particles after each choice, and after the last. Chosen here."""

_EFFECTIVE = 0.5
"""Share of the particles that weights leave at each power."""


class Particles(NamedTuple):
    """What particles suppose, and how probable it is.

    Attributes
    ----------
    x : ndarray, shape (particles, 10)
        Components of a stress of any length, and shared numbers.
    supposed : Supposed
        The mechanism of every event, and the faults of families.
    by_event, by_fault : ndarray, shape (particles, events), (particles, faults)
        Logarithms of the likelihood.
    """

    x: Floats
    supposed: Supposed
    by_event: Floats
    by_fault: Floats

    def take(self, rows: Integers) -> Particles:
        """Return some particles, in the order of ``rows``."""
        member, turned, faults = self.supposed
        supposed = Supposed(member[rows], turned[rows], faults[rows])
        return Particles(
            self.x[rows], supposed,
            self.by_event[rows], self.by_fault[rows],
        )  # fmt: skip

    def replace(self, taken: NDArray[np.bool_], other: Particles) -> Particles:
        """Return those of another where it is taken, shape (particles,); members stay."""
        row = taken[:, None]
        return self._replace(
            x=np.where(row, other.x, self.x),
            by_event=np.where(row, other.by_event, self.by_event),
            by_fault=np.where(row, other.by_fault, self.by_fault),
        )


class StressSearch:
    """A search for all stresses that events may have, if they have one, with their faults."""

    def __init__(self, placed: Placed, first: Integers, faults: FaultStart, seed: int = 0) -> None:
        """Take events.

        Parameters
        ----------
        placed : Placed
            The places are not looked at.
        first : ndarray of int64, shape (events + 1,)
        faults : FaultStart
            Mean planes of the families of ``placed``.
        seed : int
        """
        self._generator = random_stream(seed, "stress search")
        self._first, self._faults = first, faults
        events, families = placed.weights.size, len(faults.planes)
        self._placed = placed._replace(
            nodes=np.zeros((events, 1), np.int64), corners=np.ones((events, 1)),
            fault_nodes=np.zeros((families, 1), np.int64), fault_corners=np.ones((families, 1)),
        )  # fmt: skip
        self._area = np.zeros(1, dtype=np.int64)
        self._scale, self._fault_scale = 1.0, 0.2

    def find(self, count: int) -> tuple[Floats, Floats, Floats]:
        """Return stresses, shared numbers and faults that one stress of all events may have.

        Particles of the prior go to the posterior by powers of the likelihood, linearized in the
        errors of normals, and are chosen anew by their weights at each; so that stresses far apart
        are all found, and each as often as it is likely. Normals of faults begin near either mean
        plane of their family, and this density goes as the likelihood comes.

        Parameters
        ----------
        count : int
            Number of particles.

        Returns
        -------
        stresses : ndarray, shape (particles, 1, 5)
            Unit tensors.
        shared : ndarray, shape (particles, 5)
        faults : ndarray, shape (particles, faults, 5)
        """
        particles = self._begin(count)
        # directions are even so far, shape ratios are to be
        weight, power = log_shape_prior(particles.x[:, None, :5], self._area), 0.0
        while True:
            chosen, power = _choose(weight, self._total(particles), power, self._generator)
            weight = np.zeros(count)
            # what a particle supposes of events with sets goes with it
            particles = particles.take(chosen)
            for number in range(_LAST_MOVES if power >= 1.0 else _MOVES):
                particles = self._stir(particles, power, number)
                if len(self._faults.planes):
                    particles = self._move_faults(particles, power, number)
                    particles = self._turn_halfway(particles, power)
            if power >= 1.0:
                break
        stresses = particles.x[:, None, :5]
        stresses = stresses / np.linalg.norm(stresses, axis=2, keepdims=True)
        return stresses, particles.x[:, 5:], particles.supposed.faults

    def _begin(self, count: int) -> Particles:
        """Return particles of the prior."""
        generator, events = self._generator, self._placed.weights.size
        width = np.diff(self._first)
        member = self._first[:-1] + (width * generator.random((count, events))).astype(np.int64)
        m = generator.standard_normal((count, 5))
        m *= np.exp(LENGTH_STD * generator.standard_normal((count, 1)))
        m /= np.linalg.norm(m, axis=1, keepdims=True)
        x = np.concatenate([m, draw_shared(count, generator)], axis=1)
        turned = np.zeros((count, events, 2, 2))
        return self._look(x, Supposed(member, turned, self._faults.begin(count, generator)))

    def _look(self, x: Floats, supposed: Supposed) -> Particles:
        """Return particles with their likelihood."""
        by_event = np.empty((len(x), self._placed.weights.size))
        by_fault = np.empty((len(x), len(self._faults.planes)))
        log_likelihood(
            self._placed, population_table(), np.ascontiguousarray(x[:, None, :5]),
            given_numbers(x[:, 5:]), supposed, True, Found(by_event, by_fault), NO_DERIVATIVES,
        )  # fmt: skip
        return Particles(x, supposed, by_event, by_fault)

    def _total(self, particles: Particles) -> Floats:
        """Return what the weight of particles grows by with the power, shape (particles,)."""
        own = particles.by_fault - self._faults.log_density(particles.supposed.faults)
        return np.asarray(particles.by_event.sum(axis=1) + own.sum(axis=1))

    def _before(self, x: Floats) -> Floats:
        """Return the logarithm of the prior of stresses and shared numbers."""
        length = np.log(np.linalg.norm(x[:, :5], axis=1))
        value = log_shared_prior(x[:, 5:]) - 0.5 * (length / LENGTH_STD) ** 2 - 5.0 * length
        return np.asarray(value + log_shape_prior(x[:, None, :5], self._area))

    def _stir(self, here: Particles, power: float, number: int) -> Particles:
        """Move stresses and shared numbers by differences of others, or by their common spread."""
        generator, x, scale = self._generator, here.x, self._scale
        count, size = x.shape
        if number % 2:
            one, two = generator.integers(0, count, (2, count))
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
        value = self._before(moved)
        rows = np.isfinite(value)
        there = self._look(np.where(rows[:, None], moved, x), here.supposed)
        with np.errstate(invalid="ignore"):
            gain = value - self._before(x) + power * (self._total(there) - self._total(here))
        taken = np.log(generator.random(count)) < np.where(rows, gain, -np.inf)
        self._scale = float(np.clip(scale * np.exp(0.5 * (taken.mean() - 0.25)), 0.05, 2.0))
        return here.replace(taken, there)

    def _move_faults(self, here: Particles, power: float, number: int) -> Particles:
        """Move the fault of every family for itself."""
        proposed = propose_faults(
            here.supposed.faults, number, self._fault_scale, self._faults, self._generator
        )
        there = self._look(here.x, here.supposed._replace(faults=proposed))
        begin = self._faults.log_density
        family = self._placed.family
        gain = power * sum_by_family(family, there.by_event - here.by_event, proposed.shape[1])
        gain += power * (there.by_fault - here.by_fault)
        gain += (1.0 - power) * (begin(proposed) - begin(here.supposed.faults))
        taken = np.log(self._generator.random(gain.shape)) < gain
        if number % FAULT_MOVES == 0:
            change = 0.5 * (taken.mean() - 0.3)
            self._fault_scale = float(np.clip(self._fault_scale * np.exp(change), 0.02, 1.0))
        faults = np.where(taken[..., None], proposed, here.supposed.faults)
        of_event = spread_to_events(family, taken)
        return here._replace(
            supposed=here.supposed._replace(faults=faults),
            by_event=np.where(of_event, there.by_event, here.by_event),
            by_fault=np.where(taken, there.by_fault, here.by_fault),
        )

    def _turn_halfway(self, here: Particles, power: float) -> Particles:
        """Move stresses with faults to where a family says the same."""
        move = propose_half_turn(here.supposed.faults, self._faults, self._generator)
        moved = here.x.copy()
        moved[:, :5] = move.rotate(moved[:, :5])
        there = self._look(moved, here.supposed._replace(faults=move.faults))
        gain = power * (self._total(there) - self._total(here))
        gain += self._begun(there) - self._begun(here)
        taken = np.log(self._generator.random(len(moved))) < gain
        faults = np.where(taken[:, None, None], move.faults, here.supposed.faults)
        here = here._replace(supposed=here.supposed._replace(faults=faults))
        return here.replace(taken, there)

    def _begun(self, particles: Particles) -> Floats:
        """Return the logarithm of the density that faults begin with, shape (particles,)."""
        return np.asarray(self._faults.log_density(particles.supposed.faults).sum(axis=1))


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
