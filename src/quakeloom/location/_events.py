"""One event from its picks to everything that is known of its hypocenter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import distance_azimuth, geographic_position, local_position
from quakeloom.location._approximations import locate_gaussian
from quakeloom.location._interpolation import all_times
from quakeloom.location._locate import (
    Ensemble,
    Location,
    draw_hypocenters,
    find_start,
    locate_event,
    make_ensemble,
)
from quakeloom.location._options import LocationOptions
from quakeloom.location._screening import screen_picks, stations_in_line
from quakeloom.location._search import EventPicks

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PickSet:
    """The picks of one event.

    Attributes
    ----------
    station : sequence of str
        Names, unique per place (such as ``NET.STA``).
    phase : sequence of str
        ``P`` or ``S``; anything else is not used.
    time_s, uncertainty_s : ndarray, shape (picks,)
        Arrival times after a reference, and standard errors.
    longitude, latitude, elevation_m : ndarray, shape (picks,)
        Of the stations; NaN longitude where not known.
    """

    station: Sequence[str]
    phase: Sequence[str]
    time_s: Floats
    uncertainty_s: Floats
    longitude: Floats
    latitude: Floats
    elevation_m: Floats


@dataclass(frozen=True)
class LocatedEvent:
    """What is known of an event; numbers are NaN where it was not located.

    Attributes
    ----------
    status, reason : str
    values : dict
        Numbers by the names of the registered columns of ``hypocenters``, times after the
        reference of the picks (``origin_s``, ``origin_map_s``).
    pick_use : list of str
        ``used``, or why a pick was not.
    residual_s, predicted_s, distance_km, azimuth_deg : ndarray, shape (picks,)
        At the maximum, with the members weighted by their posterior; predicted are travel times.
    member_weights : ndarray, shape (members,)
        Posterior weights.
    draws : ndarray, shape (draws, 4)
        Longitude, latitude, depth (km), origin time (s after the reference).
    draw_member : ndarray of int, shape (draws,)
    """

    status: str
    reason: str
    values: dict[str, float] = field(default_factory=dict)
    pick_use: list[str] = field(default_factory=list)
    residual_s: Floats = field(default_factory=lambda: np.empty(0))
    predicted_s: Floats = field(default_factory=lambda: np.empty(0))
    distance_km: Floats = field(default_factory=lambda: np.empty(0))
    azimuth_deg: Floats = field(default_factory=lambda: np.empty(0))
    member_weights: Floats = field(default_factory=lambda: np.empty(0))
    draws: Floats = field(default_factory=lambda: np.empty((0, 4)))
    draw_member: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Plane:
    """A local plane: north turned to ``azimuth_deg`` around an origin."""

    longitude: float
    latitude: float
    azimuth_deg: float = 0.0

    def forward(self, longitude: ArrayLike, latitude: ArrayLike) -> Floats:
        """Return north and east (turned) in km, shape (n, 2)."""
        north, east = local_position(self.longitude, self.latitude, longitude, latitude)
        c, s = np.cos(np.radians(self.azimuth_deg)), np.sin(np.radians(self.azimuth_deg))
        return np.stack([c * north + s * east, c * east - s * north], axis=-1)

    def inverse(self, north: ArrayLike, east: ArrayLike) -> tuple[Floats, Floats]:
        """Return longitude and latitude of turned north and east."""
        c, s = np.cos(np.radians(self.azimuth_deg)), np.sin(np.radians(self.azimuth_deg))
        a, b = np.asarray(north, dtype=float), np.asarray(east, dtype=float)
        return geographic_position(self.longitude, self.latitude, c * a - s * b, s * a + c * b)


def locate_picks(
    ensemble: Ensemble,
    picks: PickSet,
    options: LocationOptions,
    *,
    correction_s: ArrayLike | None = None,
    epicenter: tuple[float, float] | None = None,
    boundary_km: ArrayLike | None = None,
    plane: Plane | None = None,
    draws: int = 0,
    random: np.random.Generator | None = None,
) -> LocatedEvent:
    """Locate an event from its picks, whatever they are.

    Parameters
    ----------
    ensemble : Ensemble
    picks : PickSet
    options : LocationOptions
    correction_s : array_like, shape (picks,), optional
        Station terms, taken off the arrival times.
    epicenter : tuple of float, optional
        Longitude and latitude of the prior epicenter.
    boundary_km : array_like, shape (members,), optional
        Depth of a boundary in every member.
    plane : Plane, optional
        Where the grids of an ensemble lie; needed for ensembles that are not one-dimensional.
    draws : int
        Draws of the posterior wanted; they need ``random``.

    Returns
    -------
    LocatedEvent
        With a status for anything that keeps the event from being located.
    """
    times = ensemble.times
    correction = np.zeros(picks.time_s.size) if correction_s is None else np.asarray(correction_s)
    group, level = times.receivers(picks.phase, -picks.elevation_m / 1000.0, picks.station)
    use = screen_picks(picks.station, picks.phase, picks.time_s, picks.uncertainty_s,
                       picks.longitude, group[:, 0], _longest(times))  # fmt: skip
    kept = np.flatnonzero(np.array(use, dtype=object) == "used")
    if kept.size and times.radial:
        first = kept[int(np.argmin(picks.time_s[kept]))]
        away, _ = distance_azimuth(
            picks.longitude[first], picks.latitude[first], picks.longitude, picks.latitude
        )
        for i in kept[away[kept] > min(options.maximum_distance_km, 0.95 * times.north_km[-1])]:
            use[i] = "too_far"
        kept = np.flatnonzero(np.array(use, dtype=object) == "used")
    if kept.size < options.minimum_picks:
        counts = {u: use.count(u) for u in dict.fromkeys(use) if u != "used"}
        why = ", ".join(f"{n} {u}" for u, n in counts.items())
        return LocatedEvent(
            "too_few_picks",
            f"{kept.size} picks can be used; {options.minimum_picks} are needed"
            + (f" (left out: {why})" if why else ""),
            {"pick_count": float(kept.size)},
            use,
        )
    first = kept[int(np.argmin(picks.time_s[kept]))]
    here = plane or Plane(float(picks.longitude[first]), float(picks.latitude[first]))
    event = _local_picks(picks, kept, group, level, correction, here)
    center = np.array([0.0, *here.forward(picks.longitude[first], picks.latitude[first])])
    found = find_start(ensemble, event, options, center)
    if found is None:
        return LocatedEvent(
            "outside_model",
            "no hypocenter within the volume is reached by the tables from all stations",
            {"pick_count": float(kept.size)},
            use,
        )
    start, cloud = found
    if plane is None:
        # The plane is exact around its origin, so that is moved to the event.
        longitude, latitude = here.inverse(start[1], start[2])
        shift = start[1:].copy()
        here = Plane(float(longitude), float(latitude))
        event = _local_picks(picks, kept, group, level, correction, here)
        cloud = cloud - np.array([0.0, *shift])
        start = np.array([start[0], 0.0, 0.0])
    prior = None if epicenter is None else here.forward(*epicenter)
    location = locate_event(ensemble, event, options, start, cloud, prior)
    if location is None:
        return LocatedEvent(
            "outside_model",
            "the posterior vanishes: no member reaches all stations from where the event must be",
            {"pick_count": float(kept.size)},
            use,
        )
    status, reason = "located", ""
    if stations_in_line(event.station):
        status, reason = "stations_in_line", "the stations lie in a line, either side fits as well"
    elif _at_edge(location, options, center, here, plane is None):
        status = "outside_model"
        reason = "the best hypocenter lies on the edge of the volume that the models fill"
    values = _describe(location, here, boundary_km)
    values["pick_count"] = float(kept.size)
    values["pick_count_p"] = float(sum(picks.phase[i] == "P" for i in kept))
    residual, predicted, distance, azimuth = _residuals(
        ensemble, location, picks, kept, group, level, here, correction
    )
    values["rms_s"] = float(
        np.sqrt(np.average(residual[kept] ** 2, weights=1.0 / location.variance))
    )
    values["azimuthal_gap_deg"] = _gap(azimuth[kept])
    values["nearest_station_km"] = float(np.min(distance[kept]))
    if options.compare:
        _compare(ensemble, location, options, prior, here, values)
    drawn = np.empty((0, 4))
    member = np.empty(0, dtype=np.int64)
    if draws:
        if random is None:
            raise ValueError("draws need a random stream")
        nodes, origin, member = draw_hypocenters(ensemble, location, options, draws, random, prior)
        drawn = np.stack([*here.inverse(nodes[:, 1], nodes[:, 2]), nodes[:, 0], origin], axis=-1)
    return LocatedEvent(
        status, reason, values, use, residual, predicted, distance, azimuth,
        location.posterior.weights, drawn, member,
    )  # fmt: skip


def _local_picks(
    picks: PickSet,
    kept: NDArray[np.int64],
    group: NDArray[np.int64],
    level: Floats,
    correction: Floats,
    plane: Plane,
) -> EventPicks:
    position = plane.forward(picks.longitude[kept], picks.latitude[kept])
    depth = np.nan_to_num(-picks.elevation_m[kept] / 1000.0)
    return EventPicks(
        np.ascontiguousarray(np.column_stack([depth, position])),
        np.ascontiguousarray(group[kept]),
        np.ascontiguousarray(level[kept]),
        picks.time_s[kept] - correction[kept],
        picks.uncertainty_s[kept] ** 2,
    )


def _longest(times: object) -> float:
    """Longest time that a ray can need, for picks that cannot belong to an event."""
    t = times
    if t.radial:  # type: ignore[attr-defined]
        corner = t.values[:, -1, -1, 0, :]  # type: ignore[attr-defined]
        span = np.hypot(t.north_km[-1], t.depth_km[-1])  # type: ignore[attr-defined]
        return float(corner.max() * span) + 5.0
    known = t.values[t.values < 1e29]  # type: ignore[attr-defined]
    return float(known.max()) + 5.0


def _describe(location: Location, plane: Plane, boundary_km: ArrayLike | None) -> dict[str, float]:
    posterior = location.posterior
    mean = posterior.mean
    covariance = posterior.covariance
    between = posterior.between_covariance
    turn = np.radians(plane.azimuth_deg)
    # rows: east, north, depth of depth, turned north, turned east
    to_end = np.array(
        [[0, np.sin(turn), np.cos(turn)], [0, np.cos(turn), -np.sin(turn)], [1, 0, 0]]
    )
    c = to_end @ covariance @ to_end.T
    longitude, latitude = plane.inverse(mean[1], mean[2])
    best = location.maximum
    longitude_map, latitude_map = plane.inverse(best[1], best[2])
    quantiles = posterior.depth_quantiles()
    values = {
        "longitude": float(longitude),
        "latitude": float(latitude),
        "depth_km": float(mean[0]),
        "origin_s": posterior.origin_mean_s,
        "origin_error_s": posterior.origin_deviation_s,
        "longitude_map": float(longitude_map),
        "latitude_map": float(latitude_map),
        "depth_map_km": float(best[0]),
        "origin_map_s": location.maximum_origin_s,
        "cov_ee": c[0, 0], "cov_en": c[0, 1], "cov_ed": c[0, 2],
        "cov_nn": c[1, 1], "cov_nd": c[1, 2], "cov_dd": c[2, 2],
        "depth_025_km": quantiles[0], "depth_160_km": quantiles[1],
        "depth_840_km": quantiles[2], "depth_975_km": quantiles[3],
        "within_model_variance": float(np.trace(covariance) - np.trace(between)),
        "between_model_variance": float(np.trace(between)),
        "within_model_depth_variance": float(covariance[0, 0] - between[0, 0]),
        "between_model_depth_variance": float(between[0, 0]),
        "effective_model_count": posterior.effective_member_count,
        **_ellipsoid(c),
        "node_count": float(posterior.grid.nodes.shape[0]),
        "grid_coarser": float(posterior.coarser),
    }  # fmt: skip
    if boundary_km is not None:
        values["probability_below_boundary"] = posterior.probability_below(boundary_km)
    return {k: float(v) for k, v in values.items()}


def _ellipsoid(covariance: Floats) -> dict[str, float]:
    """Axes of the 68 % ellipsoid (three degrees of freedom), the longest first."""
    size, axes = np.linalg.eigh(covariance)
    factor = np.sqrt(3.5059)  # the 68.27 % quantile of chi-square with three degrees of freedom
    values = {}
    for rank, i in enumerate((2, 1, 0), start=1):
        east, north, down = axes[:, i] * (1.0 if axes[2, i] >= 0 else -1.0)
        values[f"ellipsoid_{rank}_km"] = factor * float(np.sqrt(max(size[i], 0.0)))
        values[f"ellipsoid_{rank}_azimuth_deg"] = float(np.degrees(np.arctan2(east, north)) % 360.0)
        values[f"ellipsoid_{rank}_plunge_deg"] = float(np.degrees(np.arcsin(min(down, 1.0))))
    return values


def _residuals(
    ensemble: Ensemble,
    location: Location,
    picks: PickSet,
    kept: NDArray[np.int64],
    group: NDArray[np.int64],
    level: Floats,
    plane: Plane,
    correction: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Residuals, travel times, distances and azimuths at the maximum, NaN where not known."""
    count = picks.time_s.size
    residual, predicted = np.full(count, np.nan), np.full(count, np.nan)
    longitude, latitude = plane.inverse(location.maximum[1], location.maximum[2])
    distance, azimuth = distance_azimuth(longitude, latitude, picks.longitude, picks.latitude)
    known = np.flatnonzero(np.isfinite(picks.longitude) & (group[:, 0] >= 0))
    event = _local_picks(picks, known, group, level, correction, plane)
    times = np.empty((known.size, ensemble.times.member_count))
    all_times(
        ensemble.times.arrays, location.maximum[None, :], event.station, event.group, event.level,
        times,
    )  # fmt: skip
    weights = location.posterior.weights
    predicted[known] = times @ weights
    raw = picks.time_s - correction - predicted
    origin = np.average(raw[kept], weights=1.0 / location.variance)
    if np.isfinite(location.maximum_origin_s):
        origin = location.maximum_origin_s
    residual = raw - origin
    return residual, predicted, distance, azimuth


