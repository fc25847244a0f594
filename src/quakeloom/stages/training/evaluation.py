"""Picks and polarities against an analyst's: what ``quakeloom evaluate`` shows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.core import InputError, SettingsError
from quakeloom.picking import PHASES, score_picks
from quakeloom.schema import phase_class, time_values

_NANO = 1_000_000_000
"""Nanoseconds of a second."""


def evaluate_pick_tables(
    picks: pa.Table,
    reference: pa.Table,
    p_tolerance_s: float = 0.1,
    s_tolerance_s: float = 0.2,
    before_s: float = 10.0,
    after_s: float = 20.0,
) -> dict[str, dict[str, float]]:
    """Score the P and S of a table of picks.

    Stations are compared by code, and by network where both tables have one. Picks count
    within a span around the reference P of their station (its S where there is no P).

    Returns
    -------
    dict
        By phase: the numbers of :class:`quakeloom.picking.PickScore`.
    """
    for name, seconds in (
        ("tolerance of P", p_tolerance_s), ("tolerance of S", s_tolerance_s),
        ("time before P", before_s), ("time after P", after_s),
    ):  # fmt: skip
        if not 0.0 <= seconds < math.inf:
            raise SettingsError(
                f"The {name} is {seconds:g} s, which is no span of time. Nothing was compared; "
                "give seconds from 0 on."
            )
    networks = _has_networks(picks) and _has_networks(reference)
    ref = _Rows(reference, networks)
    own = _Rows(picks, networks)
    anchors = _anchors(ref)
    scores = {}
    for phase, tolerance in zip(PHASES, (p_tolerance_s, s_tolerance_s), strict=True):
        mine, theirs = own.phase == phase, ref.phase == phase
        if not theirs.any():
            continue
        spans = []
        for i in np.flatnonzero(theirs):
            anchor = min(anchors[ref.keys[i]], key=lambda t: abs(t - ref.time[i]))
            spans.append((anchor - round(before_s * _NANO), anchor + round(after_s * _NANO)))
        score = score_picks(
            [own.keys[i] for i in np.flatnonzero(mine)],
            own.time[mine],
            [ref.keys[i] for i in np.flatnonzero(theirs)],
            ref.time[theirs],
            tolerance,
            spans,
        )
        scores[phase] = {k: v for k, v in vars(score).items() if k != "residuals_s"}
    if not scores:
        raise InputError("The reference holds neither P nor S picks; nothing can be compared.")
    return scores


def evaluate_polarity_tables(
    polarities: pa.Table, reference: pa.Table, minimum_probability: float = 0.5
) -> dict[str, float]:
    """Score polarities against first motions of an analyst at the nearest pick of a station."""
    networks = _has_networks(polarities) and _has_networks(reference)
    ref, own = (
        _Rows(reference, networks, "arrival_time"),
        _Rows(polarities, networks, "arrival_time"),
    )
    signs = polarities.column("polarity").to_numpy()
    up = polarities.column("probability_up").to_numpy()
    sure = np.where(np.isnan(up), 1.0, np.maximum(up, 1.0 - up))
    by_key: dict[Any, list[int]] = {}
    for i, key in enumerate(own.keys):
        by_key.setdefault(key, []).append(i)
    references = called = correct = 0
    for i, truth in enumerate(reference.column("polarity").to_pylist()):
        if not truth:
            continue
        references += 1
        near = [
            j for j in by_key.get(ref.keys[i], []) if abs(own.time[j] - ref.time[i]) < _NANO // 2
        ]
        near = [j for j in near if signs[j] and sure[j] >= minimum_probability]
        if not near:
            continue
        best = max(near, key=lambda j: (sure[j], -abs(own.time[j] - ref.time[i])))
        called += 1
        correct += int(signs[best] == truth)
    if not references:
        raise InputError("The reference holds no first motion; nothing can be compared.")
    return {
        "references": references,
        "called": called,
        "correct": correct,
        "accuracy": correct / called if called else float("nan"),
        "coverage": called / references,
    }


class _Rows:
    """Station keys, phases and times of a table."""

    def __init__(self, table: pa.Table, networks: bool, time: str = "time") -> None:
        stations = table.column("station").to_pylist()
        codes = table.column("network").to_pylist() if networks else [""] * len(stations)
        self.keys = list(zip(codes, stations, strict=True))
        self.time = time_values(table.column(time)).astype("datetime64[ns]").astype(np.int64)
        names = table.column("phase").to_pylist() if "phase" in table.column_names else stations
        self.phase = np.array([phase_class(n) for n in names])


def _anchors(rows: _Rows) -> dict[Any, list[int]]:
    anchors: dict[Any, list[int]] = {}
    for phase in PHASES:
        for i in np.flatnonzero(rows.phase == phase):
            here = anchors.setdefault(rows.keys[i], [])
            near = [t for t in here if abs(t - rows.time[i]) < 120 * _NANO]
            if phase == "P" or not near:
                here.append(int(rows.time[i]))
    return anchors


def _has_networks(table: pa.Table) -> bool:
    return bool(table.num_rows) and all(table.column("network").to_pylist())
