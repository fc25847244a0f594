"""One event from its picks to everything that is known of its hypocenter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import distance_azimuth
from quakeloom.location._boundaries import boundary_at
from quakeloom.location._density import EventPicks
from quakeloom.location._descriptions import (
    azimuthal_gap,
    compare_models,
    describe_location,
    event_residuals,
)
from quakeloom.location._ensemble import Ensemble
from quakeloom.location._interpolation import Floats
from quakeloom.location._locate import (
    Location,
    draw_hypocenters,
    find_start,
    locate_event,
)
from quakeloom.location._options import LocationOptions
from quakeloom.location._picks import PickSet, Plane, ScreenedPicks
from quakeloom.location._screening import screen_picks, stations_in_line
from quakeloom.location._tables import EnsembleTimes

_EDGE = "the best hypocenter lies on the edge of the volume that the models fill"
_TOP = (
    "the best hypocenter lies at the least depth, {limit:g} km, and most stations lie above that; "
    "lower minimum_depth_km"
)
"""Reason of the status ``outside_model`` where the search ends below the ground."""

_SHALLOW = (
    "the best hypocenter lies at the least depth, {limit:g} km: it is shallow, or the picks say "
    "little of its depth"
)
"""Reason that stands with the status ``located`` where the search ends at the ground."""

_MISFIT = (
    "{count} of {all} picks are off by more than 5 of their errors (rms {rms:.2f} s): another "
    "event, wrong stations or models, errors that are too small, or a hypocenter outside of the "
    "searched depths, {top:g} to {bottom:g} km"
)
"""Reason of the status ``misfit``."""

_OFF_ERRORS = 5.0
"""Standard errors from which a residual is no error of a pick. Chosen here; Gaussian errors reach
it once in two million times."""

_OFF_SHARE = 1.0 / 3.0
"""Largest share of such picks that wrong picks of a located event explain; robust likelihoods
withstand as much. Chosen here."""

_REACH = (
    "a station is {away:.0f} km from the best hypocenter, as far as the tables reach "
    "({reach:g} km), so that it may lie farther out; raise maximum_distance_km"
)
"""Reason of the status ``outside_model`` where tables end the search."""

_UNREACHED = "no hypocenter within the volume is reached by the tables from all stations"
_VANISHED = "the posterior vanishes: no member reaches all stations from where the event must be"
"""Reasons of the status ``outside_model``."""

_EDGE_SHARE = 0.02
"""Part of a cell of the grid within which the maximum is at the edge: about as close as the
search for it ends. Chosen here."""

_REACHED_SHARE = 0.985
"""Share of the reach of tables from which on a station is at their end: posteriors that it cuts
have their maximum as near. Chosen here."""

_WALL_SHARE, _WALL_KM = 0.02, 1.0
"""Share of the width of a grid, and the most in km, within which of its sides a maximum may be that
of an event beside it; chosen here: maxima of events 3 to 9 km outside are within 0.7 km."""

_SIDE_SHARE = 0.95
"""Share of the half width of the searched volume from which on its best node is at a side: more
than a coarse cell within. Chosen here."""

_SURE_REACH = 0.95
"""Share of the reach of tables within which stations may lie from that of the first arrival.
Chosen here."""


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
    residual_s, predicted_s, spread_s, distance_km, azimuth_deg : ndarray, shape (picks,)
        At the maximum, with the members weighted by their posterior; predicted are travel times,
        and the spread is that of the members after a change of their origin times.
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
    spread_s: Floats = field(default_factory=lambda: np.empty(0))
    distance_km: Floats = field(default_factory=lambda: np.empty(0))
    azimuth_deg: Floats = field(default_factory=lambda: np.empty(0))
    member_weights: Floats = field(default_factory=lambda: np.empty(0))
    draws: Floats = field(default_factory=lambda: np.empty((0, 4)))
    draw_member: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class WantedDraws:
    """What is drawn for an event.

    Attributes
    ----------
    count : int
        Hypocenters to be drawn from its posterior.
    random : Generator, optional
        Stream that these come from; needed where any are wanted.
    smoothing : Generator, optional
        Stream of what smooths the ensemble.
    """

    count: int = 0
    random: np.random.Generator | None = None
    smoothing: np.random.Generator | None = None


def locate_picks(
    ensemble: Ensemble,
    picks: PickSet,
    options: LocationOptions,
    *,
    correction_s: ArrayLike | None = None,
    epicenter: tuple[float, float] | None = None,
    boundary_km: ArrayLike | None = None,
    plane: Plane | None = None,
    draws: WantedDraws | None = None,
) -> LocatedEvent:
    """Locate an event from its picks, whatever they are.

    Parameters
    ----------
    ensemble : Ensemble
    picks : PickSet
    options : LocationOptions
    correction_s : array_like, shape (picks,) or (picks, members), optional
        Station terms, taken off the arrival times; of every member for itself.
    epicenter : tuple of float, optional
        Longitude and latitude of the prior epicenter.
    boundary_km : array_like, shape (members,) or (norths, easts, members), optional
        Depth of a boundary in every member; where it is not flat, on the axes of the tables. NaN
        is no boundary: every event is above it.
    plane : Plane, optional
        Where the grids of an ensemble lie; needed for ensembles that are not one-dimensional.
    draws : WantedDraws, optional

    Returns
    -------
    LocatedEvent
        With a status for anything that keeps the event from being located.
    """
    wanted = draws or WantedDraws()
    screened = _screen(ensemble, picks, options, correction_s)
    count = {"pick_count": float(screened.kept.size)}
    if screened.kept.size < options.minimum_picks:
        return LocatedEvent("too_few_picks", _too_few(screened, options), count, screened.use)
    first = screened.first
    here = plane or Plane(float(picks.longitude[first]), float(picks.latitude[first]))
    event = screened.in_plane(screened.kept, here)
    center = np.array([0.0, *here.forward(picks.longitude[first], picks.latitude[first])])
    options, found = _find_start(ensemble, event, options, center, plane is None)
    if found is None:
        return LocatedEvent("outside_model", _UNREACHED, count, screened.use)
    start, cloud = found
    if plane is None:
        # the plane is exact around its origin, so that is moved to the event
        longitude, latitude = here.inverse(start[1], start[2])
        here = Plane(float(longitude), float(latitude))
        event = screened.in_plane(screened.kept, here)
        cloud, start = cloud - start * [0.0, 1.0, 1.0], start * [1.0, 0.0, 0.0]
    prior = None if epicenter is None else here.forward(*epicenter)
    location = locate_event(ensemble, event, options, start, cloud, prior, wanted.smoothing)
    if location is None:
        return LocatedEvent("outside_model", _VANISHED, count, screened.use)
    status, reason = _judge_place(
        ensemble, event.station, location, options, None if plane is None else center
    )
    values = describe_location(location, here) | count
    if boundary_km is not None:
        nodes = location.posterior.grid.nodes
        below = boundary_at(ensemble.times, np.asarray(boundary_km, dtype=float), nodes)
        values["probability_below_boundary"] = location.posterior.probability_below(below)
    if options.compare:
        compare_models(ensemble, location, options, prior, here, values)
    located = _with_picks(
        LocatedEvent(status, reason, values, screened.use), ensemble, location, screened, here
    )
    located = _judge_reach(
        _judge_residuals(located, location, screened, options), ensemble, event.station, location
    )
    if not wanted.count or wanted.random is None:
        return located
    nodes, origin, member = draw_hypocenters(
        ensemble, location, options, wanted.count, wanted.random, prior
    )
    drawn = np.stack([*here.inverse(nodes[:, 1], nodes[:, 2]), nodes[:, 0], origin], axis=-1)
    return replace(located, draws=drawn, draw_member=member)


def _screen(
    ensemble: Ensemble,
    picks: PickSet,
    options: LocationOptions,
    correction_s: ArrayLike | None,
) -> ScreenedPicks:
    """Say what becomes of every pick, and which are used."""
    times = ensemble.times
    correction, delay = np.zeros(picks.time_s.size), None
    if correction_s is not None:
        correction = np.asarray(correction_s, dtype=float)
    if correction.ndim == 2:
        middle = correction.mean(axis=1)
        correction, delay = middle, correction - middle[:, None]
    group, level = times.receivers(picks.phase, -picks.elevation_m / 1000.0, picks.station)
    use = screen_picks(
        picks.station, picks.phase, picks.time_s, picks.uncertainty_s, picks.longitude,
        group[:, 0], times.longest_s,
    )  # fmt: skip
    kept = np.flatnonzero(np.array(use, dtype=object) == "used")
    if kept.size and times.radial:
        first = kept[int(np.argmin(picks.time_s[kept]))]
        away, _ = distance_azimuth(
            picks.longitude[first], picks.latitude[first], picks.longitude, picks.latitude
        )
        # The event lies some way from the station of the first arrival, and the tables must
        # reach the others from there as well.
        farthest = min(options.maximum_distance_km, _SURE_REACH * times.north_km[-1])
        for i in kept[away[kept] > farthest]:
            use[i] = "too_far"
        kept = np.flatnonzero(np.array(use, dtype=object) == "used")
    return ScreenedPicks(picks, use, kept, group, level, correction, delay)


def _too_few(screened: ScreenedPicks, options: LocationOptions) -> str:
    """Why an event has too few picks."""
    use = screened.use
    counts = {u: use.count(u) for u in dict.fromkeys(use) if u != "used"}
    why = ", ".join(f"{n} {u}" for u, n in counts.items())
    return f"{screened.kept.size} picks can be used; {options.minimum_picks} are needed" + (
        f" (left out: {why})" if why else ""
    )


def _with_picks(
    located: LocatedEvent,
    ensemble: Ensemble,
    location: Location,
    screened: ScreenedPicks,
    plane: Plane,
) -> LocatedEvent:
    """Add what the picks say of a location: residuals, and how the stations lie around it."""
    kept = screened.kept
    rays = event_residuals(ensemble, location, screened, plane)
    weights = 1.0 / location.variance
    values = {
        "pick_count_p": float(sum(screened.picks.phase[int(i)] == "P" for i in kept)),
        "rms_s": float(np.sqrt(np.average(rays.residual_s[kept] ** 2, weights=weights))),
        "azimuthal_gap_deg": azimuthal_gap(rays.azimuth_deg[kept]),
        "nearest_station_km": float(np.min(rays.distance_km[kept])),
    }
    return replace(
        located,
        values=located.values | values,
        residual_s=rays.residual_s,
        predicted_s=rays.predicted_s,
        spread_s=rays.spread_s,
        distance_km=rays.distance_km,
        azimuth_deg=rays.azimuth_deg,
        member_weights=location.posterior.weights,
    )


def _judge_place(
    ensemble: Ensemble,
    station: Floats,
    location: Location,
    options: LocationOptions,
    center: Floats | None,
) -> tuple[str, str]:
    """Return status and reason of a hypocenter by where it and its stations lie."""
    if not ensemble.times.is_section and stations_in_line(station):
        return "stations_in_line", "the stations lie in a line, either side fits as well"
    if _at_edge(location, options, center) or _at_wall(ensemble.times, location):
        return "outside_model", _EDGE
    if not _at_top(location, options):
        return "located", ""
    limit = options.minimum_depth_km
    if float(np.median(station[:, 0])) < limit:
        return "outside_model", _TOP.format(limit=limit)
    return "located", _SHALLOW.format(limit=limit)


def _judge_residuals(
    located: LocatedEvent, location: Location, screened: ScreenedPicks, options: LocationOptions
) -> LocatedEvent:
    """Give a located event whose picks it does not explain the status ``misfit``."""
    off = np.abs(located.residual_s[screened.kept]) > _OFF_ERRORS * np.sqrt(location.variance)
    if located.status != "located" or np.mean(off) <= _OFF_SHARE:
        return located
    reason = _MISFIT.format(
        count=int(off.sum()), all=off.size, rms=located.values["rms_s"],
        top=options.minimum_depth_km, bottom=options.maximum_depth_km,
    )  # fmt: skip
    return replace(located, status="misfit", reason=reason)


def _judge_reach(
    located: LocatedEvent, ensemble: Ensemble, station: Floats, location: Location
) -> LocatedEvent:
    """Give a located event whose farthest station is at the end of the tables another status."""
    away = float(np.hypot(*(station - location.maximum)[:, 1:].T).max())
    reach = float(ensemble.times.north_km[-1])
    at_end = ensemble.times.radial and away > _REACHED_SHARE * reach
    if located.status != "located" or not at_end:
        return located
    reason = _REACH.format(away=away, reach=reach)
    return replace(located, status="outside_model", reason=reason)


def _at_top(location: Location, options: LocationOptions) -> bool:
    """Say whether the maximum is at the least depth."""
    grid = location.posterior.grid
    tiny = _EDGE_SHARE * grid.size[0] * abs(grid.basis[0, 0])
    return bool(location.maximum[0] < options.minimum_depth_km + max(tiny, 1e-6))


def _find_start(
    ensemble: Ensemble, event: EventPicks, options: LocationOptions, center: Floats, grows: bool
) -> tuple[LocationOptions, tuple[Floats, Floats] | None]:
    """Return where the mass is, and options of the volume that it was found in.

    Flat models have no sides, and an event may be far from the stations that recorded it: the
    volume grows there until no side of it is the best place.
    """
    while True:
        found = find_start(ensemble, event, options, center)
        wide = options.radius_km >= ensemble.times.north_km[-1]
        if found is None or not grows or wide or not _at_side(found[0], center, options):
            return options, found
        options = replace(options, radius_km=2.0 * options.radius_km)


def _at_side(start: Floats, center: Floats, options: LocationOptions) -> bool:
    """Say whether the best node of the volume is at one of its sides."""
    return bool(np.abs(start[1:] - center[1:]).max() > _SIDE_SHARE * options.radius_km)


def _at_edge(location: Location, options: LocationOptions, center: Floats | None) -> bool:
    """Say whether the maximum is at the bottom or, where there is a center, the sides."""
    grid = location.posterior.grid
    tiny = _EDGE_SHARE * grid.size[0] * abs(grid.basis[0, 0])
    if location.maximum[0] > options.maximum_depth_km - max(tiny, 1e-6):
        return True
    if center is None:
        return False
    return bool(np.abs(location.maximum[1:] - center[1:]).max() > 1.001 * options.radius_km)


def _at_wall(times: EnsembleTimes, location: Location) -> bool:
    """Say whether the maximum is at the side of a grid that lies in space.

    An event beside the grid is drawn to its side, and no further.
    """
    if times.radial:
        return False
    for at, nodes in zip(location.maximum[1:], (times.north_km, times.east_km), strict=True):
        if nodes.size == 1:
            continue
        low, high = float(nodes[0]), float(nodes[-1])
        near = min(max(float(nodes[1]) - low, _WALL_SHARE * (high - low)), _WALL_KM)
        if not low + near < at < high - near:
            return True
    return False
