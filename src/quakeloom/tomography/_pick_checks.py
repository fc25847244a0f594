"""Which picks of a line can be used, and why the others cannot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError, depth_words
from quakeloom.tomography._later_arrivals import find_later_arrivals
from quakeloom.tomography._line_grid import LineGrid
from quakeloom.tomography._travel_time_picks import TravelTimePicks

_GIVE_ERRORS = "give `tomography.picks.error_s` (`--error`), or an error with every pick"
"""Remedy for picks without a time error."""

_EARLY_ERRORS = 3.0
"""Standard errors by which a pick may be too early for the largest velocity; chosen here."""

_REASONS_TOLD = 5
"""Reasons that an error message counts, the most frequent first."""


class _PutAside:
    """Reasons by row; the first that is found stays."""

    def __init__(self) -> None:
        self.reasons: dict[int, str] = {}

    def add(self, bad: NDArray[np.bool_], words: str | Sequence[str]) -> None:
        """Put rows aside, with one reason for all or one for each row."""
        for i in np.flatnonzero(bad).tolist():
            self.reasons.setdefault(i, words if isinstance(words, str) else words[i])


def check_picks(
    picks: TravelTimePicks,
    grid: LineGrid,
    first_arrivals: tuple[str, ...] = (),
    maximum_velocity_km_s: float = 9.0,
    moveout_velocity_km_s: float | None = 0.0,
    error_s: float | None = None,
    relative_error: float = 0.0,
    ground_tolerance_km: float | None = None,
) -> tuple[TravelTimePicks, NDArray[np.int64], dict[int, str]]:
    """Put aside picks that no velocity model can explain, with the reason in words.

    Depths that are not known are set to the ground's; positions within the tolerance above
    the ground are moved onto it.

    Parameters
    ----------
    picks : TravelTimePicks
    grid : LineGrid
    first_arrivals : tuple of str
        Phase codes that may be first arrivals; all if empty. A pick of these that comes
        later than another of the same pair of shot and receiver is put aside too, and one
        that another phase at a neighboring receiver overtakes.
    maximum_velocity_km_s : float
        A pick that would need a faster mean velocity along the straight line is too early.
    moveout_velocity_km_s : float, optional
        Where another phase was picked nearby, a first arrival cannot be later than that
        wave moving on at this velocity; 0 does not ask. If absent it follows from the picks,
        and so do the phases that never come first if ``first_arrivals`` is empty; see
        :func:`find_later_arrivals`.
    error_s : float, optional
        Standard error for picks that have none (missing or zero).
    relative_error : float
        Added in quadrature to all errors, as a share of the travel time.
    ground_tolerance_km : float, optional
        One node spacing in depth by default.

    Returns
    -------
    used : TravelTimePicks
    rows : ndarray of int
        Rows of the input that are used.
    aside : dict of int to str
        Reason for every other row.

    Raises
    ------
    InputError
        If no pick is left; the message counts the reasons.
    """
    n = len(picks)
    tolerance = grid.spacing_km[0] if ground_tolerance_km is None else ground_tolerance_km
    aside = _PutAside()
    errors = _known_errors(picks, error_s, aside)
    aside.add(~np.isfinite(picks.times_s) | (picks.times_s < 0), "has no travel time")
    if first_arrivals:
        other = ~np.isin(picks.phases, np.array(first_arrivals))
        named = ", ".join(first_arrivals)
        aside.add(
            other, [f"phase '{p}' is none of the first arrivals ({named})" for p in picks.phases]
        )
    shots = _place_in_section("shot", picks.shots_km, grid, tolerance, aside)
    receivers = _place_in_section("receiver", picks.receivers_km, grid, tolerance, aside)
    straight = np.linalg.norm(shots - receivers, axis=1)
    _refuse_early(picks.times_s, errors, straight, maximum_velocity_km_s, aside)
    aside.add(straight < 1e-9, "shot and receiver are at the same place")
    reasons = aside.reasons
    good = np.array([i not in reasons for i in range(n)], dtype=bool)
    _put_doubles_aside(picks, shots, receivers, good, reasons)
    placed = replace(picks, shots_km=shots, receivers_km=receivers, errors_s=errors)
    reasons |= find_later_arrivals(placed, good, moveout_velocity_km_s, not first_arrivals)
    rows = np.array([i for i in range(n) if i not in reasons], dtype=np.int64)
    if not rows.size:
        raise InputError(_none_left(n, reasons))
    total = np.hypot(errors, relative_error * picks.times_s)
    return replace(placed, errors_s=total).take(rows), rows, reasons


def _known_errors(
    picks: TravelTimePicks, error_s: float | None, aside: _PutAside
) -> NDArray[np.float64]:
    """Standard errors of the picks, with one for those that have none if it is given."""
    errors = picks.errors_s.astype(float).copy()
    missing = ~(errors > 0)
    if error_s is not None:
        errors[missing] = error_s
    else:
        aside.add(missing & np.isnan(errors), f"has no time error: {_GIVE_ERRORS}")
        aside.add(missing & ~np.isnan(errors), f"has a time error of zero: {_GIVE_ERRORS}")
    return errors


def _place_in_section(
    name: str,
    positions_km: NDArray[np.float64],
    grid: LineGrid,
    tolerance_km: float,
    aside: _PutAside,
) -> NDArray[np.float64]:
    """Depth and distance of shots or receivers, on the ground where the depth is not known."""
    place = positions_km.astype(float).copy()
    x = place[:, 1]
    aside.add(
        ~((x >= grid.distance_km[0]) & (x <= grid.distance_km[-1])),
        [
            f"{name} at {v:g} km lies outside the section "
            f"({grid.distance_km[0]:g} to {grid.distance_km[-1]:g} km)"
            for v in x
        ],
    )
    ground, top = grid.ground_at(x), grid.top_at(x)
    z = np.where(np.isnan(place[:, 0]), ground, place[:, 0])
    aside.add(
        z < top - tolerance_km,
        [
            f"{name} at {depth_words(v)} lies {1000 * (g - v):.4g} m above the ground"
            for v, g in zip(z, top, strict=True)
        ],
    )
    aside.add(
        z > grid.depth_km[-1],
        [f"{name} at {depth_words(v)} lies below the section" for v in z],
    )
    place[:, 0] = np.maximum(z, top)
    return place


def _refuse_early(
    times_s: NDArray[np.float64],
    errors_s: NDArray[np.float64],
    straight_km: NDArray[np.float64],
    maximum_velocity_km_s: float,
    aside: _PutAside,
) -> None:
    """Put aside picks that would need more than the largest velocity along the straight line."""
    with np.errstate(invalid="ignore", divide="ignore"):
        apparent = straight_km / times_s
    aside.add(
        straight_km / maximum_velocity_km_s > times_s + _EARLY_ERRORS * np.nan_to_num(errors_s),
        [
            f"comes earlier than physically possible: {t:g} s over {d:.4g} km needs {v:.3g} km/s "
            f"(most allowed {maximum_velocity_km_s:g})"
            for t, d, v in zip(times_s, straight_km, apparent, strict=True)
        ],
    )


def _none_left(picks: int, reasons: dict[int, str]) -> str:
    """Message for picks none of which can be used: the reasons counted, and a remedy."""
    counts: dict[str, int] = {}
    for words in reasons.values():
        # what differs from pick to pick goes, so that equal reasons are counted together
        key = re.sub(r"( at)? [-+.e\d]+ k?m( depth| elevation)?", "", re.split(r":| \(", words)[0])
        counts[key] = counts.get(key, 0) + 1
    lacking = any(w.endswith(_GIVE_ERRORS) for w in reasons.values())
    remedy = _GIVE_ERRORS if lacking else "correct the picks or the settings of the section"
    frequent = sorted(counts.items(), key=lambda i: -i[1])[:_REASONS_TOLD]
    said = "; ".join(f"{number}: {words}" for words, number in frequent)
    return f"None of the {picks} picks can be used ({said}). No model can be found; {remedy}."


def _put_doubles_aside(
    picks: TravelTimePicks,
    shots: NDArray[np.float64],
    receivers: NDArray[np.float64],
    good: NDArray[np.bool_],
    reasons: dict[int, str],
) -> None:
    """Doubled picks, and picks that another one of the same pair precedes."""
    t = picks.times_s
    seen: dict[tuple[float, ...], int] = {}
    for i in np.flatnonzero(good)[np.argsort(t[good], kind="stable")]:
        pair = tuple(np.round([*shots[i], *receivers[i]], 7).tolist())
        first = seen.setdefault(pair, int(i))
        if first != i:
            same = picks.phases[first] == picks.phases[i]
            reasons[int(i)] = (
                f"doubled: row {first} has the same shot, receiver and phase; the earliest is used"
                if same
                else f"no first arrival: row {first} of the same shot and receiver is earlier"
            )
            good[i] = False
