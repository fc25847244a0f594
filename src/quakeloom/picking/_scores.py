"""How good picks are against reference picks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.picking._peaks import find_peaks

_NANO = 1e9
"""Nanoseconds per second."""

_UNSEEN_S = 0.5
"""Picks so near an arrival that cannot be seen count neither as right nor as wrong, s; chosen
here, as in the training."""

_EDGE_SAMPLES = 50
"""Arrivals so near the ends of a window are not asked for, samples; chosen here."""


@dataclass(frozen=True)
class PickScore:
    """Precision, recall and residuals of the picks of one phase.

    Attributes
    ----------
    picks, references, matched : int
        Picks that count, reference picks, and pairs within the tolerance.
    precision, recall, f1 : float
        NaN without picks that count, without references, and without either.
    mean_s, std_s : float
        Of the residuals (pick minus reference) of the pairs; NaN where there is none.
    residuals_s : ndarray
        Of the pairs, in order of the references.
    """

    picks: int
    references: int
    matched: int
    precision: float
    recall: float
    f1: float
    mean_s: float
    std_s: float
    residuals_s: NDArray[np.float64]


def score_picks(
    keys: Sequence[Hashable],
    times: NDArray[np.int64],
    reference_keys: Sequence[Hashable],
    reference_times: NDArray[np.int64],
    tolerance_s: float,
    spans: Sequence[tuple[int, int]] | None = None,
) -> PickScore:
    """Score the picks of one phase.

    A reference is found if a pick of its key is within the tolerance; the nearest is its
    pair. Every other pick is wrong.

    Parameters
    ----------
    keys : sequence
        Who recorded each pick, such as (network, station).
    times : ndarray of int64
        Nanoseconds.
    reference_keys, reference_times
        The same of the reference.
    tolerance_s : float
        Largest residual of a pair, inclusive.
    spans : sequence of (start, end), optional
        Per reference the span in nanoseconds in which picks of its key count. Without it
        all picks of keys with a reference count.
    """
    by_key: dict[Hashable, list[int]] = {}
    for key, time in zip(keys, times, strict=True):
        by_key.setdefault(key, []).append(int(time))
    limit = tolerance_s * _NANO * (1 + 1e-9)
    counted: set[tuple[Hashable, int]] = set()
    used: set[tuple[Hashable, int]] = set()
    residuals = []
    for i, (key, time) in enumerate(zip(reference_keys, reference_times, strict=True)):
        here = by_key.get(key, [])
        if spans is not None:
            here = [t for t in here if spans[i][0] <= t < spans[i][1]]
        counted.update((key, t) for t in here)
        free = [t for t in here if (key, t) not in used]
        best = min(free, key=lambda t: abs(t - int(time)), default=None)
        if best is not None and abs(best - int(time)) <= limit:
            used.add((key, best))
            residuals.append((best - int(time)) / _NANO)
    return _summarize_pairs(len(counted), len(reference_times), np.array(residuals))


def score_windows(
    traces: NDArray[np.float32],
    arrival_sample: NDArray[np.float64],
    is_clear: NDArray[np.bool_],
    tolerance_s: float,
    threshold: float = 0.3,
    rate_hz: float = 100.0,
) -> PickScore:
    """Score the picks of one phase in windows with at most one known arrival each.

    A window's arrival is found if a pick is within the tolerance; every other pick is wrong,
    except those around an arrival that cannot be seen.

    Parameters
    ----------
    traces : ndarray of float32, shape (windows, samples)
        Probability of the phase.
    arrival_sample : ndarray, shape (windows,)
        NaN where there is none.
    is_clear : ndarray of bool, shape (windows,)
        Whether an analyst could see the arrival.
    tolerance_s : float
        Largest residual of a pair, inclusive.
    threshold : float
        Minimum probability of a pick.
    rate_hz : float
    """
    picks, arrivals = 0, 0
    residuals: list[float] = []
    samples = traces.shape[1]
    for trace, arrival, seen in zip(traces, arrival_sample, is_clear, strict=True):
        times, _, _ = find_peaks(trace, threshold)
        inside = np.isfinite(arrival) and _EDGE_SAMPLES < arrival < samples - _EDGE_SAMPLES
        if inside and not seen:
            times = times[np.abs(times - arrival) > _UNSEEN_S * rate_hz]
            inside = False
        arrivals += int(inside)
        picks += len(times)
        if inside and times.size:
            nearest = float((times - arrival)[np.argmin(np.abs(times - arrival))])
            if abs(nearest) <= tolerance_s * rate_hz:
                residuals.append(nearest / rate_hz)
    return _summarize_pairs(picks, arrivals, np.array(residuals))


def _summarize_pairs(picks: int, references: int, residuals_s: NDArray[np.float64]) -> PickScore:
    matched = residuals_s.size
    precision = matched / picks if picks else float("nan")
    recall = matched / references if references else float("nan")
    both = precision + recall
    return PickScore(
        picks=picks,
        references=references,
        matched=matched,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / both if both > 0 else 0.0 if both == 0 else float("nan"),
        mean_s=float(residuals_s.mean()) if matched else float("nan"),
        std_s=float(residuals_s.std()) if matched else float("nan"),
        residuals_s=residuals_s,
    )
