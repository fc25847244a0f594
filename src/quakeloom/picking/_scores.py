"""How good picks are against reference picks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NANO = 1e9


@dataclass(frozen=True)
class PickScore:
    """Precision, recall and residuals of the picks of one phase.

    Attributes
    ----------
    picks, references, matched : int
        Picks that count, reference picks, and pairs within the tolerance.
    precision, recall, f1 : float
    mean_s, std_s : float
        Of the residuals (pick less reference) of the pairs.
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
    found = np.array(residuals)
    precision = len(used) / len(counted) if counted else float("nan")
    recall = len(used) / len(reference_times) if len(reference_times) else float("nan")
    both = precision + recall
    return PickScore(
        picks=len(counted),
        references=len(reference_times),
        matched=len(used),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / both if both > 0 else 0.0 if both == 0 else float("nan"),
        mean_s=float(found.mean()) if found.size else float("nan"),
        std_s=float(found.std()) if found.size else float("nan"),
        residuals_s=found,
    )
