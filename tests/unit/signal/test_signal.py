"""Records: causal resampling, absolute windows, quality, joining of channels."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import SettingsError
from quakeloom.signal import (
    Piece,
    WindowGrid,
    check_filter,
    cut_windows,
    flag_names,
    flag_quality,
    high_pass_causally,
    make_records,
    resample_causally,
    sample_number,
    sample_time,
    signal_to_noise,
    stack_windows,
    window_starts,
)

START = 1_577_880_000_123_456_789
NANO = 1_000_000_000


@pytest.mark.parametrize("rate", [125.0, 200.0, 250.0])
def test_waves_below_the_cut_stay_where_they_are(rate):
    t = np.arange(int(rate * 40)) / rate
    wave = np.sin(2 * np.pi * 3.0 * t) + 0.5 * np.sin(2 * np.pi * 7.3 * t)
    out, start = resample_causally(wave, START, rate, 100.0)
    at = (start - START) / NANO + np.arange(out.size) / 100.0
    true = np.sin(2 * np.pi * 3.0 * at) + 0.5 * np.sin(2 * np.pi * 7.3 * at)
    # the dispersion of a minimum-phase kernel with a cut at 40 Hz is 0.3 ms at 7 Hz: 0.7 %
    assert np.abs(out - true)[100:].max() < 0.01


@pytest.mark.parametrize("rate", [50.0, 125.0, 250.0])
def test_nothing_moves_ahead_of_an_onset_but_the_constant_delay(rate):
    samples = np.zeros(int(60 * rate))
    onset = int(30 * rate)
    samples[onset:] = np.exp(-np.arange(samples.size - onset) / (0.2 * rate))
    out, start = resample_causally(samples, START, rate, 100.0)
    time = (start - START) / NANO + np.arange(out.size) / 100.0
    # a windowed sinc of zero phase would ring 12 % of the step on both sides
    delay = 0.0183 if rate > 100 else 0.0366
    assert np.all(out[time < 30.0 - delay - 1.0 / rate] == 0.0)
    assert out[: int(np.argmax(out))].min() >= 0.0


def test_where_a_record_starts_does_not_change_what_comes_out():
    wave = np.random.default_rng(1).normal(size=5000).cumsum()
    out, start = resample_causally(wave, START, 125.0, 100.0)
    later, begin = resample_causally(wave[7:], START + round(7e9 / 125), 125.0, 100.0)
    shift = round((begin - start) * 100 / NANO)
    np.testing.assert_allclose(out[shift + 60 :], later[60:], rtol=0, atol=1e-4)


def test_zero_phase_filters_are_refused():
    check_filter("causal")
    with pytest.raises(SettingsError, match="zero-phase"):
        check_filter("filtfilt")
    with pytest.raises(SettingsError, match="is no filter"):
        check_filter("median")


def test_a_causal_high_pass_leaves_what_was_before_an_onset_untouched():
    data = np.zeros(1000)
    data[500:] = 1.0
    out = high_pass_causally(data, 1.0, 100.0)
    assert np.all(out[:500] == 0.0)
    assert out[500] > 0.8


def test_times_of_samples_are_whole_and_exact_for_any_year():
    for rate in (20.0, 62.5, 100.0, 250.0):
        number = sample_number(START, rate)
        assert sample_number(sample_time(number, rate), rate) == number
    assert sample_time(126_000_000_003, 100.0) == 1_260_000_000_030_000_000


def test_windows_depend_on_absolute_time_alone():
    grid = WindowGrid(100, 50, 10)
    for first in (0, 7, 12_345):
        regular, edges = window_starts(grid, first, 430)
        assert np.all((regular + first) % 50 == 0)
        covered = np.zeros(430, dtype=bool)
        for s in (*regular, *edges):
            covered[s : s + 100] = True
        assert covered.all()


def test_grids_that_leave_gaps_are_refused():
    with pytest.raises(ValueError, match="leave gaps"):
        WindowGrid(100, 110, 0)
    with pytest.raises(ValueError, match="leave gaps"):
        WindowGrid(100, 60, 21)
    with pytest.raises(ValueError, match="leave gaps"):
        WindowGrid(100, 50, 30)


def test_stacking_what_was_cut_gives_the_record_back():
    grid = WindowGrid(100, 50, 20)
    record = np.random.default_rng(2).normal(size=(2, 333)).astype(np.float32)
    regular, edges = window_starts(grid, 13, 333)
    stacked = stack_windows(
        grid,
        (regular, cut_windows(record, regular, 100)),
        (edges, cut_windows(record, edges, 100)),
        333,
    )
    np.testing.assert_allclose(stacked, record, rtol=1e-6)


def test_quality_flags_name_what_is_wrong():
    r = np.random.default_rng(3)
    noise = r.normal(size=2000)
    clipped = np.clip(20 * np.sin(np.arange(2000) / 9.0) + noise, -12, 12)
    spike = noise.copy()
    spike[700] = 500.0
    nan = noise.copy()
    nan[3] = np.nan
    cases = {
        (): noise,
        ("dead",): np.zeros(100),
        ("constant",): np.full(100, 7),
        ("clipped",): clipped,
        ("spikes",): spike,
        ("nan",): nan,
        ("short",): np.zeros(1),
    }
    for names, data in cases.items():
        assert tuple(flag_names(flag_quality(data))) == names


def piece(channel, start_s, samples, rate=100.0):
    return Piece(channel, START // NANO * NANO + round(start_s * NANO), rate, samples)


def test_components_are_joined_and_a_missing_one_is_zero():
    r = np.random.default_rng(4)
    z, n = r.normal(size=1000) + 1e6, r.normal(size=1000)
    records, problems = make_records([piece("HHZ", 0, z), piece("HH1", 0, n)], "ENZ", 100.0)
    (record,) = records
    assert not problems
    assert record.channels == ["", "HH1", "HHZ"]
    assert not record.data[0].any()
    np.testing.assert_allclose(record.data[2], z - z.mean(), atol=1e-4)


def test_pieces_that_follow_are_one_record_and_a_gap_makes_two():
    data = np.random.default_rng(5).normal(size=1000)
    joined, _ = make_records(
        [piece("HHZ", 0, data[:600]), piece("HHZ", 6, data[600:])], "ENZ", 100.0
    )
    assert [r.data.shape[1] for r in joined] == [1000]
    apart, _ = make_records([piece("HHZ", 0, data[:500]), piece("HHZ", 9, data[500:])], "ENZ", 100)
    assert [r.data.shape[1] for r in apart] == [500, 500]


def test_overlaps_are_cut_and_said():
    data = np.random.default_rng(6).normal(size=1000)
    records, problems = make_records(
        [piece("HHZ", 0, data[:600]), piece("HHZ", 5, data[500:])], "ENZ", 100.0
    )
    np.testing.assert_allclose(records[0].data[2], data - data.mean(), atol=1e-6)
    assert any("100 samples overlap" in p for p in problems)


def test_a_seam_between_files_of_another_rate_leaves_no_trace():
    data = np.random.default_rng(7).normal(size=5000).cumsum()
    whole, _ = make_records([piece("HHZ", 0, data, 200.0)], "ENZ", 100.0)
    parts, _ = make_records(
        [piece("HHZ", 0, data[:2000], 200.0), piece("HHZ", 10, data[2000:], 200.0)], "ENZ", 100.0
    )
    assert np.array_equal(whole[0].data, parts[0].data)


def test_a_mostly_missing_component_counts_as_missing_and_short_records_are_left_out():
    data = np.random.default_rng(8).normal(size=1000)
    records, _ = make_records([piece("HHZ", 0, data), piece("HHN", 0, data[:300])], "ENZ", 100.0)
    assert not records[0].data[1].any()
    assert any("covers only 30 %" in p for p in records[0].problems)
    none, problems = make_records([piece("HHZ", 0, data[:100])], "ENZ", 100.0)
    assert not none
    assert any("shorter" in p for p in problems)


def test_signal_to_noise_is_the_ratio_of_amplitudes():
    r = np.random.default_rng(9)
    data = r.normal(size=1000)
    data[500:] *= 10.0
    assert signal_to_noise(data, 500, 100.0) == pytest.approx(10.0, rel=0.3)
    assert np.isnan(signal_to_noise(data, 20, 100.0))
