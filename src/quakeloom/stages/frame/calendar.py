"""Stable partitions: calendar bins of origin time.

A bin depends on an event's own time only, so adding events never moves others. Only a bin
that becomes crowded is split further, into months and those into days, and only its own
events move.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNDATED = "undated"
"""Partition of the events without an origin time."""

_AUTO_EVENTS = 3000
"""Events of a bin on average; chosen here: some seconds of work, and few files."""

_AUTO_ORDER = ("month", "quarter", "year", "decade")
"""Kinds of bins from the finest, of which the first with enough events is taken."""


CALENDARS = (*_AUTO_ORDER, "all")
"""All kinds of bins."""


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
        A bin with more events is split into months, and a month into its days.

    Returns
    -------
    ndarray of str, shape (events,)
        Such as ``2011-03``, ``2011-03-d11``, ``2011-q1``, ``2011``, ``2010s``, ``all``.
        They sort by time.
    """
    names = _labels(times, calendar)
    month = times.astype("datetime64[M]")
    if calendar != "month":
        by_month = np.char.add("-", month.astype(str))
        names = _split_crowded(names, by_month, maximum_events)
    day = (times.astype("datetime64[D]") - month).astype(int) + 1
    by_day = np.char.add("-d", np.char.zfill(day.astype(str), 2))
    return _split_crowded(names, by_day, maximum_events)


def _split_crowded(
    names: NDArray[np.str_], tail: NDArray[np.str_], maximum_events: int
) -> NDArray[np.str_]:
    """Give events of bins with too many of them a longer name."""
    _unique, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    crowded = (counts > maximum_events)[inverse] & (names != UNDATED)
    if not np.any(crowded):
        return names
    return np.where(crowded, np.char.add(names.astype("<U24"), tail), names)


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
