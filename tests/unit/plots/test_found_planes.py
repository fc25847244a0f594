"""Planes found in hypocenters are drawn where they are."""

import numpy as np
import pytest

from quakeloom.plots import FoundPlanes, figure_to_png, plot_found_planes, plot_plane_sections


def one_plane(strike=0.0, dip=60.0, length=8.0, width=4.0):
    rng = np.random.default_rng(0)
    return FoundPlanes(
        ["F0001"], [10.0], [45.0], [9.0], [strike], [dip], [length], [width],
        10.0 + rng.normal(0, 0.02, 40), 45.0 + rng.normal(0, 0.02, 40), rng.normal(9, 1, 40),
        np.where(np.arange(40) < 30, 0, -1),
    )  # fmt: skip


def test_a_plane_dips_to_the_right_of_its_strike():
    """Striking north and dipping 60 degrees east, the lower edge is east of the upper one."""
    north, east, down = one_plane().corners_km(0).T
    assert north == pytest.approx([-4, 4, 4, -4])
    assert east == pytest.approx([-1, -1, 1, 1])
    assert down == pytest.approx(np.array([-1, -1, 1, 1]) * np.sqrt(3))


def test_sections_show_the_outline_at_one_scale():
    figure = plot_plane_sections(one_plane())
    along, across = figure.axes
    outline = along.lines[-1].get_xydata()
    assert np.ptp(outline[:, 0]) == pytest.approx(8.0)
    assert np.ptp(outline[:, 1]) == pytest.approx(4.0 * np.sin(np.radians(60)))
    assert np.ptp(across.lines[-1].get_xdata()) == pytest.approx(2.0)
    assert across.get_aspect() == 1.0
    assert len(along.lines[1].get_xdata()) == 30


def test_pictures_repeat_and_nothing_is_none():
    assert figure_to_png(plot_found_planes(one_plane())) == figure_to_png(
        plot_found_planes(one_plane())
    )
    nothing = FoundPlanes([], *([],) * 10, [])
    assert plot_found_planes(nothing) is None
    assert plot_plane_sections(nothing) is None
