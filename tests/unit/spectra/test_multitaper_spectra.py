"""Spectra of short windows: pulses, noise, leakage, bands."""

from __future__ import annotations

import numpy as np
import pytest
from own_records import GAIN, Earth, make_record

from quakeloom.spectra import MeasuringChoices, Medium, frequency_bins, log_moment_factor
from quakeloom.spectra import measure_spectra as measure
from quakeloom.spectra._bands import usable_bands
from quakeloom.spectra._multitaper import average_bins, transient_power

F = frequency_bins().center_hz
PLAIN = Earth(
    scattered=0.0, level_scatter=0.0, attenuation_scatter=0.0, misfit=0.0, noise_m_s=1e-12
)


def measured(earth: Earth, magnitude: float, corner: float):
    data, _ = make_record(
        np.random.default_rng(3), 10 ** (1.5 * magnitude + 9.1), corner, 20.0, earth
    )
    return measure(
        data[None, :, 1140:1740], data[None, :, 150:750], 100.0, np.full((1, 3, F.size), GAIN),
        np.array([40.0]), MeasuringChoices(),
    )  # fmt: skip


@pytest.mark.parametrize(("magnitude", "corner"), [(3.0, 4.0), (2.0, 12.0)])
@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_a_pulse_near_the_beginning_of_a_window_keeps_its_spectrum(magnitude, corner, factor):
    # 40 Hz with t* of 0.087 s is 1e-5 of the level: without differences leakage gave e^3 too much
    earth = Earth(**{**PLAIN.__dict__, "factor": factor})
    found = measured(earth, magnitude, corner)
    t_star = factor * (20_000.0 / 3360.0 / 400.0 + 0.02)
    true = np.log(10 ** (1.5 * magnitude + 9.1)) - log_moment_factor("S", 20.0, Medium())
    true = true - np.log1p((F / corner) ** 2) - np.pi * F * t_star
    used = slice(found.bounds[0, 0], found.bounds[0, 1])
    away = (found.log_displacement[0] - true)[used]
    assert F[used][0] < 0.75
    assert F[used][-1] > 35.0
    assert np.abs(away[F[used] < 30.0]).max() < 0.2
    assert abs(away.mean()) < 0.06


def test_stationary_noise_has_its_density_times_the_length_of_the_window():
    random = np.random.default_rng(1)
    data = random.standard_normal((200, 600))
    power = average_bins(transient_power(data, 100.0), 600, 100.0).mean(axis=0)
    # white noise of variance 1 at 100 Hz: 0.01 per Hz, times 6 s
    inside = (F > 1.0) & (F < 40.0)
    assert power[inside] == pytest.approx(np.full(inside.sum(), 0.06), rel=0.12)


def test_two_equal_windows_are_not_told_apart_and_noise_is_taken_off():
    random = np.random.default_rng(2)
    both = random.standard_normal((1, 3, 600))
    found = measure(
        both, random.standard_normal((1, 3, 600)), 100.0, np.ones((1, 3, F.size)), np.array([40.0]),
        MeasuringChoices(),
    )  # fmt: skip
    assert found.bounds[0, 1] - found.bounds[0, 0] < 3
    assert found.snr[0] < 3.0


def test_a_component_without_a_response_does_not_count():
    random = np.random.default_rng(4)
    signal, noise = 30.0 * random.standard_normal((1, 3, 600)), random.standard_normal((1, 3, 600))
    response = np.ones((1, 3, F.size))
    response[0, 2] = np.nan
    loud = signal.copy()
    loud[0, 2] *= 1e6
    a, b = (
        measure(s, noise, 100.0, response, np.array([40.0]), MeasuringChoices())
        for s in (signal, loud)
    )
    assert a.log_displacement == pytest.approx(b.log_displacement, nan_ok=True)


def test_the_band_is_the_longest_run_and_the_lower_one_of_two():
    usable = np.array([[0, 1, 1, 0, 1, 1, 1, 0], [1, 1, 0, 1, 1, 0, 0, 0], [0] * 8], bool)
    first, last = usable_bands(usable)
    assert first.tolist()[:2] == [4, 0]
    assert (last - first).tolist() == [3, 2, 0]
