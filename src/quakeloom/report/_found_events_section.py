"""Events that a run found in picks over all time, and how they compare with the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import local_position
from quakeloom.plots import plot_events_over_time, plot_recall
from quakeloom.report._blocks import Grid, Heading, Section, Text, page_picture, picture
from quakeloom.report._phrases import count, number, percent, verb
from quakeloom.simulate import Arrivals, Bursts, match_sources, within_bursts
from quakeloom.store import Item, RunLayout, open_item, read_json, read_table

_LOCAL = ("earthquake", "swarm", "aftershock", "blast")
"""Sources that a run should find, and locate as earthquakes are."""

_WITHOUT_ONSET = ("tremor", "low_frequency")
"""Sources whose bursts are no events of a catalog, whether found or not."""

_STATIONS, _SNR = 4, 5.0
"""An event should be found whose P and S both have this signal-to-noise ratio at so many stations
(chosen here)."""

_FALSE_ROWS = 15
"""False events that are listed."""

_REASONS = {
    "no_time": "has no time",
    "other_phase": "is neither P nor S",
    "no_station": "is of a station that no table has",
    "no_event": "is near no event",
    "other_pick_taken": "is beside the pick that the event has",
    "far_in_time": "is too far from the expected time",
    "unlikely": "is more likely false at that distance",
}
"""Reasons of picks without an event, in words."""


def found_events_section(settings: Settings, layout: RunLayout) -> Section:
    """Return events over time, what became of picks and records, and the truth where there is."""
    section = Section("found", "Events found")
    events = pd.DataFrame(read_table(layout.table("associations"), "associations").to_pandas())
    picks = read_table(layout.table("assignments"), "assignments").num_rows
    left = read_table(layout.table("unassigned_picks"), "unassigned_picks")
    false = float((1.0 - events["probability_real"]).sum())
    section.add(
        Text(
            f"{count(len(events), 'event')} found in {count(picks + left.num_rows, 'pick')}; "
            f"{number(false, 1)} of them expected to be false.",
            "lead",
        )
    )
    if len(events):
        counts = events["pick_count_p"] + events["s_pick_count"]
        time = events["origin_time"].dt.tz_localize(None).to_numpy()
        section.add(
            page_picture(
                partial(plot_events_over_time, time, counts),
                "Picks of events over time, and events by hour of the day.",
                "Each point is an event. Events that keep to working hours may be blasts.",
            )
        )
    reasons = Counter(left.column("unassigned_reason").to_pylist())
    if reasons:
        rows = [[_REASONS.get(r, r), f"{n:,}"] for r, n in reasons.most_common()]
        section.add(Grid(["A pick without an event", "picks"], rows, numeric=[False, True]))
    if settings.detects:
        _add_records(section, layout)
    if settings.simulation is not None and settings.simulation.continuous is not None:
        folder = open_item(read_json(layout.ingest / "simulation.json")["folder"])
        _add_truth(section, compare_with_truth(layout, folder))
    return section


def _add_records(section: Section, layout: RunLayout) -> None:
    """Say what became of the records of every instrument and day."""
    days = pd.DataFrame(read_table(layout.table("detection_days"), "detection_days").to_pandas())
    picked = days["picked_s"].sum() / 3600.0
    section.add(
        Heading("Records"),
        Text(
            f"{number(picked, 0)} hours of {count(days['station'].nunique(), 'station')} were "
            f"picked: {days['p_count'].sum():,} P and {days['s_count'].sum():,} S."
        ),
    )
    rows = [
        [str(status).replace("_", " "), f"{len(group):,}", _common(group["reason"])]
        for status, group in days.groupby("detection_status", sort=True)
    ]
    section.add(
        Grid(["Instruments and days", "rows", "most frequent reason"], rows,
             numeric=[False, True, False])
    )  # fmt: skip


def _common(reasons: Any) -> str:
    found = Counter(r for r in reasons if r)
    return found.most_common(1)[0][0] if found else ""


@dataclass(frozen=True)
class FoundTruth:
    """Events found, beside the true ones.

    Attributes
    ----------
    events : pandas.DataFrame
        One row an event, with ``source`` (-1 none), ``doubled``, ``source_class`` (`none` for
        false ones), ``epicenter_km``, ``depth_off_km``, ``origin_off_s`` and whether the true place
        is ``within`` the 95 % of stated errors (epicenter; NaN where not located).
    true : pandas.DataFrame
        One row a true event, with ``found`` and ``is_due``: it should be found.
    """

    events: pd.DataFrame
    true: pd.DataFrame


def compare_with_truth(layout: RunLayout, folder: Item) -> FoundTruth:
    """Compare the events of a run with those of the simulation in a folder.

    An event is of the source that more than half of its picks are of
    (:func:`quakeloom.simulate.match_sources`).
    """
    true = _frame(folder, "true_events")
    arrivals = _frame(folder, "true_arrivals")
    events = pd.DataFrame(read_table(layout.table("associations"), "associations").to_pandas())
    picks = pd.DataFrame(read_table(layout.table("assignments"), "assignments").to_pandas())
    located = pd.DataFrame(read_table(layout.table("hypocenters"), "hypocenters").to_pandas())
    events = events.merge(located, on="event_id", how="left", suffixes=("_found", ""))
    codes = {s: i for i, s in enumerate(sorted({*arrivals["station"], *picks["station"]}))}
    start = true["origin_time"].min()
    source, doubled = match_sources(
        _arrivals(picks, events["event_id"], codes, picks["time"], start),
        _arrivals(
            arrivals, true["event_id"], codes,
            arrivals["time"] + pd.to_timedelta(arrivals["clock_error_s"], unit="s"), start,
        ),
        len(events),
    )  # fmt: skip
    classes = true["source_class"].to_numpy(object)
    events["source"], events["doubled"] = source, doubled
    events["source_class"] = np.where(source >= 0, classes[source], "none")
    near = _near_tremor(events, true) & (source < 0)
    events.loc[near, "source_class"] = "tremor"
    _measure_errors(events, true, source)
    is_good = (arrivals["arrival_snr"] >= _SNR) & arrivals["is_sound"]
    is_good &= arrivals["clock_error_s"] == 0.0
    phases = arrivals[is_good].groupby(["event_id", "station"])["phase"].nunique()
    stations = (phases == 2).groupby("event_id").sum()
    is_due = true["event_id"].map(stations).fillna(0) >= _STATIONS
    true["is_due"] = is_due & true["source_class"].isin(_LOCAL)
    true["found"] = np.isin(np.arange(len(true)), source)
    return FoundTruth(events, true)


def _frame(folder: Item, name: str) -> pd.DataFrame:
    return pd.DataFrame(read_table(folder / f"{name}.parquet", name).to_pandas())


def _arrivals(
    rows: pd.DataFrame, owners: Any, codes: dict[str, int], time: Any, start: pd.Timestamp
) -> Arrivals:
    number_of = {e: i for i, e in enumerate(owners)}
    return Arrivals(
        np.array([number_of[e] for e in rows["event_id"]], np.int64),
        np.array([codes[s] for s in rows["station"]], np.int64),
        (time - start).dt.total_seconds().to_numpy(float),
    )


def _near_tremor(events: pd.DataFrame, true: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which events are of a burst of tremor, in time and place."""
    bursts = true[true["source_class"].isin(_WITHOUT_ONSET)]
    start = true["origin_time"].min()

    def seconds(times: Any) -> NDArray[np.float64]:
        return np.asarray((times - start).dt.total_seconds(), float)

    return within_bursts(
        seconds(events["origin_time_found"]),
        events["longitude_found"].to_numpy(float),
        events["latitude_found"].to_numpy(float),
        Bursts(
            seconds(bursts["origin_time"]),
            *(bursts[n].to_numpy(float) for n in ("source_duration_s", "longitude", "latitude")),
        ),
    )


