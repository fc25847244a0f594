"""Soundings: blunders are found, nothing is lost, and yardsticks are beaten."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import FormatError, InputError
from quakeloom.formats import read_soundings
from quakeloom.seafloor import (
    REASONS,
    CleaningOptions,
    flag_by_hypotheses,
    flag_by_median,
    grid_soundings,
    judge_soundings,
    score_flags,
    simulate_survey,
)

OPTIONS = CleaningOptions()


def plane(n=4000, seed=1):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 1000, (2, n))
    return x, y, 2000 + 0.1 * x - 0.2 * y + rng.normal(0, 1.0, n)


def test_spikes_on_a_plane_are_found_with_the_reason_and_nothing_else_is():
    x, y, z = plane()
    z[::50] -= 30.0
    z[25::100] += 30.0
    judged = judge_soundings(x, y, z, OPTIONS)
    wrong = np.zeros(z.size, bool)
    wrong[::50] = wrong[25::100] = True
    scores = score_flags(wrong, judged.probability > 0.5)
    assert scores["recall"] == 1.0
    assert scores["precision"] > 0.97
    assert {REASONS[k] for k in judged.reason[::50]} == {"shallow"}
    assert {REASONS[k] for k in judged.reason[25::100]} == {"deep"}


def test_a_steep_plane_is_no_blunder_and_its_depth_comes_out():
    x, y, z = plane()
    steep = z + 0.8 * x
    judged = judge_soundings(x, y, steep, OPTIONS)
    assert (judged.probability > 0.5).mean() < 0.003
    truth = 2000 + 0.9 * x - 0.2 * y
    assert np.median(np.abs(judged.expected_m - truth)) < 0.5


def test_probabilities_do_not_depend_on_the_order_of_the_soundings():
    x, y, z = plane(1500)
    z[::40] += 15
    order = np.random.default_rng(2).permutation(z.size)
    one = judge_soundings(x, y, z, OPTIONS).probability
    two = judge_soundings(x[order], y[order], z[order], OPTIONS).probability
    np.testing.assert_allclose(two, one[order], atol=1e-6)


def test_every_sounding_has_a_row_even_without_a_depth():
    x, y, z = plane(500)
    z[3] = np.nan
    judged = judge_soundings(x, y, z, OPTIONS)
    assert judged.probability.size == 500
    assert REASONS[judged.reason[3]] == "missing"
    assert judged.probability[3] == 1.0
    with pytest.raises(InputError, match="no soundings with place and depth"):
        judge_soundings(x, y, np.full(500, np.nan), OPTIONS)


def test_simulated_blunders_are_found_better_than_by_the_yardsticks():
    """Spikes, bursts and schools of fish of two surveys; the true kinds are known."""
    for name in ("a0", "a2"):
        s = simulate_survey(250, 96, 1, name)
        place = s.east_m, s.north_m, s.depth_m
        wrong = s.kind > 0
        ours = score_flags(wrong, judge_soundings(*place, OPTIONS).probability > 0.5)["f1"]
        cube = score_flags(wrong, flag_by_hypotheses(*place, 0.01 * s.depth_m))["f1"]
        median = score_flags(wrong, flag_by_median(*place))["f1"]
        assert ours > max(cube, median)


def test_a_grid_leaves_wrong_soundings_out_and_tells_its_error():
    x, y, z = plane(20000)
    z[::20] -= 100
    judged = judge_soundings(x, y, z, OPTIONS)
    grid = grid_soundings((x, y), z, judged.probability, judged.scale_m, 50.0)
    assert grid.count.sum() == 20000
    north, east = np.meshgrid(grid.north_m, grid.east_m, indexing="ij")
    error = (grid.depth_m - (2000 + 0.1 * east - 0.2 * north))[1:-1, 1:-1]
    assert np.abs(error).max() < 3.0
    held = np.abs(error) < 2 * grid.deviation_m[1:-1, 1:-1]
    assert held.mean() > 0.9


def test_files_say_what_is_wrong_with_them(tmp_path):
    x, y, z = plane(50)
    good = tmp_path / "line.xyz"
    np.savetxt(good, np.stack([x + 500_000, y, -z], 1))
    read = read_soundings(good)
    assert not read.degrees
    np.testing.assert_allclose(read.depth_m, z)
    with pytest.raises(FormatError, match="The sign is wrong"):
        read_soundings(good, positive="down")
    with pytest.raises(FormatError, match="Meters were taken for degrees"):
        read_soundings(good, coordinates="degrees")
    named = tmp_path / "named.csv"
    named.write_text("ping,lon,lat,depth\n1,140.1,35.2,900\n2,140.2,35.2,nothing\n")
    read = read_soundings(named)
    assert read.degrees
    assert np.isnan(read.depth_m[1])
    assert read.line.tolist() == [2, 3]
    bad = tmp_path / "bad.csv"
    bad.write_text("a,lon,b\n1,2,3\n")
    with pytest.raises(FormatError, match="soundings need two coordinates"):
        read_soundings(bad)
    with pytest.raises(FormatError, match="There is no file"):
        read_soundings(tmp_path / "absent.xyz")
