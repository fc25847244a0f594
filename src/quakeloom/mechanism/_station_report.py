"""Which stations look reversed, and which kinds of picks are uninformative.

The evidence is each reading against the mechanisms that are acceptable without it
(:func:`leave_one_out`), so a reading never testifies for itself.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The limits below were chosen while looking at the Calaveras archive and the synthetic demo;
# a catalog that neither has seen is still to judge them.

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SPAN_LOG_ODDS = 10.0
"""Least natural log odds of a reversed span; e^10 = 22,000, against spans found by chance."""

REVERSED_RATE = 0.85
"""Least rate of contradiction in a reversed span. A reversed station is contradicted nearly
always; one that is contradicted in two of three readings is rather a victim of another
station, reversed itself, that holds the mechanisms in its hand."""

LEAST_READINGS = 8
"""Fewer readings make no reversed span."""

LEAST_FOR_RATE = 12
"""Fewer readings give no verdict on the rate of a station or pick kind."""

SURE = 0.75
"""A reading counts as predicted if this share of the mechanisms agrees on its sign."""


@dataclass(frozen=True)
class ContradictionReport:
    """Rows of a report on groups of readings (stations and spans, or pick kinds).

    Attributes
    ----------
    group : ndarray of int64, shape (rows,)
        Number of the station or kind.
    first, last : ndarray of int64, shape (rows,)
        First and last reading of the span, as indices into the readings; -1 where the
        span is open (it starts or ends with the readings of the group).
    count, contradictions : ndarray of int64, shape (rows,)
        Readings whose sign the mechanisms predict, and those that say otherwise.
    rate : ndarray, shape (rows,)
        Their ratio, NaN for none.
    log_odds : ndarray, shape (rows,)
        Natural log of the likelihood of the readings if all were turned, over that as
        they are.
    verdict : ndarray of str, shape (rows,)
        ``normal``, ``reversed``, ``uninformative``, ``mixed`` or ``too_few``.
    """

    group: Integers
    first: Integers
    last: Integers
    count: Integers
    contradictions: Integers
    rate: Floats
    log_odds: Floats
    verdict: NDArray[np.str_]


def report_stations(
    station: Integers,
    times: NDArray[np.datetime64],
    polarity: NDArray[np.int8],
    predicted_up: Floats,
    error_rate: float | Floats = 0.1,
) -> ContradictionReport:
    """Find spans of time in which a station's polarity is reversed.

    Each reading has the log odds ``g = ln((1-m)(1-e) + m e) - ln(m (1-e) + (1-m) e)`` of
    being turned, with ``m`` the share of mechanisms that agree with it and ``e`` the error
    rate. In the readings of a station, sorted by time, the span of largest sum is the best
    candidate (Kadane's scan); it is called reversed above :data:`SPAN_LOG_ODDS` if enough of
    its readings contradict (:data:`REVERSED_RATE`, :data:`LEAST_READINGS`), and what lies
    before and after is searched again.

    Proposals are for a person, or for one round at a time: turning the clearest stations
    changes what the others are held against.

    Parameters
    ----------
    station : ndarray of int64, shape (n,)
        Number of the station of each reading.
    times : ndarray of datetime64, shape (n,)
        Time of each reading.
    polarity : ndarray of int8, shape (n,)
        +1 up, -1 down; 0 is left out.
    predicted_up : ndarray, shape (n,)
        Share of the mechanisms acceptable without the reading that predict up; NaN is left
        out.
    error_rate : float or ndarray, shape (n,)
        Share of polarities expected to be wrong, for all or per reading; a reading with one
        half says nothing and is left out.

    Returns
    -------
    ContradictionReport
        One row per station, or one per span where a station is reversed for a time.
    """
    rows: list[tuple[int, int, int, Integers, str]] = []
    gain, agree = _evidence(polarity, predicted_up, error_rate)
    usable = np.flatnonzero(np.isfinite(gain))
    order = usable[np.lexsort((times[usable], station[usable]))]
    edges = np.flatnonzero(np.diff(station[order])) + 1
    for readings in np.split(order, edges) if order.size else []:
        number = int(station[readings[0]])
        spans = [
            (a, b) for a, b in _reversed_spans(gain[readings]) if _is_reversed(agree[readings[a:b]])
        ]
        if not spans:
            rows.append((number, -1, -1, readings, ""))
            continue
        cuts = sorted({0, readings.size, *(s for span in spans for s in span)})
        for start, stop in itertools.pairwise(cuts):
            first = int(readings[start]) if start else -1
            last = int(readings[stop - 1]) if stop < readings.size else -1
            verdict = "reversed" if (start, stop) in spans else ""
            rows.append((number, first, last, readings[start:stop], verdict))
    return _report(rows, gain, agree, kind="mixed")


def report_pick_kinds(
    kind: Integers, polarity: NDArray[np.int8], predicted_up: Floats, error_rate: float = 0.1
) -> ContradictionReport:
    """Say which kinds of picks are uninformative.

    A kind is ``uninformative`` if the 95 % interval of its rate of contradiction (Wilson 1927)
    reaches one half.

    Parameters
    ----------
    kind : ndarray of int64, shape (n,)
        Number of the kind of each reading.
    polarity, predicted_up, error_rate
        See :func:`report_stations`.
    """
    gain, agree = _evidence(polarity, predicted_up, error_rate)
    usable = np.isfinite(gain)
    rows = [
        (int(k), -1, -1, np.flatnonzero(usable & (kind == k)), "") for k in np.unique(kind[usable])
    ]
    return _report(rows, gain, agree, kind="uninformative")


def count_contradictions(
    group: Integers, polarity: NDArray[np.int8], predicted_up: Floats, error_rate: float = 0.1
) -> ContradictionReport:
    """Count contradictions per group, however many groups there are; no verdict is given.

    Parameters
    ----------
    group : ndarray of int64, shape (n,)
        Number of the group of each reading.
    polarity, predicted_up, error_rate
        See :func:`report_stations`.
    """
    gain, agree = _evidence(polarity, predicted_up, error_rate)
    usable = np.isfinite(gain)
    groups, place = np.unique(group[usable], return_inverse=True)
    share = agree[usable]

    def counted(mask: NDArray[np.bool_]) -> Integers:
        return np.bincount(place[mask], minlength=groups.size).astype(np.int64)

    count = counted(np.maximum(share, 1 - share) >= SURE)
    against = counted(share <= 1 - SURE)
    whole = np.full(groups.size, -1, dtype=np.int64)
    return ContradictionReport(
        groups,
        whole,
        whole,
        count,
        against,
        np.where(count > 0, against / np.maximum(count, 1), np.nan),
        np.bincount(place, weights=gain[usable], minlength=groups.size).astype(float),
        np.full(groups.size, "", dtype="<U16"),
    )


def wilson_interval(count: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of a rate from ``count`` of ``total`` (Wilson 1927)."""
    if not total:
        return 0.0, 1.0
    rate = count / total
    scale = 1.0 + z * z / total
    middle = (rate + z * z / (2 * total)) / scale
    half = z * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / scale
    return middle - half, middle + half


def _evidence(
    polarity: NDArray[np.int8], predicted_up: Floats, error_rate: float | Floats
) -> tuple[Floats, Floats]:
    """Log odds of being turned, and share of mechanisms that agree, NaN where not known."""
    rate = np.broadcast_to(np.asarray(error_rate, dtype=float), np.shape(predicted_up))
    e = np.clip(rate, 0.01, 0.5)
    agree = np.where(polarity > 0, predicted_up, 1.0 - predicted_up)
    agree = np.where((polarity == 0) | (e >= 0.5), np.nan, agree)
    gain = np.log((1 - agree) * (1 - e) + agree * e) - np.log(agree * (1 - e) + (1 - agree) * e)
    return gain, agree


def _reversed_spans(gain: Floats) -> list[tuple[int, int]]:
    """Non-overlapping [start, stop) spans whose gains sum to more than the threshold."""
    if not gain.size:
        return []
    total = np.concatenate([[0.0], np.cumsum(gain)])
    above = total[1:] - np.minimum.accumulate(total[:-1])
    stop = int(np.argmax(above)) + 1
    if above[stop - 1] < SPAN_LOG_ODDS:
        return []
    start = stop - 1 - int(np.argmin(total[:stop][::-1]))  # the last of equal starts
    before = _reversed_spans(gain[:start])
    after = [(a + stop, b + stop) for a, b in _reversed_spans(gain[stop:])]
    return [*before, (start, stop), *after]


def _is_reversed(agree: Floats) -> bool:
    """Whether nearly all of the predicted readings of a span contradict, and enough do."""
    count = int(np.sum(np.maximum(agree, 1 - agree) >= SURE))
    against = int(np.sum(agree <= 1 - SURE))
    return count >= LEAST_READINGS and against >= REVERSED_RATE * count


def _report(
    rows: list[tuple[int, int, int, Integers, str]], gain: Floats, agree: Floats, kind: str
) -> ContradictionReport:
    count = np.zeros(len(rows), dtype=np.int64)
    against = np.zeros(len(rows), dtype=np.int64)
    odds = np.zeros(len(rows))
    verdicts = []
    for i, (_, _, _, readings, verdict) in enumerate(rows):
        share = agree[readings]
        count[i] = int(np.sum(np.maximum(share, 1 - share) >= SURE))
        against[i] = int(np.sum(share <= 1 - SURE))
        odds[i] = float(gain[readings].sum())
        if not verdict:
            _, high = wilson_interval(int(against[i]), int(count[i]))
            if count[i] < LEAST_FOR_RATE:
                verdict = "too_few"
            elif high >= 0.5:
                verdict = kind
            else:
                verdict = "normal"
        verdicts.append(verdict)
    with np.errstate(invalid="ignore"):
        rate = np.where(count > 0, against / np.maximum(count, 1), np.nan)
    columns = [np.array([r[j] for r in rows], dtype=np.int64) for j in range(3)]
    return ContradictionReport(
        columns[0], columns[1], columns[2], count, against, rate, odds,
        np.array(verdicts, dtype="<U16"),
    )  # fmt: skip
