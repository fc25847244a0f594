"""How far synthetic events are from their truth, and whether the stated errors hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import fault_vectors, quaternions, rotation_angle
from quakeloom.plots import (
    CalibrationBins,
    binomial_interval,
    plot_calibration,
    plot_cumulative_angles,
)
from quakeloom.report._blocks import Gallery, Grid, Picture, Section, Text, picture
from quakeloom.report._catalog import SOLVED_LETTERS, MechanismCatalog, find_setting
from quakeloom.report._columns import match_rows, mechanism_column, text_column
from quakeloom.report._comparison import AngleStatistics
from quakeloom.report._phrases import count, degrees, percent, term, verb, whole
from quakeloom.report._results import RunResults

_SETS_READ = 400
"""Events whose acceptable sets are read for the coverage; bounds the time on a large catalog."""

_FEWEST = 20
"""Events below which no calibration is drawn; chosen here: its intervals would be too wide."""

_HALF_TURNS = np.array(
    [[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
     [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, -1, 0]],
     [[0, 0, -1, 0], [0, 0, 0, -1], [1, 0, 0, 0], [0, 1, 0, 0]],
     [[0, 0, 0, -1], [0, 0, 1, 0], [0, -1, 0, 0], [1, 0, 0, 0]]], dtype=float
)  # fmt: skip
"""Matrices that turn a quaternion into those of the same double couple: half a turn about each of
its axes changes nothing."""


def truth_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return rotation to the truth per quality and the calibration of the uncertainties."""
    section = Section("truth", "Error relative to the true mechanisms")
    if not results.has("truth"):
        return section
    truth = results.table("truth")
    rows, true_rows = match_rows(catalog.event_id, text_column(truth, "event_id"))
    true = mechanism_column(truth)[true_rows]
    keep = catalog.solved[rows] & np.isfinite(true).all(axis=1)
    rows, true = rows[keep], true[keep]
    if len(rows) == 0:
        return section.add(Text("No synthetic event was solved, so there is nothing to compare."))
    angle = rotation_angle(catalog.angles[rows], true)
    letters = catalog.quality[rows]
    good = np.isin(letters, ["A", "B"])
    text = (
        f"{count(len(rows), 'solved event')} {verb(len(rows), 'was', 'were')} simulated, so that "
        f"the truth is known. The median rotation from it is {degrees(float(np.median(angle)), 1)}"
    )
    if good.any():
        text += f", of events rated A or B {degrees(float(np.median(angle[good])), 1)}"
    section.add(Text(text + ". Angles are the smallest rotation of the double couple."))
    groups = {q: angle[letters == q] for q in SOLVED_LETTERS if np.any(letters == q)}
    cumulative = picture(
        plot_cumulative_angles(groups, "Rotation to the true mechanism (degrees)"),
        "Cumulative share of events by rotation to the truth, one curve per quality.",
        "Rotation from the preferred to the true mechanism, cumulative per quality letter.",
    )
    pictures: list[Picture] = [cumulative]
    pictures += _stated_probability(results, catalog, rows, angle)
    pictures += _stated_uncertainty(catalog, rows, true)
    pictures += _coverage(results, catalog, rows, true)
    section.add(_angle_table(groups, angle), Gallery(pictures))
    return section


def _angle_table(groups: dict[str, NDArray], everything: ArrayLike) -> Grid:
    rows = []
    for q, angles in [*groups.items(), ("all", np.asarray(everything))]:
        s = AngleStatistics.of(angles)
        within = [percent(float(np.mean(angles <= limit))) for limit in (10, 20, 35)]
        rows.append(
            (
                q,
                whole(s.count),
                degrees(s.median, 1),
                degrees(s.percentile_90, 1),
                degrees(s.largest, 1),
                *within,
            )
        )
    return Grid(
        (
            term("Quality", "quality"),
            "Events",
            "Median",
            "90 %",
            "Largest",
            "≤ 10°",
            "≤ 20°",
            "≤ 35°",
        ),
        rows,
        "Rotation from the true mechanism. The last columns are shares of events.",
        (False,) + (True,) * 7,
    )


def _stated_probability(
    results: RunResults, catalog: MechanismCatalog, rows: NDArray, angle: NDArray
) -> list[Picture]:
    near = float(find_setting(results.settings, ("probability_angle_deg", "cangle"), 45.0))
    stated = catalog["mechanism_probability"][rows]
    use = np.isfinite(stated)
    if use.sum() < _FEWEST:
        return []
    hit = angle[use] <= near
    bins = CalibrationBins(*_bins(stated[use], hit, np.linspace(0, 1, 11)))
    figure = plot_calibration(
        bins, "Stated mechanism probability", f"True mechanism within {near:.0f}°"
    )
    return [
        picture(
            figure,
            "Share of events whose truth is near the solution against the stated probability.",
            f"Stated probability against the share of events whose truth lies within {near:.0f}° "
            "of the solution, with 95 % intervals. On the diagonal the probability means what "
            "it says; above it, it is cautious.",
        )
    ]


