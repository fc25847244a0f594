"""Picks that are no first arrivals, told from the other picks of their shot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.tomography._offset_curves import fit_offset_curve
from quakeloom.tomography._travel_time_picks import TravelTimePicks

_SLOWER = 1.1
"""Margin of the slope of the picks' own curve: velocity differs along a line."""

_MOST = 0.8
"""Share of late picks from which a phase is late as a whole: one that comes first nearby may be
picked to several times the distance where another overtakes it."""


def find_later_arrivals(
    picks: TravelTimePicks,
    candidates: NDArray[np.bool_],
    velocity_km_s: float | None = None,
    whole_phases: bool = True,
) -> dict[int, str]:
    """Find picks that another wave precedes, and phases that never come first.

    A first arrival cannot be later than a wave of another phase that was picked nearby, at the
    same shot, and moves on to the receiver. Reflections and other secondary arrivals are.

    Parameters
    ----------
    picks : TravelTimePicks
    candidates : ndarray of bool, (n,)
        Picks that are held against each other.
    velocity_km_s : float, optional
        At which that wave moves on; 0 does not ask. If absent it follows from the picks: the
        slope of the lower edge of all times over offset, at the nearer of the two.
    whole_phases : bool
        A phase of whose picks more than four fifths are preceded is put aside with all of them.

    Returns
    -------
    dict of int to str
        Rows, with the reason.
    """
    reasons: dict[int, str] = {}
    rows = np.flatnonzero(candidates)
    if velocity_km_s == 0 or np.unique(picks.phases[rows]).size < 2:
        return reasons
    place, phase, t = picks.receivers_km[:, 1], picks.phases, picks.times_s
    offset = np.abs(place - picks.shots_km[:, 1])
    error = np.nan_to_num(picks.errors_s)
    curve = (
        fit_offset_curve(offset[rows], t[rows], envelope=True) if velocity_km_s is None else None
    )
    # a depth that is not known, NaN, would be unlike any other
    shots = np.round(np.nan_to_num(picks.shots_km[rows]), 7)
    _, shot = np.unique(shots, axis=0, return_inverse=True)
    for s in range(int(shot.max()) + 1):
        here = rows[shot.ravel() == s]
        away = np.abs(place[here][:, None] - place[here])
        if curve is None:
            moveout = away / float(velocity_km_s or np.inf)
        else:
            nearer = np.minimum(offset[here][:, None], offset[here])
            moveout = _SLOWER * away * curve.slopes(nearer)
        reach = t[here] + moveout
        reach[phase[here][:, None] == phase[here]] = np.inf
        late = t[here][:, None] - reach > 3.0 * np.hypot(error[here][:, None], error[here])
        for a in np.flatnonzero(late.any(axis=1)):
            b = int(np.argmin(reach[a]))
            reasons[int(here[a])] = (
                f"no first arrival: row {here[b]}, {away[a, b]:.3g} km away, is so early that its "
                f"wave would be here {t[here[a]] - reach[a, b]:.3g} s before"
            )
    if whole_phases:
        for code in np.unique(phase[rows]):
            mine = rows[phase[rows] == code]
            late_ones = sum(int(i) in reasons for i in mine)
            if late_ones > _MOST * mine.size:
                words = (
                    f"phase '{code}' is no first arrival: {late_ones} of its {mine.size} picks "
                    "come after another phase; name it in `tomography.picks.first_arrivals` "
                    "(`--phases`) if it is"
                )
                reasons |= {int(i): words for i in mine}
    return reasons
