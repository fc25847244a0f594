"""Delays of stations from a whole catalog: a random effect, the hypocenters marginalized."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from quakeloom.location._density import EventPicks
from quakeloom.location._interpolation import Floats, Ints, member_times
from quakeloom.location._options import LocationOptions
from quakeloom.location._pick_noise import PickNoise, estimate_pick_noise
from quakeloom.location._smoothing import LOOSE, even_places, mean_slopes
from quakeloom.location._tables import NEVER, EnsembleTimes

_PASSES = 5
"""Passes over a catalog: terms, weights and errors of picks then change by less than a
millisecond. Chosen here."""

_PLACINGS = 3
"""Steps of the hypocenter of each member toward its picks in a pass."""

_LONGEST_STEP_KM = 5.0
"""Longest of them: times are not linear over more. Chosen here."""

_SPREAD_ROUNDS = 40
"""Rounds of expectation and maximization for the spread of terms: to a hundredth."""

_LEAST_SPREAD_S = 0.002
"""Least standard deviation of terms: below what clocks and picks tell. Chosen here."""

_HUBER = 2.5
"""Standard deviations from which on residuals of Gaussian errors count less (Huber 1981)."""

NOISE_PICKS = 50
"""Picks of a phase from which on its error is inferred. Chosen here: it is known to a tenth."""

_FIRST_SPREAD_S = 0.2
"""Spread of terms, and error of picks, that the first pass starts from."""

_FACTORS = np.exp(np.linspace(-0.8, 0.8, 9))
"""Factors of the spread of terms that are tried: with 16 stations it is known to a fifth."""

_GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)
"""The golden ratio less one: multiples of it spread evenly whatever their number."""

_FREE = np.diag([LOOSE, LOOSE, LOOSE, 0.0])
"""Prior precision of a change of hypocenter and origin time."""


@dataclass(frozen=True)
class TermEvent:
    """A located event, as the terms need it.

    Attributes
    ----------
    picks : EventPicks
        Used picks in a plane; variance as it is stated.
    key : ndarray of int, shape (picks,)
        Number of station and phase; -1 for those without a term.
    is_s : ndarray of bool, shape (picks,)
    place : ndarray, shape (3,)
        Depth, north and east where it was located.
    path_variance : ndarray, shape (picks,)
        Part of the variance that events close by share, as paths to the station.
    crowd : ndarray, shape (picks,)
        Number of events that share it.
    """

    picks: EventPicks
    key: Ints
    is_s: NDArray[np.bool_]
    place: Floats
    path_variance: Floats
    crowd: Floats


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
    """

    mean_s: Floats
    within_s: Floats
    draw_s: Floats
    spread_s: Floats
    noise: tuple[PickNoise | None, PickNoise | None]

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
    standard : ndarray, shape (keys, members)
        Standard normal numbers that the draws are made of.
    infer_noise : bool
        Infer what picks err beyond their stated errors.

    References
    ----------
    Pavlis & Booker (1983), Bull. Seismol. Soc. Am. 73, 1753-1777, for the separation of
    hypocenters and station corrections.
    """
    keys, members = standard.shape
    phase = is_s.astype(np.int64)
    spread, level = np.full(2, _FIRST_SPREAD_S), np.full(2, _FIRST_SPREAD_S)
    state = _State(np.zeros(keys), np.zeros(members), spread, np.zeros((keys, members)))
    noise: list[PickNoise | None] = [None, None]
    for _ in range(_PASSES):
        normal = _Normal(keys, members)
        for event in events():
            normal.add(times, event, state, level, options)
        spread = _infer_spread(normal, is_s, spread)
        fit = _solve(normal.precision, normal.pull, _prior(spread[phase], members))[1]
        mean = normal.solve_members(spread[phase])[1]
        state = _State(fit[:keys], fit[keys:], spread, mean)
        noise = normal.infer_noise(options) if infer_noise else noise
        level = np.array([0.0 if n is None else n.noise_s for n in noise])
    mean, within, draw = _draw_terms(normal, spread[phase], is_s, standard)
    return StationTerms(mean, within, draw, spread, (noise[0], noise[1]))


def _draw_terms(
    normal: _Normal, spread: Floats, is_s: NDArray[np.bool_], standard: Floats
) -> tuple[Floats, Floats, Floats]:
    """Means, standard deviations and draws of the terms of all members.

    Members share out the factors of the spread of P, and those of S, by their likelihood: 16
    stations tell either to a fifth, whatever is known of the other.
    """
    keys, members = standard.shape
    chosen = np.stack([_share_factors(normal, spread, is_s == p, members) for p in (False, True)])
    # any factor of S may go with any of P
    chosen[1] = chosen[1, np.argsort((np.arange(members) * _GOLDEN) % 1.0, kind="stable")]
    mean, draw, square = np.zeros((keys, members)), np.zeros((keys, members)), np.zeros(keys)
    for pair in np.unique(chosen, axis=1).T:
        own = np.flatnonzero(np.all(chosen == pair[:, None], axis=0))
        root, found = normal.solve_members(spread * _FACTORS[pair][is_s.astype(np.int64)])
        mean[:, own] = found[:, own]
        draw[:, own] = found[:, own] + solve_triangular(
            root, standard[:, own], lower=True, trans="T"
        )
        half = solve_triangular(root, np.eye(keys), lower=True)
        square += own.size / members * np.sum(half**2, axis=0)
    return mean, np.sqrt(square), draw


def _share_factors(
    normal: _Normal, spread: Floats, own: NDArray[np.bool_], members: int
) -> NDArray[np.int64]:
    """Return the factor of the spread of some terms that each member takes."""
    if not own.any():
        return np.full(members, len(_FACTORS) // 2)
    fit = np.array([normal.log_likelihood(np.where(own, spread * f, spread)) for f in _FACTORS])
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


def _prior(spread: Floats, members: int) -> Floats:
    """Prior precision of terms and of the mixture, whose scatter is that of the members."""
    return np.concatenate([spread**-2, np.full(members, max(members - 1.0, 1.0))])


def _solve(precision: Floats, pull: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Return the Cholesky factor of the posterior's precision and its mean."""
    root, _ = cho_factor(precision + np.diag(prior), lower=True)
    root = np.tril(root)
    return root, np.asarray(cho_solve((root, True), pull))


