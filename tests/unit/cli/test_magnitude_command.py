"""Anybody's amplitudes are measured by one command, and bad ones are refused in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from obspy import read_events
from typer.testing import CliRunner

from quakeloom.cli._main import app
from quakeloom.core import InputError, SettingsError, geographic_position
from quakeloom.store import open_folder, read_table

MAGNITUDE = np.array([1.0, 2.0, 3.0])


def write_files(folder):
    """Write three events at the middle of four stations, with exact amplitudes."""
    north, east = np.array([30.0, -30.0, 0.0, 0.0]), np.array([0.0, 0.0, 30.0, -30.0])
    longitude, latitude = geographic_position(13.0, 42.5, north, east)
    names = list("ABCD")
    pd.DataFrame({
        "network": "XX", "station": names, "longitude": longitude, "latitude": latitude,
        "elevation_m": 0.0,
    }).to_csv(folder / "stations.csv", index=False)  # fmt: skip
    pd.DataFrame({
        "event_id": ["e0", "e1", "e2"],
        "origin_time": ["2019-07-04T01:00:00", "2019-07-04T02:00:00", "2019-07-04T03:00:00"],
        "longitude": 13.0, "latitude": 42.5, "depth_km": 10.0,
    }).to_csv(folder / "events.csv", index=False)  # fmt: skip
    r = np.hypot(30.0, 10.0)
    log_a = MAGNITUDE - 1.11 * np.log10(r / 100) - 0.00189 * (r - 100) - 3.0
    rows = [(f"e{i}", s, 10.0**a, 0) for i, a in enumerate(log_a) for s in names]
    table = pd.DataFrame(rows, columns=["event", "station", "amplitude", "clipped"])
    table.insert(0, "network", "XX")
    table.to_csv(folder / "amplitudes.csv", index=False)
    return table


def measure(folder, *more):
    found = CliRunner().invoke(app, [
        "magnitude", "--amplitudes", str(folder / "amplitudes.csv"), "--events",
        str(folder / "events.csv"), "--stations", str(folder / "stations.csv"), "--out",
        str(folder / "out"), *more,
    ])  # fmt: skip
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def test_exact_amplitudes_give_the_magnitudes_and_quakeml_that_obspy_reads(tmp_path):
    table = write_files(tmp_path)
    table.loc[0, "clipped"] = 1
    table.to_csv(tmp_path / "amplitudes.csv", index=False)
    said = measure(tmp_path).stdout
    assert "3 events: measured" in said
    assert "1 amplitudes: clipped" in said
    made = read_table(open_folder(tmp_path / "out") / "magnitudes.parquet", "magnitudes")
    assert made["magnitude"].to_numpy() == pytest.approx(MAGNITUDE, abs=0.01)
    for event, row in zip(
        read_events(str(tmp_path / "out" / "catalog.xml")), made.to_pylist(), strict=True
    ):
        given = event.preferred_magnitude()
        assert given.mag == row["magnitude"]
        assert given.mag_errors.uncertainty == row["magnitude_error"]
        assert (given.magnitude_type, given.station_count) == ("ML", row["amplitude_count"])


def test_bad_amplitudes_are_refused_in_words(tmp_path):
    table = write_files(tmp_path)
    for change, words in (
        ({"event": "nobody"}, "must have the same event ids"),
        ({"amplitude": "large"}, r"'large' in column 'amplitude' \(row 1\)"),
        ({"amplitude": -1.0}, "no number from 0 on"),
        ({"clipped": "perhaps"}, "neither yes nor no"),
    ):
        table.assign(**change).to_csv(tmp_path / "amplitudes.csv", index=False)
        with pytest.raises(InputError, match=words):
            measure(tmp_path)
    table.drop(columns="amplitude").to_csv(tmp_path / "amplitudes.csv", index=False)
    with pytest.raises(InputError, match="no column amplitude_wa_mm"):
        measure(tmp_path)
    with pytest.raises(SettingsError, match="formula"):
        measure(tmp_path, "--set", "formula=ML")


def test_a_catalog_without_magnitudes_has_no_completeness_and_one_with_them_has(tmp_path):
    write_files(tmp_path)
    none = CliRunner().invoke(app, ["magnitude", "--events", str(tmp_path / "events.csv")])
    assert isinstance(none.exception, InputError)
    assert "None of 3 events has a magnitude" in str(none.exception)
    random = np.random.default_rng(1)
    pd.DataFrame({
        "event_id": [f"e{i}" for i in range(500)],
        "origin_time": pd.date_range("2019-07-04", periods=500, freq="h"),
        "longitude": 13.0, "latitude": 42.5, "depth_km": 10.0,
        "magnitude": np.round(0.95 + random.exponential(0.434, 500), 1),
    }).to_csv(tmp_path / "catalog.csv", index=False)  # fmt: skip
    found = CliRunner().invoke(app, ["magnitude", "--events", str(tmp_path / "catalog.csv")])
    assert found.exit_code == 0
    assert "maximum curvature: completeness 1.00" in found.stdout
    assert "b-positive" in found.stdout
