"""Simulated records obey the physics they are made from, and their keys."""

import numpy as np
import pytest

from quakeloom.core import string_keys
from quakeloom.simulate import draw_record_parameters, simulate_seismograms

RATE = 100.0


def _clean(count: int, **values):
    """Parameters of records without noise, scattering or ringing filters."""
    keys = string_keys([f"test{i}" for i in range(count)], 3)
    p = draw_record_parameters(keys, p_time_s=(5.0, 5.0), s_minus_p_s=(4.0, 6.0))
    zero = np.zeros(count)
    plain = {
        "snr": zero + 1e6,
        # a first swing that the sampling can show
        "corner_hz": np.minimum(p.corner_hz, 30.0),
        "coda_strength": zero,
        "bridge_strength": zero,
        "split_delay_s": zero,
        "is_linear_phase": np.zeros(count, bool),
        "head_delay_s": zero,
        "head_strength": zero + 1.0,
        "layer_reflection": zero,
        "conversion_strength": zero,
        "subevents": np.zeros(count, np.int64),
    }
    return p.with_values(**{**plain, **values})


def test_the_first_motion_of_the_vertical_has_the_sign_of_the_radiation():
    p = _clean(200)
    p = p.with_values(p_radiation=np.where(np.abs(p.p_radiation) < 0.3, 0.7, p.p_radiation))
    # the onset above what rings of the sampling
    made = simulate_seismograms(p, 1200, onset_share=(0.1, 0.1))
    at = np.rint(made.p_onset_s * RATE).astype(int) + 1
    first = made.data[np.arange(200), 0, at] - made.data[np.arange(200), 0, :400].mean(axis=1)
    assert (np.sign(first) == np.sign(p.p_radiation)).all()
    assert (made.polarity == np.sign(p.p_radiation)).all()


def test_hardly_anything_moves_before_p_through_causal_filters():
    # A broadband seismometer's tail of a minute is longer than the record, and what leaves it at
    # the end comes back at its beginning (1.5 % of the peak at most).
    p = _clean(50, snr=np.full(50, 1e9), instrument=np.zeros(50, np.int64))
    made = simulate_seismograms(p, 1200)
    before = np.abs(made.data[:, :, 100:480]).max(axis=(1, 2))
    peak = np.abs(made.data).max(axis=(1, 2))
    # noise is a billion times smaller; what is left comes of the sampling at 100 Hz, since the
    # filter's spectrum does not end at the Nyquist frequency
    assert (before < 5e-3 * peak).all()


def test_onsets_follow_arrivals_closely_when_there_is_no_noise():
    p = _clean(100)
    made = simulate_seismograms(p, 1800)
    assert np.all(made.p_onset_s > 4.97)
    assert np.median(made.p_onset_s - p.p_time_s) < 0.05
    assert np.median(np.abs(made.s_onset_s - p.s_time_s)) < 0.06


def test_a_horizontal_source_direction_turns_the_horizontals():
    p = _clean(2, back_azimuth_deg=np.array([180.0, 270.0]))
    p = p.take(np.array([0, 0])).with_values(back_azimuth_deg=np.array([180.0, 270.0]))
    made = simulate_seismograms(p, 1000)
    # the wave travels north in one, east in the other
    window = slice(480, 620)
    north, east = made.data[0, 1, window], made.data[1, 2, window]
    assert np.abs(made.data[0, 2, window]).max() < 1e-3 * np.abs(north).max()
    np.testing.assert_allclose(north, east, atol=1e-3 * np.abs(north).max())


def test_stronger_attenuation_lowers_the_frequency():
    weak, strong = _clean(1), _clean(1, t_star_p_s=np.array([0.2]))
    weak = weak.with_values(t_star_p_s=np.array([0.001]), corner_hz=np.array([30.0]))
    strong = strong.with_values(corner_hz=np.array([30.0]))

    def center(p):
        data = simulate_seismograms(p, 1000).data[0, 0, 480:800]
        power = np.abs(np.fft.rfft(data)) ** 2
        return float((power * np.fft.rfftfreq(data.size, 1 / RATE)).sum() / power.sum())

    assert center(strong) < 0.5 * center(weak)


@pytest.mark.parametrize("vertical_only", [False, True])
def test_a_record_does_not_depend_on_the_others(vertical_only):
    keys = string_keys([f"alone{i}" for i in range(130)], 3)
    all_of_them = simulate_seismograms(
        draw_record_parameters(keys), 900, vertical_only=vertical_only
    )
    one = simulate_seismograms(
        draw_record_parameters(keys[97:98]), 900, vertical_only=vertical_only
    )
    np.testing.assert_array_equal(all_of_them.data[97:98], one.data)
    np.testing.assert_array_equal(all_of_them.p_onset_s[97:98], one.p_onset_s)


def test_the_noise_has_standard_deviation_one_on_the_vertical():
    keys = string_keys([f"noise{i}" for i in range(60)], 3)
    p = draw_record_parameters(keys, snr=(1e-6, 1e-6))
    made = simulate_seismograms(p, 3000, vertical_only=True)
    np.testing.assert_allclose(made.data[:, 0].std(axis=1), 1.0, atol=0.02)


def test_scattered_waves_swell_between_p_and_s():
    count = 40
    p = _clean(count, sv_radiation=np.zeros(count), sh_radiation=np.zeros(count))
    quiet = simulate_seismograms(p, 1400).data
    bridged = p.with_values(bridge_strength=np.ones(count), bridge_growth=np.ones(count))
    added = simulate_seismograms(bridged, 1400).data - quiet
    early, late = (np.sqrt((added[:, :, k : k + 150] ** 2).mean(axis=(1, 2))) for k in (500, 700))
    assert np.abs(added[:, :, :490]).max() < 1e-2 * np.abs(quiet).max()
    assert np.median(late / early) > 1.5


def test_a_head_wave_in_the_noise_is_not_the_first_arrival():
    count = 30
    delay = np.full(count, 2.0)
    p = _clean(
        count, snr=np.full(count, 30.0), head_delay_s=delay, head_strength=np.full(count, 1e-4),
        p_radiation=np.full(count, -0.8), later_p_radiation=np.full(count, 0.8),
    )  # fmt: skip
    hidden = simulate_seismograms(p, 1800)
    clear = simulate_seismograms(p.with_values(head_strength=np.full(count, 0.9)), 1800)
    assert (hidden.polarity == 1).all()
    assert (clear.polarity == -1).all()
    assert np.nanmedian(hidden.p_onset_s - p.p_time_s) > 1.9
    assert np.nanmedian(clear.p_onset_s - p.p_time_s) < 0.1


def test_s_stands_out_less_where_more_is_scattered_before_it():
    p = _clean(30)
    clear = simulate_seismograms(p, 1800)
    blurred = simulate_seismograms(p.with_values(bridge_strength=np.ones(30)), 1800)
    assert (blurred.s_contrast < clear.s_contrast).all()
