"""Faults of a catalog: planes from several starts, their draws, their chance, their members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.faults._background import Background, even_density, fit_background
from quakeloom.faults._draws import PlaneDraws, draw_planes, match_planes
from quakeloom.faults._hypocenters import LEAST_EVENTS, Hypocenters
from quakeloom.faults._mixture import Mixture, PlaneModel, fit_mixture, plane_gain
from quakeloom.faults._null import chance_of_planes, destroy_planes
from quakeloom.faults._rectangles import COLUMNS, COUNT
from quakeloom.faults._search import drop_worst, measure_planarity, smooth_intensity
from quakeloom.faults._tiles import TileTask, cut_tiles, join_tiles, search_tile

Floats = NDArray[np.float64]
_AGAINST_CLUSTERS = 0.5
"""Part of its cost that a plane must be worth where clusters could explain its events; chosen
here by held-out events: clusters have a number for every event."""

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class FaultOptions:
    """How faults are looked for.

    Attributes
    ----------
    model : PlaneModel
    clusters : bool
        Whether events off planes may gather in clusters of any shape.
    starts : int
        Searches, each from other starts.
    nulls : int
        Catalogs without planes that are searched.
    draws : int
        Draws of every plane.
    tile_km, halo_km : float
        Side of a tile, and how far it sees beyond.
    stable_part : float
        Part of the searches in which a stable plane is found at least.
    greatest_chance : float
        Chance that a stable plane has at most.
    least_presence : float
        Part of the draws in which a stable plane is found at least.
    seed : int
    """

    model: PlaneModel = field(default_factory=PlaneModel)
    clusters: bool = False
    starts: int = 3
    nulls: int = 20
    draws: int = 100
    tile_km: float = 33.0
    halo_km: float = 15.0
    stable_part: float = 0.6
    greatest_chance: float = 0.05
    least_presence: float = 0.8
    seed: int = 0


@dataclass(frozen=True)
class FoundFaults:
    """Planes of a catalog, the largest first, and what is known of each.

    Attributes
    ----------
    mixture : Mixture
    background : Background
    draws : PlaneDraws
    gain : ndarray, shape (planes,)
        Rise of the log-likelihood by each plane.
    planarity : ndarray, shape (planes,)
        Log-likelihood of its events over that of clusters of the same density without planes.
    stability : ndarray, shape (planes,)
        Part of the searches in which it was found.
    presence : ndarray, shape (planes,)
        Part of the draws in which it is there.
    chance : ndarray, shape (planes,)
        Chance of so good a plane where there are clusters and no planes; NaN without such catalogs.
    reasons : list of str
        Why a plane is doubtful; empty where it is stable.
    """

    mixture: Mixture
    background: Background
    draws: PlaneDraws
    gain: Floats
    planarity: Floats
    stability: Floats
    presence: Floats
    chance: Floats
    reasons: list[str]

    @property
    def planes(self) -> Floats:
        """The planes as rows of numbers, shape (planes, COLUMNS)."""
        return self.mixture.planes


def find_faults(
    events: Hypocenters,
    keys: Sequence[str],
    options: FaultOptions,
    members: Floats | None = None,
    spread: Mapper = map,
) -> FoundFaults:
    """Find the faults of a catalog.

    Parameters
    ----------
    events : Hypocenters
    keys : sequence of str
        Names of the events, by which random numbers go.
    options : FaultOptions
    members : ndarray, shape (members, n, 3), optional
        Hypocenters in each member of an ensemble of velocity models, km.
    spread : callable
        Maps a function over tasks; results in their order.

    Returns
    -------
    FoundFaults

    Raises
    ------
    InputError
        If there are fewer events than a plane needs.
    """
    if len(events) < LEAST_EVENTS:
        raise InputError(
            f"The catalog has {len(events)} hypocenters that can be used and a plane needs at "
            f"least {LEAST_EVENTS}, so no fault can be found. Give more events."
        )
    given = events.own_order()
    events, keys = events.take(given), [keys[i] for i in given]
    members = None if members is None else members[:, given]
    even = even_density(events.positions, options.tile_km)
    searches = _search_all(events, even, options, spread)
    mixture, background = _fit_all(events, searches[0], even, options)
    order = np.argsort(-mixture.planes[:, COUNT], kind="stable")
    mixture = fit_mixture(events, mixture.planes[order], background.density, options.model, 1)
    gain = np.array([plane_gain(mixture, k, events.weights) for k in range(len(mixture.planes))])
    stability = np.mean(
        [match_planes(mixture.planes, other) >= 0 for other in searches], axis=0
    ).reshape(len(gain))
    draws = draw_planes(
        events, mixture, background.density, options.model, options.draws, keys, options.seed,
        members,
    )  # fmt: skip
    presence = draws.present.mean(axis=0) if options.draws else np.full(len(gain), np.nan)
    null = list(
        spread(
            search_null, (NullTask(events, keys, t, even, options) for t in range(options.nulls))
        )
    )
    planarity = measure_planarity(events, mixture, smooth_intensity(events))
    chance = chance_of_planes(planarity, null)
    reasons = [_doubts(stability[k], presence[k], chance[k], options) for k in range(len(gain))]
    return FoundFaults(
        mixture.in_order(given),
        background.in_order(given),
        draws,
        gain,
        planarity,
        stability,
        presence,
        chance,
        reasons,
    )


def _search_all(
    events: Hypocenters, even: Floats, options: FaultOptions, spread: Mapper
) -> list[Floats]:
    """Return the planes of every search."""
    tiles = cut_tiles(events.positions, options.tile_km, options.halo_km)
    tasks = [
        TileTask(
            events.take(tile.rows), tile.low, tile.high, even[tile.rows], options.model, start,
            options.seed,
        )
        for start in range(options.starts)
        for tile in tiles
    ]  # fmt: skip
    found = list(spread(search_tile, tasks))
    count = len(tiles)
    return [join_tiles(found[s * count : (s + 1) * count]) for s in range(options.starts)]


def _fit_all(
    events: Hypocenters, planes: Floats, even: Floats, options: FaultOptions
) -> tuple[Mixture, Background]:
    """Fit all planes together with the background, without those that are not worth it."""
    mixture = fit_mixture(events, planes.reshape(-1, COLUMNS), even, options.model, 15, 0.05)
    mixture, background = fit_background(events, mixture, even, options.model, options.clusters)
    while (left := drop_worst(events, mixture, options.model, _AGAINST_CLUSTERS)) is not None:
        mixture = fit_mixture(events, left, background.density, options.model, 8, 0.5)
    mixture = fit_mixture(events, mixture.planes, background.density, options.model, 40, 0.02)
    return mixture, background


@dataclass(frozen=True)
class NullTask:
    """A catalog without planes to be searched; all that decides the result."""

    events: Hypocenters
    keys: Sequence[str]
    trial: int
    even: Floats
    options: FaultOptions


def search_null(task: NullTask) -> Floats:
    """Return the planarity of planes that are found where there are none; runs on a worker."""
    destroyed = destroy_planes(task.events, task.keys, task.options.seed, task.trial)
    once = replace(task.options, starts=1)
    planes = _search_all(destroyed, task.even, once, map)[0]
    if not len(planes):
        return np.empty(0)
    mixture, _ = _fit_all(destroyed, planes, task.even, once)
    return measure_planarity(destroyed, mixture, smooth_intensity(destroyed))


def _doubts(stability: float, presence: float, chance: float, options: FaultOptions) -> str:
    """Return why a plane is doubtful, in words; empty where nothing speaks against it."""
    doubts = []
    if stability < options.stable_part:
        doubts.append(f"found from {stability:.0%} of the starts")
    if presence < options.least_presence:
        doubts.append(f"there in {presence:.0%} of the draws")
    if chance > options.greatest_chance:
        doubts.append(f"chance {chance:.2f} where there are no planes")
    return "; ".join(doubts)