def _measure_errors(events: pd.DataFrame, true: pd.DataFrame, source: NDArray[np.int64]) -> None:
    """Add how far hypocenters are from the truth, and whether stated errors hold it."""
    own = true.iloc[np.maximum(source, 0)].reset_index(drop=True)
    north, east = (np.full(len(events), np.nan) for _ in range(2))
    for i in np.flatnonzero((source >= 0) & events["longitude"].notna().to_numpy()):
        north[i], east[i] = local_position(
            float(own["longitude"][i]), float(own["latitude"][i]),
            float(events["longitude"][i]), float(events["latitude"][i]),
        )  # fmt: skip
    events["epicenter_km"] = np.hypot(north, east)
    events["depth_off_km"] = np.where(source >= 0, events["depth_km"] - own["depth_km"], np.nan)
    late = (events["origin_time"] - own["origin_time"]).dt.total_seconds()
    events["origin_off_s"] = np.where(source >= 0, late, np.nan)
    cov = {c: events[f"cov_{c}"].to_numpy(float) for c in ("nn", "ee", "en")}
    determinant = cov["nn"] * cov["ee"] - cov["en"] ** 2
    distance = (
        cov["ee"] * north**2 - 2.0 * cov["en"] * north * east + cov["nn"] * east**2
    ) / determinant
    # 95 % of chi-square with two degrees of freedom
    events["within"] = np.where(np.isfinite(distance), distance < 5.99, np.nan)
    low, high = events["depth_025_km"], events["depth_975_km"]
    held = (low <= own["depth_km"]) & (own["depth_km"] <= high)
    events["depth_within"] = np.where(np.isfinite(distance), held, np.nan)


