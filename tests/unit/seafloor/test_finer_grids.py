"""Finer grids: what must hold for any method, and what each of them gets right."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from real_grids import GMT_CACHE, needs_gmt_cache
from scipy.ndimage import gaussian_filter

from quakeloom.core import InputError
from quakeloom.seafloor import (
    HALO_CELLS,
    PLAIN,
    PlainMethod,
    RangeCalibration,
    average_cells,
    back_project,
    calibrate_ranges,
    coarsen,
    fill_holes,
    half_widths,
    interpolate_bicubic,
    interpolate_kriging,
    interpolate_spline,
    make_finer,
    power_ratio,
    project_consistent,
    repeat_cells,
    score_grid,
    share_held,
    simulate_terrain,
)

RANGES = RangeCalibration((1.0, 0.0, 0.0), ((0.5, 1.0), (1.0, 2.0), (1.5, 3.0), (2.0, 4.0),
                          (3.0, 6.0)), (1, 1, 1, 1, 1))  # fmt: skip


def ground(n=96, name="a"):
    return simulate_terrain((n, n), 50.0, 3, name).depth_m


def test_bicubic_is_exact_on_a_quadratic_surface_away_from_the_edge():
    """Means of cells of a quadratic differ from its points by a constant, which cubics keep."""
    y, x = np.mgrid[:40, :40].astype(float)
    z = 3000 + 0.3 * x**2 - 0.2 * x * y + 0.1 * y**2
    fine = interpolate_bicubic(coarsen(z, 2), 2)
    error = (fine - z)[6:-6, 6:-6]
    np.testing.assert_allclose(error, error.mean(), atol=1e-9)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_means_of_blocks_are_those_of_the_input(name, factor):
    coarse = coarsen(ground(), factor)
    fine = make_finer(PlainMethod(name), coarse, factor, RANGES)
    if name != "bicubic":
        np.testing.assert_allclose(coarsen(fine.depth, factor), coarse, atol=1e-6)


def test_a_plane_stays_a_plane():
    y, x = np.mgrid[:60, :60].astype(float)
    plane = 4000 + 12 * x - 7 * y
    coarse = coarsen(plane, 2)
    np.testing.assert_allclose(interpolate_spline(coarse, 2), plane, atol=1e-6)
    # kriging with an unknown mean, not an unknown slope, leaves a thousandth of a step
    np.testing.assert_allclose(interpolate_kriging(coarse, 2)[0], plane, atol=0.012)


def test_kriging_and_spline_are_better_than_the_bar_on_ground_of_every_kind():
    ratios = []
    for k in range(6):
        z = ground(128, f"bar-{k}")
        y = coarsen(z, 2)
        bar = score_grid(z, project_consistent(interpolate_bicubic(y, 2), y, 2), 50.0)["rmse_m"]
        for fine in (interpolate_spline(y, 2), interpolate_kriging(y, 2)[0]):
            ratios.append(score_grid(z, fine, 50.0)["rmse_m"] / bar)
    assert np.mean(ratios) < 0.97


def test_back_projection_brings_the_means_of_blocks_back():
    y = coarsen(ground(), 2)
    fine = interpolate_bicubic(y, 2)
    lack = [np.abs(coarsen(back_project(fine, y, 2, k), 2) - y).max() for k in (0, 1, 3, 20)]
    assert lack[0] > lack[1] > lack[2] > lack[3]
    assert lack[3] < 1e-3 * lack[0]


def test_a_hole_is_filled_between_what_lies_around_it_and_known_cells_stay():
    z = ground()
    holed = z.copy()
    holed[40:46, 50:57] = np.nan
    filled = fill_holes(holed)
    known = np.isfinite(holed)
    np.testing.assert_array_equal(filled[known], z[known])
    around = z[36:50, 46:61]
    assert around.min() <= filled[~known].min() <= filled[~known].max() <= around.max()


def test_nothing_known_is_refused():
    with pytest.raises(InputError, match="All 100 cells of a grid are missing"):
        fill_holes(np.full((10, 10), np.nan))


@pytest.mark.parametrize("name", ["spline", "cubic_back_projection"])
def test_moving_a_tile_changes_nothing_above_a_millimeter(name):
    z = coarsen(simulate_terrain((512, 300), 50.0, 3, "seams").depth_m, 2)
    z[100:104, 60:70] = np.nan
    whole = make_finer(PlainMethod(name), z, 2, RANGES)
    for first in (64, 107):
        low = first - HALO_CELLS
        tile = make_finer(PlainMethod(name), z[low : first + 60 + HALO_CELLS], 2, RANGES)
        cut = slice(2 * HALO_CELLS, 2 * (HALO_CELLS + 60))
        for part in ("depth", "half_range"):
            a = getattr(tile, part)[cut]
            b = getattr(whole, part)[2 * first : 2 * (first + 60)]
            np.testing.assert_allclose(a, b, atol=1e-3)


def test_far_from_all_that_is_known_nothing_is_told_and_holes_are_invented():
    z = coarsen(ground(), 2)
    z[10:40, 10:40] = np.nan
    fine = make_finer(PlainMethod("spline"), z, 2, RANGES, fill_cells=4)
    assert np.isnan(fine.depth[48:52, 48:52]).all()
    assert (fine.invented[22:26, 22:26] == 1).all()
    assert np.isfinite(fine.depth[:18]).all()
    assert fine.half_range[22, 40] > 2 * np.nanmedian(fine.half_range[:18])


def test_cells_of_another_factor_hold_the_same_water():
    z = np.random.default_rng(1).normal(size=(8, 12))
    np.testing.assert_allclose(coarsen(average_cells(z, 4, 3), 3), coarsen(z, 4), atol=1e-12)


def test_ranges_hold_what_they_say_on_ground_of_other_names():
    """Twenty areas to calibrate on, twenty others: 87 to 93 % within the 90 % range."""
    method = PlainMethod("spline")
    sets = [[ground(96, f"{s}-{k}") for k in range(20)] for s in ("calibrate", "hold")]
    found = [[method.restore(coarsen(z, 2)) for z in zs] for zs in sets]
    calibration = calibrate_ranges(found[0], sets[0], "simulated")
    held = [
        share_held(f, z, half_widths(f, calibration)[1])["known"]
        for f, z in zip(found[1], sets[1], strict=True)
    ]
    assert 0.87 < np.mean(held) < 0.93
    assert RangeCalibration.from_json(calibration.as_json()) == calibration


def test_the_power_of_a_smooth_copy_is_too_small():
    z = ground(128)
    assert power_ratio(z, gaussian_filter(z, 2.0)) < 0.7
    assert power_ratio(z, z) == pytest.approx(1.0)


@needs_gmt_cache
@pytest.mark.parametrize(
    ("file", "shape", "bicubic", "projected"),
    [("depth_pixel.nc", (750, 1050), 40.618, 36.651), ("bathy_1m.nc", (450, 600), 31.895, 29.581)],
)
def test_published_errors_of_real_grids_come_out_and_the_spline_is_below_them(
    file, shape, bicubic, projected
):
    """Numbers of the methods' block J, rounded there to a millimeter."""
    with h5py.File(GMT_CACHE / file) as data:
        z = data["z"][: shape[0], : shape[1]].astype(float)
    y = coarsen(z, 2)

    def error(fine):
        return float(np.sqrt(np.mean((fine - z)[8:-8, 8:-8] ** 2)))

    fine = interpolate_bicubic(y, 2)
    assert error(fine) == pytest.approx(bicubic, abs=1e-3)
    assert error(project_consistent(fine, y, 2)) == pytest.approx(projected, abs=1e-3)
    assert error(interpolate_spline(y, 2)) < 0.93 * projected
    assert error(repeat_cells(y, 2)) > bicubic
