"""Picks and first motions judged by an analyst's, or by the truth of simulated records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from quakeloom.schema import phase_class

TOLERANCE_S = {"P": 0.1, "S": 0.2}
"""A pick is right if it is this near; as in the command `quakeloom evaluate picks`."""

_PLACE = ["event_id", "station"]
"""Columns by which picks, windows and references are matched."""


@dataclass(frozen=True)
class JudgedPicks:
    """The picks of one phase, at the events and stations where the reference has it.

    Attributes
    ----------
    references : int
        Arrivals of the reference in windows that were cut.
    residual_s : ndarray
        Pick minus reference; infinite where there is no arrival to be picked.
    probability : ndarray
    """

    references: int
    residual_s: NDArray[np.float64]
    probability: NDArray[np.float64]


def judge_picks(
    picks: pa.Table, windows: pa.Table, reference: pa.Table, complete: bool
) -> dict[str, JudgedPicks]:
    """Compare picks with reference arrivals of the same event, station and phase.

    Parameters
    ----------
    picks, windows, reference : pyarrow.Table
        Tables ``picks``, ``windows`` and ``reference_arrivals``.
    complete : bool
        What the reference does not have is no arrival (simulated records); otherwise it says
        nothing (an analyst, who picks what is needed).
    """
    found = {}
    known = _frame(reference, [*_PLACE, "phase", "time"]).dropna(subset=["time"])
    known["phase"] = known["phase"].map(phase_class)
    # of Pn and Pg, the earlier one is the first arrival
    known = known.sort_values("time", kind="stable").drop_duplicates([*_PLACE, "phase"])
    cut = _frame(windows, [*_PLACE, "window"])
    cut = cut.loc[cut["window"] >= 0, _PLACE].drop_duplicates()
    own = _frame(picks, [*_PLACE, "phase", "time", "probability"])
    for phase in TOLERANCE_S:
        here = known[known["phase"] == phase].merge(cut, on=_PLACE)
        if here.empty:
            continue
        pairs = own[own["phase"] == phase].merge(
            here, on=_PLACE, how="left" if complete else "inner", suffixes=("", "_reference")
        )
        late = (pairs["time"] - pairs["time_reference"]).dt.total_seconds()
        found[phase] = JudgedPicks(
            len(here),
            np.asarray(late.fillna(np.inf), dtype=np.float64),
            np.asarray(pairs["probability"].fillna(1.0), dtype=np.float64),
        )
    return found


def judge_readings(
    readings: pa.Table, picks: pa.Table, windows: pa.Table, reference: pa.Table
) -> pd.DataFrame:
    """Return the first motions that the reference has as well, one row each.

    Returns
    -------
    DataFrame
        ``event_id``, ``network``, ``station``, ``channel``, ``arrival_time`` and ``polarity``
        of the reading; ``truth`` and ``true_time`` of the reference; ``right``; ``confidence``,
        the probability of the sign that was read; ``snr`` of the pick and ``distance_km``.
    """
    rows = _frame(
        readings,
        [*_PLACE, "network", "channel", "arrival_time", "polarity", "probability_up"],
    )
    rows = rows[rows["polarity"] != 0]
    known = _frame(reference, [*_PLACE, "time", "polarity"])
    known = known[known["polarity"] != 0].drop_duplicates(_PLACE)
    known = known.rename(columns={"polarity": "truth", "time": "true_time"})
    ratio = _frame(picks, [*_PLACE, "phase", "snr"])
    ratio = ratio.loc[ratio["phase"] == "P", [*_PLACE, "snr"]].drop_duplicates(_PLACE)
    places = _frame(windows, [*_PLACE, "distance_km"])
    places = places.dropna(subset=["distance_km"]).drop_duplicates(_PLACE)
    rows = rows.merge(known, on=_PLACE)
    for more in (ratio, places):
        rows = rows.merge(more, on=_PLACE, how="left")
    up = rows["probability_up"]
    rows["confidence"] = up.where(up >= 0.5, 1.0 - up).fillna(1.0)
    rows["right"] = rows["polarity"] == rows["truth"]
    return rows


def precision_recall(
    score: ArrayLike, right: ArrayLike, references: int, thresholds: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return precision and recall over the minimum score that counts.

    Parameters
    ----------
    score : array_like, shape (n,)
    right : array_like of bool, shape (n,)
    references : int
        What there was to be found.
    thresholds : array_like, optional
        Default: every score that occurs, rising.

    Returns
    -------
    thresholds, precision, recall : ndarray
        Only thresholds that something reaches.
    """
    order = np.argsort(np.asarray(score, dtype=float), kind="stable")
    rising = np.asarray(score, dtype=float)[order]
    hits = np.cumsum(np.asarray(right, dtype=float)[order][::-1])[::-1]
    at = np.unique(rising) if thresholds is None else np.asarray(thresholds, dtype=float)
    first = np.searchsorted(rising, at)
    at, first = at[first < rising.size], first[first < rising.size]
    return at, hits[first] / (rising.size - first), hits[first] / max(references, 1)


def equal_groups(values: ArrayLike, least: int = 10, most: int = 8) -> list[NDArray[np.int64]]:
    """Return indices of groups of nearly equal size by rising value, unknown values left out."""
    known = np.asarray(values, dtype=float)
    order = np.argsort(known, kind="stable")[: int(np.isfinite(known).sum())]
    count = min(most, order.size // least)
    return list(np.array_split(order, count)) if count else []


def _frame(table: pa.Table, columns: list[str]) -> pd.DataFrame:
    frame: pd.DataFrame = table.select(columns).to_pandas()
    return frame
