"""The posterior of a stress field whose mechanisms may have slipped on either plane, by sampling.

The likelihood is that of :mod:`quakeloom.stress._slip_likelihood`. Beforehand the directions of the
five components are alike between neighbors, as strongly as ABIC of the linear inversion finds, and
the shape ratio is as likely anywhere from 0 to 1. The length of the stress decides nothing; that of
a node is held near one.

The field moves by Hamiltonian dynamics in the metric of the linear inversion, chains side by side,
where events are not very many together with the errors of all normals; these once more, which of
the acceptable mechanisms is the true one, and the numbers that all events share, by proposals in
turn.

References
----------
Neal, R. M. (2011). MCMC using Hamiltonian dynamics. Handbook of Markov Chain Monte Carlo, 113-162.
Cotter, S. L., Roberts, G. O., Stuart, A. M. & White, D. (2013). MCMC methods for functions:
modifying old algorithms to make them faster. Statist. Sci. 28, 424-446.
Yu, Y. & Meng, X.-L. (2011). To center or not to center: that is not the question. J. Comput. Graph.
Statist. 20, 531-570.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from quakeloom.core import random_stream
from quakeloom.inference import BlockCholesky
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
    HIGH,
    LENGTH_STD,
    LOW,
    given_numbers,
    log_shape_prior,
    log_shared_prior,
)
from quakeloom.stress._slip_likelihood import (
    NO_DERIVATIVES,
    NO_TURNS,
    Derivatives,
    Found,
    Placed,
    Supposed,
    log_likelihood,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_MEASURED = 15
"""Iterations of the warming after which the metric of a map is taken anew. Chosen here."""

_MOST_TOGETHER = 1000
"""Events up to which their normals move together with the field; chosen here: of more the steps are
so small that the field, moved alone, gets farther."""

_SMOOTHEST = 1e-8
"""Least variance of the differences between neighbors, that of no difference. Chosen here."""


@dataclass(frozen=True)
class Sampling:
    """How long the posterior is sampled.

    Attributes
    ----------
    chains : int
    warming, kept : int
        Iterations that are forgotten, and kept: the shape ratio forgets itself in 20 to 100, so
        that 16 chains of 100 are some forty independent draws or more.
    steps : int
        Of the dynamics in each.
    particles : int
        Of the search for all likely stresses of a single node.
    """

    chains: int = 16
    warming: int = 60
    kept: int = 100
    steps: int = 6
    particles: int = 192


@dataclass(frozen=True)
class FieldPrior:
    """What is known of a field beforehand, and a metric to move in.

    Attributes
    ----------
    penalty : scipy.sparse.csr_array or None, shape (nodes, nodes)
        Graph matrix of the smoothness; None for a single node.
    strength : ndarray, shape (chains,)
        Precision of differences of unit tensors between neighbors, to begin with.
    free : bool
        It is drawn with the field; the standard deviation of differences is beforehand as likely
        anywhere.
    area : ndarray of int64, shape (nodes,)
        Connected areas; each has one shape ratio's worth of prior.
    metric : callable
        Factor of a precision like that of the posterior, of a strength and an error of mechanisms.
    """

    penalty: csr_array | None
    strength: Floats
    free: bool
    area: Integers
    metric: Callable[[float, float], BlockCholesky]


@dataclass(frozen=True)
class FieldDraws:
    """Draws of the posterior.

    Attributes
    ----------
    fields : ndarray, shape (draws, nodes, 5)
        Unit tensors.
    shared : ndarray, shape (draws, 5)
        Level, logarithm of width, friction, logarithm of error in radians, share astray.
    faults : ndarray, shape (draws, faults, 5)
        As :attr:`Supposed.faults`.
    accepted : float
        Share of the moves of the field that were accepted.
    """

    fields: Floats
    shared: Floats
    faults: Floats
    accepted: float


class _Forces(NamedTuple):
    """Likelihood by event and logarithm of the prior of some fields, and derivatives."""

    by_event: Floats
    by_fault: Floats
    prior: Floats
    field: Floats
    turned: Floats

    @property
    def total(self) -> Floats:
        """Their sum, one value for each field."""
        values: Floats = self.by_event.sum(axis=1) + self.by_fault.sum(axis=1) + self.prior
        return values


class _Chains:
    """Chains of the posterior, side by side."""

    def __init__(
        self,
        placed: Placed,
        first: Integers,
        cumulated: Floats,
        prior: FieldPrior,
        start: tuple[Floats, Floats, Floats],
        faults: FaultStart,
        generator: np.random.Generator,
    ) -> None:
        self.placed, self.prior, self.generator = placed, prior, generator
        self._first, self._cumulated = first, cumulated
        self.fields, self.shared, normals = (np.array(v) for v in start)
        chains, events = len(self.fields), placed.weights.size
        self._count = chains
        self._faults, self._fault_scale = faults, 0.1
        member = self._any_member()
        turned = generator.standard_normal((chains, events, 2, 2))
        self.supposed = Supposed(member, turned, normals)
        self.together = events <= _MOST_TOGETHER
        self.step = np.full(chains, 0.3)
        self.scales = np.array([0.3, 0.1, 0.5, 1.0])
        self.strength = prior.strength.copy()
        self.measure()
        self.likelihood, self.by_fault = self._look(self.fields, self.shared, self.supposed)
        self.accepted = np.zeros(chains)

    def measure(self) -> None:
        """Take the metric of the strength and the error that the chains are at."""
        middle = float(np.exp(np.mean(np.log(self.strength))))
        self._metric = self.prior.metric(middle, float(np.exp(np.median(self.shared[:, 3]))))

    def move_strength(self) -> None:
        """Draw the strength of smoothing given the fields.

        Unit tensors differ in four components: ``p(lambda) ~ lambda^(r/2 - 3/2) exp(-lambda q/2)``
        with ``r`` four times the nodes less the areas, and the roughness q of the field.
        """
        areas = int(self.prior.area.max()) + 1
        shape = 2.0 * (self.fields.shape[1] - areas) - 0.5
        if self.prior.penalty is None or not self.prior.free or shape <= 0.0:
            return
        unit = self.fields / np.linalg.norm(self.fields, axis=2, keepdims=True)
        rough = np.sum(self._roughen(unit) * unit, axis=(1, 2))
        drawn = self.generator.standard_gamma(shape, self._count)
        self.strength = drawn / np.maximum(0.5 * rough, _SMOOTHEST * shape)

    def _roughen(self, unit: Floats) -> Floats:
        """Return the graph matrix times fields, shape (chains, nodes, 5)."""
        assert self.prior.penalty is not None
        flat = unit.transpose(1, 0, 2).reshape(unit.shape[1], -1)
        rough = (self.prior.penalty @ flat).reshape(unit.shape[1], self._count, 5)
        return np.asarray(rough.transpose(1, 0, 2))

    def _any_member(self) -> Integers:
        """Return for every event one of its acceptable mechanisms, by their probabilities."""
        events = self.placed.weights.size
        low, high = self._first[:-1], self._first[1:]
        if self._first[-1] == events:
            return np.tile(np.arange(events), (self._count, 1))
        ends = self._cumulated[high - 1]
        begin = np.where(low > 0, self._cumulated[low - 1], 0.0)
        drawn = begin + (ends - begin) * self.generator.random((self._count, events))
        found = np.searchsorted(self._cumulated, drawn, side="right")
        return np.clip(found, low, high - 1)

    def _look(
        self,
        fields: Floats,
        shared: Floats,
        supposed: Supposed,
        derivatives: Derivatives = NO_DERIVATIVES,
    ) -> tuple[Floats, Floats]:
        by_event = np.empty((self._count, self.placed.weights.size))
        by_fault = np.empty((self._count, len(self.placed.fault_nodes)))
        log_likelihood(
            self.placed, population_table(), np.ascontiguousarray(fields), given_numbers(shared),
            supposed, False, Found(by_event, by_fault), derivatives,
        )  # fmt: skip
        return by_event, by_fault

    def _smoothness(self, fields: Floats) -> tuple[Floats, Floats]:
        """Return the logarithm of the prior of fields but for shape, and its derivatives."""
        length = np.linalg.norm(fields, axis=2, keepdims=True)
        # directions are even where the density falls as the fifth power of the length
        off = np.log(length)
        value = np.sum(-0.5 * (off / LENGTH_STD) ** 2 - 5.0 * off, axis=(1, 2))
        slope = -(off / LENGTH_STD**2 + 5.0) * fields / length**2
        if self.prior.penalty is not None:
            unit = fields / length
            rough = self.strength[:, None, None] * self._roughen(unit)
            value -= 0.5 * np.sum(rough * unit, axis=(1, 2))
            slope -= (rough - unit * np.sum(rough * unit, axis=2, keepdims=True)) / length
        return value, slope

    def _forces(self, fields: Floats, turned: Floats) -> _Forces:
        """Return likelihood by event, logarithm of prior, and derivatives of their sum."""
        gradient = np.zeros_like(fields)
        turns = np.empty_like(turned) if self.together else NO_TURNS
        supposed = self.supposed._replace(turned=turned)
        found = self._look(fields, self.shared, supposed, Derivatives(gradient, turns))
        value, slope = self._smoothness(fields)
        value = value - 0.5 * np.sum(turned**2, axis=(1, 2, 3))
        force = turns - turned if self.together else np.zeros((self._count, 1, 1, 1))
        return _Forces(*found, value, gradient + slope, force)

    def move_field(self, steps: int, warming: bool) -> None:
        """Move every field along the dynamics, of few events with the errors of all normals.

        Where they end is kept or refused. Alone, either is held by where the other is.
        """
        metric = self._metric

        def solve(force: Floats) -> Floats:
            return metric.solve(np.ascontiguousarray(force.transpose(1, 2, 0))).transpose(2, 0, 1)

        normal = self.generator.standard_normal((*self.fields.shape[1:], self._count))
        velocity = metric.draw(normal).transpose(2, 0, 1)
        turning = np.zeros((self._count, 1, 1, 1))
        if self.together:
            turning = self.generator.standard_normal(self.supposed.turned.shape)
        # energies are followed with the momentum, which is the metric times the velocity
        energy = 0.5 * np.sum(normal**2, axis=(0, 1)) + 0.5 * np.sum(turning**2, axis=(1, 2, 3))
        fields, turned = self.fields, self.supposed.turned
        here = self._forces(fields, turned)
        before = here.total + log_shape_prior(fields, self.prior.area) - energy
        size = self.step * self.generator.uniform(0.8, 1.2, self._count)
        size = size[:, None, None]
        wide = size[..., None]
        gain = -0.5 * np.sum(turning**2, axis=(1, 2, 3))
        for _ in range(steps):
            push = 0.5 * size * solve(here.field)
            # v M v grows by 2 push M v + push M push, and M push is half a step of the force
            gain += np.sum(0.5 * size * here.field * (velocity + 0.5 * push), axis=(1, 2))
            velocity = velocity + push
            turning = turning + 0.5 * wide * here.turned
            fields, turned = fields + size * velocity, turned + wide * turning
            here = self._forces(fields, turned)
            push = 0.5 * size * solve(here.field)
            gain += np.sum(0.5 * size * here.field * (velocity + 0.5 * push), axis=(1, 2))
            velocity = velocity + push
            turning = turning + 0.5 * wide * here.turned
        gain += 0.5 * np.sum(turning**2, axis=(1, 2, 3))
        after = here.total + log_shape_prior(fields, self.prior.area) - energy - gain
        chance = np.exp(np.minimum(np.nan_to_num(after - before, nan=-np.inf), 0.0))
        taken = self.generator.random(self._count) < chance
        self.fields = np.where(taken[:, None, None], fields, self.fields)
        turned = np.where(taken[:, None, None, None], turned, self.supposed.turned)
        self.supposed = self.supposed._replace(turned=turned)
        self.likelihood[taken] = here.by_event[taken]
        self.by_fault[taken] = here.by_fault[taken]
        if warming:
            self.step = np.clip(self.step * np.exp(0.2 * (chance - 0.75)), 1e-3, 2.0)
        self.accepted = chance

    def move_errors(self, plane: int, keep: float) -> None:
        """Propose other errors of one plane of every event."""
        turned = self.supposed.turned.copy()
        fresh = self.generator.standard_normal((*turned.shape[:2], 2))
        turned[:, :, plane] = keep * turned[:, :, plane] + np.sqrt(1.0 - keep**2) * fresh
        self._decide(self.supposed._replace(turned=turned))

    def move_members(self) -> None:
        """Propose another of the acceptable mechanisms of every event."""
        self._decide(self.supposed._replace(member=self._any_member()))

    def _decide(self, proposed: Supposed) -> None:
        """Keep or refuse what is supposed of every event."""
        found, _ = self._look(self.fields, self.shared, proposed)
        chance = self.generator.random(found.shape)
        taken = np.log(chance) < found - self.likelihood
        member = np.where(taken, proposed.member, self.supposed.member)
        turned = np.where(taken[:, :, None, None], proposed.turned, self.supposed.turned)
        self.supposed = self.supposed._replace(member=member, turned=turned)
        self.likelihood = np.where(taken, found, self.likelihood)

    def move_faults(self, number: int, warming: bool) -> None:
        """Propose another fault of every family, kept or refused for itself."""
        faults = propose_faults(
            self.supposed.faults, number, self._fault_scale, self._faults, self.generator
        )
        by_event, by_fault = self._look(
            self.fields, self.shared, self.supposed._replace(faults=faults)
        )
        family = self.placed.family
        gain = by_fault - self.by_fault
        gain += sum_by_family(family, by_event - self.likelihood, gain.shape[1])
        chance = np.exp(np.minimum(gain, 0.0))
        taken = self.generator.random(gain.shape) < chance
        kept = np.where(taken[..., None], faults, self.supposed.faults)
        self.supposed = self.supposed._replace(faults=kept)
        self.by_fault = np.where(taken, by_fault, self.by_fault)
        self.likelihood = np.where(spread_to_events(family, taken), by_event, self.likelihood)
        if warming and number % FAULT_MOVES == 0:
            self._fault_scale = float(
                np.clip(self._fault_scale * np.exp(0.3 * (chance.mean() - 0.3)), 0.01, 1.0)
            )

    def turn_halfway(self) -> None:
        """Propose the stress on the other side of a family's mechanisms, of a single node."""
        move = propose_half_turn(self.supposed.faults, self._faults, self.generator)
        fields = move.rotate(self.fields[:, 0])[:, None]
        turned = move.carry(self.supposed.turned, self.placed.family)
        proposed = self.supposed._replace(faults=move.faults, turned=turned)
        by_event, by_fault = self._look(fields, self.shared, proposed)
        gain = np.sum(by_event - self.likelihood, axis=1)
        gain += np.sum(by_fault - self.by_fault, axis=1)
        taken = np.log(self.generator.random(self._count)) < gain
        self.fields[taken] = fields[taken]
        self.supposed.turned[taken] = turned[taken]
        self.supposed.faults[taken] = move.faults[taken]
        self.likelihood[taken] = by_event[taken]
        self.by_fault[taken] = by_fault[taken]

    def move_shared(self, warming: bool) -> None:
        """Propose other shared numbers: those of the population, the error, the share astray."""
        for number, part in enumerate(([0, 1, 2], [3], [4])):
            shared = self.shared.copy()
            spread = (HIGH - LOW)[part] * self.scales[number] * 0.5
            if number == 2:
                spread = spread * 0.2
            shared[:, part] += spread * self.generator.standard_normal((self._count, len(part)))
            prior = log_shared_prior(shared)
            inside = np.isfinite(prior)
            found, by_fault = self._look(
                self.fields, np.where(inside[:, None], shared, self.shared), self.supposed
            )
            gain = prior - log_shared_prior(self.shared)
            gain += np.sum(found - self.likelihood, axis=1)
            gain += np.sum(by_fault - self.by_fault, axis=1)
            chance = np.where(inside, np.exp(np.minimum(gain, 0.0)), 0.0)
            taken = self.generator.random(self._count) < chance
            self.shared[taken] = shared[taken]
            self.likelihood[taken] = found[taken]
            self.by_fault[taken] = by_fault[taken]
            if warming:
                target = 0.3 if len(part) > 1 else 0.4
                self.scales[number] *= np.exp(0.3 * (chance.mean() - target))

    def move_error_alone(self, warming: bool) -> None:
        """Propose another error of mechanisms, with their normals where they are.

        Many events say where their normals are: where these move with the error
        (:meth:`move_shared`), it moves in tiny steps. Both by turns are quick whatever the events
        say (Yu & Meng 2011). In units of the error the normals are drawn together by t / t'.
        """
        numbers = 4.0 * self.placed.weights.size
        shared = self.shared.copy()
        change = (
            self.scales[3] / np.sqrt(2.0 * numbers) * self.generator.standard_normal(self._count)
        )
        shared[:, 3] += change
        prior = log_shared_prior(shared)
        inside = np.isfinite(prior)
        change = np.where(inside, change, 0.0)
        kept = np.where(inside[:, None], shared, self.shared)
        factor = np.exp(-change)[:, None, None, None]
        supposed = self.supposed._replace(turned=self.supposed.turned * factor)
        found, _ = self._look(self.fields, kept, supposed)
        square = np.sum(self.supposed.turned**2, axis=(1, 2, 3))
        gain = np.sum(found - self.likelihood, axis=1) - numbers * change
        gain -= 0.5 * square * (np.exp(-2.0 * change) - 1.0)
        gain += np.where(inside, prior, 0.0) - log_shared_prior(self.shared)
        chance = np.where(inside, np.exp(np.minimum(gain, 0.0)), 0.0)
        taken = self.generator.random(self._count) < chance
        self.shared[taken] = shared[taken]
        self.likelihood[taken] = found[taken]
        turned = np.where(taken[:, None, None, None], supposed.turned, self.supposed.turned)
        self.supposed = self.supposed._replace(turned=turned)
        if warming:
            self.scales[3] *= np.exp(0.3 * (chance.mean() - 0.4))


