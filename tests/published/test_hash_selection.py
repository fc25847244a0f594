"""The tables hold what HASH v1.2 read: the numbers of polarities in its distributed output.

Reference: ``example1.out`` to ``example5.out`` of the HASH v1.2 distribution (Hardebeck &
Shearer, U.S. Geological Survey), 24 aftershocks of the 1994 Northridge earthquake. The rules
by which each driver selects its readings are applied here, in :func:`select_as_hash`; the
counts are whole numbers and must agree exactly.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from quakeloom.core import distance_azimuth
from quakeloom.formats import SourceTables, read_hash_control, read_source


@pytest.fixture(scope="module")
def northridge(shared_data: Path) -> Path:
    return shared_data / "northridge"


@pytest.fixture(scope="module")
def station_lists(northridge: Path) -> dict[str, list[dict]]:
    return {
        name: read_source(northridge / name).stations.to_pylist()
        for name in ("scsn.stations", "scsn.stations_5char")
    }


def read_phases(folder: Path, form: int) -> SourceTables:
    if form == 5:
        return read_source(
            folder / "north5.simul",
            "hash_simul",
            phase_file=folder / "north2.phase",
            station_match="hash",
        )
    name = {1: "north1.phase", 2: "north2.phase", 3: "north2.phase", 4: "north4.phase"}[form]
    return read_source(folder / name, doubled_picks="keep")


def published_counts(file: Path, after_letter: int = -2) -> dict[str, int]:
    """Return a column per event: two before the quality letter are the polarities used."""
    counts = {}
    for line in file.read_text().splitlines():
        words = line[100:].split()
        letter = next(i for i, word in enumerate(words) if word in "ABCDEF")
        counts[line[:16].strip()] = int(words[letter + after_letter])
    return counts


def channel_keys(row: dict) -> list[tuple[str, str, str]]:
    """Return the keys HASH looks for: V and E are one as first letter, the third is free."""
    first, second = row["channel"][:1], row["channel"][1:2]
    other = {"V": "E", "E": "V"}.get(first, first)
    return [(row["station"], row["network"], letter + second) for letter in (first, other)]


def stations_by_key(rows: list[dict]) -> dict[tuple[str, str, str], dict]:
    found: dict[tuple[str, str, str], dict] = {}
    for row in rows:
        found.setdefault((row["station"], row["network"], row["channel"][:2]), row)
    return found


def select_as_hash(
    form: int, tables: SourceTables, stations: list[dict] | None, maximum_distance_km: float
) -> list[dict]:
    """Return the readings that driver ``form`` of HASH v1.2 uses.

    Forms 1 and 5 have distances and weights: at most weight 1, at most the distance, blank
    weight is 0. Forms 2 and 4 want the station in the list (code, network, first two letters
    of the channel, V = E, epochs ignored) and measure the distance in the plane; onset and
    weight exclude nothing. Form 3 takes impulsive readings only, from any distance.
    """
    events = {e["event_id"]: e for e in tables.events.to_pylist()}
    known = stations_by_key(stations or [])
    used = []
    for pick in tables.polarities.to_pylist():
        if not pick["polarity"]:
            continue
        if form in (1, 5):
            if pick["pick_weight"] <= 1 and pick["distance_km"] <= maximum_distance_km:
                used.append(pick)
            continue
        place = next((known[k] for k in channel_keys(pick) if k in known), None)
        if place is None or (form == 3 and pick["onset"] != "I"):
            continue
        event = events[pick["event_id"]]
        distance, _ = distance_azimuth(
            event["longitude"],
            event["latitude"],
            place["longitude"],
            place["latitude"],
            method="flat",
        )
        if form == 3 or distance <= maximum_distance_km:
            used.append(pick)
    return used


@pytest.mark.parametrize("form", [1, 2, 3, 4, 5])
def test_the_polarities_of_every_northridge_event_are_those_hash_used(
    northridge, station_lists, form
):
    control = read_hash_control(northridge / f"example{form}.inp", form)
    stations = station_lists.get(control.get("station_file", ""))
    tables = read_phases(northridge, form)
    assert tables.events.num_rows == 24
    used = select_as_hash(form, tables, stations, control["maximum_distance_km"])
    counts = Counter(pick["event_id"] for pick in used)
    published = published_counts(northridge / f"example{form}.out")
    # HASH writes no line for an event whose gaps are too large: two in form 5
    assert len(published) == (22 if form == 5 else 24)
    assert {e: counts[e] for e in published} == published


def test_the_amplitude_ratios_of_every_northridge_event_are_those_hash_used(
    northridge, station_lists
):
    """The noise before S stands before the P amplitude: only this order gives HASH's numbers."""
    control = read_hash_control(northridge / "example3.inp")
    stations = stations_by_key(station_lists["scsn.stations"])
    corrections = {
        (row["station"], row["channel"][:2])
        for row in read_source(northridge / "north3.statcor").sp_corrections.to_pylist()
    }
    ratio = control["minimum_signal_to_noise"]
    counts: Counter[str] = Counter()
    for row in read_source(northridge / "north3.amp").amplitudes.to_pylist():
        keys = channel_keys(row)
        counts[row["event_id"]] += (
            any(key in stations for key in keys)
            and any((station, channel) in corrections for station, _, channel in keys)
            and row["p_amplitude"] > 0
            and row["p_amplitude"] >= ratio * row["p_noise"]
            and row["s_amplitude"] >= ratio * row["s_noise"]
        )
    published = published_counts(northridge / "example3.out", after_letter=3)
    assert {event: counts[event] for event in published} == published


def test_a_reversal_holds_from_its_first_day_through_its_last(northridge):
    rows = read_source(northridge / "scsn.reverse").reversals.to_pylist()
    spans = [(r["start_time"], r["end_time"]) for r in rows if r["station"] == "LNA"]
    starts = ["1984-01-01", "1986-01-01", "1987-01-01", "1992-01-01"]
    assert [str(start.date()) for start, _ in spans] == starts
    last = spans[0][1]
    assert (str(last.date()), last.hour, last.minute, last.second) == ("1985-08-16", 23, 59, 59)
    assert spans[-1][1] is None
