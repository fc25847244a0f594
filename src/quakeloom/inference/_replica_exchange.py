"""Replica exchange with temperatures that set themselves, evidence, and a verdict.

Replicas sample likelihoods that are raised to powers from 0 (the prior) to 1 (the posterior), and
exchange places: what is trapped at 1 leaves by way of the prior. Exchanges of even and odd
neighbors alternate, and the powers are moved until all exchanges are refused equally often (Syed et
al., 2022, J. R. Stat. Soc. B 84, 321-350); their number follows from how often that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from quakeloom.inference._chain_diagnostics import diagnose_chains

Floats = NDArray[np.float64]

LARGEST_R_HAT = 1.01
"""R-hat up to which chains agree (Vehtari et al., 2021)."""

LEAST_DRAWS = 400.0
"""Effective draws that ranges need (Vehtari et al., 2021)."""

_FIRST_ROUND = 32
"""Sweeps of the first round of tuning; each further one has twice as many. Chosen here."""

_HALVINGS = 50
"""Halvings of the interval that a step of the evidence is sought in: to the last digits."""

_MOST_REPLICAS = 40
"""Powers that are used at most; chosen here."""


class TemperedProblem(Protocol):
    """What is sampled. States are rows."""

    def draw_prior(self, count: int, stream: np.random.Generator) -> NDArray:
        """Return independent draws of the prior."""
        ...

    def misfit(self, states: NDArray) -> Floats:
        """Return minus the log likelihood of every state."""
        ...

    def sweep(
        self, states: NDArray, misfit: Floats, powers: Floats, stream: np.random.Generator
    ) -> tuple[NDArray, Floats]:
        """Move every state so that prior times likelihood to its power is kept."""
        ...


@dataclass(frozen=True)
class ExchangeOptions:
    """How long is sampled.

    Attributes
    ----------
    chains : int
        Independent sets of replicas, for R-hat.
    replicas : int
        Powers to begin with.
    rounds : int
        Rounds of tuning.
    draws : int
        Draws of each chain at power 1.
    longer : int
        How often twice as many are drawn, where chains disagree.
    """

    chains: int = 4
    replicas: int = 8
    rounds: int = 4
    draws: int = 1000
    longer: int = 3


@dataclass(frozen=True)
class ExchangeResult:
    """Draws, and what is known of how good they are.

    Attributes
    ----------
    states : ndarray, (chain, draw, coordinate)
    misfit : ndarray, (chain, draw)
    powers : ndarray, (replica,)
    refused : ndarray, (replica - 1,)
        Share of exchanges that were refused.
    round_trips : int
        Ways from the prior to the posterior and back, of all replicas.
    log_evidence, log_evidence_error : float
        By Bennett's ratios, and from the scatter of chains.
    r_hat, effective_draws : ndarray, (coordinate,)
    reason : str
        Why the draws cannot be relied on; empty if they can.
    """

    states: NDArray
    misfit: Floats
    powers: Floats
    refused: Floats
    round_trips: int
    log_evidence: float
    log_evidence_error: float
    r_hat: Floats
    effective_draws: Floats
    reason: str


def exchange_replicas(
    problem: TemperedProblem, stream: np.random.Generator, options: ExchangeOptions | None = None
) -> ExchangeResult:
    """Sample a posterior by replica exchange; say so where that did not succeed.

    Parameters
    ----------
    problem : TemperedProblem
    stream : numpy.random.Generator
    options : ExchangeOptions, optional
    """
    o = options or ExchangeOptions()
    powers = np.concatenate([[0.0], np.geomspace(1e-3, 1.0, o.replicas - 1)])
    states = problem.draw_prior(o.chains * o.replicas, stream)
    run = _Run(problem, stream, o.chains, powers, states)
    for k in range(o.rounds):
        refused = run.advance(_FIRST_ROUND * 2**k).refused
        run.tune(refused, grow=k >= 1)
    draws = o.draws
    for attempt in range(o.longer + 1):
        found = run.advance(draws)
        quality = diagnose_chains(found.states)
        worth = np.minimum(quality.bulk_draws, quality.tail_draws)
        if (quality.r_hat.max() <= LARGEST_R_HAT and worth.min() >= LEAST_DRAWS) or (
            attempt == o.longer
        ):
            break
        run.tune(found.refused, grow=True)
        draws *= 2
    steps = found.steps
    return ExchangeResult(
        found.states, found.misfit, run.powers, found.refused, found.round_trips,
        float(logsumexp(steps) - np.log(len(steps))),
        float(steps.std(ddof=1) / np.sqrt(len(steps))) if len(steps) > 1 else np.nan,
        quality.r_hat, worth, _verdict(quality.r_hat, worth, found.refused, found.round_trips),
    )  # fmt: skip


def _verdict(r_hat: Floats, worth: Floats, refused: Floats, trips: int) -> str:
    said = []
    if not (r_hat <= LARGEST_R_HAT).all():
        said.append(f"chains disagree (R-hat {np.max(r_hat):.3f})")
    if not (worth >= LEAST_DRAWS).all():
        said.append(f"the draws are worth {np.min(worth):.0f} independent ones only")
    if refused.size and refused.max() > 0.95:
        said.append(f"{100 * refused.max():.0f} % of the exchanges of two powers are refused")
    if refused.size and trips == 0:
        said.append("no replica went from the prior to the posterior and back")
    return "; ".join(said)


@dataclass(frozen=True)
class _Advance:
    states: NDArray
    misfit: Floats
    refused: Floats
    round_trips: int
    steps: Floats


class _Run:
    """Replicas of all chains while they are moved; states lie as (chain, replica, coordinate)."""

    def __init__(
        self,
        problem: TemperedProblem,
        stream: np.random.Generator,
        chains: int,
        powers: Floats,
        states: NDArray,
    ) -> None:
        self.problem, self.stream, self.chains, self.powers = problem, stream, chains, powers
        self.states = states.reshape(chains, len(powers), -1)
        self.misfit = problem.misfit(states).reshape(chains, len(powers))

    def advance(self, sweeps: int) -> _Advance:
        """Move and exchange; return the draws at power 1 and how exchanges went."""
        c, r = self.misfit.shape
        kept = np.empty((c, sweeps, self.states.shape[-1]), self.states.dtype)
        energies = np.empty((c, sweeps))
        refused = np.zeros(r - 1)
        label, down = np.tile(np.arange(r), (c, 1)), np.zeros((c, r), bool)
        trips = 0
        levels = np.empty((sweeps, c, r))
        tiled = np.tile(self.powers, c)
        for t in range(sweeps):
            states, misfit = self.problem.sweep(
                self.states.reshape(c * r, -1), self.misfit.ravel(), tiled, self.stream
            )
            self.states, self.misfit = states.reshape(c, r, -1), misfit.reshape(c, r)
            levels[t] = self.misfit
            gain = np.diff(self.powers) * np.diff(self.misfit, axis=1)
            accept = np.exp(np.minimum(gain, 0.0))
            refused += (1.0 - accept).mean(axis=0) / sweeps
            swap = self.stream.random(accept.shape) < accept
            swap[:, (t + 1) % 2 :: 2] = False
            self._exchange(swap, label)
            rows = np.arange(c)
            trips += int(down[rows, label[:, 0]].sum())
            down[rows, label[:, 0]] = False
            down[rows, label[:, -1]] = True
            kept[:, t], energies[:, t] = self.states[:, -1], self.misfit[:, -1]
        return _Advance(kept, energies, refused, trips, self._evidence(levels))

    def _exchange(self, swap: NDArray[np.bool_], label: NDArray) -> None:
        chain, low = np.nonzero(swap)
        for array in (self.states, self.misfit, label):
            array[chain, low], array[chain, low + 1] = (
                array[chain, low + 1].copy(),
                array[chain, low].copy(),
            )

    def _evidence(self, levels: Floats) -> Floats:
        """Return the logarithm of the evidence by every chain, by steps from power to power.

        Of each step r both ends tell: ``sum s(w - r)`` over draws of the lower power is
        ``sum s(r - w)`` over those of the upper one, with the weights ``w = -(b' - b) E`` and the
        logistic function s (Bennett, 1976, J. Comput. Phys. 22, 245-268). Means of weights of one
        end alone have long tails.
        """
        gap = np.diff(self.powers)
        lower, upper = -gap * levels[:, :, :-1], -gap * levels[:, :, 1:]
        low = np.minimum(lower.min(axis=0), upper.min(axis=0))
        high = np.maximum(lower.max(axis=0), upper.max(axis=0))
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            more = expit(lower - middle).sum(axis=0) > expit(middle - upper).sum(axis=0)
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        return np.asarray((0.5 * (low + high)).sum(axis=1))

    def tune(self, refused: Floats, grow: bool) -> None:
        """Move the powers so that all exchanges are refused alike; change their number."""
        barrier = np.concatenate([[0.0], np.cumsum(np.maximum(refused, 1e-3))])
        count = len(self.powers)
        if grow:
            # half of the exchanges refused is where round trips are fastest (Syed et al., 2022)
            wanted = int(np.ceil(2.0 * barrier[-1])) + 1
            count = int(np.clip(max(wanted, 4), 4, _MOST_REPLICAS))
        powers = np.interp(np.linspace(0.0, barrier[-1], count), barrier, self.powers)
        powers[0], powers[-1] = 0.0, 1.0
        near = np.abs(powers[:, None] - self.powers[None, :]).argmin(axis=1)
        near[0], near[-1] = 0, len(self.powers) - 1
        self.states, self.misfit = self.states[:, near].copy(), self.misfit[:, near].copy()
        self.powers = powers
