"""Every earthquake sends one P and one S to a station: which S picks to believe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled


def choose_s(
    p_time: NDArray[np.float64],
    s_time: NDArray[np.float64],
    s_probability: NDArray[np.float64],
    longest: float,
    alone: float,
) -> NDArray[np.bool_]:
    """Choose the S picks that have a P of their own, the surest first.

    A later burst in the coda of S is often picked as one more S. Of the S picks of a station
    no more are kept than there are P picks before them that could be theirs, as a matching of
    largest total probability gives them: those of two earthquakes whose waves overlap both
    stay. S without any P before it stays if it is sure, since its P may have been hidden or not
    recorded.

    Parameters
    ----------
    p_time, s_time : ndarray, shape (P picks,) and (S picks,)
        Ascending, in any unit of time.
    s_probability : ndarray, shape (S picks,)
    longest : float
        Largest time of S after P.
    alone : float
        Minimum probability of S without any P before it.

    Returns
    -------
    ndarray of bool, shape (S picks,)
    """
    first = np.searchsorted(p_time, s_time - longest, side="left")
    last = np.searchsorted(p_time, s_time, side="left")
    is_kept = (first == last) & (s_probability >= alone)
    order = np.lexsort((s_time, -s_probability))
    _match(first, last, order, p_time.size, is_kept)
    return np.asarray(is_kept)


def prefer_earliest(
    p_time: NDArray[np.float64],
    s_time: NDArray[np.float64],
    s_probability: NDArray[np.float64],
    share: float,
) -> NDArray[np.float64]:
    """Return probabilities of S picks by which the earliest of equals comes first.

    Of S picks with the same P before them, the earliest that is at least ``share`` times as
    probable as the surest gets a little more than the probability of that: bursts in the coda
    of S are often larger than its first motion, seldom the other way round.

    Parameters
    ----------
    p_time, s_time : ndarray, shape (P picks,) and (S picks,)
        Ascending, in any unit of time.
    s_probability : ndarray, shape (S picks,)
    share : float
        0 leaves everything as it is.
    """
    rank = np.array(s_probability, dtype=np.float64)
    if share <= 0.0:
        return rank
    before = np.searchsorted(p_time, s_time, side="left")
    for group in np.unique(before):
        own = np.flatnonzero(before == group)
        surest = float(s_probability[own].max())
        first = own[s_probability[own] >= share * surest][0]
        rank[first] = np.nextafter(surest, np.inf)
    return rank


@compiled(nogil=True)
def _match(
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    order: NDArray[np.int64],
    count: int,
    is_kept: NDArray[np.bool_],
) -> None:
    """Add S picks in this order while every one of them finds a P among ``first ... last - 1``.

    What is kept is a matroid's independent set, so that taking the surest first is best.
    """
    matched = np.zeros(is_kept.size, np.bool_)
    used = np.full(count, -1, np.int64)
    for new in order:
        if is_kept[new]:
            continue
        matched[new] = True
        # the earliest free P for every S in turn: intervals end in the order of the S picks
        used[:] = -1
        for s in range(matched.size):
            if not matched[s]:
                continue
            found = False
            for p in range(first[s], last[s]):
                if used[p] < 0:
                    used[p] = s
                    found = True
                    break
            if not found:
                matched[new] = False
                break
    for s in range(matched.size):
        is_kept[s] = is_kept[s] or matched[s]
