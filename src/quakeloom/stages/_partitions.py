"""Stable partitions: calendar bins of origin time.

A bin depends on an event's own time only, so adding events never moves others. Only a bin
that becomes crowded is split further, by day of the month, and only its own events move.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNDATED = "undated"
_AUTO_EVENTS = 3000
_AUTO_ORDER = ("month", "quarter", "year", "decade")


def choose_calendar(times: NDArray[np.datetime64]) -> str:
    """Return the finest calendar bins that hold 3,000 events on average, else ``all``.

    Parameters
    ----------
    times : ndarray of datetime64, shape (events,)
        Origin times; NaT is left out.
    """
    dated = times[~np.isnat(times)]
    for calendar in _AUTO_ORDER:
        bins = np.unique(_labels(dated, calendar)).size
        if bins and dated.size / bins >= _AUTO_EVENTS:
            return calendar
    return "all"


def assign_partitions(
    times: NDArray[np.datetime64], calendar: str, maximum_events: int
) -> NDArray[np.str_]:
    """Return the name of the partition of each event.

    Parameters
    ----------
    times : ndarray of datetime64, shape (events,)
        Origin times, UTC; NaT goes to the partition ``undated``.
    calendar : {"month", "quarter", "year", "decade", "all"}
        Kind of bin.
    maximum_events : int
        A bin with more events is split into days of the month.

    Returns
    -------
    ndarray of str, shape (events,)
        Such as ``2011-03``, ``2011-03-d11``, ``2011-q1``, ``2011``, ``2010s``, ``all``.
        They sort by time.
    """
    names = _labels(times, calendar)
    _unique, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    crowded = (counts > maximum_events)[inverse] & (names != UNDATED)
    if np.any(crowded):
        month = times.astype("datetime64[M]")
        day = (times.astype("datetime64[D]") - month).astype(int) + 1
        tail = np.char.add("-d", np.char.zfill(day.astype(str), 2))
        prefix = (
            names
            if calendar == "month"
            else np.char.add(np.char.add(names.astype("<U24"), "-"), month.astype(str))
        )
        names = np.where(crowded, np.char.add(prefix.astype("<U24"), tail), names)
    return names


def _labels(times: NDArray[np.datetime64], calendar: str) -> NDArray[np.str_]:
    missing = np.isnat(times)
    if calendar == "all":
        names = np.full(times.shape, "all", dtype="<U24")
    else:
        month = times.astype("datetime64[M]")
        text = np.where(missing, "", month.astype(str)).astype("<U24")
        year = times.astype("datetime64[Y]").astype(str).astype("<U24")
        if calendar == "month":
            names = text
        elif calendar == "quarter":
            number = (month.astype(int) % 12) // 3 + 1
            names = np.char.add(np.char.add(year, "-q"), number.astype(str)).astype("<U24")
        elif calendar == "year":
            names = year
        elif calendar == "decade":
            decade = (times.astype("datetime64[Y]").astype(int) + 1970) // 10 * 10
            names = np.char.add(decade.astype(str), "s").astype("<U24")
        else:
            raise ValueError(f"unknown calendar {calendar!r}")
    return np.where(missing, UNDATED, names)
