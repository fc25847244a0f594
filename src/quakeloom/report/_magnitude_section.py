"""Magnitudes, completeness and b-values in the report; against the truth where it is known."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.core import distance_azimuth
from quakeloom.plots import (
    FrequencyMagnitude,
    plot_frequency_magnitude,
    plot_magnitude_terms,
    plot_magnitude_time,
    plot_true_magnitudes,
)
from quakeloom.report._blocks import Grid, Heading, Section, Text, page_picture
from quakeloom.report._phrases import DASH, count, percent, verb
from quakeloom.schema import time_values
from quakeloom.store import RunLayout, open_item, read_json, read_table

STATUS_WORDS = {
    "measured": "measured",
    "at_least": "lower bound, for amplitudes are clipped",
    "few_amplitudes": "too few amplitudes",
    "no_amplitude": "no usable amplitude",
    "no_hypocenter": "not located",
    "too_deep": "deeper than the formula is for",
    "impossible": "impossible: units or responses are wrong",
}
"""Words for what became of a magnitude."""

METHOD_WORDS = {
    "maximum_curvature": "maximum curvature",
    "goodness_of_fit_90": "goodness of fit, 90 %",
    "goodness_of_fit_95": "goodness of fit, 95 %",
    "b_stability": "stability of b",
}
"""Words for methods of completeness."""

_SAME_S, _SAME_KM = 3.0, 30.0
"""A found event is a true one if origin time and epicenter agree within these; chosen here: events
of a network of 10 km spacing that are told apart."""

_PLACES = 12
"""Windows and cells that are listed; the table has all."""


def magnitude_section(settings: Settings, layout: RunLayout) -> Section:
    """Return magnitudes over time and by frequency, station terms, and the truth if it is known."""
    section = Section("magnitude", "Magnitudes")
    if not layout.table("magnitudes").exists():
        return section
    found = read_table(layout.table("magnitudes"), "magnitudes")
    terms = read_table(layout.table("magnitude_terms"), "magnitude_terms").to_pandas()
    completeness = read_table(layout.table("completeness"), "completeness").to_pandas()
    facts = read_json(layout.root / "magnitude.json")
    section.add(Text(_lead(found, facts), "lead"), _statuses(found))
    magnitude, error = (found.column(n).to_numpy() for n in ("magnitude", "magnitude_error"))
    if np.isfinite(magnitude).any():
        whole = completeness[completeness["catalog_scope"] == "catalog"]
        law = _law(whole, facts["settings"]["bin_width"])
        time = time_values(found.column("origin_time")).astype("datetime64[ns]")
        section.add(
            page_picture(
                partial(plot_magnitude_time, time, magnitude, error, law.completeness),
                "Magnitudes of the events over time.",
                "Magnitudes over time; bars are one standard error.",
            ),
            page_picture(
                partial(plot_frequency_magnitude, magnitude, law),
                "How many events there are of each magnitude.",
                "Events of each magnitude and from each magnitude on, with the law of Gutenberg "
                "and Richter from completeness (maximum curvature) on. b-positive is that of "
                "upward differences of successive magnitudes: right after large events small ones "
                "are missed, which makes b too small and not b-positive.",
            ),
            *_completeness(whole, completeness),
        )
    truth = _read_truth(settings, layout)
    section.add(*_terms(terms, truth.get("stations"), bool(facts["settings"]["station_terms"])))
    if "events" in truth and np.isfinite(magnitude).any():
        section.add(*_against_truth(found, truth["events"]))
    return section


def _lead(found: pa.Table, facts: dict[str, Any]) -> str:
    measured = int(facts["events"].get("measured", 0))
    clipped = int(np.sum(found.column("clipped_count").to_numpy() > 0))
    words = (
        f"{count(measured, 'event')} of {found.num_rows:,} {verb(measured, 'has', 'have')} a "
        f"magnitude ({facts['formula']})"
    )
    if measured:
        error = float(np.nanmedian(found.column("magnitude_error").to_numpy()))
        words += f", with a median error of {error:.2f}"
    words += (
        f". Attenuation is {facts['settings']['attenuation']}: "
        f"{facts['spreading']:.3f} log10(r/100) + {facts['absorption_per_km']:.5f} (r - 100)."
    )
    if facts.get("level_error"):
        words += (
            f" The level of all together is known to {facts['level_error']:.2f}: that of the mean "
            "site, by the scatter of the stations' terms."
        )
    if clipped:
        words += (
            f" {count(clipped, 'event')} {verb(clipped, 'has', 'have')} clipped amplitudes, which "
            "are lower bounds and were not used."
        )
    saturated = int(np.sum(found.column("is_saturated").to_numpy(zero_copy_only=False)))
    if saturated:
        words += f" {count(saturated, 'event')} may be larger: the scale saturates there."
    return words


def _statuses(found: pa.Table) -> Grid:
    status = pd.Series(found.column("magnitude_status").to_pylist()).value_counts()
    return Grid(
        ("Magnitude", "Events"),
        [(words, f"{status[k]:,}") for k, words in STATUS_WORDS.items() if k in status.index],
        "What became of the magnitude of every event; the reason of each is in magnitudes.parquet, "
        "that of each amplitude in station_magnitudes.parquet.",
        (False, True),
    )


def _law(whole: pd.DataFrame, bin_width: float) -> FrequencyMagnitude:
    names = ("completeness", "b_value", "b_value_error", "b_positive", "b_positive_error")
    is_known = len(whole) > 0 and whole.iloc[0]["completeness_method"] != "none"
    values = [float(whole.iloc[0][n]) if is_known else math.nan for n in names]
    least, b, b_sd, positive, positive_sd = values
    return FrequencyMagnitude(least, b, b_sd, positive, positive_sd, bin_width)


def _completeness(whole: pd.DataFrame, rows: pd.DataFrame) -> list[Any]:
    if not len(whole) or whole.iloc[0]["completeness_method"] == "none":
        why = whole.iloc[0]["reason"] if len(whole) else "no magnitudes"
        return [Text(f"Completeness and b-values are not given: {why}.", "note")]
    first = whole.iloc[0]
    apart = first["b_positive"] - first["b_value"]
    width = math.hypot(first["b_positive_error"], first["b_value_error"])
    blocks: list[Any] = [
        Grid(
            ("Method", "Completeness", "95 % range", "Found in", "b", "Events"),
            [_method_row(row) for _, row in whole.iterrows()],
            "Magnitude of completeness with its range and the share of resampled catalogs in which "
            "it is found; b from there on, with its standard error. b-positive is "
            f"{first['b_positive']:.2f} ± {first['b_positive_error']:.2f} "
            f"({int(first['b_positive_count']):,} differences).",
            (False, True, True, True, True, True),
        )
    ]
    if apart > 2.0 * width:
        blocks.append(Text(
            "b-positive is larger than b by more than twice their errors: events are missing after "
            "large ones, and b is too small.", "warning",
        ))  # fmt: skip
    parts = rows[(rows["completeness_method"] == "maximum_curvature")
                 & (rows["catalog_scope"] != "catalog")]  # fmt: skip
    if len(parts) > 1:
        blocks.append(Grid(
            ("Window or cell", "Events", "Completeness", "b", "b-positive"),
            [_place_row(row) for _, row in parts.head(_PLACES).iterrows()],
            f"Windows of time and cells with enough events, {min(len(parts), _PLACES)} of "
            f"{len(parts)}; all are in completeness.parquet.",
            (False, True, True, True, True),
        ))  # fmt: skip
    return blocks


def _method_row(row: pd.Series) -> tuple[Any, ...]:
    known = math.isfinite(row["completeness"])
    return (
        METHOD_WORDS[row["completeness_method"]],
        f"{row['completeness']:.2f}" if known else DASH,
        f"{row['completeness_low']:.2f} to {row['completeness_high']:.2f}"
        if math.isfinite(row["completeness_low"])
        else DASH,
        percent(row["completeness_share"]),
        _with_error(row["b_value"], row["b_value_error"]),
        f"{int(row['b_count']):,}",
    )


def _place_row(row: pd.Series) -> tuple[Any, ...]:
    if row["catalog_scope"] == "window":
        name = f"{row['start_time']:%Y-%m-%d} to {row['end_time']:%Y-%m-%d}"
    else:
        name = f"{row['latitude']:.2f}°, {row['longitude']:.2f}° ({row['cell_deg']:g}°)"
    return (
        name,
        f"{int(row['magnitude_count']):,}",
        f"{row['completeness']:.2f}",
        _with_error(row["b_value"], row["b_value_error"]),
        _with_error(row["b_positive"], row["b_positive_error"]),
    )


def _with_error(value: float, error: float) -> str:
    return f"{value:.2f} ± {error:.2f}" if math.isfinite(value) else DASH


def _read_truth(settings: Settings, layout: RunLayout) -> dict[str, pa.Table]:
    """Return true events and stations of a simulated run; nothing of others."""
    facts = layout.ingest / "simulation.json"
    if settings.simulation is None or not facts.exists():
        return {}
    folder = open_item(read_json(facts)["folder"])
    names = {"events": "true_events", "stations": "true_stations"}
    files = {k: folder / f"{n}.parquet" for k, n in names.items()}
    return {k: read_table(f, names[k]) for k, f in files.items() if f.exists()}


def _terms(terms: pd.DataFrame, truth: pa.Table | None, is_estimated: bool) -> list[Any]:
    known = terms[np.isfinite(terms["magnitude_term"])]
    if not is_estimated or not len(known):
        return []
    names = [f"{n}.{s}".strip(".") for n, s in zip(known["network"], known["station"], strict=True)]
    true = None
    words = "Terms of stations, added to their magnitudes, with standard errors."
    if truth is not None:
        joined = known.merge(truth.to_pandas(), on=["network", "station"], how="left")
        true = -joined["amplitude_term"].to_numpy()
        true = true - np.nanmean(true) + float(known["magnitude_term"].mean())
        off = known["magnitude_term"].to_numpy() - true
        words += (
            " Those of the simulation (set to the same mean) differ by "
            f"{math.sqrt(float(np.nanmean(off**2))):.3f} (root mean square)."
        )
    return [
        page_picture(
            partial(plot_magnitude_terms, names, known["magnitude_term"].to_numpy(),
                    known["magnitude_term_error"].to_numpy(), true),
            "Station terms of magnitudes.", words,
        )
    ]  # fmt: skip


def _against_truth(found: pa.Table, truth: pa.Table) -> list[Any]:
    """Return magnitudes over the true ones, and how often stated errors hold them."""
    own, true = match_truth(found, truth)
    magnitude, error = (found.column(n).to_numpy()[own] for n in ("magnitude", "magnitude_error"))
    given = truth.column("magnitude").to_numpy()[true]
    good = np.isfinite(magnitude + given)
    if not good.any():
        return []
    magnitude, error, given = magnitude[good], error[good], given[good]
    off = magnitude - given
    middle = float(np.median(off))
    inside = [float(np.mean(np.abs(o) < error)) for o in (off, off - middle)]
    spread = 1.4826 * float(np.median(np.abs(off - middle)))
    return [
        Heading("Magnitudes and the simulated truth"),
        Text(
            f"{count(off.size, 'event')} with a magnitude {verb(off.size, 'is', 'are')} one of the "
            f"simulation. Magnitudes are off by {middle:+.2f} (median), and scatter by "
            f"{spread:.2f} around that. Stated standard errors hold the truth in "
            f"{percent(inside[0])} of them, and in {percent(inside[1])} once the median is taken "
            "off; right errors hold 68 %. The true magnitude is that of amplitudes without noise."
        ),
        page_picture(
            partial(plot_true_magnitudes, given, magnitude, error),
            "Measured magnitudes over the true ones.",
            "Measured magnitudes with standard errors over the true ones.",
        ),
    ]


def match_truth(found: pa.Table, truth: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of found events and of the true ones that they are, one to one.

    The nearest in time and place first; pairs apart by more than 3 s or 30 km are none.
    """
    times = [
        time_values(t.column("origin_time")).astype("datetime64[ns]").astype(np.int64) / 1e9
        for t in (found, truth)
    ]
    order = np.argsort(times[1], kind="stable")
    low, high = (np.searchsorted(times[1][order], times[0] + s) for s in (-_SAME_S, _SAME_S))
    width = high - low
    own = np.repeat(np.arange(found.num_rows), width)
    step = np.arange(own.size) - np.repeat(np.cumsum(width) - width, width)
    true = order[np.repeat(low, width) + step]
    places = [
        t.column(n).to_numpy()[rows]
        for t, rows in ((found, own), (truth, true))
        for n in ("longitude", "latitude")
    ]
    known = np.isfinite(sum(places))
    distance = np.full(own.size, np.inf)
    distance[known] = distance_azimuth(*(p[known] for p in places))[0]
    apart = np.abs(times[0][own] - times[1][true]) / _SAME_S + distance / _SAME_KM
    pairs: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for i in np.argsort(apart, kind="stable").tolist():
        a, b = int(own[i]), int(true[i])
        if distance[i] <= _SAME_KM and a not in taken[0] and b not in taken[1]:
            pairs.append((a, b))
            taken[0].add(a)
            taken[1].add(b)
    matched = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return matched[:, 0], matched[:, 1]
