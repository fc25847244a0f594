"""Picks and first motions are judged by the simulated truth or by an analyst, and told so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from quakeloom.report import build_report
from quakeloom.report._reading_accuracy import (
    equal_groups,
    judge_picks,
    judge_readings,
    precision_recall,
)
from quakeloom.schema import make_table

ORIGIN = np.datetime64("2020-01-01T00:00:00", "ns")
STATIONS = [f"S{k:02d}" for k in range(40)]


def seconds(values) -> np.ndarray:
    late = np.round(np.asarray(values, float) * 1e9).astype("timedelta64[ns]")
    return ORIGIN + late


@pytest.fixture
def tables() -> dict:
    """One event at 40 stations: P is 0.5 s late at every tenth, S is picked at half of them.

    Every fifth first motion is read wrong, with a probability of 0.6; the others have 0.95.
    """
    k = np.arange(40)
    truth = np.where(k % 2, 1, -1)
    read = np.where(k % 5, truth, -truth)
    sure = np.where(k % 5, 0.95, 0.6)
    p = 5.0 + 0.1 * k
    place = {"event_id": ["e"] * 40, "network": ["XX"] * 40, "station": STATIONS}
    p_picks = {
        **place, "phase": ["P"] * 40, "time": seconds(p + np.where(k % 10, 0.02, 0.5)),
        "probability": 0.4 + 0.01 * k, "snr": 1.0 + k,
    }  # fmt: skip
    s_picks = {
        **{n: v[:20] for n, v in place.items()}, "phase": ["S"] * 20,
        "time": seconds(1.73 * p[:20]), "probability": [0.9] * 20, "snr": [3.0] * 20,
    }  # fmt: skip
    picks = {n: np.concatenate([p_picks[n], s_picks[n]]) for n in p_picks}
    reference = {
        **{n: v * 2 for n, v in place.items()}, "phase": ["P"] * 40 + ["S"] * 40,
        "time": seconds(np.concatenate([p, 1.73 * p])),
        "polarity": np.concatenate([truth, 0 * truth]),
    }  # fmt: skip
    return {
        "picks": make_table("picks", {n: list(v) if n != "time" else v for n, v in picks.items()}),
        "reference": make_table("reference_arrivals", reference),
        "windows": make_table(
            "windows",
            {**place, "window": k, "window_status": ["cut"] * 40, "distance_km": 2.0 * k},
        ),
        "readings": make_table(
            "polarities",
            {**place, "channel": ["HHZ"] * 40, "polarity": read,
             "probability_up": np.where(read > 0, sure, 1.0 - sure),
             "arrival_time": p_picks["time"]},
        ),
    }  # fmt: skip


def test_a_pick_is_right_within_its_tolerance(tables):
    found = judge_picks(tables["picks"], tables["windows"], tables["reference"], True)
    assert found["P"].references == found["S"].references == 40
    assert np.sum(np.abs(found["P"].residual_s) <= 0.1) == 36
    assert found["S"].residual_s.size == 20


def test_a_pick_where_a_record_holds_no_arrival_is_wrong_and_an_analyst_who_is_silent_says_nothing(
    tables,
):
    reference = tables["reference"].slice(1)  # without P of the first station
    for complete, picks in ((True, 40), (False, 39)):
        found = judge_picks(tables["picks"], tables["windows"], reference, complete)["P"]
        assert (found.references, found.residual_s.size) == (39, picks)
        assert np.isinf(found.residual_s).sum() == picks - 39


def test_arrivals_without_a_window_are_not_asked_for(tables):
    found = judge_picks(tables["picks"], tables["windows"].slice(0, 30), tables["reference"], True)
    assert found["P"].references == 30


def test_readings_have_their_truth_confidence_ratio_and_distance(tables):
    names = ("readings", "picks", "windows", "reference")
    rows = judge_readings(*(tables[n] for n in names))
    assert len(rows) == 40
    assert rows["right"].sum() == 32
    assert sorted(set(rows["confidence"].round(6))) == [0.6, 0.95]
    assert np.allclose(rows["snr"], 1.0 + np.arange(40))
    assert np.allclose(rows["distance_km"], 2.0 * np.arange(40))


def test_a_higher_threshold_trades_recall_for_precision():
    score, right = [0.9, 0.3, 0.5, 0.5], [True, False, True, False]
    at, precision, recall = precision_recall(score, right, references=4)
    assert at.tolist() == [0.3, 0.5, 0.9]
    assert precision.tolist() == pytest.approx([0.5, 2 / 3, 1.0])
    assert recall.tolist() == [0.5, 0.5, 0.25]
    # nothing reaches 0.95
    assert precision_recall(score, right, 4, [0.4, 0.95])[0].tolist() == [0.4]


def test_groups_are_of_equal_size_and_leave_unknown_values_out():
    groups = equal_groups([3.0, np.nan, 1.0] * 20, least=10, most=3)
    assert [g.size for g in groups] == [14, 13, 13]
    assert equal_groups([np.nan] * 40) == []


@pytest.mark.parametrize("authority", ["simulated truth", "analyst"])
def test_the_page_says_who_judges(make_results, tables, authority):
    results = make_results(6, truth=authority != "analyst")
    wave = np.sin(np.arange(70) / 4.0).astype(np.float32)
    run = dataclasses.replace(
        results,
        tables={**results.tables, "picks": tables["picks"], "windows": tables["windows"]},
        waveforms={
            "picker": "a", "reader": "b", "authority": authority,
            "reference": tables["reference"], "readings": tables["readings"],
            "excerpt": lambda row: (wave, 100.0, 35), "is_part": False,
            "window_status": {"cut": 40}, "phases": {"P": 40},
        },
    )  # fmt: skip
    html = build_report(run)
    section = html[html.index('id="waveforms"') :].split("</section>")[0].replace("\n", " ")
    assert "32 of 40\N{NO-BREAK SPACE}first motions agree with" in section
    assert section.count("<img") == 5
    other = {"analyst": "simulated truth", "simulated truth": "analyst"}[authority]
    assert authority in section
    assert other not in section