def _infer_spread(normal: _Normal, is_s: NDArray[np.bool_], spread: Floats) -> Floats:
    """Standard deviations of the terms of P and S of most marginal likelihood."""
    spread, keys = spread.copy(), is_s.size
    members = normal.pull.size - keys
    for _ in range(_SPREAD_ROUNDS):
        prior = _prior(spread[is_s.astype(np.int64)], members)
        root, fit = _solve(normal.precision, normal.pull, prior)
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


class _Normal:
    """Sums over events: precision of terms and mixture, and what pulls on them."""

    def __init__(self, keys: int, members: int) -> None:
        self.keys = keys
        self.precision = np.zeros((keys + members, keys + members))
        self.pull = np.zeros(keys + members)
        self.left: tuple[list[Floats], list[Floats]] = ([], [])

    def solve_members(self, spread: Floats) -> tuple[Floats, Floats]:
        """Return the Cholesky factor of the precision of terms in a member, and their means."""
        own, other = (self.precision[: self.keys, s] for s in
                      (slice(None, self.keys), slice(self.keys, None)))  # fmt: skip
        return _solve(own, self.pull[: self.keys, None] - other, spread**-2)

    def log_likelihood(self, spread: Floats) -> float:
        """Return the logarithm of the marginal likelihood of the spread of every term."""
        prior = _prior(spread, self.pull.size - self.keys)
        root, fit = _solve(self.precision, self.pull, prior)
        return float(0.5 * self.pull @ fit - np.log(np.diag(root)).sum() - np.log(spread).sum())

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
        found = _residuals(times, event, apart, variance, options)
        if found is None:
            return
        residual, design = found
        middle = residual.mean(axis=1)
        scatter = middle[:, None] - residual
        whole = _project(design, 1.0 / variance)
        left = (whole @ (middle - delay - scatter @ state.mixture)) * variance
        weight = _weights(left, variance, options)
        weight = 1.0 / (1.0 / weight + event.path_variance * (event.crowd - 1.0))
        matrix = _project(design, weight)
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


def _project(design: Floats, weight: Floats) -> Floats:
    """``W - W F (F' W F)^-1 F' W``: the precision of picks with the hypocenter free."""
    weighed = design * weight[:, None]
    inside = np.linalg.solve(design.T @ weighed + _FREE, weighed.T)
    return np.asarray(np.diag(weight) - weighed @ inside)


def _weights(residual: Floats, variance: Floats, options: LocationOptions) -> Floats:
    if options.likelihood == "gaussian":
        off = np.abs(residual) / np.sqrt(variance)
        return np.asarray(np.minimum(1.0, _HUBER / np.maximum(off, 1e-12)) / variance)
    freedom = options.freedom
    return np.asarray((freedom + 1.0) / (freedom * variance + residual**2))


def _residuals(
    times: EnsembleTimes,
    event: TermEvent,
    delay: Floats,
    variance: Floats,
    options: LocationOptions,
) -> tuple[Floats, Floats] | None:
    """Residuals of every member at its own best hypocenter, delays left in, and the design.

    Returns
    -------
    residual : ndarray, shape (picks, members)
    design : ndarray, shape (picks, 4)
        Derivatives by depth, north, east and origin time.
    """
    picks, members = event.picks, times.member_count
    design = np.column_stack(
        [mean_slopes(times, picks, event.place, options), np.ones(picks.time_s.size)]
    )
    weighed = design / variance[:, None]
    solve = np.linalg.solve(design.T @ weighed + _FREE, weighed.T)
    place = np.repeat(event.place[None, :], members, axis=0)
    found = np.empty((members, picks.time_s.size))
    index = np.arange(members)
    for step in range(_PLACINGS + 1):
        member_times(times.arrays, place, index, picks.receivers, found)
        reached = np.all(np.isfinite(found) & (found < NEVER), axis=1)
        if not reached.any():
            return None
        residual = picks.time_s[:, None] - np.where(reached[:, None], found, 0.0).T
        if step == _PLACINGS:
            break
        change = (solve @ (residual - delay))[:3].T
        size = np.abs(change).max(axis=1)
        change *= np.minimum(1.0, _LONGEST_STEP_KM / np.maximum(size, 1e-12))[:, None]
        place = place + np.where(reached[:, None], change, 0.0)
        place[:, 0] = np.clip(place[:, 0], options.minimum_depth_km, options.maximum_depth_km)
    if not reached.all():
        # a member without rays says nothing: it takes the mean of the others
        residual[:, ~reached] = residual[:, reached].mean(axis=1, keepdims=True)
    return residual, design
