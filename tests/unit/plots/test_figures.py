"""Every figure is drawn, from plenty, from little and from nothing, with the same bytes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest

from quakeloom.plots import (
    AccuracyGroups,
    BeachballStyle,
    CalibrationBins,
    FirstMotion,
    FocalSphere,
    MapPoints,
    PrecisionRecall,
    binomial_interval,
    double_couple_beachballs,
    draw_beachballs,
    figure_to_png,
    figure_to_svg,
    new_figure,
    plot_calibration,
    plot_contradiction_rates,
    plot_cumulative_angles,
    plot_first_motions,
    plot_focal_sphere,
    plot_growth,
    plot_letter_matrix,
    plot_mechanism_map,
    plot_network_map,
    plot_pick_residuals,
    plot_precision_recall,
    plot_quality_bar,
    plot_reading_accuracy,
    plot_rule_costs,
    plot_stacked_histogram,
    plot_station_timeline,
    quality_colors,
)

NAN = float("nan")


def sphere(n: int) -> FocalSphere:
    rng = np.random.default_rng(n)
    return FocalSphere(
        360 * rng.random(n),
        180 * rng.random(n),
        rng.integers(-1, 2, n),
        rng.random(n),
        (30.0, 60.0, 90.0),
        [(100.0, 20.0, 0.0)],
        np.stack([360 * rng.random(40), 90 * rng.random(40), 360 * rng.random(40) - 180], -1),
        rng.random(40),
    )


FIGURES = {
    "sphere": lambda: plot_focal_sphere(sphere(25)),
    "sphere_without_readings": lambda: plot_focal_sphere(sphere(0)),
    "sphere_unsolved": lambda: plot_focal_sphere(
        FocalSphere([10.0, NAN], [20.0, NAN], [1, -1], mechanism=(NAN, NAN, NAN))
    ),
    "bar": lambda: plot_quality_bar({"A": 3, "D": 900, "undefined": 1}, {"B": 1.0}, "other"),
    "bar_of_nothing": lambda: plot_quality_bar({}),
    "histogram": lambda: plot_stacked_histogram(
        [0.1, NAN, 7.0], ["A", "B", "C"], "value", (0, 1), limits={"A": 0.5}, percent=True
    ),
    "histogram_of_one_value": lambda: plot_stacked_histogram([2.0], ["A"], "value"),
    "histogram_of_nothing": lambda: plot_stacked_histogram([], [], "value"),
    "cumulative": lambda: plot_cumulative_angles({"A": [1, 2, NAN], "other": [5.0], "B": []}),
    "cumulative_of_nothing": lambda: plot_cumulative_angles({}),
    "calibration": lambda: plot_calibration(
        CalibrationBins([0.2, NAN], [0.3, NAN], [0.1, 0], [0.4, 1], [9, 0])
    ),
    "calibration_of_nothing": lambda: plot_calibration(
        CalibrationBins([], [], [], [], []), percent=False
    ),
    "matrix": lambda: plot_letter_matrix([[2, 1], [0, 3]], ["A", "B"], "before", "after"),
    "rates": lambda: plot_contradiction_rates(["X", "Y"], [1, 0], [5, 0], ["reversed", "too_few"]),
    "rates_of_nothing": lambda: plot_contradiction_rates([], [], []),
    "timeline": lambda: plot_station_timeline(
        np.datetime64("2001-01-01") + np.arange(40), np.linspace(-1, 1, 40), (None, None)
    ),
    "timeline_of_nothing": lambda: plot_station_timeline([], []),
    "motions": lambda: plot_first_motions(
        [FirstMotion("S", np.sin(np.arange(70.0)), 100.0, 35, 1, -1, 0.9, 30.0)] * 5, "truth"
    ),
    "motions_of_nothing": lambda: plot_first_motions([]),
    "residuals": lambda: plot_pick_residuals({"P": [0.01, -3.0], "S": []}),
    "precision": lambda: plot_precision_recall(
        [("P", [PrecisionRecall("P", np.array([0.8, 1.0]), np.array([0.9, 0.5]), [(0.5, 1, 0.5)])])]
    ),
    "precision_of_nothing": lambda: plot_precision_recall([]),
    "accuracy": lambda: plot_reading_accuracy(
        [("Ratio", True, [AccuracyGroups("all", *np.array([[1.0], [2.0], [3.0], [9], [10]]))])]
    ),
    "accuracy_of_nothing": lambda: plot_reading_accuracy([]),
    "costs": lambda: plot_rule_costs(["a", "b"], [1.0, 200.0], [NAN, 5.0]),
    "costs_of_nothing": lambda: plot_rule_costs([], [], []),
    "growth": lambda: plot_growth([1e3, 1e4], [500.0, 800.0]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_with_the_same_bytes_every_time(name) -> None:
    first, second = figure_to_svg(FIGURES[name]()), figure_to_svg(FIGURES[name]())
    assert first == second
    assert ET.fromstring(first).tag.endswith("svg")
    assert figure_to_png(FIGURES[name](), dpi=40).startswith(b"\x89PNG")


def test_callers_settings_of_matplotlib_change_nothing() -> None:
    expected = figure_to_svg(FIGURES["histogram"]())
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert figure_to_svg(FIGURES["histogram"]()) == expected
        assert matplotlib.rcParams["font.size"] == 30


def test_maps_say_how_many_beachballs_they_show() -> None:
    lon, lat = np.array([10.0, 10.5, NAN, 10.2]), np.array([50.0, 50.3, 1.0, 50.1])
    events = MapPoints(lon, lat, ["A", "B", "C", ""])
    angles = [[0, 90, 0], [10, 45, 90], [1, 1, 1], [NAN, NAN, NAN]]
    drawn = plot_mechanism_map(events, angles)
    assert drawn is not None
    assert drawn[1] == 2
    nothing = MapPoints([], [])
    assert plot_mechanism_map(nothing, []) is None
    assert plot_network_map(nothing, nothing) is None
    assert plot_network_map(events, MapPoints([10.1], [50.2], ["STA"])) is not None


def test_a_crowded_map_shows_density_and_as_many_beachballs_as_fit() -> None:
    rng = np.random.default_rng(0)
    n = 25_000
    lon, lat = 135 + 5 * rng.random(n), 34 + 4 * rng.random(n)
    angles = rng.random((n, 3)) * (360, 90, 90)
    drawn = plot_mechanism_map(MapPoints(lon, lat, np.full(n, "B")), angles)
    assert drawn is not None
    assert 100 < drawn[1] <= 1500


def test_a_ball_is_drawn_over_the_one_before_it() -> None:
    """Of two balls at one place the second one hides the first, base, caps and rim."""
    figure = new_figure(2, 2)
    axes = figure.add_subplot()
    balls = double_couple_beachballs([0, 0], [90, 90], [0, 0])
    style = BeachballStyle(20, ["red", "blue"])
    draw_beachballs(axes, [0.5, 0.5], [0.5, 0.5], balls, style)
    axes.set_axis_off()
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 80) & (pixels[..., 2] < 80)
    blue = (pixels[..., 2] > 200) & (pixels[..., 0] < 80)
    assert blue.sum() > 500
    assert red.sum() == 0


def test_wilson_interval_of_published_example() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, Stat. Med. 17, 857, method 3)."""
    low, high = binomial_interval(81, 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert np.isnan(binomial_interval(0, 0)).all()


def test_unknown_letters_have_a_color_of_their_own() -> None:
    colors = quality_colors(["A", "", "A"], missing="#123456")
    assert colors[0] == colors[2]
    assert colors[1] == "#123456"
