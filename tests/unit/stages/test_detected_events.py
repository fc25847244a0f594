"""The command without a run: from files to QuakeML that ObsPy reads."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from continuous_records import ground, write_inventory, write_records
from quakeloom.cli._main import app
from quakeloom.core import distance_azimuth
from quakeloom.stages.detect.archive_days import day_start
from quakeloom.store import open_item, read_table

MIDNIGHT = day_start("2020-01-02")
BEGIN = MIDNIGHT - 300 * 10**9
PLACES = [
    (f"S{k}", 10.0 + x, 45.0 + y)
    for k, (x, y) in enumerate([(-0.2, -0.1), (0.2, -0.15), (0.0, 0.15), (-0.25, 0.2), (0.3, 0.1),
                                (0.05, -0.25), (-0.1, 0.05)])
]  # fmt: skip
EVENTS = [(120.0, 10.02, 45.01, 8.0), (298.0, 9.9, 45.05, 10.0)]
"""Seconds after the records begin, longitude, latitude, depth; S of the second after midnight."""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detect")
    for number, (code, longitude, latitude) in enumerate(PLACES):
        onsets, lags = [], []
        for origin, east, north, depth in EVENTS:
            flat = distance_azimuth(
                np.array([east]), np.array([north]), np.array([longitude]), np.array([latitude])
            )[0][0]
            way = np.hypot(flat, depth)
            onsets.append(origin + way / 6.0)
            lags.append(way / 3.468 - way / 6.0)
        data = ground(600, onsets, number, lags)
        write_records(folder / "archive", data, BEGIN, (20_000,), station=code)
    write_inventory(folder / "stations.xml", PLACES)
    (folder / "model.txt").write_text("0.0 6.0 3.468\n30.0 6.0 3.468\n")
    arguments = [
        "detect", "--waveforms", str(folder / "archive"), "--stations",
        str(folder / "stations.xml"), "--model", str(folder / "model.txt"), "--out",
        str(folder / "out"), "--weights", "classical", "--polarity", "classical", "--csv",
        "--set", "locate.members=0", "--set", "locate.station_iterations=0",
        "--set", "associate.minimum_picks=8",
    ]  # fmt: skip
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return folder / "out", done


def test_both_events_are_found_with_all_that_was_measured(written):
    out, done = written
    assert done.exit_code == 0, done.output
    assert "2 events" in done.output
    import obspy

    catalog = obspy.read_events(str(out / "catalog.xml"))
    assert len(catalog) == 2
    for event, (origin, east, north, _) in zip(catalog, EVENTS, strict=True):
        best = event.preferred_origin()
        assert abs((best.time - obspy.UTCDateTime(ns=BEGIN)) - origin) < 0.3
        assert abs(best.longitude - east) < 0.03
        assert abs(best.latitude - north) < 0.03
        assert best.depth_errors.uncertainty > 0.0
        assert len(event.picks) >= 12
        assert all(p.time_errors.uncertainty > 0.0 for p in event.picks)
        motions = [p.polarity for p in event.picks if p.phase_hint == "P"]
        assert motions.count("positive") >= 0.8 * len(motions)
        known = {p.resource_id for p in event.picks}
        assert len(event.amplitudes) >= 12
        for amplitude in event.amplitudes:
            assert amplitude.type == "AML"
            assert amplitude.unit == "m"
            assert amplitude.pick_id in known
            assert 1e-5 < amplitude.generic_amplitude < 3e-3


def test_tables_lie_beside_the_catalog(written):
    out, _ = written
    days = read_table(open_item(out / "detection_days.parquet"), "detection_days")
    assert days.num_rows == 2 * len(PLACES)
    assert set(days.column("detection_status").to_pylist()) == {"detected"}
    found = read_table(open_item(out / "detections.parquet"), "detections")
    assert (out / "detections.csv").read_text().count("\n") == found.num_rows + 1