def _add_truth(section: Section, compared: FoundTruth) -> None:
    """Say what was found, missed and false, and whether stated errors hold."""
    events, true = compared.events, compared.true
    due = true[true["is_due"]]
    local = events["source_class"].isin([*_LOCAL, "teleseism"]) & ~events["doubled"]
    false = events[events["source_class"] == "none"]
    bursts = events["source_class"].isin(_WITHOUT_ONSET)
    doubled = int(events["doubled"].sum())
    judged = len(events) - int(bursts.sum())
    section.add(
        Heading("Beside the truth"),
        Text(
            f"{int(due['found'].sum())} of {len(due)} events were found whose P and S both stand "
            f"out {_SNR:g} times at {_STATIONS} stations ({percent(due['found'].mean(), 1)}). "
            f"Of {judged} events that are no tremor, {int(local.sum())} are true "
            f"({percent(local.sum() / max(judged, 1), 1)}), {len(false)} false, and {doubled} "
            f"{verb(doubled, 'is', 'are')} another one found twice; {int(bursts.sum())} more are "
            "bursts of tremor or low-frequency earthquakes."
        ),
    )
    quakes = true[true["source_class"].isin(_LOCAL)]
    edges = np.arange(np.floor(quakes["magnitude"].min() * 2) / 2,
                      quakes["magnitude"].max() + 0.5, 0.5)  # fmt: skip
    if edges.size > 1:
        found = np.histogram(quakes.loc[quakes["found"], "magnitude"], edges)[0]
        every = np.histogram(quakes["magnitude"], edges)[0]
        section.add(
            picture(
                plot_recall(edges, found, every - found),
                "True events that were found and missed, by magnitude.",
                "Earthquakes, swarms, aftershocks and blasts.",
            )
        )
    good = events[local & events["epicenter_km"].notna()]
    rows = [
        [what, *_quantiles(good[column]), percent(float(good[held].mean()), 1) if held else ""]
        for what, column, held in (
            ("epicenter (km)", "epicenter_km", "within"),
            ("depth (km)", "depth_off_km", "depth_within"),
            ("origin time (s)", "origin_off_s", ""),
        )
    ]
    section.add(
        Grid(["Error", "median", "90 % below", "in the stated 95 %"], rows,
             f"{len(good)} located events.", [False, True, True, True])
    )  # fmt: skip
    if len(false):
        rows = [
            [r["event_id"], f"{r['pick_count_p'] + r['s_pick_count']}", f"{r['both_count']}",
             number(r["probability_real"], 3)]
            for _, r in false.head(_FALSE_ROWS).iterrows()
        ]  # fmt: skip
        section.add(
            Grid(["False event", "picks", "stations with P and S", "probability of being real"],
                 rows, numeric=[False, True, True, True])
        )  # fmt: skip


def _quantiles(values: Any) -> list[str]:
    """Return the median and the 90 % quantile of absolute errors in words."""
    return [number(float(values.abs().quantile(q))) for q in (0.5, 0.9)]
