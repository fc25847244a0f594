"""The station report: reversed spans, coins, and nothing out of too little."""

import numpy as np

from quakeloom.mechanism import report_pick_kinds, report_stations


def make_readings(n, seed, wrong=0.08):
    r = np.random.default_rng(seed)
    predicted = np.where(r.random(n) < 0.5, r.uniform(0.85, 1, n), r.uniform(0, 0.15, n))
    sign = np.where(predicted > 0.5, 1, -1) * np.where(r.random(n) < wrong, -1, 1)
    times = np.datetime64("2000-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D")
    return times, sign.astype(np.int8), predicted


def test_a_station_turned_for_a_time_is_found_with_its_span():
    times, sign, predicted = make_readings(400, 1)
    sign[100:180] *= -1
    report = report_stations(np.zeros(400, dtype=np.int64), times, sign, predicted)
    assert report.verdict.tolist() == ["normal", "reversed", "normal"]
    span = report.first[1], report.last[1]
    assert abs(span[0] - 100) <= 2
    assert abs(span[1] - 179) <= 2
    assert report.log_odds[1] > 50
    assert report.rate[1] > 0.8


def test_good_stations_are_never_called_reversed():
    station = np.repeat(np.arange(300), 100)
    times, sign, predicted = make_readings(station.size, 2)
    report = report_stations(station, np.tile(times[:100], 300), sign, predicted)
    assert report.group.size == 300
    assert set(report.verdict) == {"normal"}


def test_few_readings_give_no_verdict():
    times, sign, predicted = make_readings(5, 3)
    report = report_stations(np.zeros(5, dtype=np.int64), times, sign, predicted)
    assert report.verdict.tolist() == ["too_few"]


def test_a_pick_kind_that_is_random_is_called_a_coin():
    _, sign, predicted = make_readings(400, 4)
    kind = np.repeat([0, 1], 200)
    sign[kind == 1] = np.random.default_rng(5).choice([-1, 1], 200)
    report = report_pick_kinds(kind, sign, predicted)
    assert report.verdict.tolist() == ["normal", "uninformative"]


def test_readings_without_sign_or_prediction_are_left_out():
    times, sign, predicted = make_readings(40, 6, wrong=0)
    sign[:10] = 0
    predicted[10:20] = np.nan
    report = report_stations(np.zeros(40, dtype=np.int64), times, sign, predicted)
    assert report.count.tolist() == [20]
    assert report.contradictions.tolist() == [0]
