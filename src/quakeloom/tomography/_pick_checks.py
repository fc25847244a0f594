"""Which picks of a line can be used, and why the others cannot."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.tomography._later_arrivals import find_later_arrivals
from quakeloom.tomography._line_grid import LineGrid
from quakeloom.tomography._travel_time_picks import TravelTimePicks

_GIVE_ERRORS = "give `tomography.picks.error_s` (`--error`), or an error with every pick"


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
    reasons: dict[int, str] = {}

    def put_aside(bad: NDArray[np.bool_], words: list[str] | str) -> None:
        for i in np.flatnonzero(bad):
            reasons.setdefault(int(i), words if isinstance(words, str) else words[i])

    errors = picks.errors_s.astype(float).copy()
    missing = ~(errors > 0)
    if error_s is not None:
        errors[missing] = error_s
    else:
        put_aside(missing & np.isnan(errors), f"has no time error: {_GIVE_ERRORS}")
        put_aside(
            missing & ~np.isnan(errors),
            f"has a time error of zero: {_GIVE_ERRORS}",
        )
    put_aside(~np.isfinite(picks.times_s) | (picks.times_s < 0), "has no travel time")
    if first_arrivals:
        other = ~np.isin(picks.phases, np.array(first_arrivals))
        words = [
            f"phase '{p}' is none of the first arrivals ({', '.join(first_arrivals)})"
            for p in picks.phases
        ]
        put_aside(other, words)
    shots, receivers = picks.shots_km.astype(float).copy(), picks.receivers_km.astype(float).copy()
    for name, place in (("shot", shots), ("receiver", receivers)):
        x = place[:, 1]
        outside = ~((x >= grid.distance_km[0]) & (x <= grid.distance_km[-1]))
        put_aside(
            outside,
            [
                f"{name} at {v:g} km lies outside the section "
                f"({grid.distance_km[0]:g} to {grid.distance_km[-1]:g} km)"
                for v in x
            ],
        )
        ground, top = grid.ground_at(x), grid.top_at(x)
        z = np.where(np.isnan(place[:, 0]), ground, place[:, 0])
        put_aside(
            z < top - tolerance,
            [
                f"{name} at {v:g} km depth lies {1000 * (g - v):.4g} m above the ground"
                for v, g in zip(z, top, strict=True)
            ],
        )
        put_aside(
            z > grid.depth_km[-1],
            [f"{name} at {v:g} km depth lies below the section" for v in z],
        )
        place[:, 0] = np.maximum(z, top)
    straight = np.linalg.norm(shots - receivers, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        apparent = straight / picks.times_s
    put_aside(
        straight / maximum_velocity_km_s > picks.times_s + 3.0 * np.nan_to_num(errors),
        [
            f"comes earlier than physically possible: {t:g} s over {d:.4g} km needs {v:.3g} km/s "
            f"(most allowed {maximum_velocity_km_s:g})"
            for t, d, v in zip(picks.times_s, straight, apparent, strict=True)
        ],
    )
    put_aside(straight < 1e-9, "shot and receiver are at the same place")
    good = np.array([i not in reasons for i in range(n)], dtype=bool)
    _put_doubles_aside(picks, shots, receivers, good, reasons)
    placed = replace(picks, shots_km=shots, receivers_km=receivers, errors_s=errors)
    reasons |= find_later_arrivals(placed, good, moveout_velocity_km_s, not first_arrivals)
    rows = np.array([i for i in range(n) if i not in reasons], dtype=np.int64)
    if not rows.size:
        counts: dict[str, int] = {}
        for words in reasons.values():
            # what differs from pick to pick goes, so that equal reasons are counted together
            key = re.sub(r"( at)? [-+.e\d]+ k?m( depth)?", "", re.split(r":| \(", words)[0])
            counts[key] = counts.get(key, 0) + 1
        lacking = any(w.endswith(_GIVE_ERRORS) for w in reasons.values())
        remedy = _GIVE_ERRORS if lacking else "mend the picks or the settings of the section"
        said = "; ".join(f"{c}: {w}" for w, c in sorted(counts.items(), key=lambda i: -i[1])[:5])
        raise InputError(
            f"None of the {n} picks can be used ({said}). No model can be found; {remedy}."
        )
    used = replace(
        picks,
        shots_km=shots,
        receivers_km=receivers,
        errors_s=np.hypot(errors, relative_error * picks.times_s),
    ).take(rows)
    return used, rows, reasons


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
