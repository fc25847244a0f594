"""Slip and dilation tendency of the Utah fractures against FracTend's table."""

import numpy as np
import pytest

from quakeloom.faults import normalized_tendency, resolve_tractions


def _vector(plunge_deg, trend_deg):
    plunge, trend = np.radians(plunge_deg), np.radians(trend_deg)
    return np.stack(
        [np.cos(plunge) * np.cos(trend), np.cos(plunge) * np.sin(trend), np.sin(plunge)], axis=-1
    )


@pytest.fixture
def poles(shared_data):
    path = shared_data / "slip-tendency" / "PolesWithValues.txt"
    if not path.is_file():
        pytest.skip(f"no {path}")
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("plunge")) + 1
    return np.array([[float(v) for v in line.split(",")] for line in lines[start:] if line.strip()])


def test_every_pole_has_the_published_stresses_and_tendencies(poles):
    """Stress 100, 75, 50 MPa, S1 37/040, S2 00/310 (header of the table), pole by pole."""
    assert poles.shape == (17, 8)
    s1, s2 = _vector(37.0, 40.0), _vector(0.0, 310.0)
    axes = np.stack([s1, s2, np.cross(s1, s2)])
    compression = np.array([100.0, 75.0, 50.0])
    normals = _vector(poles[:, 0], poles[:, 1])
    count = len(poles)
    many_axes = np.broadcast_to(axes, (count, 3, 3))
    stresses = np.broadcast_to(compression, (count, 3))
    normal, shear = resolve_tractions(normals, many_axes, stresses)
    slip, dilation = normalized_tendency(normals, many_axes, stresses)
    # the table prints stresses to 0.01 MPa and dilation to 0.001: half a unit of the last digit
    np.testing.assert_allclose(shear, poles[:, 5], atol=0.0051)
    np.testing.assert_allclose(normal, poles[:, 6], atol=0.0051)
    # FracTend divides by the largest tendency on a grid of directions, which falls short of the
    # exact maximum by up to 1e-4: half a digit and that
    np.testing.assert_allclose(slip, poles[:, 2], atol=0.0006)
    np.testing.assert_allclose(dilation, poles[:, 3], atol=0.00051)
