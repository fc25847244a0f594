"""Locate one event in an ensemble of velocity models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import random_stream
from quakeloom.inference import temper_log_weights
from quakeloom.location._density import EventDensity, EventPicks
from quakeloom.location._ensemble import Ensemble
from quakeloom.location._grid_shapes import grid_reach, grid_shape, model_variance, node_spacing
from quakeloom.location._interpolation import Floats, member_times
from quakeloom.location._likelihoods import likelihoods_of_times
from quakeloom.location._options import LocationOptions
from quakeloom.location._posterior import Posterior, make_posterior
from quakeloom.location._search import Frame, find_region, resolve
from quakeloom.location._smoothing import SMOOTHED_FROM, smooth_members

_OVERSAMPLED = 4
"""Points that are resampled for every draw. Chosen here: densities vary little within a cell."""

_LEAST_MEMBERS = 3.0
"""Effective number of members from which a scatter is told; fewer count as many."""

_TOLD_SHARE = 1.0 / 3.0
"""Most directions that picks tell, of the number of members: with more of them the scatter of so
few says nothing any more. Chosen here."""

_CLIMBS = 5
"""How often the grid around the maximum is halved: to a 32nd of the spacing of nodes."""


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
    variance = picks.variance + model_variance(ensemble, picks, options, start)
    picks = replace(picks, variance=variance)
    log_prior = depth_prior(options, epicenter)
    basis, start, slope = grid_shape(ensemble, picks, options, start)
    log_weight, told = ensemble.log_weight, 0.0
    sampled = options.smooth_models and ensemble.times.member_count >= SMOOTHED_FROM
    if sampled:
        stream = random_stream(0, "smoothing") if random is None else random
        picks, gain, told = smooth_members(ensemble.times, picks, options, start, stream)
        log_weight = log_weight + gain
    density = EventDensity(
        ensemble.times.arrays, picks, options.error_model, log_weight, log_prior,
        options.minimum_depth_km, options.maximum_depth_km,
    )  # fmt: skip
    frame = Frame(start, basis, node_spacing(ensemble, options, start, basis), slope)
    reach = grid_reach(ensemble, start, basis, cloud)
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
        stretch_of(posterior, told) if sampled else 1.0,
    )


def _resolve_posterior(
    density: EventDensity, frame: Frame, reach: float, options: LocationOptions
) -> Posterior | None:
    """Return the posterior on the finest grid; None where it is nowhere."""
    grid, likelihood, origin, coarser = resolve(density, frame, reach, options.maximum_nodes)
    error = float(1.0 / np.sqrt(np.sum(1.0 / density.picks.variance)))
    return make_posterior(
        grid, likelihood, origin, density.log_weight, density.log_prior(grid.nodes), error, coarser
    )


def stretch_of(posterior: Posterior, told: float = 0.0) -> float:
    """Return by how much the offsets of a sample of members from their mean are to be stretched.

    The scatter of ``n`` members is too small by ``1 - 1 / n``, and their mean errs by ``1 / n`` of
    it, so that the square of the factor is ``(n + 1) / (n - 1)``, with the effective number.

    What picks tell of ``p`` directions of the scatter changes the others by a regression on as
    many numbers, whose coefficients a sample of members knows as well as such a sample can. What
    is left over is too small by ``(n - p - 1) / (n - 1)``, and what is foretold errs by
    ``p / (n - p - 2)`` of it, with all members (Seber & Lee 2003, Linear Regression Analysis,
    section 5.3, for predictors that are random).

    Parameters
    ----------
    posterior : Posterior
    told : float
        Directions ``p``.
    """
    count = max(posterior.effective_member_count, _LEAST_MEMBERS)
    members = float(posterior.weights.size)
    told = min(told, _TOLD_SHARE * members)
    regressed = (members - 1.0) * (members - 2.0)
    regressed /= (members - told - 1.0) * (members - told - 2.0)
    return float(np.sqrt((count + 1.0) / (count - 1.0) * regressed))


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
    if members < SMOOTHED_FROM or posterior.effective_member_count >= fewest:
        return None
    evidence = posterior.log_evidence
    known = np.isfinite(evidence) & np.isfinite(log_weight)
    if known.sum() < 2:
        return None
    # a member that the grid does not reach at all is no better than the worst that it reaches
    evidence = np.where(known, evidence, evidence[known].min())
    evidence = evidence - evidence[known].max()
    return temper_log_weights(log_weight, evidence, fewest)


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
