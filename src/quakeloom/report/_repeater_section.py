"""Repeating earthquakes in the report: how consistent first motions are without the truth."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from quakeloom.polarity import measure_consistency
from quakeloom.report._blocks import Grid, Section, Text
from quakeloom.report._phrases import count, percent, verb
from quakeloom.report._reading_accuracy import judge_readings
from quakeloom.report._results import RunResults

_LEAST = (0.0, 0.5, 0.8, 0.9, 0.96, 0.98)
"""Amounts of p_up - p_down from which both readings of a pair count; chosen here: probabilities of
0.5 to 0.99."""

_STATIONS = 40
"""Stations that are listed; chosen here, the table has all of them."""


def repeater_section(results: RunResults) -> Section:
    """Return how often readings of repeating earthquakes agree, in all and by station."""
    section = Section("repeaters", "First motions of repeating earthquakes")
    if not results.has("repeaters"):
        return section
    families = set(results.table("repeaters").column("family").to_pylist())
    if not families:
        section.add(Text("No two earthquakes of this run are alike at enough stations.", "lead"))
        return section
    pairs = results.table("repeater_pairs")
    first, second, correlation = (
        pairs.column(c).to_numpy()
        for c in ("probability_up", "other_probability_up", "correlation")
    )
    mirrored = correlation < 0.0
    found = [measure_consistency(first, second, mirrored, t) for t in _LEAST]
    events = results.table("repeaters").num_rows
    text = (
        f"{count(events, 'event')} in {count(len(families), 'family', 'families')} are alike at "
        f"{count(pairs.num_rows, 'pair')} of seismograms."
    )
    if found[0].pairs:
        text += (
            f" Their first motions agree in {percent(found[0].share, 1)} of "
            f"{count(found[0].pairs, 'pair')}: {percent(found[0].error_rate, 1)} of single "
            "readings must be wrong." + _simulated_error(results, pairs)
        )
    mirror_images = int(np.sum(mirrored))
    if mirror_images:
        text += (
            f" {count(mirror_images, 'pair')} of seismograms {verb(mirror_images, 'is', 'are')} "
            "mirror images of each other."
        )
    section.add(
        Text(text, "lead"),
        Grid(
            ("Minimum probability", "Pairs", "Agree", "Readings wrong"),
            [
                (
                    f"{0.5 + t / 2:.2f}",
                    f"{c.pairs:,}",
                    percent(c.share, 1),
                    percent(c.error_rate, 1),
                )
                for t, c in zip(_LEAST, found, strict=True)
                if c.pairs
            ],
            "Two readings of one family at one station must agree, or differ where the seismograms "
            "are mirror images. Errors are taken for independent.",
            (True, True, True, True),
        ),
    )
    stations = results.table("repeater_stations").to_pylist()
    rows = [r for r in stations if r["mirrored_count"] or r["agreeing_count"] < r["judged_count"]]
    if not rows:
        return section
    quiet = len(stations) - len(rows)
    rows.sort(key=lambda r: (-r["mirrored_count"], r["agreeing_share"], r["station"]))
    section.add(
        Grid(
            ("Station", "Pairs", "Mirror images", "Judged", "Agree", "Readings wrong"),
            [
                (
                    f"{r['network']}.{r['station']}", r["pair_count"], r["mirrored_count"],
                    r["judged_count"], _percent(r["agreeing_share"]),
                    _percent(r["reading_error_rate"]),
                )
                for r in rows[:_STATIONS]
            ],
            "The polarity of stations with mirror images was reversed in between; entries for the "
            "reversal table are in repeater_reversals.parquet. Of "
            f"{count(len(stations), 'station')} with pairs, {quiet:,} {verb(quiet, 'has', 'have')} "
            "neither mirror images nor readings that disagree.",
            (False, True, True, True, True, True),
        )
    )  # fmt: skip
    return section


def _simulated_error(results: RunResults, pairs: pa.Table) -> str:
    facts = results.waveforms
    if facts.get("authority") != "simulated truth":
        return ""
    picks, windows = (results.table(n) for n in ("picks", "windows"))
    judged = judge_readings(facts["readings"], picks, windows, facts["reference"])
    right = judged.set_index(["event_id", "station"])["right"]
    read = [
        key
        for name in ("event_id", "other_event_id")
        for key in zip(
            pairs.column(name).to_pylist(), pairs.column("station").to_pylist(), strict=True
        )
    ]
    wrong = 1.0 - float(right[right.index.isin(set(read))].mean())
    return f" By the simulated truth {percent(wrong, 1)} of them are."


def _percent(value: float) -> str:
    return percent(value) if math.isfinite(value) else ""
