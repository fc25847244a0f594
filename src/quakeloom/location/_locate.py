"""Locate one event in an ensemble of velocity models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import random_stream
from quakeloom.location._density import EventDensity, EventPicks
from quakeloom.location._interpolation import Floats, member_times
from quakeloom.location._likelihoods import GAUSSIAN, likelihoods_of_times
from quakeloom.location._options import LocationOptions
from quakeloom.location._posterior import Posterior, make_posterior
from quakeloom.location._search import Frame, find_region, resolve
from quakeloom.location._smoothing import smooth_members
from quakeloom.location._tables import EnsembleTimes

_SUBSET = 8
"""Members of the first search. Chosen here: their mixture lies where that of all does."""

_STEP_KM = 0.2
"""Step of derivatives of travel times, less than the spacing of usual tables. Chosen here."""

_SLOPE_S_KM = 0.15
"""Slope of residuals where the tables do not reach around the start, s/km: P at 6.7 km/s."""

_REACH, _FARTHEST = 4.5, 60.0
"""Least and largest reach of the grid, in standard deviations of one member."""

_DEPTH_RESOLUTION = 0.55
"""Spacing of nodes in depth over that along the horizontal, in standard deviations: posteriors
of depth are the ones with sharp sides. Chosen here."""

_CUT_RESOLUTION = 0.4
"""The same, over that of other events, where a limit of depth cuts the posterior."""

_OVERSAMPLED = 4
"""Points that are resampled for every draw. Chosen here: densities vary little within a cell."""

_SMOOTHED_FROM = 10
"""Members from which on an ensemble is taken for a sample of models, and smoothed and tempered;
fewer are models that somebody chose, and taken as they are."""

_LEAST_MEMBERS = 3.0
"""Effective number of members from which a scatter is told; fewer count as many."""

_BISECTIONS = 40
"""Steps toward the power of the weights; it is then exact to single precision."""

_CLIMBS = 5
"""How often the grid around the maximum is halved: to a 32nd of the spacing of nodes."""


@dataclass(frozen=True)
class Ensemble:
    """Times of all members, those of a few for the first search, and prior weights.

    Attributes
    ----------
    times : EnsembleTimes
    few : EnsembleTimes
        At most eight members, spread over all.
    log_weight, few_log_weight : ndarray
        Logarithms of the prior weights, which sum to 1.
    few_member : ndarray of int
        Numbers of the few.
    """

    times: EnsembleTimes
    few: EnsembleTimes
    log_weight: Floats
    few_log_weight: Floats
    few_member: NDArray[np.int64]


def make_ensemble(times: EnsembleTimes, weights: ArrayLike | None = None) -> Ensemble:
    """Prepare an ensemble for locating events.

    Parameters
    ----------
    times : EnsembleTimes
    weights : array_like, shape (members,), optional
        Prior weights of the members; equal if not given.
    """
    count = times.member_count
    prior = np.ones(count) if weights is None else np.asarray(weights, dtype=float)
    prior = prior / prior.sum()
    picked = np.unique(np.linspace(0, count - 1, min(_SUBSET, count)).round().astype(int))
    with np.errstate(divide="ignore"):
        return Ensemble(
            times,
            times if picked.size == count else times.subset(picked),
            np.log(prior),
            np.full(picked.size, -np.log(picked.size)),
            picked,
        )


@dataclass(frozen=True)
class Location:
    """One event as located.

    Attributes
    ----------
    posterior : Posterior
    maximum : ndarray, shape (3,)
        Depth, north, east of the largest posterior density.
    maximum_origin_s : float
        Origin time there.
    maximum_weights : ndarray, shape (members,)
        Posterior weights of the members there.
    variance : ndarray, shape (picks,)
        Of the picks, with all that the options add.
    picks : EventPicks
    log_weight : ndarray, shape (members,)
        Logarithms of the prior weights of the members, tempered if they were.
    effective_member_count : float
        Effective number of members before their weights were tempered.
    stretch : float
        Factor of the offsets of members from their mean, see :func:`stretch_of`.
    """

    posterior: Posterior
    maximum: Floats
    maximum_origin_s: float
    maximum_weights: Floats
    variance: Floats
    picks: EventPicks
    log_weight: Floats
    effective_member_count: float
    stretch: float = 1.0

    @property
    def covariance(self) -> Floats:
        """Covariance of depth, north, east in km squared, members stretched."""
        more = (self.stretch**2 - 1.0) * self.posterior.between_covariance
        return np.asarray(self.posterior.covariance + more)

    def depth_quantiles(self) -> Floats:
        """Quantiles of depth in km, about the mean as much wider as members are stretched."""
        variance = max(float(self.posterior.covariance[0, 0]), 1e-12)
        wider = np.sqrt(self.covariance[0, 0] / variance)
        mean = self.posterior.mean[0]
        stretched = mean + wider * (self.posterior.depth_quantiles() - mean)
        least, most = self.posterior.depth_quantiles((0.0, 1.0))
        return np.asarray(np.clip(stretched, least, most))


def find_start(
    ensemble: Ensemble, picks: EventPicks, options: LocationOptions, center: ArrayLike
) -> tuple[Floats, Floats] | None:
    """Search the whole volume with few members.

    Parameters
    ----------
    center : array_like, shape (3,)
        Middle of the volume (its depth is not used).

    Returns
    -------
    start : ndarray, shape (3,)
        The best node.
    cloud : ndarray, shape (nodes, 3)
        Nodes where the mass is; None if the tables reach no node.
    """
    density = EventDensity(
        ensemble.few.arrays, picks.of_members(ensemble.few_member), options.error_model,
        ensemble.few_log_weight,
        depth_prior(options), options.minimum_depth_km, options.maximum_depth_km,
    )  # fmt: skip
    nodes, log_mass = find_region(density, np.asarray(center, dtype=float), options.radius_km)
    if not nodes.size:
        return None
    return nodes[int(np.argmax(log_mass))], nodes


def locate_event(
    ensemble: Ensemble,
    picks: EventPicks,
    options: LocationOptions,
    start: ArrayLike,
    cloud: ArrayLike | None = None,
    epicenter: ArrayLike | None = None,
    random: np.random.Generator | None = None,
) -> Location | None:
    """Resolve the posterior of one event around a start.

    The posterior of hypocenter ``x`` and member ``k`` is

        p(x, k | d) ~ p(k) p(x) integral p(d | x, k, t0) dt0,

    its sum over members the answer, and the integral over ``x`` the evidence of each. Nodes
    form one regular grid for all members, as fine as one member's posterior asks for.

    Parameters
    ----------
    ensemble : Ensemble
    picks : EventPicks
    options : LocationOptions
    start : array_like, shape (3,)
        Depth, north, east near the best location, see :func:`find_start`.
    cloud : array_like, shape (n, 3), optional
        Where mass was found; the grid reaches over it.
    epicenter : array_like, shape (2,), optional
        North and east of the prior epicenter, where the options have a prior.
    random : Generator, optional
        What smooths the ensemble is drawn from it.

    Returns
    -------
    Location or None
        None where no table reaches.

    References
    ----------
    Tarantola & Valette (1982), J. Geophys. 50, 159-170; Lomax et al. (2000); Agata et al.
    (2021), GJI 225, 1195-1214.
    """
    start = np.asarray(start, dtype=float)
    variance = picks.variance + _model_variance(ensemble, picks, options, start)
    picks = replace(picks, variance=variance)
    log_prior = depth_prior(options, epicenter)
    basis, start, slope = _shape(ensemble, picks, options, start)
    log_weight = ensemble.log_weight
    sampled = ensemble.times.member_count >= _SMOOTHED_FROM
    if options.smooth_models and sampled:
        stream = random_stream(0, "smoothing") if random is None else random
        picks, gain = smooth_members(ensemble.times, picks, options, start, stream)
        log_weight = log_weight + gain
    density = EventDensity(
        ensemble.times.arrays, picks, options.error_model, log_weight, log_prior,
        options.minimum_depth_km, options.maximum_depth_km,
    )  # fmt: skip
    frame = Frame(start, basis, _spacing(ensemble, options, start, basis), slope)
    reach = _reach(ensemble, start, basis, cloud)
    posterior = _resolve_posterior(density, frame, reach, options)
    if posterior is None:
        return None
    count = posterior.effective_member_count
    tempered = temper_weights(posterior, log_weight, options.minimum_models)
    if tempered is not None:
        density = replace(density, log_weight=tempered)
        again = _resolve_posterior(density, frame, reach, options)
        posterior = posterior if again is None else again
    maximum, origin_s, weights = _climb(density, posterior)
    return Location(
        posterior,
        maximum,
        origin_s,
        weights,
        variance,
        picks,
        density.log_weight,
        count,
        stretch_of(posterior) if options.smooth_models and sampled else 1.0,
    )


def _reach(ensemble: Ensemble, start: Floats, basis: Floats, cloud: ArrayLike | None) -> float:
    """Return how far a grid reaches, in standard deviations: over where mass was found."""
    if cloud is None or not len(np.asarray(cloud)):
        return _REACH
    u = np.linalg.solve(basis, (np.asarray(cloud, dtype=float) - start).T).T
    if ensemble.times.is_section:
        u = u[:, :2]
    return float(np.clip(np.abs(u).max() * 1.1, _REACH, _FARTHEST))


def _spacing(ensemble: Ensemble, options: LocationOptions, start: Floats, basis: Floats) -> Floats:
    """Return the node spacing of a grid in standard deviations."""
    spacing = options.resolution * np.array([_DEPTH_RESOLUTION, 1.0, 1.0])
    if ensemble.times.is_section:
        spacing[2] = 1e-3  # a section is thin: the middle of its only cell is not off the line
    room = min(start[0] - options.minimum_depth_km, options.maximum_depth_km - start[0])
    if room < 2.0 * basis[0, 0]:
        # A posterior that the limit of depth cuts is narrower than its Gaussian.
        spacing[0] *= _CUT_RESOLUTION
    return np.asarray(spacing)


def _resolve_posterior(
    density: EventDensity, frame: Frame, reach: float, options: LocationOptions
) -> Posterior | None:
    """Return the posterior on the finest grid; None where it is nowhere."""
    grid, likelihood, origin, coarser = resolve(density, frame, reach, options.maximum_nodes)
    error = float(1.0 / np.sqrt(np.sum(1.0 / density.picks.variance)))
    return make_posterior(
        grid, likelihood, origin, density.log_weight, density.log_prior(grid.nodes), error, coarser
    )


def stretch_of(posterior: Posterior) -> float:
    """Return by how much the offsets of a sample of members from their mean are to be stretched.

    The scatter of ``n`` members is too small by ``1 - 1 / n``, and their mean errs by ``1 / n`` of
    it, so that the square of the factor is ``(n + 1) / (n - 1)``, with the effective number.
    """
    count = max(posterior.effective_member_count, _LEAST_MEMBERS)
    return float(np.sqrt((count + 1.0) / (count - 1.0)))


def temper_weights(posterior: Posterior, log_weight: Floats, fewest: float) -> Floats | None:
    """Return prior weights with which at least so many members of an ensemble count.

    A sample of models never holds the true one. The evidence of its best members then says which
    of them is nearest by chance, and a few take all the weight: their scatter is no longer that
    of the models which the data allow. So evidence counts by a power ``b`` below 1, the largest
    with which the effective number of members, ``1 / sum w^2``, is ``fewest``.

    Returns
    -------
    ndarray, shape (members,), or None
        Logarithms of weights, to which the whole evidence is added again; None where enough
        members count, or the ensemble has fewer than ten, which are no sample.
    """
    members = log_weight.size
    fewest = min(fewest, 0.25 * members)
    if members < _SMOOTHED_FROM or posterior.effective_member_count >= fewest:
        return None
    evidence = posterior.log_evidence
    known = np.isfinite(evidence) & np.isfinite(log_weight)
    if known.sum() < 2:
        return None
    # a member that the grid does not reach at all is no better than the worst that it reaches
    evidence = np.where(known, evidence, evidence[known].min())
    evidence = evidence - evidence[known].max()
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        power = 0.5 * (low + high)
        value = log_weight + power * evidence
        weight = np.exp(value - value.max())
        many = weight.sum() ** 2 / np.sum(weight**2) >= fewest
        low, high = (power, high) if many else (low, power)
    return np.asarray(log_weight + (low - 1.0) * evidence)


def depth_prior(
    options: LocationOptions, epicenter: ArrayLike | None = None
) -> Callable[[Floats], Floats]:
    """Return the logarithm of the prior density as a function of nodes."""

    def log_prior(nodes: Floats) -> Floats:
        value = np.zeros(nodes.shape[0])
        if options.depth_prior_error_km > 0:
            value -= (
                0.5 * ((nodes[:, 0] - options.depth_prior_km) / options.depth_prior_error_km) ** 2
            )
        if options.epicenter_prior_error_km > 0 and epicenter is not None:
            offset = nodes[:, 1:] - np.asarray(epicenter, dtype=float)
            value -= 0.5 * np.sum((offset / options.epicenter_prior_error_km) ** 2, axis=1)
        return value

    return log_prior


def draw_hypocenters(
    ensemble: Ensemble,
    location: Location,
    options: LocationOptions,
    count: int,
    random: np.random.Generator,
    epicenter: ArrayLike | None = None,
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Draw hypocenters, origin times and members from the posterior.

    Cells are drawn by their mass, points within them evenly; points are then resampled by the
    posterior density at the very point, so that draws are not those of a staircase.

    Returns
    -------
    nodes : ndarray, shape (count, 3)
        Depth, north, east.
    origin_s : ndarray, shape (count,)
    member : ndarray of int, shape (count,)
    """
    posterior, picks = location.posterior, location.picks
    grid, members = posterior.grid, posterior.mass.shape[1]
    many = _OVERSAMPLED * count
    total = np.cumsum(posterior.mass.ravel())
    place = (np.arange(many) + random.random(many)) / many * total[-1]
    chosen = np.minimum(np.searchsorted(total, place, side="right"), total.size - 1)
    cell, member = np.divmod(chosen, members)
    jitter = (random.random((many, 3)) - 0.5) * grid.size
    if ensemble.times.is_section:
        jitter[:, 2] = 0.0
    jitter[:, 0] *= grid.share[cell]
    nodes = grid.nodes[cell] + jitter @ grid.basis.T
    predicted = np.empty((many, picks.time_s.size))
    member_times(ensemble.times.arrays, nodes, member, picks.receivers, predicted)
    if picks.delay_s is not None:
        predicted += picks.delay_s.T[member]
    likelihood, origin = np.empty(many), np.empty(many)
    likelihoods_of_times(
        predicted, picks.time_s, picks.variance, options.error_model, likelihood, origin
    )
    log_prior = depth_prior(options, epicenter)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.log(posterior.mass.ravel()[chosen] / grid.share[cell])
        excess = likelihood + log_prior(nodes) + location.log_weight[member] - density
    excess[~np.isfinite(excess)] = -np.inf
    weight = np.cumsum(np.exp(excess - excess.max()))
    place = (np.arange(count) + random.random(count)) / count * weight[-1]
    kept = np.minimum(np.searchsorted(weight, place, side="right"), many - 1)
    kept = kept[random.permutation(count)]
    time = origin[kept] + posterior.origin_error_s * random.standard_normal(count)
    chosen_nodes, who = nodes[kept], member[kept]
    if location.stretch > 1.0:
        offset = posterior.member_means[who] - posterior.mean
        chosen_nodes = chosen_nodes + (location.stretch - 1.0) * offset
        chosen_nodes[:, 0] = np.clip(
            chosen_nodes[:, 0], options.minimum_depth_km, options.maximum_depth_km
        )
    return chosen_nodes, time, who


