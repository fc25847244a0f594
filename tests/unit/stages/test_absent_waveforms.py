"""Where there is no waveform: gaps of continuous records, and stations that were not triggered."""

from pathlib import Path

import numpy as np

from quakeloom.stages.archive.index import IndexBuilder
from quakeloom.stages.archive.record_sets import IndexRow, Instrument
from quakeloom.stages.window.expected_arrivals import NO_TIME
from quakeloom.stages.window.wanted_windows import WantedWindow, one_per_station

HOUR = 3_600_000_000_000
FAST, SLOW = (Instrument("XX", "S", "", band) for band in ("HH", "BH"))


def files(hours: list[tuple[float, float]]) -> list[IndexRow]:
    """Three components of one instrument, recorded between the given hours."""
    return [
        IndexRow(FAST, f"HH{c}", round(a * HOUR), round(b * HOUR), 100.0, Path(f"{a}{c}"))
        for a, b in hours
        for c in "ZNE"
    ]


def is_triggered(rows: list[IndexRow]) -> bool:
    builder = IndexBuilder()
    builder.add(0, rows)
    return bool(builder.finish(["a"], np.zeros((1, 3), np.int64)).is_triggered.all())


def wanted(event: int, instrument: Instrument = FAST) -> WantedWindow:
    return WantedWindow(event, instrument, 0, 10, 20, 5.0, ())


def test_an_hour_that_is_missing_makes_no_triggered_archive():
    assert not is_triggered(files([(0, 10), (11, 24)]))
    assert not is_triggered(files([(0, 0.02)]))
    assert is_triggered(files([(0, 0.02), (5, 5.02), (23, 23.02)]))


def test_a_gap_of_continuous_records_is_told_for_every_event():
    silent = [(wanted(e, i), False) for e in (3, 4) for i in (SLOW, FAST)]
    rows = one_per_station(silent, [wanted(4)])
    assert [(w.event, w.instrument, status) for w, status, _ in rows] == [(3, SLOW, "no_waveform")]
    assert "none of 2 instruments" in rows[0][2]


def test_events_that_did_not_trigger_a_station_are_one_row():
    silent = [(wanted(e), True) for e in range(9)]
    ((row, status, reason),) = one_per_station(silent, [wanted(2)])
    assert (row.event, row.expected_p, status) == (-1, NO_TIME, "not_triggered")
    assert "8 event" in reason


def test_one_continuous_instrument_makes_a_gap_a_gap():
    silent = [(wanted(3, FAST), True), (wanted(3, SLOW), False)]
    assert [status for _, status, _ in one_per_station(silent, [])] == ["no_waveform"]
