"""Where and when the events are: a map, two sections, magnitudes over time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from quakeloom.plots import StressAxes, main_azimuth, plot_seismicity
from quakeloom.report._seismicity_section import seismicity_section
from quakeloom.schema import make_table


@pytest.mark.parametrize("azimuth", [0.0, 40.0, 90.0, 155.0])
def test_the_first_section_goes_along_the_longest_extent(azimuth):
    """Places on a line of an azimuth have that azimuth."""
    along = np.linspace(-30, 30, 40)
    across = 0.3 * np.sin(np.arange(40))
    a = np.radians(azimuth)
    north = along * np.cos(a) - across * np.sin(a)
    east = along * np.sin(a) + across * np.cos(a)
    assert (main_azimuth(north, east) - azimuth + 90) % 180 - 90 == pytest.approx(0.0, abs=0.5)
    assert main_azimuth([1.0], [2.0]) == 0.0


def test_a_section_shows_distances_along_it_and_depths():
    """Two events 40 km apart along the meridian are 40 km apart in the first section."""
    from quakeloom.core import geographic_position

    lon, lat = geographic_position(138.0, 36.0, [-20.0, 20.0, 0.0], [0.0, 0.0, 5.0])
    stress = StressAxes([138.0], [36.0], [np.nan], [90.0], [90.0], [10.0], ["TF"])
    figure = plot_seismicity(lon, lat, [5.0, 12.0, np.nan], stress=stress, azimuth_deg=0.0)
    panel = figure.axes[1]
    points = next(c for c in panel.collections if isinstance(c, PathCollection))
    offsets = np.asarray(points.get_offsets())
    assert offsets[1, 0] - offsets[0, 0] == pytest.approx(40.0, abs=0.05)
    assert offsets[:2, 1].tolist() == [5.0, 12.0]
    assert panel.get_ylim()[0] > panel.get_ylim()[1]
    assert "N 0\N{DEGREE SIGN} E" in panel.get_title(loc="left")


@pytest.mark.parametrize("depths", [[np.nan, np.nan], [8.0, 8.0]], ids=["no depths", "one point"])
def test_poor_catalogs_are_drawn(depths):
    assert plot_seismicity([138.0, 138.0], [36.0, 36.0], depths) is not None
    assert plot_seismicity([np.nan], [36.0], [3.0]) is None


def test_the_section_takes_located_hypocenters_where_there_are_some(make_results):
    run = make_results(12)
    events = run.table("events")
    ids = events.column("event_id").to_pylist()
    located = make_table(
        "hypocenters",
        {
            "event_id": ids[:3], "status": ["located"] * 3, "longitude": [141.1] * 3,
            "latitude": [37.1] * 3, "depth_km": [50.0] * 3, "pick_count": [9] * 3,
            "pick_count_p": [5] * 3, "grid_coarser": [0] * 3,
        },
    )  # fmt: skip
    with_them = replace(run, tables={**run.tables, "hypocenters": located})
    section = seismicity_section(with_them)
    assert "3 of them as located in this run" in section.blocks[0].text
    assert [b.kind for b in section.blocks][:2] == ["text", "picture"]
    assert not seismicity_section(replace(run, tables={})).blocks
