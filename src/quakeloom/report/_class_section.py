"""Classes of events in the report: counts, hours, likely quarries; the truth where it is known."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from quakeloom.classification import CLASS_OF_SOURCE, CLASSES, measure_class_reliability
from quakeloom.config import Settings
from quakeloom.core import local_position
from quakeloom.plots import local_hours, plot_event_classes
from quakeloom.report._blocks import Grid, Heading, Section, Text, page_picture
from quakeloom.report._found_events_section import compare_with_truth
from quakeloom.report._phrases import DASH, count, number, percent, verb
from quakeloom.store import RunLayout, open_item, read_json, read_table

CLASS_WORDS = {
    "earthquake": "earthquakes",
    "low_frequency": "tremor and low-frequency earthquakes",
    "blast": "quarry blasts",
    "teleseism": "far earthquakes",
    "noise": "noise",
}
"""Words for classes."""

_WORK_HOURS = (7.0, 18.0)
"""Local hours in which quarries work."""

_QUARRY_KM, _QUARRY_BLASTS = 4.0, 3
"""Blasts within so many km of each other, and at least so many, are of one quarry (chosen here)."""

_ROWS = 10
"""Quarries, and events without a class, that are listed."""


def class_section(settings: Settings, layout: RunLayout) -> Section:
    """Return how many events are of each class, when and where they come, and what is true."""
    section = Section("classes", "Classes of events")
    if not layout.table("event_classes").exists():
        return section
    found = pd.DataFrame(read_table(layout.table("event_classes"), "event_classes").to_pandas())
    has = found["class_status"] == "classified"
    rows = [
        [CLASS_WORDS[c], f"{int((found['event_class'] == c).sum()):,}",
         number(float(found.loc[has, f"probability_{c}"].sum()), 1),
         _median(found.loc[found["event_class"] == c, "frequency_index"])]
        for c in CLASSES
    ]  # fmt: skip
    section.add(
        Text(
            f"{count(int(has.sum()), 'event')} {verb(int(has.sum()), 'has', 'have')} a class, by "
            "the records of their stations alone: the hour of the day was not looked at.",
            "lead",
        ),
        Grid(["Class", "most probable", "sum of probabilities", "frequency index"], rows,
             "The frequency index is log10 of the amplitudes of S from 10 to 20 Hz over those "
             "from 1 to 4 Hz, corrected for attenuation; medians.",
             [False, True, True, True]),
    )  # fmt: skip
    left = found[~has]
    if len(left):
        reasons = left["class_reason"].value_counts().head(_ROWS)
        section.add(
            Grid(["Events without a class, why", "events"],
                 [[r, f"{n:,}"] for r, n in reasons.items()], numeric=[False, True])
        )  # fmt: skip
    places = _with_places(found[has], layout)
    known = places[places["longitude"].notna() & places["latitude"].notna()]
    if len(known):
        hours = local_hours(known["time"], known["longitude"])
        section.add(
            page_picture(
                partial(
                    plot_event_classes, known["longitude"].to_numpy(float),
                    known["latitude"].to_numpy(float), hours, known["event_class"].tolist(),
                ),
                "Map of events by class, and events of each class by hour of the day.",
                "Blasts keep to working hours, earthquakes do not: an excess of earthquakes by day "
                "at one place may be a quarry that was not recognized.",
            )
        )  # fmt: skip
        _add_quarries(section, known, hours)
    if settings.simulation is not None and settings.simulation.continuous is not None:
        folder = open_item(read_json(layout.ingest / "simulation.json")["folder"])
        _add_truth(section, found[has], compare_with_truth(layout, folder).events)
    return section


def _median(values: Any) -> str:
    known = values[values.notna()]
    return number(float(known.median()), 2) if len(known) else DASH


def _with_places(found: pd.DataFrame, layout: RunLayout) -> pd.DataFrame:
    """Return events with origin time and place, as they were located or as the source has them."""
    name = "hypocenters" if layout.table("hypocenters").exists() else "events"
    columns = ["event_id", "origin_time", "longitude", "latitude"]
    table = pd.DataFrame(read_table(layout.table(name), name, columns).to_pandas())
    table["time"] = pd.to_datetime(table["origin_time"], utc=True).dt.tz_localize(None)
    return found.merge(table, on="event_id", how="left")


def _add_quarries(section: Section, known: pd.DataFrame, hours: Any) -> None:
    """List places with several blasts, most of them in working hours."""
    blast = (known["event_class"] == "blast").to_numpy()
    lon, lat = (known[n].to_numpy(float)[blast] for n in ("longitude", "latitude"))
    hour = np.asarray(hours)[blast]
    free = np.ones(lon.size, bool)
    rows: list[list[str]] = []
    while free.any() and len(rows) < _ROWS:
        near = np.zeros((lon.size, lon.size), bool)
        for i in np.flatnonzero(free):
            north, east = local_position(lon[i], lat[i], lon, lat)
            near[i] = (np.hypot(north, east) < _QUARRY_KM) & free
        best = int(near.sum(axis=1).argmax())
        own = near[best]
        if own.sum() < _QUARRY_BLASTS:
            break
        works = (hour[own] >= _WORK_HOURS[0]) & (hour[own] < _WORK_HOURS[1])
        rows.append(
            [f"{lat[own].mean():.3f}", f"{lon[own].mean():.3f}", f"{int(own.sum())}",
             percent(float(works.mean()))]
        )  # fmt: skip
        free &= ~own
    if rows:
        section.add(
            Grid(["Likely quarry: latitude", "longitude", "blasts",
                  f"from {_WORK_HOURS[0]:.0f} to {_WORK_HOURS[1]:.0f} h local time"], rows,
                 f"Places with {_QUARRY_BLASTS} blasts or more within {_QUARRY_KM:g} km.",
                 [True] * 4)
        )  # fmt: skip


def _add_truth(section: Section, found: pd.DataFrame, events: pd.DataFrame) -> None:
    """Say how many classes are right, and whether probabilities are."""
    true = events.set_index("event_id")["source_class"].reindex(found["event_id"])
    label = np.array([CLASSES.index(CLASS_OF_SOURCE.get(c, "noise")) for c in true], np.int64)
    probability = found[[f"probability_{c}" for c in CLASSES]].to_numpy(float)
    if not label.size:
        return
    chosen = probability.argmax(axis=1)
    right = int((chosen == label).sum())
    table = np.zeros((len(CLASSES), len(CLASSES)), int)
    np.add.at(table, (label, chosen), 1)
    rows = [
        [CLASS_WORDS[c], *(f"{n:,}" for n in table[k])]
        for k, c in enumerate(CLASSES) if table[k].any()
    ]  # fmt: skip
    measured = measure_class_reliability(probability, label)
    section.add(
        Heading("Beside the truth"),
        Text(
            f"{right} of {label.size} classes are right ({percent(right / label.size, 1)}); "
            "events of no source that more than half of their picks are of count as noise."
        ),
        Grid(["True class", *(c.replace("_", " ") for c in CLASSES)], rows,
             numeric=[False, *[True] * len(CLASSES)]),
    )  # fmt: skip
    bins = [
        [f"{n:,}", percent(s, 1), percent(a, 1), percent(e, 1)]
        for n, s, a, e in zip(
            measured.count, measured.stated, measured.actual, measured.error, strict=True
        )
        if n
    ]
    section.add(
        Grid(["Probabilities of all classes", "stated", "true", "standard error"], bins,
             f"The mean difference of stated and true is {measured.expected_error:.4f}.",
             [True] * 4)
    )  # fmt: skip
