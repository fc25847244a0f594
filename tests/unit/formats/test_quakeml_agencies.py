"""The event files of many agencies end in the same picks, first motions and mechanism."""

from __future__ import annotations

import math

import numpy as np
import pytest
from agency_files import (
    AGENCIES,
    DEPTH_KM,
    LATITUDE,
    LONGITUDE,
    MECHANISM,
    ORIGIN_TIME,
    readings,
)

from quakeloom.core import rotation_angle
from quakeloom.formats import detect_format, read_mechanisms, read_source
from quakeloom.schema import is_earthquake, time_values, validate_table


@pytest.fixture(params=AGENCIES)
def file(request, tmp_path):
    path = tmp_path / f"{request.param.split()[0]}.xml"
    path.write_text(AGENCIES[request.param](), encoding="utf-8")
    return path


def test_the_hypocenter_is_that_of_the_preferred_origin(file):
    tables = read_source(file)
    (row,) = tables.events.to_pylist()
    assert time_values(tables.events.column("origin_time"))[0] == ORIGIN_TIME
    assert (row["longitude"], row["latitude"]) == (LONGITUDE, LATITUDE)
    assert row["depth_km"] == pytest.approx(DEPTH_KM, rel=1e-12)
    assert row["magnitude"] == 4.1
    assert row["magnitude_type"]
    assert is_earthquake(row["event_type"])
    assert row["event_type"] == "earthquake"
    for name in tables.counts():
        assert validate_table(name, getattr(tables, name)) == []


def test_every_pick_has_its_time_phase_and_error(file):
    picks = read_source(file).picks
    wanted = {(r.station, r.phase): r for r in readings()}
    assert picks.num_rows == len(wanted)
    for row, time in zip(picks.to_pylist(), time_values(picks.column("time")), strict=True):
        r = wanted.pop((row["station"], row["phase"][0]))
        assert time == r.time
        assert row["network"] == "XX"
        assert row["uncertainty_s"] == pytest.approx(r.error_s, rel=1e-12)
    assert not wanted


def test_first_motions_are_those_of_p(file):
    polarities = read_source(file).polarities
    wanted = {r.station: r.sign for r in readings() if r.phase == "P"}
    found = {r["station"]: r["polarity"] for r in polarities.to_pylist()}
    assert found == wanted
    assert polarities.num_rows == len(wanted)


def test_angles_are_those_of_the_arrivals_of_the_hypocenter_or_missing(file):
    wanted = {r.station: r for r in readings() if r.phase == "P"}
    for row in read_source(file).polarities.to_pylist():
        r = wanted[row["station"]]
        if file.stem in ("comcat", "geonet"):
            # another origin's, and none
            assert math.isnan(row["azimuth_deg"])
            continue
        assert row["azimuth_deg"] == pytest.approx(r.azimuth_deg, abs=2e-3)
        if file.stem != "isc":
            assert row["takeoff_deg"] == r.takeoff_deg


def test_the_mechanism_is_the_same_by_planes_or_tensor(file):
    (row,) = read_mechanisms(file).to_pylist()
    found = [row[f"{n}_deg"] for n in ("strike", "dip", "rake")]
    other = [row[f"auxiliary_{n}_deg"] for n in ("strike", "dip", "rake")]
    # planes are given to a hundredth of a degree
    assert rotation_angle(found, MECHANISM) < 0.05
    assert rotation_angle(other, MECHANISM) < 0.05
    assert row["status"] == "solved"


ERRORS_KM = {
    "comcat": (0.7, 1.2),
    # an ellipse and an interval of 90 %: 2.14597 and 1.64485 standard errors
    "isc": (1.0, 1.0),
    "geonet": (0.6, math.nan),
    "seiscomp": (0.5 * math.pi / 180 * 6371 * math.cos(math.radians(36.2)), 1.2),
    "ingv": (0.0056 * math.pi / 180 * 6371 * math.cos(math.radians(36.2)), 0.4),
    # the latitude is less certain than the longitude
    "scml": (0.8 * math.pi / 180 * 6371, 1.1),
}


def test_errors_are_standard_errors_in_kilometers(file):
    (row,) = read_source(file).events.to_pylist()
    horizontal, vertical = ERRORS_KM[file.stem]
    np.testing.assert_allclose(row["horizontal_error_km"], horizontal, rtol=1e-5)
    np.testing.assert_allclose(row["vertical_error_km"], vertical, rtol=1e-5)


def test_what_is_not_taken_is_told(file):
    reasons = " ".join(read_source(file).rejects.column("reason").to_pylist())
    wanted = {
        "comcat": "take their phase from the arrivals of another origin",
        "seiscomp": "the origin uses another pick of this phase and station",
    }
    assert wanted.get(file.stem, "") in reasons
    if file.stem in ("isc", "geonet", "scml"):
        assert reasons == ""


def test_all_origins_are_there_and_one_is_chosen(file):
    origins = read_source(file).origins.to_pylist()
    assert sum(o["is_chosen"] for o in origins) == 1
    assert len(origins) == {"comcat": 2, "isc": 2, "seiscomp": 2}.get(file.stem, 1)
    assert sum(o["arrival_count"] for o in origins) == len(readings())


def test_the_format_is_recognized(file):
    assert detect_format(file) == ("seiscomp_ml" if file.stem == "scml" else "quakeml")
