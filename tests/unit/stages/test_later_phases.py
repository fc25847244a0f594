"""Only the first P is a P: PP, PcP and pP give no first motion, window or score."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.config import Settings
from quakeloom.config._locate_models import Locate
from quakeloom.report._reading_accuracy import judge_picks
from quakeloom.schema import is_first_p, make_table, phase_class, table_schema
from quakeloom.stages.archive.record_sets import Instrument
from quakeloom.stages.locate.events import _Readings
from quakeloom.stages.polarity.verbs import _given_picks
from quakeloom.stages.training.evaluation import evaluate_pick_tables
from quakeloom.stages.window.expected_arrivals import ArrivalBook
from quakeloom.stages.without_a_run.polarity_folder import _p_picks
from quakeloom.store import RunLayout, write_table

ORIGIN = np.datetime64("2020-01-01T00:00", "ns")
FIRST_P = ("P", "Pg", "iPn", "p", "PN")
FIRST_S = ("S", "Sg", "eS", "SN")
LATER = ("PP", "PcP", "pP", "PmP", "PKKP", "sP", "SS", "ScS", "PS", "SP", "T", "")


def picks_of(*named: tuple[str, float]) -> pa.Table:
    """Picks of one event at one station, with seconds after the origin."""
    names, seconds = zip(*named, strict=True)
    time = ORIGIN + (np.array(seconds) * 1e9).astype("timedelta64[ns]")
    count = len(named)
    return make_table(
        "picks",
        {"event_id": ["e"] * count, "network": ["XX"] * count, "station": ["A"] * count,
         "phase": list(names), "time": time},
    )  # fmt: skip


@pytest.mark.parametrize("phase", LATER)
def test_a_later_phase_is_neither_first_p_nor_first_s(phase):
    assert not phase_class(phase)
    assert not is_first_p(phase)


@pytest.mark.parametrize("later", LATER)
def test_windows_are_cut_at_the_first_arrivals(later):
    """The earliest of P names counts, whatever stands after it in the table."""
    settings = Settings(
        name="x", sources=[{"path": "a"}], waveforms={"archives": ["b"]},
        takeoff={"models": ["generic_crust"]},
    )  # fmt: skip
    events = make_table(
        "events",
        {"event_id": ["e"], "origin_time": np.array([ORIGIN]), "longitude": [20.0],
         "latitude": [30.0], "depth_km": [5.0]},
    )  # fmt: skip
    picks = picks_of(("Pg", 22.0), ("Pn", 20.0), ("Sg", 40.0), ("Sn", 36.0), (later, 10.0))
    none = table_schema("polarities").empty_table()
    book = ArrivalBook(settings, events, table_schema("stations").empty_table(), picks, none, None)
    found = book.arrivals(Instrument("XX", "A", "", "HH"))
    seconds = (np.array([found.p[0], found.s[0]]) - ORIGIN.astype(np.int64)) * 1e-9
    assert seconds == pytest.approx([20.0, 36.0])
    assert found.given.all()


def test_the_stage_polarity_reads_at_first_p_only(tmp_path):
    layout = RunLayout(tmp_path)
    named = [(n, float(i)) for i, n in enumerate((*FIRST_P, *LATER, *FIRST_S))]
    write_table(layout.rows("p0") / "picks.parquet", "picks", picks_of(*named))
    found, _, _ = _given_picks(layout, "p0")
    assert found.column("phase").to_pylist() == list(FIRST_P)


def test_first_motions_of_a_folder_are_read_at_first_p_only():
    found = _p_picks(picks_of(*((n, 1.0) for n in (*FIRST_P, *LATER, *FIRST_S))))
    assert [p["phase"] for p in found] == list(FIRST_P)


def test_locations_take_first_arrivals_by_their_class():
    names = (*FIRST_P, *LATER, *FIRST_S)
    stations = make_table(
        "stations", {"network": ["XX"], "station": ["A"], "longitude": [20.0], "latitude": [30.0]}
    )
    table = picks_of(*((n, 1.0) for n in names))
    found = _Readings(Locate(models=["generic_crust"]), table, stations, True, None).phase.tolist()
    expected = ["P"] * len(FIRST_P) + list(LATER) + ["S"] * len(FIRST_S)
    assert found == expected


@pytest.mark.parametrize("later", LATER)
def test_references_of_scores_are_first_arrivals(later):
    own, known = picks_of(("P", 20.0), ("S", 36.0)), picks_of(("Pn", 20.0), (later, 21.0))
    scores = evaluate_pick_tables(own, known)
    assert set(scores) == {"P"}
    assert scores["P"]["references"] == 1
    windows = make_table(
        "windows", {"event_id": ["e"], "network": ["XX"], "station": ["A"], "window": [0]}
    )
    judged = judge_picks(own, windows, known, complete=False)
    assert set(judged) == {"P"}
    assert judged["P"].references == 1
