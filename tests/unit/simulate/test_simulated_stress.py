"""The stress of the synthetic Earth."""

import numpy as np
import pytest

from quakeloom.simulate import national, shmax_azimuth_and_shape, small_region, stress_tensor_at


def test_the_uniform_field_is_what_was_asked_for():
    for azimuth, shape in ((0.0, 0.3), (80.0, 1.0), (110.0, 1.7), (179.0, 2.0), (45.0, 2.9)):
        options = small_region(shmax_azimuth_deg=azimuth, shape_a_phi=shape)
        tensor = stress_tensor_at([137.0, 138.0], 36.0, options)
        found_azimuth, found_shape = shmax_azimuth_and_shape(tensor)
        turn = (found_azimuth - azimuth + 90.0) % 180.0 - 90.0
        assert np.abs(turn) == pytest.approx(0.0, abs=1e-9)
        assert found_shape == pytest.approx(shape)


def test_tension_is_positive_and_compression_lies_along_shmax():
    tensor = stress_tensor_at(137.0, 36.0, small_region(shmax_azimuth_deg=90.0, shape_a_phi=1.5))
    assert tensor[1, 1] == pytest.approx(-0.5)
    assert tensor[0, 0] == pytest.approx(0.5)


def test_tensors_have_no_trace_and_unit_differential_stress():
    longitude, latitude = np.meshgrid(np.linspace(128, 147, 40), np.linspace(30, 46, 40))
    tensor = stress_tensor_at(longitude, latitude, national())
    values = np.linalg.eigvalsh(tensor)
    assert np.trace(tensor, axis1=-2, axis2=-1) == pytest.approx(0.0, abs=1e-12)
    assert values[..., 2] - values[..., 0] == pytest.approx(1.0)
    assert tensor == pytest.approx(np.swapaxes(tensor, -1, -2))


def test_two_half_spaces_meet_at_their_meridian():
    options = small_region(stress="half_spaces", boundary_longitude=137.5)
    azimuth, shape = shmax_azimuth_and_shape(stress_tensor_at([137.49, 137.51], 36.0, options))
    assert azimuth == pytest.approx([110.0, 60.0])
    assert shape == pytest.approx([1.7, 2.5])


def test_the_islands_have_the_picture_of_japan():
    """Strike-slip in the southwest, reverse in the north, normal on one coast."""
    where = {"kyushu": (130.8, 32.5), "north": (140.4, 39.8), "coast": (140.8, 36.95)}
    found = {
        name: shmax_azimuth_and_shape(stress_tensor_at(*place, national()))
        for name, place in where.items()
    }
    assert 1.0 < found["kyushu"][1] < 1.6
    assert 2.3 < found["north"][1] <= 3.0
    assert found["coast"][1] < 1.0
    for name in ("kyushu", "north"):
        assert 70.0 < found[name][0] < 125.0


def test_the_field_of_the_islands_is_smooth():
    longitude = np.linspace(129, 146, 1701)
    for latitude in (33.0, 35.5, 36.95, 40.0):
        step = np.diff(stress_tensor_at(longitude, latitude, national()), axis=0)
        assert np.abs(step).max() < 0.04  # per 0.01 degrees; a jump would be of the order 1
