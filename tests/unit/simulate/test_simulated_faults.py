"""Faults near failure and Wallace-Bott slip."""

import numpy as np
import pytest

from quakeloom.core import fault_vectors
from quakeloom.simulate import (
    fault_instability,
    resolved_shear,
    simulate_events,
    small_region,
    stress_tensor_at,
)
from quakeloom.simulate._fault_planes import _middle


def test_slip_is_parallel_to_the_resolved_shear():
    options = small_region(rake_scatter_deg=0.0)
    events = simulate_events(options, 7, 0, 2000)
    stress = stress_tensor_at(events.true_longitude, events.true_latitude, options)
    traction = np.einsum("nij,nj->ni", stress, events.normal)
    shear = traction - np.sum(traction * events.normal, axis=1)[:, None] * events.normal
    cosine = np.sum(shear * events.slip, axis=1) / np.linalg.norm(shear, axis=1)
    assert cosine == pytest.approx(1.0, abs=1e-9)


def test_slip_scatters_about_the_resolved_shear_as_asked():
    options = small_region(rake_scatter_deg=12.0)
    events = simulate_events(options, 7, 0, 20_000)
    shear = resolved_shear(
        stress_tensor_at(events.true_longitude, events.true_latitude, options), events.normal
    )
    angle = np.degrees(np.arccos(np.clip(np.sum(shear * events.slip, axis=1), -1, 1)))
    # Three standard errors of a standard deviation of 20,000 deviates.
    assert np.sqrt(np.mean(angle**2)) == pytest.approx(12.0, abs=0.2)


@pytest.mark.parametrize(("shape", "kind"), [(0.5, "normal"), (1.5, "strike-slip"), (2.5, "up")])
def test_the_regime_decides_the_style_of_faulting(shape, kind):
    events = simulate_events(small_region(shape_a_phi=shape, instability_width=0.02), 7, 0, 2000)
    down = events.slip[:, 2]
    expected = {"normal": down > 0.3, "strike-slip": np.abs(down) < 0.4, "up": down < -0.3}
    assert expected[kind].mean() > 0.9


def test_instability_is_one_on_the_optimal_plane_and_at_most_one_elsewhere():
    """At friction 0.6 the optimal normal is 60.48 degrees from the greatest compression."""
    tensor = stress_tensor_at(137.0, 36.0, small_region(shmax_azimuth_deg=0.0, shape_a_phi=1.5))
    angle = np.radians(90.0 - 0.5 * np.degrees(np.arctan(1 / 0.6)))
    best = np.array([np.cos(angle), np.sin(angle), 0.0])
    assert np.degrees(angle) == pytest.approx(60.48, abs=0.005)
    assert fault_instability(tensor, best, 0.6) == pytest.approx(1.0)
    assert fault_instability(tensor, [1.0, 0.0, 0.0], 0.6) == pytest.approx(0.0)
    directions = np.random.default_rng(0).normal(size=(5000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    assert fault_instability(tensor, directions, 0.6).max() <= 1.0 + 1e-12


def test_planes_come_nearer_to_failure_as_the_width_shrinks():
    means = []
    for width in (1e5, 0.3, 0.03):
        options = small_region(instability_width=width, cluster_fraction=0.0)
        events = simulate_events(options, 3, 0, 3000)
        stress = stress_tensor_at(events.true_longitude, events.true_latitude, options)
        means.append(fault_instability(stress, events.normal, 0.6).mean())
    assert means[0] < means[1] < means[2]
    assert means[2] > 0.95


def test_without_preference_normals_are_even_over_the_hemisphere():
    events = simulate_events(
        small_region(instability_width=1e5, cluster_fraction=0.0), 3, 0, 20_000
    )
    n = events.normal
    assert np.all(n[:, 2] <= 0)
    # Mean of cos^2 over the sphere is 1/3; the standard error of 20,000 is 0.002.
    assert np.mean(n**2, axis=0) == pytest.approx(1 / 3, abs=0.008)


def test_strike_dip_rake_are_those_of_normal_and_slip():
    events = simulate_events(small_region(), 7, 0, 500)
    truth = events.truth
    normal, slip = fault_vectors(truth["strike_deg"], truth["dip_deg"], truth["rake_deg"])
    assert normal == pytest.approx(events.normal, abs=1e-9)
    assert slip == pytest.approx(events.slip, abs=1e-9)


def test_the_closed_form_of_eigenvalues_agrees_with_lapack():
    random = np.random.default_rng(5).normal(size=(50, 3, 3))
    for a in random:
        s = a + a.T - 2 / 3 * np.trace(a) * np.eye(3)
        values = np.linalg.eigvalsh(s)
        assert _middle(s) == pytest.approx(0.5 * (values[0] + values[2]), abs=1e-9)