def _stated_uncertainty(catalog: MechanismCatalog, rows: NDArray, true: NDArray) -> list[Picture]:
    stated = catalog.mean_uncertainty_deg[rows]
    use = np.isfinite(stated)
    if use.sum() < _FEWEST:
        return []
    error = _plane_errors(catalog.angles[rows], true)
    edges = np.unique(np.quantile(stated[use], np.linspace(0, 1, 9)))
    if len(edges) < 3:
        return []
    which = np.clip(np.digitize(stated, edges[1:-1]), 0, len(edges) - 2)
    columns: list[tuple[float, float, float, float, int]] = []
    for b in range(len(edges) - 1):
        pick = use & (which == b)
        n = int(pick.sum())
        if n == 0:
            continue
        square = error[pick] ** 2
        rms = float(np.sqrt(square.mean()))
        spread = 1.96 * float(square.std()) / np.sqrt(n) / max(2.0 * rms, 1e-9)
        columns.append((float(stated[pick].mean()), rms, max(rms - spread, 0.0), rms + spread, n))
    figure = plot_calibration(
        CalibrationBins(*(np.array(c) for c in zip(*columns, strict=True))),
        "Stated plane uncertainty (degrees)",
        "RMS plane error (degrees)",
        percent=False,
    )
    return [
        picture(
            figure,
            "RMS error of the planes against the stated plane uncertainty.",
            "Stated plane uncertainty against the RMS angle between solved and true planes, in "
            "eight groups of equal size.",
        )
    ]


def _plane_errors(solved: NDArray, true: NDArray) -> NDArray[np.float64]:
    """RMS of the angles of normal and slip to the true ones, for the better matching."""
    n, s = fault_vectors(*solved.T)
    tn, ts = fault_vectors(*true.T)

    def between(a: NDArray, b: NDArray) -> NDArray:
        return np.asarray(np.degrees(np.arccos(np.clip(np.sum(a * b, axis=-1), -1.0, 1.0))))

    pairs = [(tn, ts), (-tn, -ts), (ts, tn), (-ts, -tn)]
    squares = [(between(n, a) ** 2 + between(s, b) ** 2) / 2.0 for a, b in pairs]
    return np.asarray(np.sqrt(np.min(squares, axis=0)))


def _coverage(
    results: RunResults, catalog: MechanismCatalog, rows: NDArray, true: NDArray
) -> list[Picture]:
    if not results.grid or len(rows) < _FEWEST:
        return []
    step = max(len(rows) // _SETS_READ, 1)
    grid = quaternions(*(np.asarray(results.grid[f"{c}_deg"]) for c in ("strike", "dip", "rake")))
    levels = []
    for i in range(0, len(rows), step):
        weights = results.acceptance(str(catalog.event_id[rows[i]]))
        if weights is not None:
            levels.append(credible_level(grid, np.asarray(weights, dtype=float), true[i]))
    if len(levels) < _FEWEST:
        return []
    found = np.array(levels)
    nominal = np.linspace(0.1, 1.0, 10)
    hits = np.array([(found <= q + 1e-12).sum() for q in nominal])
    low, high = binomial_interval(hits, len(found))
    share = hits / len(found)
    outside = float(np.mean(found > 1.0))
    figure = plot_calibration(
        CalibrationBins(nominal, share, low, high, np.full(len(nominal), len(found))),
        "Share of the acceptable weight",
        "True mechanism inside",
    )
    return [
        picture(
            figure,
            "Share of events whose truth lies in the heaviest part of the acceptable set.",
            f"How often the acceptable sets hold the truth: share of the weight, heaviest "
            f"mechanisms first, against the share of {len(found):,} events whose true mechanism "
            f"is inside. {percent(outside)} of the truths are outside the whole set.",
        )
    ]


def credible_level(grid: NDArray, weights: NDArray, true: NDArray) -> float:
    """Return the share of weight that is heavier than the true mechanism.

    Half of the weight that ties with it counts. Above 1 when the true mechanism has none.

    Parameters
    ----------
    grid : ndarray, shape (mechanisms, 4)
        Quaternions of the mechanism grid.
    weights : ndarray, shape (mechanisms,)
    true : ndarray, shape (3,)
        Strike, dip, rake; the nearest grid mechanism stands for it.
    """
    q = quaternions(*true)
    nearest = int(np.argmax(np.max(np.abs(grid @ (_HALF_TURNS @ q).T), axis=1)))
    own, total = weights[nearest], weights.sum()
    if own <= 0 or total <= 0:
        return 2.0
    return float((weights[weights > own].sum() + 0.5 * weights[weights == own].sum()) / total)


def _bins(
    stated: NDArray[np.float64], hit: NDArray[np.bool_], edges: NDArray[np.float64]
) -> tuple[NDArray[Any], ...]:
    """Mean stated value, share of hits, its interval, and events, per bin."""
    which = np.clip(np.digitize(stated, edges[1:-1]), 0, len(edges) - 2)
    n = np.bincount(which, minlength=len(edges) - 1)
    k = np.bincount(which, weights=hit, minlength=len(edges) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(which, weights=stated, minlength=len(edges) - 1) / n
        share = k / n
    low, high = binomial_interval(k, n)
    return mean, share, low, high, n
