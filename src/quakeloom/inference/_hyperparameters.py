"""Hyper-parameters of a prior, marginalized: a lattice weighed by the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DROP = 4.0
"""Fall of the logarithm of the density from which neighbors of a point are not looked at: less
than a fiftieth of the most probable point (chosen here)."""

Step = tuple[int, ...]
"""A point of the lattice, in whole steps from its origin along every axis."""


@dataclass(frozen=True)
class HyperLattice:
    """Posterior of hyper-parameters on a lattice.

    Attributes
    ----------
    steps : ndarray of int, (points, axes)
        Points, in whole steps along the axes, sorted by the axes from the first to the last.
    log_density : ndarray, (points,)
        Logarithm of evidence times prior of the hyper-parameters, up to a constant.
    tried : int
        Points at which the density was computed.
    """

    steps: NDArray[np.int64]
    log_density: NDArray[np.float64]
    tried: int

    @property
    def weights(self) -> NDArray[np.float64]:
        """Posterior probabilities of the points, which sum to 1."""
        w = np.exp(self.log_density - self.log_density.max())
        return np.asarray(w / w.sum())

    @property
    def best(self) -> Step:
        """The most probable point."""
        return tuple(int(s) for s in self.steps[int(np.argmax(self.log_density))])

    def equally_probable(self, count: int) -> list[Step]:
        """Return points that stand for the posterior, each with the same probability.

        The lattice is walked back and forth, the last axis fastest, so that what follows on the
        way lies near in every axis; the way is cut into ``count`` shares of equal probability,
        and each is stood for by the point at its middle. A point may be named more than once.
        """
        turn = np.cumsum(np.abs(self.steps), axis=1) - np.abs(self.steps)
        keys = np.where(turn % 2 == 0, self.steps, -self.steps)
        way = np.lexsort(keys.T[::-1])
        at = (np.arange(count) + 0.5) / count
        rows = np.searchsorted(np.cumsum(self.weights[way]), at, side="left")
        rows = np.minimum(rows, len(self.steps) - 1)
        return [tuple(int(s) for s in self.steps[way[r]]) for r in rows]


def explore_lattice(
    log_density: Callable[[Step], float],
    start: Step,
    lowest: Sequence[int],
    highest: Sequence[int],
    most: int = 150,
    drop: float = _DROP,
) -> HyperLattice:
    """Find the points of a lattice that have any probability, from one on.

    The search climbs to a point that no neighbor exceeds, and goes on to the neighbors of every
    point whose logarithm of the density is within ``drop`` of the largest, the most probable
    first. With ``log_density`` the evidence times the prior of the hyper-parameters, the weights
    of the points are a quadrature of their posterior, even in the axes of the lattice.

    Parameters
    ----------
    log_density : callable
        Minus infinity where a point is not allowed.
    start : tuple of int
        Where the search begins.
    lowest, highest : sequence of int
        Ends of every axis, both of them allowed.
    most : int
        Points at which the density is computed at most.
    drop : float
    """
    found: dict[Step, float] = {start: log_density(start)}
    spread: set[Step] = set()
    while len(found) < most:
        top = max(found.values())
        open_points = [s for s, v in found.items() if s not in spread and v >= top - drop]
        if not open_points:
            break
        here = max(open_points, key=lambda s: found[s])
        spread.add(here)
        for axis in range(len(here)):
            for change in (1, -1):
                there = (*here[:axis], here[axis] + change, *here[axis + 1 :])
                inside = lowest[axis] <= there[axis] <= highest[axis]
                if inside and there not in found and len(found) < most:
                    found[there] = log_density(there)
    kept = sorted(s for s, v in found.items() if np.isfinite(v)) or [start]
    values = np.array([found[s] if np.isfinite(found[s]) else 0.0 for s in kept])
    return HyperLattice(np.array(kept, dtype=np.int64), values, len(found))
