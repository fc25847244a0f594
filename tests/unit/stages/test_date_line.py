"""A map is the same wherever it lies: at Greenwich, across the date line, near a pole."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.config import Stress
from quakeloom.core import middle_longitude
from quakeloom.schema import make_table
from quakeloom.stages.without_a_run.map_catalog import map_mechanisms
from quakeloom.stress import REGIMES, describe_stress


def mechanisms(west: float, south: float = -38.0) -> pa.Table:
    r = np.random.default_rng(5)
    count = 40
    # west is a multiple of the step, so that nodes lie alike; no event is on the edge of a cell
    longitude = west + 0.03 + 0.1 * r.integers(0, 12, count)
    longitude = (longitude + 180.0) % 360.0 - 180.0
    return make_table(
        "mechanisms",
        {"event_id": [str(i) for i in range(count)], "longitude": longitude,
         "latitude": south + 0.1 * r.integers(0, 12, count), "depth_km": np.full(count, 8.0),
         "strike_deg": r.uniform(20, 50, count), "dip_deg": r.uniform(50, 90, count),
         "rake_deg": r.uniform(-30, 30, count), "quality": ["A"] * count,
         "status": ["solved"] * count},
    )  # fmt: skip


def mapped(table: pa.Table, step: float = 0.2):
    stress = Stress(grid_step_deg=step, input="preferred", draws=100, reach_km=20.0)
    return map_mechanisms(stress, table)[0].table.to_pandas()


@pytest.mark.parametrize("west", [179.4, -0.6, -170.0])
@pytest.mark.parametrize("step", [0.2, 0.0])
def test_the_map_of_a_catalog_does_not_depend_on_where_the_date_line_is(west, step):
    plain, moved = mapped(mechanisms(20.0), step), mapped(mechanisms(west), step)
    assert len(moved) == len(plain)
    shift = (moved.longitude - plain.longitude - (west - 20.0)) % 360.0
    assert np.minimum(shift, 360.0 - shift).to_numpy() == pytest.approx(0.0, abs=1e-9)
    assert moved.latitude.to_numpy() == pytest.approx(plain.latitude.to_numpy())
    assert np.ptp(moved.longitude) < 3.0
    for name in ("shmax_deg", "shmax_std_deg", "shape_ratio"):
        assert moved[name].to_numpy() == pytest.approx(plain[name].to_numpy(), abs=1e-5)


@pytest.mark.parametrize("south", [88.8, -89.9])
def test_no_node_lies_beyond_a_pole(south):
    table = mapped(mechanisms(20.0, south))
    assert table.latitude.abs().max() <= 90.0 + 1e-9
    assert np.isfinite(table.shmax_deg).any()


@pytest.mark.parametrize(
    ("longitude", "middle"),
    [
        ([], 0.0),
        ([np.nan], 0.0),
        ([179.0], 0.0),
        ([179.0, -179.0], 180.0),
        ([179.0, 181.0], 180.0),
        ([-10.0, 10.0], 0.0),
        ([-120.0, 120.0, 178.0, -175.0], 180.0),
        ([10.0, 170.0, -170.0, -30.0], 270.0),
        ([-20.0, -40.0, 60.0, 175.0, -175.0], 72.5),
        (np.arange(-180.0, 180.0, 10.0), 0.0),
    ],
)
def test_the_cut_lies_in_the_widest_gap(longitude, middle):
    assert middle_longitude(longitude) == pytest.approx(middle)


def test_mechanisms_that_cancel_leave_no_stress():
    """A tensor of zeros has no axes: SHmax is not known, not 0."""
    found = describe_stress(np.array([np.zeros(5), np.ones(5), np.full(5, np.nan)]))
    assert np.isnan(found.shmax_deg).tolist() == [True, False, True]
    assert np.isnan(found.shape_ratio).tolist() == [True, False, True]
    assert [REGIMES[i] == "U" for i in found.regime[[0, 2]]] == [True, True]
