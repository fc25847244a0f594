"""Double couples: round trips, equivalences, radiation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quakeloom.core import (
    auxiliary_plane,
    fault_vectors,
    moment_tensors,
    p_radiation,
    plane_angles,
    principal_axes,
    ray_vectors,
    rotation_angle,
    s_radiation,
)

strikes = st.floats(0, 359.99)
dips = st.floats(0.01, 90)
rakes = st.floats(-179.99, 180)


def random_mechanisms(n: int, seed: int = 1) -> np.ndarray:
    r = np.random.default_rng(seed)
    return np.stack([r.uniform(0, 360, n), r.uniform(0, 90, n), r.uniform(-180, 180, n)], -1)


@given(strikes, dips, rakes)
def test_angles_and_vectors_are_inverse(strike, dip, rake):
    again = plane_angles(*fault_vectors(strike, dip, rake))
    assert rotation_angle([strike, dip, rake], np.stack(again, -1)) < 1e-5
    assert abs((again[0] - strike + 180) % 360 - 180) < 1e-4 / np.sin(np.radians(dip))


@given(strikes, st.floats(1, 89.9), st.floats(-179, 179))
def test_the_auxiliary_plane_of_the_auxiliary_plane_is_the_plane(strike, dip, rake):
    aux = auxiliary_plane(strike, dip, rake)
    back = np.stack(auxiliary_plane(*aux), -1)
    assert rotation_angle([strike, dip, rake], np.stack(aux, -1)) < 1e-4
    np.testing.assert_allclose(
        fault_vectors(*back)[0], fault_vectors(strike, dip, rake)[0], atol=1e-6
    )


def test_rotation_is_the_least_of_the_four_equivalent_frames():
    a, b = random_mechanisms(500, 1), random_mechanisms(500, 2)
    n1, s1 = fault_vectors(*a.T)
    n2, s2 = fault_vectors(*b.T)
    first = np.stack([n1, s1, np.cross(n1, s1)], -1)
    least = np.full(500, 999.0)
    for n, s in ((n2, s2), (-n2, -s2), (s2, n2), (-s2, -n2)):
        other = np.stack([n, s, np.cross(n, s)], -1)
        trace = np.einsum("kij,kij->k", other, first)
        least = np.minimum(least, np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))
    np.testing.assert_allclose(rotation_angle(a, b), least, atol=1e-6)
    assert rotation_angle(a, b).max() <= 120.0
    np.testing.assert_allclose(rotation_angle(a, b), rotation_angle(b, a), atol=1e-9)


def test_a_vertical_strike_slip_fault_and_its_other_plane_are_one():
    assert rotation_angle([0, 90, 0], [90, 90, 180]) == pytest.approx(0, abs=1e-6)


def test_the_moment_tensor_has_eigenvalues_one_zero_minus_one_along_t_b_p():
    m = random_mechanisms(100)
    tensors = moment_tensors(*m.T)
    np.testing.assert_allclose(np.linalg.eigvalsh(tensors), [[-1, 0, 1]] * 100, atol=1e-12)
    t, p, b = principal_axes(*m.T)
    for axis, value in ((t, 1), (p, -1), (b, 0)):
        np.testing.assert_allclose(np.einsum("kij,kj->ki", tensors, axis), value * axis, atol=1e-12)


def test_radiation_of_a_vertical_strike_slip_fault_is_known():
    """Strike 0, dip 90, rake 0: up (compression) at azimuth 45, nodal at 0 and 90."""
    n, s = fault_vectors(0, 90, 0)
    for azimuth, expected in ((45, 1), (135, -1), (225, 1), (0, 0), (90, 0)):
        ray = ray_vectors(azimuth, 90)
        assert p_radiation(n, s, ray) == pytest.approx(expected, abs=1e-12)
        assert s_radiation(n, s, ray) == pytest.approx(1 - abs(expected), abs=1e-9)


def test_reverse_faulting_pushes_the_ground_above_up():
    n, s = fault_vectors(0, 45, 90)
    assert p_radiation(n, s, ray_vectors(0, 180)) == pytest.approx(1)
    assert p_radiation(n, s, ray_vectors(0, 0)) == pytest.approx(1)
