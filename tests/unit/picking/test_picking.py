"""Picking: windows, peaks, weights, and that picks do not depend on what is around them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from quakeloom.picking import (
    ClassicalPicker,
    aic_onset,
    build_own_picker,
    choose_s,
    find_peaks,
    normalize_windows,
    pick_records,
    score_picks,
    score_windows,
)
from quakeloom.picking._unet import same_padding
from quakeloom.signal import Record, sample_time

NANO = 1_000_000_000


def seismogram(seconds=120, p=(40.0, 90.0), s_lag=6.0, seed=0):
    """Noise with P on the vertical and S on the horizontals."""
    r = np.random.default_rng(seed)
    n = seconds * 100
    data = r.normal(size=(3, n))
    t = np.arange(n) / 100.0
    for at in p:
        for k, start, size in ((2, at, 30.0), (0, at + s_lag, 60.0), (1, at + s_lag, 60.0)):
            on = t >= start
            data[k, on] += size * (r.normal(size=on.sum())) * np.exp(-(t[on] - start) / 2.0)
    return data.astype(np.float32)


def record(data, first=126_000_000_000):
    return Record(sample_time(first, 100.0), 100.0, data, [0] * 3, ["HHE", "HHN", "HHZ"])


def own_picker():
    weights = Path(__file__).parents[3] / "resources" / "weights" / "picker.npz"
    return build_own_picker(np.load(weights), "own")


def test_a_p_and_an_s_are_found_where_they_are():
    (picks,) = pick_records(ClassicalPicker(), [record(seismogram())])
    start = sample_time(126_000_000_000, 100.0)
    p = [(t - start) / NANO for t, ph in zip(picks.time, picks.phase, strict=True) if ph == "P"]
    s = [(t - start) / NANO for t, ph in zip(picks.time, picks.phase, strict=True) if ph == "S"]
    assert np.abs(np.subtract(p, (40.0, 90.0))).max() < 0.05
    assert np.abs(np.subtract(s[:2], (46.0, 96.0))).max() < 0.1
    assert min(picks.snr) > 3
    assert set(picks.channel) == {"HHZ", "HHE"}


def test_moving_the_start_of_a_record_moves_no_pick():
    data = seismogram(seconds=200, p=(70.0, 110.0, 140.0))
    first = 126_000_000_000
    (whole,) = pick_records(ClassicalPicker(), [record(data, first)])
    for cut in (1, 137, 1499):
        (later,) = pick_records(ClassicalPicker(), [record(data[:, cut:], first + cut)])
        # within a window of the cut the edge may show
        safe = sample_time(first + cut + 3000, 100.0)
        kept = [t for t in whole.time if t >= safe]
        assert len(kept) >= 4
        assert kept == [t for t in later.time if t >= safe]


def test_picks_do_not_depend_on_what_else_is_in_the_batch():
    records = [record(seismogram(seed=i), 10**11 + 997 * i) for i in range(3)]
    together = pick_records(ClassicalPicker(), records)
    for one, many in zip(records, together, strict=True):
        (alone,) = pick_records(ClassicalPicker(), [one])
        assert np.array_equal(alone.time, many.time)
        assert np.array_equal(alone.probability, many.probability)


def test_records_shorter_than_a_window_are_picked_too():
    (picks,) = pick_records(ClassicalPicker(), [record(seismogram(seconds=25, p=(15.0,)))])
    assert "P" in picks.phase


def test_a_peak_has_the_width_of_its_gaussian():
    x = np.arange(1000)
    trace = (0.8 * np.exp(-0.5 * ((x - 400) / 12.0) ** 2)).astype(np.float32)
    position, width, probability = find_peaks(trace, 0.3)
    assert position.tolist() == [400.0]
    assert width[0] == pytest.approx(12.0, rel=0.02)
    assert probability[0] == pytest.approx(0.8)


def test_of_close_peaks_the_surer_stays():
    trace = np.zeros(300, np.float32)
    trace[100], trace[120], trace[250] = 0.5, 0.9, 0.4
    assert find_peaks(trace, 0.3, 50)[0].tolist() == [120.0, 250.0]


def test_every_s_that_is_kept_has_a_p_of_its_own():
    p, s = np.array([10.0, 12.0, 300.0]), np.array([14.0, 17.0, 19.0, 150.0, 301.0, 305.0])
    probability = np.array([0.6, 0.9, 0.4, 0.5, 0.5, 0.7])
    kept = choose_s(p, s, probability, 60.0, 0.5)
    # two events overlap; at 150 no P was seen; of the last two S the surer is the one
    assert s[kept].tolist() == [14.0, 17.0, 150.0, 305.0]
    assert s[choose_s(p, s, probability, 60.0, 0.6)].tolist() == [14.0, 17.0, 305.0]


def test_of_all_choices_of_s_the_surest_is_taken():
    rng = np.random.default_rng(3)
    for _ in range(200):
        p, s = np.sort(rng.uniform(0, 40, 3)), np.sort(rng.uniform(0, 60, 5))
        probability = rng.uniform(0.3, 1.0, 5)
        could = [[j for j in range(3) if 0 < t - p[j] <= 20.0] for t in s]
        orphans = np.array([not c for c in could])
        best = 0.0
        for owners in itertools.product(*([-1, *c] for c in could)):
            taken = [j for j in owners if j >= 0]
            if len(set(taken)) == len(taken):
                best = max(best, probability[np.array(owners) >= 0].sum())
        kept = choose_s(p, s, probability, 20.0, 0.5)
        np.testing.assert_array_equal(kept[orphans], probability[orphans] >= 0.5)
        assert probability[kept & ~orphans].sum() == pytest.approx(best)


def test_aic_splits_noise_from_signal():
    r = np.random.default_rng(1)
    data = np.concatenate([r.normal(size=200), 10 * r.normal(size=100)])
    onset, width = aic_onset(data)
    assert abs(onset - 200) <= 2
    assert width < 3


def test_living_components_are_scaled_for_the_missing_ones():
    r = np.random.default_rng(2)
    windows = (r.normal(size=(1, 3, 3000)) + 1e5).astype(np.float32)
    windows[0, :2] = 0.0
    ready = normalize_windows(windows)
    assert not ready[0, :2].any()
    assert ready[0, 2].std() == pytest.approx(3.0, rel=1e-3)
    windows[0, 0] = 5.0  # constant, so as dead as zero
    assert np.array_equal(normalize_windows(windows), ready)


def test_the_padding_follows_the_length_as_trained():
    # TensorFlow's SAME padding of the four strided convolutions for 3000 samples
    sizes, pads = [3000], []
    for _ in range(4):
        pads.append(same_padding(sizes[-1]))
        sizes.append(-(-sizes[-1] // 4))
    assert pads == [(1, 2), (2, 3), (1, 2), (2, 2)]
    assert same_padding(3001) == (3, 3)


def test_scores_count_every_pick_once():
    times = np.array([10, 20, 55, 90]) * NANO
    truth = np.array([10, 50, 90]) * NANO
    score = score_picks(["a"] * 4, times, ["a", "a", "b"], truth, 0.1)
    assert (score.picks, score.references, score.matched) == (4, 3, 1)
    assert (score.precision, score.recall) == (0.25, pytest.approx(1 / 3))
    spans = [(0, 30 * NANO), (40 * NANO, 60 * NANO), (0, 10**12)]
    narrow = score_picks(["a"] * 4, times, ["a", "a", "b"], truth, 5.0, spans)
    assert (narrow.picks, narrow.matched) == (3, 2)
    assert narrow.mean_s == pytest.approx(2.5)


def test_windows_are_scored_by_their_one_arrival():
    """Found, missed, not to be seen, without an arrival: 1 of 2 found, 2 of 3 picks wrong."""
    traces = np.zeros((4, 1000), np.float32)
    for window, at in ((0, 503), (0, 800), (2, 520), (3, 300)):
        traces[window, at] = 0.9
    arrival = np.array([500.0, 400.0, 500.0, np.nan])
    clear = np.array([True, True, False, True])
    score = score_windows(traces, arrival, clear, 0.1)
    assert (score.picks, score.references, score.matched) == (3, 2, 1)
    assert (score.precision, score.recall) == (pytest.approx(1 / 3), 0.5)
    assert score.mean_s == pytest.approx(0.03)
    assert score_windows(traces, arrival, clear, 0.02).matched == 0
    assert np.isnan(score_windows(traces[1:2], arrival[3:], clear[3:], 0.1).precision)


def test_edges_that_are_not_needed_change_nothing_else():
    picker = own_picker()
    windows = np.random.default_rng(2).normal(size=(3, 3, 3000)).astype(np.float32)
    whole, inner = picker.probabilities(windows), picker.probabilities(windows, 500)
    assert np.array_equal(whole[:, :, 500:-500], inner[:, :, 500:-500])
    assert not inner[:, :, :500].any()
    assert not inner[:, :, -500:].any()


def test_a_window_gives_the_same_bits_in_any_company():
    picker = own_picker()
    windows = np.random.default_rng(4).normal(size=(19, 3, 3000)).astype(np.float32)
    windows[7, 1] = 0.0
    together = picker.probabilities(windows)
    for i in (0, 7, 16, 18):
        assert np.array_equal(picker.probabilities(windows[i : i + 1])[0], together[i])


def test_a_window_without_a_living_component_gives_nothing():
    windows = np.zeros((2, 3, 3000), np.float32)
    windows[1] = np.random.default_rng(0).normal(size=(3, 3000))
    found = own_picker().probabilities(windows)
    assert not found[0].any()
    assert np.isfinite(found[1]).all()
