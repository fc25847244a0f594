"""Flaws change what they say they change, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from quakeloom.core import InputError, string_keys
from quakeloom.simulate import (
    FLAWS,
    apply_record_flaws,
    draw_record_flaws,
    draw_record_parameters,
    flawed_arrivals,
    noise_level,
    simulate_ground_noise,
    simulate_seismograms,
)

RATE = 100.0


def _records(count: int = 6, samples: int = 400) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((count, 3, samples)).astype(np.float32)


def _sound(count: int):
    return draw_record_flaws(string_keys([f"r{i}" for i in range(count)], 1), 400, 0.0)


def test_sound_records_stay_as_they_are():
    data = _records()
    out, recorded = apply_record_flaws(data, _sound(6), RATE)
    np.testing.assert_array_equal(out, data)
    assert recorded.all()
    assert not any(found.any() for found in _sound(6).kinds().values())


def test_flaws_of_a_record_depend_on_its_key_alone():
    keys = string_keys([f"r{i}" for i in range(300)], 1)
    kinds = tuple(k for k in FLAWS if k != "second_event")
    data = _records(300)
    one = slice(123, 124)
    all_of_them = apply_record_flaws(data, draw_record_flaws(keys, 400, 0.5, kinds=kinds), RATE)
    alone = apply_record_flaws(data[one], draw_record_flaws(keys[one], 400, 0.5, kinds=kinds), RATE)
    for everywhere, here in zip(all_of_them, alone, strict=True):
        np.testing.assert_array_equal(everywhere[one], here)


def test_every_kind_comes_about_as_often_as_asked_and_changes_its_records():
    keys = string_keys([f"r{i}" for i in range(4000)], 2)
    data = _records(4000, 60)
    for kind in FLAWS:
        flaws = draw_record_flaws(keys, 60, 0.1, kinds=(kind,))
        found = flaws.kinds()
        # four standard deviations of a binomial share
        assert abs(found[kind].mean() - 0.1) < 4 * np.sqrt(0.1 * 0.9 / 4000)
        assert not any(found[other].any() for other in FLAWS if other != kind)
        out, _ = apply_record_flaws(data, flaws, RATE)
        changed = (out != data).any(axis=(1, 2))
        assert not changed[~found[kind]].any()
        assert changed[found[kind]].mean() > 0.9


def test_a_late_clock_moves_waves_and_arrivals_alike():
    data = _records(1)
    flaws = replace(_sound(1), clock_error_s=np.array([0.25]))
    out, recorded = apply_record_flaws(data, flaws, RATE)
    np.testing.assert_array_equal(out[0, :, :375], data[0, :, 25:])
    assert recorded[0, :375].all()
    assert not recorded[0, 375:].any()
    assert flawed_arrivals(np.array([2.0]), flaws, RATE)[0] == pytest.approx(1.75)


def test_reversal_turns_the_vertical_only_and_crossed_cables_move_components():
    data = _records(2)
    flaws = replace(
        _sound(2),
        sign=np.array([[-1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]),
        order=np.array([[0, 1, 2], [2, 1, 0]]),
    )
    out, _ = apply_record_flaws(data, flaws, RATE)
    np.testing.assert_array_equal(out[0], data[0] * np.array([[-1], [1], [1]], np.float32))
    np.testing.assert_array_equal(out[1], data[1][[2, 1, 0]])


def test_clipping_bounds_the_record_and_a_gap_is_reported():
    data = _records(1)
    flaws = replace(
        _sound(1),
        clip_share=np.array([0.3]),
        gap_start=np.array([100]),
        gap_samples=np.array([50]),
        dead_components=np.array([6]),
    )
    out, recorded = apply_record_flaws(data, flaws, RATE)
    assert np.abs(out).max() == pytest.approx(0.3 * np.abs(data).max(), rel=1e-6)
    assert not recorded[0, 100:150].any()
    assert recorded[0].sum() == 350
    assert (out[0, 1:] == 0.0).all()
    assert out[0, 0, :100].any()


def test_a_second_event_is_the_other_record_later_and_larger():
    data = _records(2)
    flaws = replace(
        _sound(2),
        second_row=np.array([1, -1]),
        second_shift=np.array([40, 0]),
        second_gain=np.array([2.0, 1.0]),
    )
    out, _ = apply_record_flaws(data, flaws, RATE)
    np.testing.assert_allclose(
        out[0, :, 40:], data[0, :, 40:] + 2 * data[1, :, :360], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(out[1], data[1])


def test_simulated_seismograms_take_flaws():
    keys = string_keys([f"s{i}" for i in range(20)], 4)
    made = simulate_seismograms(draw_record_parameters(keys), 900)
    out, recorded = apply_record_flaws(made.data, draw_record_flaws(keys, 900, 0.5), RATE)
    assert np.isfinite(out).all()
    assert (out[np.broadcast_to(~recorded[:, None], out.shape)] == 0.0).all()


def test_wrong_numbers_are_refused_with_a_remedy():
    with pytest.raises(InputError, match="between 0 and 1"):
        draw_record_flaws(string_keys(["a"], 1), 100, 2.0)
    with pytest.raises(InputError, match="clipped"):
        draw_record_flaws(string_keys(["a"], 1), 100, 0.1, kinds=("torn",))
    with pytest.raises(InputError, match="one row of flaws"):
        apply_record_flaws(_records(3), _sound(2), RATE)


def test_noise_levels_are_those_of_peterson_and_order():
    """Acceleration in dB at the corners of the published tables (Peterson 1993)."""
    f = np.array([1.0 / 0.4, 1.0, 1.0 / 4.6])
    to_acceleration = (2 * np.pi * f) ** 2
    low = 10 * np.log10(noise_level(f, 0.0) * to_acceleration)
    high = 10 * np.log10(noise_level(f, 1.0) * to_acceleration)
    # -166.70 at 0.4 s by either segment, -166.40 at 1 s, -141.10 at 4.6 s; to the last digit
    # printed in the tables.
    np.testing.assert_allclose(low, [-166.7, -166.4, -141.1], atol=0.01)
    np.testing.assert_allclose(high[1:], [-116.85, -96.5], atol=0.05)
    assert (noise_level(f, 0.5) > noise_level(f, 0.2)).all()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_simulated_noise_has_the_power_that_was_asked_for(share):
    keys = string_keys([f"n{i}" for i in range(30)], 6)
    noise = simulate_ground_noise(keys, 6000, RATE, share)
    frequency, power = welch(noise, RATE, nperseg=2048)
    band = (frequency > 0.5) & (frequency < 40.0)
    ratio = power.mean(axis=(0, 1))[band] / noise_level(frequency[band], share)
    # 90 records with five overlapping windows each scatter by some 6 %; the microseism's steep
    # flank leaks a little into its neighbors
    np.testing.assert_allclose(10 * np.log10(ratio), 0.0, atol=1.5)


def test_noise_of_a_record_depends_on_its_key_alone():
    keys = string_keys([f"n{i}" for i in range(9)], 6)
    np.testing.assert_array_equal(
        simulate_ground_noise(keys, 500, RATE)[4:5], simulate_ground_noise(keys[4:5], 500, RATE)
    )
