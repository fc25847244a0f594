"""Principal axes, shape ratio, SHmax and regime."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quakeloom.stress import (
    REGIMES,
    axial_difference,
    classify_regime,
    describe_stress,
    regime_number,
    shmax_direction,
    shmax_lund_townend,
    stress_components,
    stress_tensors,
)

from .simulated import tensor_from


def _random_components(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 5))


def test_components_and_tensors_are_inverse():
    """Five orthonormal components are the deviatoric tensor, with the same length."""
    m = _random_components(50)
    tensors = stress_tensors(m)
    np.testing.assert_allclose(stress_components(tensors), m, atol=1e-14)
    np.testing.assert_allclose(np.trace(tensors, axis1=1, axis2=2), 0.0, atol=1e-14)
    np.testing.assert_allclose(
        np.linalg.norm(tensors, axis=(1, 2)), np.linalg.norm(m, axis=1), rtol=1e-13
    )


def test_axes_agree_with_lapack():
    """Own Jacobi rotations give the eigenvalues and axes of LAPACK."""
    m = _random_components(500)
    stress = describe_stress(m)
    values, vectors = np.linalg.eigh(stress_tensors(m))
    np.testing.assert_allclose(stress.values, values, atol=1e-13)
    cosines = np.abs(np.einsum("nki,nik->nk", stress.axes, vectors))
    np.testing.assert_allclose(cosines, 1.0, atol=1e-10)
    assert np.all(stress.axes[..., 2] >= 0)


def test_lund_townend_is_the_horizontal_eigenvector():
    """Both forms of SHmax agree for any tensor."""
    m = _random_components(5000, seed=1)
    stress = describe_stress(m)
    two = shmax_lund_townend(stress.axes, stress.shape_ratio)
    assert np.abs(axial_difference(stress.shmax_deg, two)).max() < 1e-6
    exact = np.abs(axial_difference(stress.shmax_deg, two)) < 1e-10
    assert exact.mean() > 0.99


@pytest.mark.parametrize("azimuth", [0.0, 10.0, 89.999, 90.0, 100.0, 179.0])
def test_horizontal_s1_is_shmax(azimuth):
    """S1 horizontal at an azimuth: SHmax is that azimuth, in strike-slip and thrust regimes."""
    for regime in ("SS", "TF"):
        shmax = shmax_direction(tensor_from(azimuth, 0.4, regime))
        assert abs(axial_difference(shmax, azimuth)) < 1e-10


def test_vertical_s1_leaves_s2():
    """With S1 vertical, SHmax is the azimuth of S2."""
    stress = describe_stress(stress_components(tensor_from(70.0, 0.6, "NF")))
    assert stress.shmax_deg == pytest.approx(70.0, abs=1e-10)
    assert stress.plunge_deg[0] == pytest.approx(90.0, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 360.0), st.integers(0, 1000))
def test_rotating_the_stress_rotates_shmax(turn, seed):
    """SHmax turns with the tensor; shape ratio and regime stay."""
    m = _random_components(1, seed)[0]
    a = np.radians(turn)
    rotation = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turned = stress_components(rotation @ stress_tensors(m) @ rotation.T)
    one, two = describe_stress(m), describe_stress(turned)
    block = stress_tensors(m)[:2, :2]
    spread = np.ptp(np.linalg.eigvalsh(block))
    assert abs(axial_difference(two.shmax_deg, one.shmax_deg + turn)) < 1e-10 / max(spread, 1e-9)
    assert two.shape_ratio == pytest.approx(one.shape_ratio, abs=1e-10)


def test_regime_number_is_continuous_between_regimes():
    """A_phi is 1 where S1 = S2 (normal to strike-slip) and 2 where S2 = S3 (to thrust)."""
    for regimes, ratio, value in ((("NF", "SS"), 1.0, 1.0), (("SS", "TF"), 0.0, 2.0)):
        for regime in regimes:
            close = ratio + (-1e-9 if ratio == 1.0 else 1e-9)
            stress = describe_stress(stress_components(tensor_from(30.0, close, regime)))
            assert stress.a_phi == pytest.approx(value, abs=1e-7)
    ends = regime_number([[90.0, 0.0, 0.0], [0.0, 0.0, 90.0]], [0.0, 1.0])
    np.testing.assert_allclose(ends, [0.0, 3.0])


def test_zoback_classes():
    """One mechanism inside each class of the World Stress Map, and one that fits none."""
    plunges = [[70, 10, 15], [45, 40, 15], [10, 75, 10], [10, 40, 45], [10, 15, 70], [45, 20, 38]]
    assert [REGIMES[i] for i in classify_regime(plunges)] == ["NF", "NS", "SS", "TS", "TF", "U"]


def test_unknown_stress_stays_unknown():
    """NaN in, NaN out, regime undefined."""
    stress = describe_stress(np.full((1, 5), np.nan))
    assert np.isnan(stress.shmax_deg).all()
    assert np.isnan(stress.a_phi).all()
    assert REGIMES[int(stress.regime[0])] == "U"
