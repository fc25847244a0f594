"""One event from its picks to everything that is known of its hypocenter."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import distance_azimuth
from quakeloom.location._descriptions import (
    azimuthal_gap,
    boundary_at,
    compare_models,
    describe_location,
    event_residuals,
)
from quakeloom.location._locate import (
    Ensemble,
    Location,
    draw_hypocenters,
    find_start,
    locate_event,
)
from quakeloom.location._options import LocationOptions
from quakeloom.location._picks import PickSet, Plane, local_picks
from quakeloom.location._screening import screen_picks, stations_in_line

Floats = NDArray[np.float64]


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
    boundary_km : array_like, shape (members,) or (norths, easts, members), optional
        Depth of a boundary in every member; where it is not flat, on the axes of the tables. NaN
        is no boundary: every event is above it.
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
                       picks.longitude, group[:, 0], times.longest_s)  # fmt: skip
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
    event = local_picks(picks, kept, group, level, correction, here)
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
        event = local_picks(picks, kept, group, level, correction, here)
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
    section = times.east_km.size == 1 and not times.radial
    if not section and stations_in_line(event.station):
        status, reason = "stations_in_line", "the stations lie in a line, either side fits as well"
    elif _at_edge(location, options, center, here, plane is None):
        status = "outside_model"
        reason = "the best hypocenter lies on the edge of the volume that the models fill"
    values = describe_location(location, here)
    if boundary_km is not None:
        below = boundary_at(times, np.asarray(boundary_km, dtype=float), location)
        values["probability_below_boundary"] = location.posterior.probability_below(below)
    values["pick_count"] = float(kept.size)
    values["pick_count_p"] = float(sum(picks.phase[i] == "P" for i in kept))
    residual, predicted, distance, azimuth = event_residuals(
        ensemble, location, picks, kept, group, level, here, correction
    )
    values["rms_s"] = float(
        np.sqrt(np.average(residual[kept] ** 2, weights=1.0 / location.variance))
    )
    values["azimuthal_gap_deg"] = azimuthal_gap(azimuth[kept])
    values["nearest_station_km"] = float(np.min(distance[kept]))
    if options.compare:
        compare_models(ensemble, location, options, prior, here, values)
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
