"""Levels, shapes, corners and stress drops: numbers that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.spectra import (
    RUPTURES,
    Medium,
    log_moment_factor,
    log_moment_of,
    log_shape,
    log_stress_factor,
    moment_magnitude,
    source_radius_m,
)

MEDIUM = Medium(6050.0, 3360.0, 2700.0)


def test_an_mw_2_at_20_km_has_the_level_of_the_far_field():
    level = np.exp(log_moment_of(2.0) - log_moment_factor("S", 20.0, MEDIUM))
    assert level == pytest.approx(6.0646e-8, rel=1e-4)


def test_magnitude_and_moment_are_inverse_of_each_other():
    assert moment_magnitude(log_moment_of([0.3, 4.0])) == pytest.approx([0.3, 4.0], abs=1e-12)


@pytest.mark.parametrize(
    ("magnitude", "stress_mpa", "brune", "kaneko_shearer", "madariaga"),
    [(1, 1, 50.3, 35.1, 28.4), (2, 3, 22.9, 16.0, 12.9), (3, 1, 5.03, 3.51, 2.83)],
)
def test_models_of_ruptures_have_their_corners(
    magnitude, stress_mpa, brune, kaneko_shearer, madariaga
):
    # beta of 3,500 m/s; the corners follow from 7/16 M0 (fc / k beta)^3
    medium = Medium(6050.0, 3500.0, 2700.0)
    expected = {"brune": brune, "kaneko_shearer": kaneko_shearer, "madariaga": madariaga}
    for name, corner in expected.items():
        log_stress = log_moment_of(magnitude) + 3 * np.log(corner)
        log_stress += log_stress_factor(name, "S", medium)
        assert np.exp(log_stress) / 1e6 == pytest.approx(stress_mpa, rel=0.02)


def test_at_one_corner_the_models_of_ruptures_differ_by_their_known_factors():
    of = {m: log_stress_factor(m, "S", MEDIUM) for m in RUPTURES}
    assert np.exp(of["brune"] - of["kaneko_shearer"]) == pytest.approx(0.340, abs=1e-3)
    assert np.exp(of["madariaga"] - of["brune"]) == pytest.approx(5.58, abs=0.01)


def test_the_radius_of_the_published_corinth_event_follows_from_its_corner():
    # SourceSpec 1.8: 4.76 Hz, 263 m, 0.398 MPa of 2.014e13 N m
    assert source_radius_m("brune", "S", MEDIUM, 4.76) == pytest.approx(263.0, abs=0.5)
    log_stress = np.log(2.014e13) + 3 * np.log(4.76) + log_stress_factor("brune", "S", MEDIUM)
    # its stress drop is a mean over stations, not that of the mean corner
    assert np.exp(log_stress) / 1e6 == pytest.approx(0.398, rel=0.25)


def test_energy_and_squared_moment_of_brunes_shape_are_known_integrals():
    f = np.linspace(0.0, 40_000.0, 4_000_001)
    step = f[1]
    square = np.exp(2.0 * log_shape(f, 5.0))
    assert square.sum() * step - 0.5 * step == pytest.approx(np.pi * 5.0 / 4.0, rel=1e-3)
    velocity = (2.0 * np.pi * f) ** 2 * square
    assert velocity.sum() * step == pytest.approx(np.pi**3 * 125.0, rel=2e-3)
