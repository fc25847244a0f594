"""Delays of stations from a whole catalog: a random effect, the hypocenters marginalized."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from quakeloom.location._interpolation import Floats
from quakeloom.location._options import LocationOptions
from quakeloom.location._pick_noise import PickNoise, estimate_pick_noise
from quakeloom.location._shared_paths import SharedDelays, no_shared_delays
from quakeloom.location._smoothing import LATERAL_LEVELS, even_places
from quakeloom.location._tables import EnsembleTimes
from quakeloom.location._term_residuals import (
    TermEvent,
    member_residuals,
    project_out,
    robust_precision,
)

_PASSES = 5
"""Passes over a catalog: terms, weights and errors of picks then change by less than a
millisecond. Chosen here."""

_SPREAD_ROUNDS = 40
"""Rounds of expectation and maximization for the spread of terms: to a hundredth."""

_LEAST_SPREAD_S = 0.002
"""Least standard deviation of terms: below what clocks and picks tell. Chosen here."""

NOISE_PICKS = 50
"""Picks of a phase from which on its error is inferred. Chosen here: it is known to a tenth."""

_FIRST_SPREAD_S = 0.2
"""Spread of terms, and error of picks, that the first pass starts from."""

_FACTORS = np.exp(np.linspace(-0.8, 0.8, 9))
"""Factors of the spread of terms that are tried: with 16 stations it is known to a fifth."""

_GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)
"""The golden ratio less one: multiples of it spread evenly whatever their number."""

_PLASTIC = 0.7548776662466927
"""Inverse of the plastic number, whose multiples do so beside those of the golden ratio."""


@dataclass(frozen=True)
class StationTerms:
    """Posterior of the delays of stations, one per station and phase.

    Attributes
    ----------
    mean_s : ndarray, shape (keys, members)
        Posterior mean if a member is true.
    within_s : ndarray, shape (keys,)
        Standard deviation if a member is true, root mean square over members.
    draw_s : ndarray, shape (keys, members)
        A draw of the posterior for every member.
    spread_s : ndarray, shape (2,)
        Standard deviation of the terms of P and of S among stations.
    noise : tuple of PickNoise or None
        What picks of P and of S err beyond their stated errors.
    lateral_level : float
        Mean factor on the spread of velocity sideways, over the members; 1 where terms share none.
    """

    mean_s: Floats
    within_s: Floats
    draw_s: Floats
    spread_s: Floats
    noise: tuple[PickNoise | None, PickNoise | None]
    lateral_level: float = 1.0

    @property
    def term_s(self) -> Floats:
        """Mean over all members, shape (keys,)."""
        return np.asarray(self.mean_s.mean(axis=1))

    @property
    def error_s(self) -> Floats:
        """Standard deviation within and between members, shape (keys,)."""
        return np.asarray(np.hypot(self.within_s, self.mean_s.std(axis=1)))


def fit_station_terms(
    times: EnsembleTimes,
    events: Callable[[], Iterable[TermEvent]],
    is_s: NDArray[np.bool_],
    options: LocationOptions,
    standard: Floats,
    infer_noise: bool = True,
    shared: SharedDelays | None = None,
) -> StationTerms:
    """Fit the delays of all stations and the hypocenters of all events together.

    Residuals of an event in a member are ``r = t + U a + F dx + e``: terms ``t``, what models
    leave open (deviations ``U`` of members from their mean, mixed by ``a``), a change ``dx`` of
    hypocenter and origin time, and independent errors of weight ``W``. The latter change is free
    and marginalized, which leaves ``sum_i (W - W F (F' W F)^-1 F' W)`` as precision. Terms are
    Gaussian around zero with a standard deviation of P and one of S; those of most marginal
    likelihood are taken (expectation and maximization), each with a factor whose likelihood is
    kept. What all hypocenters can take up together, a shift of the catalog, keeps the variance of
    the prior: no data tell of it.

    Every member then has the terms that belong to it, ``t | a``, since a wrong model has
    residuals of its own, and a draw of what they leave open.

    Where velocity changes sideways, delays of neighboring stations are alike (``shared``), and
    move all epicenters more than independent ones would: terms are then ``t = t0 + l c z`` with
    independent ``t0``, the shared delays ``c`` and unit normal ``z``. Members share out the
    levels ``l`` of the spread of velocity by their likelihood.

    Weights are those of Student's t (Huber's for Gaussian errors). An error that events close by
    share does not average out among them: its variance counts as often as there are such.

    Parameters
    ----------
    times : EnsembleTimes
    events : callable
        Returns an iterator over the events; called in every pass.
    is_s : ndarray of bool, shape (keys,)
        Which terms are those of S.
    options : LocationOptions
    standard : ndarray, shape (keys, members) or (keys + rank, members)
        Standard normal numbers that the draws are made of; those of shared delays come last.
    infer_noise : bool
        Infer what picks err beyond their stated errors.
    shared : SharedDelays, optional
        What delays of stations have in common.

    References
    ----------
    Pavlis & Booker (1983), Bull. Seismol. Soc. Am. 73, 1753-1777, for the separation of
    hypocenters and station corrections.
    """
    keys, members = is_s.size, standard.shape[1]
    alike = (shared or no_shared_delays(keys)).scatter_s
    phase = is_s.astype(np.int64)
    spread, level = np.full(2, _FIRST_SPREAD_S), np.full(2, _FIRST_SPREAD_S)
    state = _State(np.zeros(keys), np.zeros(members), spread, np.zeros((keys, members)))
    noise: list[PickNoise | None] = [None, None]
    for _ in range(_PASSES):
        normal = _Normal(members, alike)
        for event in events():
            normal.add(times, event, state, level, options)
        spread = _infer_spread(normal, is_s, spread)
        fit = normal.solve(spread[phase])[1]
        mean = normal.solve_members(spread[phase]).mean_s
        state = _State(normal.terms(fit), fit[-members:], spread, mean)
        noise = normal.infer_noise(options) if infer_noise else noise
        level = np.array([0.0 if n is None else n.noise_s for n in noise])
    levels = LATERAL_LEVELS if alike.shape[1] else np.ones(1)
    spreads = [_infer_spread(normal, is_s, spread, f) for f in levels]
    chosen = _share_levels(normal, [s[phase] for s in spreads], levels, members)
    mean, within, draw = np.zeros((keys, members)), np.zeros(keys), np.zeros((keys, members))
    for i in np.unique(chosen):
        own = np.flatnonzero(chosen == i)
        _draw_terms(
            normal, (spreads[i][phase], float(levels[i])), is_s, standard, own, (mean, within, draw)
        )
    spread = np.mean([spreads[i] for i in chosen], axis=0)
    return StationTerms(
        mean, np.sqrt(within), draw, spread, (noise[0], noise[1]), float(levels[chosen].mean())
    )


def _share_levels(
    normal: _Normal, spreads: list[Floats], levels: Floats, members: int
) -> NDArray[np.int64]:
    """Return the level of the spread of velocity sideways that each member takes."""
    fit = np.array(
        [normal.log_likelihood(s, float(f)) for s, f in zip(spreads, levels, strict=True)]
    )
    share = np.cumsum(np.exp(fit - fit.max()))
    # any level may go with any factor of the spread of terms
    place = np.mod((np.arange(members) + 0.5) * _PLASTIC, 1.0)
    found: NDArray[np.int64] = np.searchsorted(share, place * share[-1])
    return np.minimum(found, len(levels) - 1)


def _draw_terms(
    normal: _Normal,
    spread: tuple[Floats, float],
    is_s: NDArray[np.bool_],
    standard: Floats,
    which: NDArray[np.int64],
    out: tuple[Floats, Floats, Floats],
) -> None:
    """Put means, mean variances and draws of the terms of some members into arrays.

    ``spread`` is that of every term, and the level of velocity sideways. Members share out the
    factors of the spread of P, and those of S, by their likelihood: 16 stations tell either to a
    fifth, whatever is known of the other.
    """
    (scatter, level), members = spread, standard.shape[1]
    chosen = np.stack(
        [_share_factors(normal, scatter, level, is_s == p, members) for p in (False, True)]
    )
    # any factor of S may go with any of P
    chosen[1] = chosen[1, np.argsort((np.arange(members) * _GOLDEN) % 1.0, kind="stable")]
    mean, square, draw = out
    for pair in np.unique(chosen[:, which], axis=1).T:
        own = which[np.all(chosen[:, which] == pair[:, None], axis=0)]
        found = normal.solve_members(scatter * _FACTORS[pair][is_s.astype(np.int64)], level)
        mean[:, own] = found.mean_s[:, own]
        draw[:, own] = found.mean_s[:, own] + found.half @ standard[:, own]
        square += own.size / members * np.sum(found.half**2, axis=1)


def _share_factors(
    normal: _Normal, spread: Floats, level: float, own: NDArray[np.bool_], members: int
) -> NDArray[np.int64]:
    """Return the factor of the spread of some terms that each member takes."""
    if not own.any():
        return np.full(members, len(_FACTORS) // 2)
    fit = np.array(
        [normal.log_likelihood(np.where(own, spread * f, spread), level) for f in _FACTORS]
    )
    share = np.cumsum(np.exp(fit - fit.max()))
    found = np.searchsorted(share, even_places(members) * share[-1])
    chosen: NDArray[np.int64] = np.minimum(found, len(_FACTORS) - 1)
    return chosen


@dataclass(frozen=True)
class _State:
    """Terms, the mixture of members (weights of their deviations) and the spread of terms."""

    term_s: Floats
    mixture: Floats
    spread_s: Floats
    member_s: Floats


def _solve(precision: Floats, pull: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Return the Cholesky factor of the posterior's precision and its mean."""
    root, _ = cho_factor(precision + np.diag(prior), lower=True)
    root = np.tril(root)
    return root, np.asarray(cho_solve((root, True), pull))


