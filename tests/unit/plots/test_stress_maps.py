"""Stress figures draw what they are given, and nothing where there is nothing."""

import numpy as np

from quakeloom.plots import (
    FaultTendencies,
    ShmaxNodes,
    figure_to_png,
    plot_abic_curve,
    plot_fault_tendency,
    plot_regime_map,
    plot_shmax_map,
)


def _nodes():
    lon, lat = np.meshgrid(np.arange(10.0, 11.0, 0.25), np.arange(45.0, 46.0, 0.25))
    return lon.ravel(), lat.ravel()


def test_bars_point_along_shmax():
    """A bar of SHmax 90 runs east-west, one of 0 north-south."""
    lon, lat = _nodes()
    for shmax, axis in ((90.0, 1), (0.0, 0)):
        nodes = ShmaxNodes(lon, lat, np.full(lon.size, shmax), np.full(lon.size, "SS"))
        figure = plot_shmax_map(nodes)
        lines = next(c for c in figure.axes[0].collections if len(c.get_paths()) == lon.size)
        for path in lines.get_paths():
            extent = np.ptp(path.vertices, axis=0)
            assert extent[axis] < 1e-6
            assert extent[1 - axis] > 1.0


def test_maps_are_pictures_and_repeat():
    """The same input gives the same bytes."""
    lon, lat = _nodes()
    rng = np.random.default_rng(0)
    span = np.stack([-rng.uniform(5, 40, lon.size), rng.uniform(5, 40, lon.size)], axis=1)
    shmax = rng.uniform(0, 180, lon.size)
    shmax[3] = np.nan
    regime = rng.choice(["NF", "SS", "TF", "U"], lon.size)
    data = rng.random(lon.size) < 0.5
    nodes = ShmaxNodes(lon, lat, shmax, regime, span, data, shmax + 5)
    pictures = [figure_to_png(plot_shmax_map(nodes)) for _ in range(2)]
    assert pictures[0] == pictures[1]
    a_phi = np.where(np.isfinite(shmax), rng.uniform(0, 3, lon.size), np.nan).reshape(4, 4)
    figure = plot_regime_map(np.unique(lon), np.unique(lat), a_phi, ~data.reshape(4, 4))
    assert figure_to_png(figure)[:4] == b"\x89PNG"
    curve = plot_abic_curve([0.1, 1.0, 10.0], [9.0, 5.0, 7.0], [1, 2, 3], [30, 20, 10], 1.0)
    assert len(curve.axes) == 2
    ranges = [[0.2, 0.6], [np.nan, np.nan]]
    faults = FaultTendencies(
        [10.2, 10.6], [45.2, 45.4], [30, 120], [0.4, np.nan], ranges, ["A", "B"]
    )
    drawn = plot_fault_tendency(faults)
    assert [t.get_text() for t in drawn.axes[1].get_yticklabels()] == ["1  A"]


def test_nothing_to_draw_is_none():
    """No direction, no value, no fault: no figure."""
    lon, lat = _nodes()
    nothing = np.full(lon.size, np.nan)
    assert plot_shmax_map(ShmaxNodes(lon, lat, nothing, np.full(lon.size, "U"))) is None
    empty = nothing.reshape(4, 4)
    assert plot_regime_map(np.unique(lon), np.unique(lat), empty, np.isnan(empty)) is None
    unknown = FaultTendencies([10.0], [45.0], [0.0], [np.nan], [[np.nan] * 2], ["A"])
    assert plot_fault_tendency(unknown) is None
