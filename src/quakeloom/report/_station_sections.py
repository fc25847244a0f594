"""The station report: reversed stations and uninformative pick kinds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.core import fault_vectors, p_radiation, ray_vectors
from quakeloom.plots import plot_contradiction_rates, plot_station_timeline
from quakeloom.report._blocks import Gallery, Grid, Heading, Section, Text, page_picture
from quakeloom.report._catalog import MechanismCatalog
from quakeloom.report._columns import match_rows, number_column, text_column, time_column
from quakeloom.report._phrases import (
    DASH,
    VERDICT_WORDS,
    count,
    day,
    listing,
    number,
    percent,
    term,
    verb,
    whole,
)
from quakeloom.report._results import RunResults

_SHOWN = 30
"""Stations, pick kinds and spans that are shown; chosen here, the table has all of them."""

_TIMELINES = 6
"""Stations whose readings are drawn through time; chosen here."""

_NAMED = 12
"""Reversed spans that the text names; chosen here."""

_ORDER = {"reversed": 0, "mixed": 1, "uninformative": 2, "normal": 3, "too_few": 4}
"""Order of stations by verdict, those to look at first."""


def station_section(results: RunResults, catalog: MechanismCatalog) -> Section:
    """Return the evidence on stations and pick kinds."""
    section = Section("stations", "Station report")
    if "station_report" in results.tables and not results.has("station_report"):
        return section.add(
            Text(
                "The station report is empty: no reading has a prediction from mechanisms that "
                "are acceptable without it.",
                "warning",
            )
        )
    if not results.has("station_report"):
        return section
    rows = results.table("station_report").to_pylist()
    stations = [r for r in rows if r["station"] and not r["pick_kind"]]
    kinds = [r for r in rows if r["pick_kind"] and not r["station"]]
    both = [r for r in rows if r["pick_kind"] and r["station"]]
    reversed_ = [r for r in (*stations, *both) if r["verdict"] == "reversed"]
    uninformative = [r for r in kinds if r["verdict"] == "uninformative"]
    readings = sum(r["polarity_count"] for r in stations)
    against = sum(r["contradiction_count"] for r in stations)
    text = (
        "Each polarity is held against the mechanisms of its event that are acceptable without "
        "it, so that a reading does not support itself. "
    )
    if readings:
        text += f"Of {count(readings, 'reading')} {percent(against / readings, 1)} contradict. "
    if reversed_:
        names = listing([_name(r) for r in reversed_[:_NAMED]])
        text += f"{count(len(reversed_), 'station span')} {verb(len(reversed_), 'looks', 'look')} "
        text += f"reversed: {names}{' and others' if len(reversed_) > _NAMED else ''}. "
    else:
        text += "No station looks reversed. "
    if uninformative:
        kinds_named = listing([f"pick kind {r['pick_kind']}" for r in uninformative])
        text += f"Uninformative: {kinds_named}."
    section.add(Text(text))
    if kinds:
        section.add(*_kind_blocks(kinds))
    if reversed_:
        section.add(_reversal_grid(reversed_))
        section.add(*_timeline_blocks(results, catalog, reversed_))
    shown = [r for r in stations if r["polarity_count"] > 0]
    shown.sort(key=lambda r: (_ORDER.get(r["verdict"], 9), -_rate(r), -r["polarity_count"]))
    if shown:
        part = shown[:_SHOWN]
        draw = partial(
            plot_contradiction_rates,
            [_name(r) for r in part],
            [r["contradiction_count"] for r in part],
            [r["polarity_count"] for r in part],
            [r["verdict"] for r in part],
        )
        rest = f" The first {len(part)} of {len(shown)}." if len(part) < len(shown) else ""
        section.add(
            Heading("Stations"),
            page_picture(
                draw,
                "Share of contradicting polarities per station with confidence intervals.",
                "Share of polarities that contradict, per station and time span, with 95 % "
                "intervals: reversed stations first, then the highest shares. Red: looks "
                f"reversed; purple: mixed; ochre: uninformative.{rest}",
                width="wide",
            ),
        )
    return section


def _kind_blocks(kinds: list[dict[str, Any]]) -> list[Any]:
    kinds = sorted(kinds, key=lambda r: -r["polarity_count"])[:_SHOWN]
    rows = [
        (
            r["pick_kind"],
            whole(r["polarity_count"]),
            whole(r["contradiction_count"]),
            percent(_rate(r), 1),
            VERDICT_WORDS.get(r["verdict"], r["verdict"]),
        )
        for r in kinds
    ]
    draw = partial(
        plot_contradiction_rates,
        [r["pick_kind"] for r in kinds],
        [r["contradiction_count"] for r in kinds],
        [r["polarity_count"] for r in kinds],
        [r["verdict"] for r in kinds],
    )
    return [
        Heading("Pick kinds"),
        page_picture(
            draw,
            "Share of contradicting polarities per pick kind.",
            "Share of polarities that contradict, per onset and weight code of the pick, with "
            "95 % intervals. A kind at 50 % says nothing about the first motion.",
            width="wide",
        ),
        Grid(
            (
                term("Pick kind", "pick_kind"),
                "Readings",
                "Contradict",
                term("Share", "contradiction_rate"),
                term("Verdict", "verdict"),
            ),
            rows,
            "Onset letter and weight code, all stations together.",
            (False, True, True, True, False),
        ),
    ]


def _reversal_grid(rows: list[dict[str, Any]]) -> Grid:
    return Grid(
        (
            "Station",
            "From",
            "To",
            "Readings",
            term("Contradict", "contradiction_rate"),
            term("Log odds", "log_odds"),
            "Evidence",
        ),
        [
            (
                _name(r, span=False),
                day(r["start_time"]) or "open",
                day(r["end_time"]) or "open",
                whole(r["polarity_count"]),
                percent(_rate(r)),
                number(r["log_odds"] if r["log_odds"] is not None else np.nan, 1),
                r["reason"],
            )
            for r in rows[:_SHOWN]
        ],
        "Stations and spans proposed for the reversal table.",
        (False, False, False, True, True, True, False),
    )


def _timeline_blocks(
    results: RunResults, catalog: MechanismCatalog, rows: list[dict[str, Any]]
) -> list[Any]:
    chosen: dict[tuple[str, str], dict[str, Any]] = {}
    for r in sorted(rows, key=lambda r: -r["polarity_count"]):
        chosen.setdefault((r["network"], r["station"]), r)
    pictures = []
    for r in list(chosen.values())[:_TIMELINES]:
        times, agreement = station_agreement(results, catalog, r["network"], r["station"])
        if len(times) == 0:
            continue
        span = (_time(r["start_time"]), _time(r["end_time"]))
        drawn = page_picture(
            partial(plot_station_timeline, times, agreement, span, title=_name(r, False)),
            f"Agreement of the polarities of station {_name(r, False)} through time.",
        )
        if drawn is not None:
            pictures.append(drawn)
    if not pictures:
        return []
    return [
        Gallery(
            pictures,
            "Readings of stations that look reversed, through time: above the line they agree "
            "with the mechanism of their event, below they contradict it; the length says how "
            "sure the prediction is. The dark line is a running mean of 15, the shaded span the "
            "proposed reversal.",
            columns="one",
        )
    ]


def station_agreement(
    results: RunResults, catalog: MechanismCatalog, network: str, station: str
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Return times and signed agreement, -1 to 1, of a station's readings.

    The prediction is the one without the reading itself (``predicted_up``) where the table
    has it, and the radiation of the preferred mechanism elsewhere.
    """
    polarities = results.table("polarities")
    if polarities.num_rows == 0:
        return np.zeros(0, "datetime64[ns]"), np.zeros(0)
    keep = pc.and_(
        pc.equal(polarities.column("station"), station),
        pc.and_(
            pc.equal(polarities.column("network"), network),
            pc.not_equal(polarities.column("polarity"), 0),
        ),
    )
    readings: pa.Table = polarities.filter(keep)
    rows = _rows_of(text_column(readings, "event_id"), catalog.event_id)
    sign = number_column(readings, "polarity")
    agreement = sign * (2.0 * number_column(readings, "predicted_up") - 1.0)
    solved = (rows >= 0) & catalog.solved[np.maximum(rows, 0)] if len(catalog) else rows >= 0
    if solved.any():
        normal, slip = fault_vectors(*catalog.angles[rows[solved]].T)
        rays = ray_vectors(
            number_column(readings, "azimuth_deg")[solved],
            number_column(readings, "takeoff_deg")[solved],
        )
        expected = sign[solved] * p_radiation(normal, slip, rays)
        known = np.isfinite(agreement[solved])
        agreement[solved] = np.where(known, agreement[solved], expected)
    times = time_column(readings, "arrival_time")
    events = results.table("events")
    origin = time_column(events, "origin_time")
    at = _rows_of(text_column(readings, "event_id"), text_column(events, "event_id"))
    if len(origin):
        times = np.where(np.isnat(times) & (at >= 0), origin[np.maximum(at, 0)], times)
    good = np.isfinite(agreement) & ~np.isnat(times)
    return times[good], agreement[good]


def _rows_of(names: NDArray[np.object_], table: NDArray[np.object_]) -> NDArray[np.int64]:
    """Row of each name in a table of unique names, -1 where it is not there."""
    unique = np.array(list(dict.fromkeys(names)), dtype=object)
    first, second = match_rows(unique, table)
    where = {unique[a]: b for a, b in zip(first, second, strict=True)}
    return np.array([where.get(n, -1) for n in names], dtype=np.int64)


def _name(row: dict[str, Any], span: bool = True) -> str:
    name = f"{row['network']}.{row['station']}" if row["network"] else str(row["station"])
    if row.get("pick_kind"):
        name += f" {row['pick_kind']}"
    if span and (row.get("start_time") or row.get("end_time")) and row["verdict"] == "reversed":
        name += f" ({day(row['start_time'])[:4] or '…'}{DASH}{day(row['end_time'])[:4] or '…'})"
    return name


def _rate(row: dict[str, Any]) -> float:
    n = row["polarity_count"]
    return row["contradiction_count"] / n if n else 0.0


def _time(value: Any) -> np.datetime64 | None:
    if value is None:
        return None
    return np.datetime64(value.replace(tzinfo=None) if hasattr(value, "replace") else value, "us")