def _infer_spread(
    normal: _Normal, is_s: NDArray[np.bool_], spread: Floats, level: float = 1.0
) -> Floats:
    """Standard deviations of the terms of P and S of most marginal likelihood."""
    spread, keys = spread.copy(), is_s.size
    for _ in range(_SPREAD_ROUNDS):
        root, fit = normal.solve(spread[is_s.astype(np.int64)], level)
        half = solve_triangular(root, np.eye(len(root)), lower=True)[:, :keys]
        square = fit[:keys] ** 2 + np.sum(half**2, axis=0)
        before = spread.copy()
        for phase in (0, 1):
            own = is_s == bool(phase)
            if own.any():
                spread[phase] = max(float(np.sqrt(square[own].mean())), _LEAST_SPREAD_S)
        if np.all(np.abs(spread - before) < 0.01 * before):
            break
    return spread


class _MemberTerms(NamedTuple):
    """Means of the terms of all members, and what makes draws of unit normal numbers."""

    mean_s: Floats
    half: Floats


class _Normal:
    """Sums over events: precision of terms and mixture, and what pulls on them.

    Unknown are the independent terms, what they share (``alike``), and the mixture of members.
    """

    def __init__(self, members: int, alike: Floats) -> None:
        self.keys, self.alike = alike.shape[0], alike
        size = self.keys + members
        self.precision, self.pull = np.zeros((size, size)), np.zeros(size)
        self.left: tuple[list[Floats], list[Floats]] = ([], [])

    def _widened(self, level: float) -> Floats:
        """Precision of independent terms, shared ones and the mixture."""
        keys, alike = self.keys, level * self.alike
        if not alike.shape[1]:
            return self.precision
        cross = self.precision[:, :keys] @ alike
        own, far = self.precision[:keys], self.precision[keys:]
        return np.block(
            [
                [own[:, :keys], cross[:keys], own[:, keys:]],
                [cross[:keys].T, alike.T @ cross[:keys], cross[keys:].T],
                [far[:, :keys], cross[keys:], far[:, keys:]],
            ]
        )

    def _pulled(self, pull: Floats, level: float) -> Floats:
        """What pulls on independent and shared terms, of what pulls on terms."""
        return np.concatenate([pull, level * self.alike.T @ pull])

    def terms(self, fit: Floats, level: float = 1.0) -> Floats:
        """Return the terms of a fit: independent and shared delays."""
        keys, rank = self.alike.shape
        return np.asarray(fit[:keys] + level * self.alike @ fit[keys : keys + rank])

    def solve(self, spread: Floats, level: float = 1.0) -> tuple[Floats, Floats]:
        """Return the Cholesky factor of the precision of all that is unknown, and its mean."""
        members = self.pull.size - self.keys
        prior = np.concatenate(
            # the mixture has the scatter of the members
            [spread**-2, np.ones(self.alike.shape[1]), np.full(members, max(members - 1.0, 1.0))]
        )
        return _solve(self._widened(level), self._pull(level), prior)

    def _pull(self, level: float) -> Floats:
        pull = self._pulled(self.pull[: self.keys], level)
        return np.concatenate([pull, self.pull[self.keys :]])

    def solve_members(self, spread: Floats, level: float = 1.0) -> _MemberTerms:
        """Return the terms if a member is true, and the square root of their covariance."""
        keys, rank = self.alike.shape
        other = self.precision[:keys, keys:]
        prior = np.concatenate([spread**-2, np.ones(rank)])
        own = self._widened(level)[: keys + rank, : keys + rank]
        root, fit = _solve(own, self._pulled(self.pull[:keys, None] - other, level), prior)
        effect = np.concatenate([np.eye(keys), level * self.alike.T])
        return _MemberTerms(self.terms(fit, level), solve_triangular(root, effect, lower=True).T)

    def log_likelihood(self, spread: Floats, level: float = 1.0) -> float:
        """Return the logarithm of the marginal likelihood of the spread of every term."""
        root, fit = self.solve(spread, level)
        halves = np.log(np.diag(root)).sum() + np.log(spread).sum()
        return float(0.5 * self._pull(level) @ fit - halves)

    def add(
        self,
        times: EnsembleTimes,
        event: TermEvent,
        state: _State,
        level: Floats,
        options: LocationOptions,
    ) -> None:
        """Add an event with terms and mixture as they are."""
        key, phase = event.key, event.is_s.astype(np.int64)
        own = key >= 0
        delay = np.zeros(key.size)
        delay[own] = state.term_s[key[own]]
        known = event.picks.variance.copy()
        if self.keys:
            known[~own] += state.spread_s[phase[~own]] ** 2
        variance = known + level[phase] ** 2
        apart = np.zeros((key.size, times.member_count))
        apart[own] = state.member_s[key[own]]
        found = member_residuals(times, event, apart, variance, options)
        if found is None:
            return
        residual, design = found
        middle = residual.mean(axis=1)
        scatter = middle[:, None] - residual
        whole = project_out(design, 1.0 / variance)
        left = (whole @ (middle - delay - scatter @ state.mixture)) * variance
        weight = robust_precision(left, variance, options)
        weight = 1.0 / (1.0 / weight + event.path_variance * (event.crowd - 1.0))
        matrix = project_out(design, weight)
        rows = np.concatenate([key[own], self.keys + np.arange(scatter.shape[1])])
        effect = np.column_stack([np.eye(key.size)[:, own], scatter])
        self.precision[np.ix_(rows, rows)] += effect.T @ matrix @ effect
        self.pull[rows] += effect.T @ (matrix @ middle)
        count = np.full(left.size, float(left.size))
        for kept, is_phase in zip(self.left, (~event.is_s, event.is_s), strict=True):
            kept.append(np.stack([left, known, count])[:, is_phase])

    def infer_noise(self, options: LocationOptions) -> list[PickNoise | None]:
        """Infer what picks of P and S err beyond their stated errors."""
        freedom = options.freedom if options.likelihood == "student_t" else np.inf
        found: list[PickNoise | None] = []
        for kept in self.left:
            values = np.concatenate(kept, axis=1) if kept else np.empty((3, 0))
            found.append(
                estimate_pick_noise(values[0], values[1], values[2], freedom)
                if values.shape[1] >= NOISE_PICKS
                else None
            )
        return found