def sample_field(
    placed: Placed,
    first: Integers,
    shares: Floats,
    prior: FieldPrior,
    start: tuple[Floats, Floats, Floats],
    faults: FaultStart,
    sampling: Sampling,
    seed: int = 0,
) -> FieldDraws:
    """Return draws of the posterior of a field.

    Parameters
    ----------
    placed : Placed
    first : ndarray of int64, shape (events + 1,)
        Acceptable mechanisms of event ``e`` are ``first[e]:first[e + 1]`` of ``placed.frames``.
    shares : ndarray, shape (members,)
        Probability of each among those of its event.
    prior : FieldPrior
    start : tuple of ndarray
        Fields, shape (chains, nodes, 5), shared numbers, shape (chains, 5), and faults of families,
        shape (chains, faults, 5), to begin at.
    faults : FaultStart
        Mean planes of the families of ``placed``.
    sampling : Sampling
    seed : int

    Returns
    -------
    FieldDraws
    """
    generator = random_stream(seed, "stress posterior")
    chains = _Chains(placed, first, np.cumsum(shares), prior, start, faults, generator)
    sets = first[-1] > placed.weights.size
    fields, shared, drawn, accepted = [], [], [], []
    for number in range(sampling.warming + sampling.kept):
        warming = number < sampling.warming
        keep = (0.0, 0.8)[number % 2]
        for plane in (0, 1):
            chains.move_errors(plane, keep)
        for _ in range(3 if sets else 0):
            chains.move_members()
        chains.move_shared(warming)
        chains.move_error_alone(warming)
        for turn in range(FAULT_MOVES if len(placed.fault_nodes) else 0):
            chains.move_faults(turn, warming)
        if len(placed.fault_nodes) and chains.fields.shape[1] == 1:
            chains.turn_halfway()
        chains.move_field(sampling.steps, warming)
        chains.move_strength()
        if warming and number % _MEASURED == _MEASURED - 1 and prior.penalty is not None:
            chains.measure()
        if not warming:
            length = np.linalg.norm(chains.fields, axis=2, keepdims=True)
            fields.append(chains.fields / length)
            shared.append(chains.shared.copy())
            drawn.append(chains.supposed.faults.copy())
            accepted.append(chains.accepted)
    return FieldDraws(
        np.concatenate(fields), np.concatenate(shared), np.concatenate(drawn),
        float(np.mean(accepted)),
    )  # fmt: skip
