"""Days of picks as a network makes them: those of earthquakes, some missed, and false ones.

Made numbers, for testing associators with the truth beside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError, random_stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_S = 86400.0
"""Seconds of a day."""

_PER_MAGNITUDE_KM, _AT_ZERO_KM = 120.0, 80.0
"""Distance at which half of the picks are made: 120 km a unit of magnitude and 80 km at magnitude 0
(Muenchmeyer 2024, benchmark of PyOcto)."""

_SMALLEST = -0.5
"""Smallest magnitude (as there)."""

_MOST = 0.8
"""Probability of a pick near an event (as there)."""

_BOTH = 0.5
"""Correlation of P and S picks of one station (as there)."""

_LEAST_ERROR_S, _ERROR_SHARE = 0.4, 0.01
"""Standard deviation of a pick: 0.4 s, or 1 % of the travel time if that is more (as there)."""

_LEAST_PICKS, _LEAST_BOTH = 10, 4
"""Picks, and stations with P and S, that an event has at least; others are drawn anew."""

_TRIES = 1000
"""Draws for each event until the network is said to see none."""


@dataclass(frozen=True)
class PickDays:
    """Picks with their truth.

    Attributes
    ----------
    station : ndarray of int, shape (picks,)
    phase : ndarray of int, shape (picks,)
        0 for P, 1 for S.
    time_s : ndarray, shape (picks,)
        Increasing.
    event : ndarray of int, shape (picks,)
        Number of the event, -1 for false picks.
    origin_s, magnitude : ndarray, shape (events,)
    place : ndarray, shape (events, 3)
        Depth, north, east in km.
    """

    station: Ints
    phase: Ints
    time_s: Floats
    event: Ints
    origin_s: Floats
    magnitude: Floats
    place: Floats


def simulate_pick_days(
    stations: Floats,
    box: Floats,
    travel_time: Callable[[int, Floats, Floats], Floats],
    events: int,
    noise: float,
    seed: int,
    days: float = 1.0,
) -> PickDays:
    """Draw events in a box and picks of them, as the benchmark of PyOcto does.

    The distance at which half of the picks are made is ``r = 120 M + 80`` km; the probability of a
    pick is ``0.8 (1 - 1 / (1 + exp(-(x - r) / w)))`` with ``w = max(0.1 r, 30 km)`` and hypocentral
    distance ``x``; P and S of a station are correlated. Magnitudes have b = 1. Every event has ten
    picks or more, and four stations with P and S.

    Parameters
    ----------
    stations : ndarray, shape (stations, 3)
        Depth, north, east in km.
    box : ndarray, shape (3, 2)
        From and to of depth, north and east of events.
    travel_time : callable
        ``travel_time(phase, distance_km, depth_km)`` in s.
    events : int
    noise : float
        False picks for every true one, evenly over time, stations and phases.
    seed : int
    days : float
        Length.

    Raises
    ------
    InputError
        If the network sees no event of the box.
    """
    random = random_stream(seed, "pick days")
    rows: list[Floats] = []
    hypocenters = np.empty((events, 5))
    for number in range(events):
        for _ in range(_TRIES):
            place = box[:, 0] + (box[:, 1] - box[:, 0]) * random.random(3)
            magnitude = _SMALLEST - np.log10(1.0 - random.random())
            origin = random.random() * days * DAY_S
            made = _draw_picks(stations, place, magnitude, random)
            if made.all(axis=1).sum() >= _LEAST_BOTH and made.sum() >= _LEAST_PICKS:
                break
        else:
            raise InputError(
                f"Of {_TRIES} events drawn in the box none was seen by four of {len(stations)} "
                "stations. No picks were made; bring box and stations together."
            )
        hypocenters[number] = (origin, magnitude, *place)
        distance = np.hypot(*(stations[:, 1:] - place[1:]).T)
        for phase in range(2):
            who = np.flatnonzero(made[:, phase])
            time = travel_time(phase, distance[who], np.full(who.size, place[0]))
            error = np.maximum(_ERROR_SHARE * time, _LEAST_ERROR_S)
            arrival = origin + time + error * random.standard_normal(who.size)
            rows.append(np.column_stack([
                who, np.full(who.size, phase), arrival, np.full(who.size, number)
            ]))  # fmt: skip
    true = np.concatenate(rows) if rows else np.zeros((0, 4))
    false = round(noise * len(true))
    table = np.concatenate([true, np.column_stack([
        random.integers(0, len(stations), false), random.integers(0, 2, false),
        random.random(false) * days * DAY_S, np.full(false, -1.0),
    ])])  # fmt: skip
    table = table[np.argsort(table[:, 2], kind="stable")]
    return PickDays(
        table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2].copy(),
        table[:, 3].astype(np.int64), hypocenters[:, 0], hypocenters[:, 1], hypocenters[:, 2:],
    )  # fmt: skip


def _draw_picks(
    stations: Floats, place: Floats, magnitude: float, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw which stations pick P and S, shape (stations, 2)."""
    reach = _PER_MAGNITUDE_KM * magnitude + _AT_ZERO_KM
    away = np.linalg.norm(stations - place, axis=1)
    fall = np.clip((away - reach) / max(0.1 * reach, 30.0), -50.0, 50.0)
    chance = _MOST / (1.0 + np.exp(fall))
    first = random.random(chance.size) < chance
    second = random.random(chance.size) < np.where(
        first, _BOTH * (1.0 - chance) + chance, chance - chance * _BOTH
    )
    return np.column_stack([first, second])


def score_association(true: Ints, found: Ints, share: float = 0.6) -> dict[str, float]:
    """Score events that were associated against the truth.

    A found event is a true one where the picks that both have are 60 % of the larger of the two;
    each is matched once at most (Muenchmeyer 2024).

    Parameters
    ----------
    true, found : ndarray of int, shape (picks,)
        Number of the event of every pick, -1 for none.
    share : float

    Returns
    -------
    dict
        ``precision``, ``recall``, ``f1``, and ``missed`` and ``added`` picks a matched event.
    """
    size_true = np.bincount(true[true >= 0]) if (true >= 0).any() else np.zeros(0, int)
    size_found = np.bincount(found[found >= 0]) if (found >= 0).any() else np.zeros(0, int)
    both = (true >= 0) & (found >= 0)
    pairs, common = np.unique(np.stack([true[both], found[both]]), axis=1, return_counts=True)
    overlap = common / np.maximum(size_true[pairs[0]], size_found[pairs[1]])
    matched: dict[int, int] = {}
    used: set[int] = set()
    missed = added = 0
    for k in np.argsort(-overlap, kind="stable"):
        a, b = int(pairs[0, k]), int(pairs[1, k])
        if overlap[k] < share or a in matched or b in used:
            continue
        matched[a] = b
        used.add(b)
        missed += int(size_true[a] - common[k])
        added += int(size_found[b] - common[k])
    hits = len(matched)
    precision = hits / max(int((size_found > 0).sum()), 1)
    recall = hits / max(int((size_true > 0).sum()), 1)
    return {
        "precision": precision, "recall": recall,
        "f1": 2.0 * precision * recall / max(precision + recall, 1e-12),
        "missed": missed / max(hits, 1), "added": added / max(hits, 1),
    }  # fmt: skip
