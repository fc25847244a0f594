"""The posterior of one event as a search sees it: something to evaluate at nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from quakeloom.core import compiled
from quakeloom.location._interpolation import (
    LEAF,
    Arrivals,
    Floats,
    Ints,
    Receivers,
    TimeTables,
)
from quakeloom.location._likelihoods import ErrorModel, log_likelihoods

_NOTHING = np.empty((0, 0))
"""In place of origin times that are not wanted."""

_FAINT = -20.0
"""Members whose part of the mass of a node is less than e to this, 2e-9 of the largest, do not
count in its sum while a search goes on."""


@dataclass(frozen=True)
class EventPicks:
    """The picks of one event in a local frame, as the compiled loops need them.

    Attributes
    ----------
    station : ndarray, shape (picks, 3)
        Depth, north, east in km.
    group, level : ndarray
        See :meth:`EnsembleTimes.receivers`.
    time_s, variance : ndarray, shape (picks,)
    delay_s : ndarray, shape (picks, members), or None
        What is added to the travel times of every member, such as its station terms.
    """

    station: Floats
    group: Ints
    level: Floats
    time_s: Floats
    variance: Floats
    delay_s: Floats | None = None

    @cached_property
    def receivers(self) -> Receivers:
        """The stations, as the compiled loops need them."""
        return Receivers(self.station, self.group, self.level)

    def arrivals(self, members: int) -> Arrivals:
        """Return the arrival times and delays, as the compiled loops need them."""
        if self.delay_s is None:
            return Arrivals(self.time_s, np.zeros((self.time_s.size, members), np.float32))
        return Arrivals(self.time_s, np.ascontiguousarray(self.delay_s, dtype=np.float32))

    def of_members(self, which: Ints) -> EventPicks:
        """Return the picks with the delays of some members."""
        return self if self.delay_s is None else replace(self, delay_s=self.delay_s[:, which])


@compiled(**LEAF)
def _sum_members(
    log_likelihood: Floats, log_weight: Floats, log_prior: Floats, out: Floats
) -> None:
    """Log of the posterior of every node, summed over members."""
    for n in range(log_likelihood.shape[0]):
        top = -np.inf
        for k in range(log_likelihood.shape[1]):
            value = log_weight[k] + log_likelihood[n, k]
            if value > top:
                top = value
        if top == -np.inf:
            out[n] = -np.inf
            continue
        total = 0.0
        for k in range(log_likelihood.shape[1]):
            value = log_weight[k] + log_likelihood[n, k] - top
            if value > _FAINT:
                total += np.exp(value)
        out[n] = top + log_prior[n] + np.log(total)


@dataclass(frozen=True)
class EventDensity:
    """The posterior density of one event, up to a constant.

    Attributes
    ----------
    tables : TimeTables
    picks : EventPicks
    errors : ErrorModel
    log_weight : ndarray, shape (members,)
        Logarithms of the prior weights of the members.
    log_prior : callable
        Logarithm of the prior density at nodes.
    top_km, bottom_km : float
        Limits of depth; beyond them there is no density.
    """

    tables: TimeTables
    picks: EventPicks
    errors: ErrorModel
    log_weight: Floats
    log_prior: Callable[[Floats], Floats]
    top_km: float
    bottom_km: float

    @property
    def is_section(self) -> bool:
        """Whether the tables lie in a vertical section; nodes then have one east."""
        return self.tables.east.grid.size == 1 and not self.tables.radial

    def log_likelihoods(self, nodes: Floats, variance: Floats) -> Floats:
        """Return log-likelihoods, shape (nodes, members), with some variance of the picks."""
        out = np.empty((nodes.shape[0], self.log_weight.size))
        picks = self.picks
        log_likelihoods(
            self.tables,
            nodes,
            picks.receivers,
            picks.arrivals(out.shape[1]),
            variance,
            self.errors,
            out,
            _NOTHING,
        )
        return out

    def with_origins(self, nodes: Floats) -> tuple[Floats, Floats]:
        """Return log-likelihoods and origin times, each of shape (nodes, members)."""
        out = np.empty((nodes.shape[0], self.log_weight.size))
        origin = np.empty_like(out)
        picks = self.picks
        log_likelihoods(
            self.tables, nodes, picks.receivers, picks.arrivals(out.shape[1]), picks.variance,
            self.errors, out, origin,
        )  # fmt: skip
        return out, origin

    def log_masses(self, nodes: Floats, share: Floats, variance: Floats) -> Floats:
        """Return logarithms of the masses of nodes, of which a share of the cell is inside."""
        likelihood = self.log_likelihoods(nodes, variance)
        mass = np.empty(likelihood.shape[0])
        _sum_members(likelihood, self.log_weight, self.log_prior(nodes), mass)
        mass += np.log(share)
        return mass