def _gap(azimuth: Floats) -> float:
    a = np.sort(azimuth)
    return float(np.max(np.append(np.diff(a), a[0] + 360.0 - a[-1])))


def _at_edge(
    location: Location, options: LocationOptions, center: Floats, plane: Plane, moved: bool
) -> bool:
    """Say whether the maximum is at the bottom or the sides of the volume."""
    tiny = 0.02 * location.posterior.grid.size[0] * abs(location.posterior.grid.basis[0, 0])
    if location.maximum[0] > options.maximum_depth_km - max(tiny, 1e-6):
        return True
    if moved:
        return False
    return bool(np.abs(location.maximum[1:] - center[1:]).max() > 1.001 * options.radius_km)


def _compare(
    ensemble: Ensemble,
    location: Location,
    options: LocationOptions,
    prior: Floats | None,
    plane: Plane,
    values: dict[str, float],
) -> None:
    """Add the Gaussian approximation and the location in the mean model."""
    approximate = locate_gaussian(ensemble, location, options, prior)
    if approximate is not None:
        longitude, latitude = plane.inverse(approximate[0][1], approximate[0][2])
        values |= {
            "longitude_gaussian": float(longitude),
            "latitude_gaussian": float(latitude),
            "depth_gaussian_km": float(approximate[0][0]),
            "depth_error_gaussian_km": float(np.sqrt(approximate[1][0, 0])),
        }
    single = locate_event(
        _mean_ensemble(ensemble), location.picks, options, location.maximum, None, prior
    )
    if single is not None:
        mean = single.posterior.mean
        longitude, latitude = plane.inverse(mean[1], mean[2])
        values |= {
            "longitude_single": float(longitude),
            "latitude_single": float(latitude),
            "depth_single_km": float(mean[0]),
            "depth_error_single_km": float(np.sqrt(single.posterior.covariance[0, 0])),
        }


_MEANS: dict[int, tuple[Ensemble, Ensemble]] = {}


def _mean_ensemble(ensemble: Ensemble) -> Ensemble:
    kept = _MEANS.get(id(ensemble))
    if kept is None or kept[0] is not ensemble:
        _MEANS.clear()
        _MEANS[id(ensemble)] = kept = (ensemble, make_ensemble(ensemble.times.mean()))
    return kept[1]
