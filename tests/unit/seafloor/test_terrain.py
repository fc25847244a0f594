"""The simulated sea floor: the same by name, other by other names, forms where they are asked."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.seafloor import (
    FORMS,
    Terrain,
    add_ship_noise,
    blend_tracks,
    power_spectrum,
    simulate_terrain,
)


def test_an_area_follows_from_its_name_and_seed_alone():
    one, two = (simulate_terrain((64, 48), 50.0, 5, "x").depth_m for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert np.abs(simulate_terrain((64, 48), 50.0, 5, "y").depth_m - one).max() > 1
    assert np.abs(simulate_terrain((64, 48), 50.0, 6, "x").depth_m - one).max() > 1


@pytest.mark.parametrize("form", FORMS)
def test_each_form_changes_the_ground_and_stays_below_the_sea(form):
    plain = simulate_terrain((96, 96), 50.0, 2, "f", ())
    formed = simulate_terrain((96, 96), 50.0, 2, "f", (form,))
    assert formed.forms == (form,)
    assert np.std(formed.depth_m - plain.depth_m) > 0.5
    assert formed.depth_m.min() > 0


def test_the_spectrum_of_fractal_ground_falls_as_a_power_of_wavenumber():
    """Two to four more than the Hurst exponent's two, for the fields of sixteen areas."""
    slopes = []
    for k in range(16):
        area = simulate_terrain((192, 192), 50.0, 1, f"s{k}", ())
        wavenumber, power = power_spectrum(area.depth_m)
        use = (wavenumber > 0.05) & (wavenumber < 0.3)
        slopes.append(-np.polyfit(np.log(wavenumber[use]), np.log(power[use]), 1)[0])
    assert 2.5 < np.median(slopes) < 4.5


def test_noise_of_a_ship_grows_to_the_edges_of_the_swath_and_with_depth():
    flat = Terrain(np.full((400, 600), 3000.0), 50.0)
    noise = add_ship_noise(flat, 0.001, 1, "n") - 3000
    deep = add_ship_noise(Terrain(2 * flat.depth_m, 50.0), 0.001, 1, "n") - 6000
    np.testing.assert_allclose(deep, 2 * noise, atol=1e-9)
    across = np.diff(noise, axis=0).std(axis=0)
    assert across.max() > 1.5 * across.min()


def test_between_tracks_the_ground_is_smooth():
    area = simulate_terrain((128, 128), 50.0, 1, "rough", ("hills",))
    mapped = blend_tracks(area, 1, "t")
    rough = [np.abs(np.diff(z, 2, axis=0)).mean() for z in (area.depth_m, mapped)]
    assert rough[1] < rough[0]


def test_an_unknown_form_is_refused_by_name():
    with pytest.raises(InputError, match="Nothing was made; take two cells or more, and forms of"):
        simulate_terrain((10, 10), 50.0, 1, "x", ("dunes",))
