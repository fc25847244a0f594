"""What the stage locate says of hypocenters at its limits, and of events without picks."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from quakeloom.config import Locate
from quakeloom.core import InputError
from quakeloom.schema import make_table
from quakeloom.stages.locate.catalog import read_location_inputs
from quakeloom.stages.locate.ensembles import make_times, station_places
from quakeloom.stages.locate.events import count_at_limit, warn_of_limits

STATIONS = make_table(
    "stations",
    {"network": ["X", "X"], "station": ["A", "B"], "longitude": [0.0, 0.1],
     "latitude": [0.0, 0.1], "elevation_m": [4000.0, 300.0]},
)  # fmt: skip


def test_hypocenters_at_the_least_depth_and_misfits_are_counted_in_words(caplog):
    table = make_table(
        "hypocenters",
        {"event_id": list("abcd"), "status": ["located", "located", "misfit", "outside_model"],
         "reason": ["", "at the least depth", "off", "edge"]},
    )  # fmt: skip
    assert count_at_limit(table) == 1
    with caplog.at_level(logging.WARNING):
        warn_of_limits(table, -1.0)
    assert "1 of 4 events lie at the least depth, locate.minimum_depth_km = -1 km" in caplog.text
    assert "the picks of 1 of 4 events do not fit" in caplog.text


def test_stations_above_the_search_are_told(tmp_path, caplog):
    (tmp_path / "m.txt").write_text("0 5\n40 7\n")
    locate = Locate(models=["m.txt"], members=0, maximum_depth_km=10, radius_km=10)
    with caplog.at_level(logging.WARNING):
        make_times(locate, str(tmp_path), station_places(STATIONS), [0.0], 0, tmp_path)
    assert "1 of 2 stations lie above the least depth" in caplog.text
    assert "the highest at -4 km" in caplog.text


@pytest.mark.parametrize("kind", ["table", "grids"])
def test_a_boundary_needs_velocities(tmp_path, kind, shared_data):
    """Times alone say nothing of the depth where a velocity is exceeded."""
    if kind == "table":
        model = str(shared_data / "jma2001" / "tjma2001")
    else:
        headers = sorted((shared_data / "anchorage").rglob("*.P.*.time.hdr"))
        if not headers:
            pytest.skip("no time grids among the shared data")
        model = str(headers[0]).partition(".P.")[0]
    locate = Locate(models=[model], members=0, boundary_velocity_km_s=7.5)
    with pytest.raises(InputError, match="has travel times and no velocities"):
        make_times(locate, "", station_places(STATIONS), [0.0], 0, tmp_path)


def test_an_event_whose_picks_are_all_put_aside_has_a_row(tmp_path):
    (tmp_path / "picks.csv").write_text(
        "event_id,network,station,phase,time\n"
        "good,X,A,P,2020-01-01T00:00:01Z\n"
        "bad,X,A,P,yesterday\nbad,X,B,P,today\n"
    )
    (tmp_path / "stations.csv").write_text(
        "network,station,longitude,latitude\nX,A,0,0\nX,B,0.1,0.1\n"
    )
    events, picks, _ = read_location_inputs(tmp_path / "picks.csv", tmp_path / "stations.csv")
    assert picks.num_rows == 1
    assert "bad" in events.column("event_id").to_pylist()
    assert np.isnan(events.column("longitude").to_numpy()).all()