def _model_variance(
    ensemble: Ensemble, picks: EventPicks, options: LocationOptions, start: Floats
) -> Floats:
    """Variance of station effects, and of structure that no member has: a share of the time."""
    count = picks.time_s.size
    share = np.zeros(count)
    if options.time_error_fraction > 0 or options.time_error_minimum_s > 0:
        times = np.empty((1, count))
        member_times(ensemble.few.arrays, start[None, :], np.full(1, -1), picks.receivers, times)
        share = np.clip(
            options.time_error_fraction * np.nan_to_num(times[0]),
            options.time_error_minimum_s,
            options.time_error_maximum_s,
        )
    return np.asarray(options.station_error_s**2 + share**2)


def _shape(
    ensemble: Ensemble,
    picks: EventPicks,
    options: LocationOptions,
    start: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Basis of the grid: the Cholesky factor of one member's covariance; a better start; slopes.

    From the derivatives of the mean travel times; robust likelihoods are not sharper. Slopes are
    the changes of residuals along the columns of the basis, shape (picks, 3).
    """
    section = ensemble.few.is_section
    depth_span = options.maximum_depth_km - options.minimum_depth_km
    prior = np.array([12.0 / depth_span**2, 3.0 / options.radius_km**2, 3.0 / options.radius_km**2])
    if options.depth_prior_error_km > 0:
        prior[0] += options.depth_prior_error_km**-2
    if options.epicenter_prior_error_km > 0:
        prior[1:] += options.epicenter_prior_error_km**-2
    basis: Floats = np.eye(3)
    steps = 4 if options.error_model.kind == GAUSSIAN else 1
    for _ in range(steps):
        offsets = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)]) * _STEP_KM
        nodes = start + offsets
        nodes[:, 0] = np.clip(nodes[:, 0], options.minimum_depth_km, options.maximum_depth_km)
        times = np.empty((7, picks.time_s.size))
        member_times(ensemble.few.arrays, nodes, np.full(7, -1), picks.receivers, times)
        if picks.delay_s is not None:
            times += picks.delay_s[:, ensemble.few_member].mean(axis=1)
        if not np.isfinite(times).all():
            basis = np.diag(1.0 / np.sqrt(prior))
            return basis, start, np.full((picks.time_s.size, 3), _SLOPE_S_KM) * np.diag(basis)
        width = (nodes[1:4] - nodes[4:7])[np.arange(3), np.arange(3)]
        slope = (times[1:4] - times[4:7]) / width[:, None]
        weight = 1.0 / picks.variance
        residual = picks.time_s - times[0]
        mean = (slope @ weight) / weight.sum()
        centered = slope - mean[:, None]
        precision = (centered * weight) @ centered.T + np.diag(prior)
        if section:
            precision[2, :] = precision[:, 2] = 0.0
            precision[2, 2] = 1.0
        covariance = np.linalg.inv(precision)
        basis = np.asarray(np.linalg.cholesky(0.5 * (covariance + covariance.T)), dtype=float)
        if steps == 1:
            break
        gradient = (centered * weight) @ (residual - (residual @ weight) / weight.sum())
        step = covariance @ gradient
        # No farther than the coarse search could be wrong.
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        start = start + step
        start[0] = np.clip(
            start[0], options.minimum_depth_km + 0.01, options.maximum_depth_km - 0.01
        )
        if np.abs(np.linalg.solve(basis, step)).max() < 0.1:
            break
    return basis, start, centered.T @ basis


def _climb(density: EventDensity, posterior: Posterior) -> tuple[Floats, float, Floats]:
    """The largest density, its origin time and the weights of members there.

    From the best node by ever finer grids around it.
    """
    grid = posterior.grid
    marginal = posterior.node_mass / grid.share
    best = grid.nodes[int(np.argmax(marginal))]
    corner = np.stack(np.meshgrid(*[np.array([-1.0, 0.0, 1.0])] * 3, indexing="ij"), -1)
    corner = corner.reshape(-1, 3)
    if density.is_section:
        corner = corner[corner[:, 2] == 0]
    size = grid.size.copy()
    origin_s, weights = 0.0, posterior.weights
    for _ in range(_CLIMBS):
        size = size / 2.0
        nodes = best + (corner * size) @ grid.basis.T
        nodes[:, 0] = np.clip(nodes[:, 0], density.top_km, density.bottom_km)
        likelihood, origins = density.with_origins(nodes)
        joint = likelihood + density.log_weight + density.log_prior(nodes)[:, None]
        mixture = np.exp(joint - joint.max())
        at = int(np.argmax(mixture.sum(axis=1)))
        best = nodes[at]
        weights = mixture[at] / mixture[at].sum()
        origin_s = float(weights @ origins[at])
    return best, origin_s, weights
