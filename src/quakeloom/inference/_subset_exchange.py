"""Subsets of many columns, drawn by replica exchange over indicators where not all can be tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference._replica_exchange import _Run

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DrawnSubsets:
    """Subsets that were visited, each once.

    Attributes
    ----------
    subsets : ndarray of uint64
    errors : ndarray, (subset, fold)
    agree : bool
        Whether all chains found the same best subset.
    """

    subsets: NDArray[np.uint64]
    errors: Floats
    agree: bool


class _Indicators:
    """Indicators of columns with the cross-validated error as energy, each computed once."""

    def __init__(
        self, columns: int, evaluate: Callable[[NDArray[np.uint64]], Floats], scale: float
    ) -> None:
        self.columns, self.evaluate, self.scale = columns, evaluate, scale
        self.known: dict[int, Floats] = {}
        self.weights = (1 << np.arange(columns, dtype=np.uint64)).astype(np.uint64)

    def names(self, states: NDArray) -> NDArray[np.uint64]:
        return np.asarray((states.astype(np.uint64) * self.weights).sum(axis=1, dtype=np.uint64))

    def draw_prior(self, count: int, stream: np.random.Generator) -> NDArray:
        states = stream.random((count, self.columns)) < stream.random((count, 1))
        states[~states.any(axis=1), 0] = True
        return states.astype(np.int8)

    def misfit(self, states: NDArray) -> Floats:
        names = self.names(states)
        new = np.array(sorted({int(n) for n in names} - set(self.known)), np.uint64)
        if new.size:
            self.known.update(zip(new.tolist(), self.evaluate(new), strict=True))
        return np.array([np.nanmean(self.known[int(n)]) * self.scale for n in names])

    def sweep(
        self, states: NDArray, misfit: Floats, powers: Floats, stream: np.random.Generator
    ) -> tuple[NDArray, Floats]:
        states, misfit = states.copy(), misfit.copy()
        rows = np.arange(len(states))
        trial = states.copy()
        first = stream.integers(self.columns, size=len(states))
        trial[rows, first] ^= 1
        # a column for another one, in half of the moves
        other = stream.integers(self.columns, size=len(states))
        both = (stream.random(len(states)) < 0.5) & (states[rows, first] != states[rows, other])
        trial[rows[both], other[both]] ^= 1
        empty = ~trial.any(axis=1)
        trial[empty] = states[empty]
        new = self.misfit(trial)
        take = np.log(stream.random(len(states))) < powers * (misfit - new)
        states[take], misfit[take] = trial[take], new[take]
        return states, misfit


def exchange_subsets(
    columns: int,
    evaluate: Callable[[NDArray[np.uint64]], Floats],
    stream: np.random.Generator,
    sweeps: int = 400,
    scale: float = 2000.0,
) -> DrawnSubsets:
    """Draw subsets by replica exchange; the best of all that were visited are the answer.

    Parameters
    ----------
    columns : int
        At most 63.
    evaluate : callable
        Subsets to their errors, (subset, fold).
    stream : numpy.random.Generator
    sweeps : int
        Moves of each replica.
    scale : float
        The energy is so many times the error: at the coldest, a subset whose error is larger
        by 1 / scale is drawn a factor of e less often.
    """
    chains = 3
    problem = _Indicators(columns, evaluate, scale)
    powers = np.concatenate([[0.0], np.geomspace(0.01, 1.0, 5)])
    run = _Run(problem, stream, chains, powers, problem.draw_prior(chains * len(powers), stream))
    run.tune(run.advance(max(sweeps // 4, 10)).refused, grow=False)
    found = run.advance(sweeps)
    names = np.array(sorted(problem.known), np.uint64)
    errors = np.array([problem.known[int(n)] for n in names])
    best = [problem.names(found.states[c])[found.misfit[c].argmin()] for c in range(chains)]
    return DrawnSubsets(names, errors, len({int(b) for b in best}) == 1)
