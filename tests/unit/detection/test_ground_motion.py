"""Counts to ground motion: known motions through known instruments."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.detection import (
    VelocityResponse,
    WoodAnderson,
    find_clipped,
    ground_motion,
    peak,
)

RATE = 100.0
FREQUENCY = np.geomspace(0.01, 50.0, 300)


def geophone(frequency: np.ndarray) -> np.ndarray:
    """A geophone of 1 Hz, damping 0.7, 4e8 counts per m/s."""
    s, w = 2j * np.pi * frequency, 2.0 * np.pi
    return 4e8 * s**2 / (s**2 + 1.4 * w * s + w**2)


def recorded(frequency_hz: float, displacement_m: float) -> np.ndarray:
    """A burst of one frequency, as the geophone records it."""
    t = np.arange(18_000) / RATE
    burst = np.exp(-0.5 * ((t - 90.0) / 12.0) ** 2)
    velocity = 2j * np.pi * frequency_hz * displacement_m
    made = velocity * geophone(np.array([frequency_hz]))[0]
    return np.real(made * burst * np.exp(2j * np.pi * frequency_hz * t)).astype(np.float32)


@pytest.mark.parametrize("frequency", [0.6, 1.25, 5.0, 15.0])
def test_a_wood_anderson_shows_the_displacement_times_its_gain_above_its_frequency(frequency):
    response = VelocityResponse(FREQUENCY, geophone(FREQUENCY), RATE)
    counts = recorded(frequency, 1e-7) + 500.0
    velocity, shown = ground_motion(counts, RATE, response, 0.1, WoodAnderson())
    # the same by hand: a pendulum of 0.8 s and damping 0.7
    share = (frequency / 1.25) ** 2
    expected = 2080.0 * 1e-4 * share / np.hypot(1.0 - share, 1.4 * frequency / 1.25)
    # the burst is long, so its spectrum is narrow, if not a line
    assert peak(shown, 0, 18_000) == pytest.approx(expected, rel=0.01)
    assert peak(velocity, 0, 18_000) == pytest.approx(2e-7 * np.pi * frequency, rel=0.01)


def test_gain_and_damping_of_1925_differ_by_the_known_0_129_at_high_frequency():
    new, old = WoodAnderson(), WoodAnderson(2800.0, 0.8)
    at = np.array([25.0])
    ratio = abs(old.of_velocity(at)[0] / new.of_velocity(at)[0])
    assert np.log10(ratio) == pytest.approx(0.129, abs=0.001)


def test_a_clipped_wave_is_found_and_noise_and_swell_are_not():
    r = np.random.default_rng(1)
    t = np.arange(30_000) / RATE
    data = r.normal(0.0, 50.0, t.size)
    assert not find_clipped(np.round(data).astype(np.int32))
    assert not find_clipped(np.round(1e6 * np.sin(2 * np.pi * 0.2 * t)).astype(np.int32))
    data[12_000:13_000] += 5e5 * np.sin(2 * np.pi * 3.0 * t[:1000])
    clipped = find_clipped(np.round(np.clip(data, -3e5, 3e5)).astype(np.int32))
    assert clipped
    assert all(12_000 <= a < b <= 13_000 for a, b in clipped)
