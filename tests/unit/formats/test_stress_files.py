"""GeoNet's catalog, fault segments, GeoTIFF."""

import csv
import json
import struct
from xml.etree import ElementTree

import numpy as np
import pytest

from quakeloom.core import FormatError, InputError, rotation_angle
from quakeloom.formats import (
    Rejects,
    read_fault_segments,
    read_mechanisms,
    write_geotiff,
    write_stress_wsm,
)
from quakeloom.formats._world_stress_map import grade_formal_inversion
from quakeloom.schema import make_table, variable

HEADER = "PublicID,Date,Latitude,Longitude,strike1,dip1,rake1,strike2,dip2,rake2,ML,Mw,Mo,CD"
ROW = "2103645,20030821121200,-45.1929,166.8300,213,56,98,20,35,79,7.0,7.1,5.61e+26,22"


def test_geonet_rows_are_mechanisms(tmp_path):
    """One row: place, time, both planes, moment magnitude, centroid depth."""
    path = tmp_path / "geonet.csv"
    path.write_text(f"{HEADER}\n{ROW}\n")
    row = read_mechanisms(path).to_pylist()[0]
    assert row["event_id"] == "2103645"
    assert (row["strike_deg"], row["dip_deg"], row["rake_deg"]) == (213, 56, 98)
    assert row["auxiliary_strike_deg"] == 20
    assert row["depth_km"] == 22
    assert row["magnitude"] == 7.1
    assert row["origin_time"].isoformat().startswith("2003-08-21T12:12:00")


def test_bad_geonet_rows_are_put_aside_with_the_reason(tmp_path):
    """A missing strike, a doubled event and a bad date are rejects; nameless events are kept."""
    path = tmp_path / "geonet.csv"
    lines = [
        ROW,
        ROW,
        ROW.replace("2103645", "7").replace(",213,", ",n/a,"),
        ROW.replace("2103645", "8").replace("20030821121200", "yesterday"),
        ROW.replace("2103645", "9999999"),
        ROW.replace("2103645", "9999999"),
    ]
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    rejects = Rejects(path)
    table = read_mechanisms(path, rejects)
    assert table.num_rows == 3
    reasons = rejects.table().column("reason").to_pylist()
    assert "doubled event" in reasons[0]
    assert "strike1 'n/a'" in reasons[1]
    assert "yesterday" in reasons[2]
    assert len(set(table.column("event_id").to_pylist())) == 3


def test_every_geonet_solution_is_read(shared_data):
    """3,691 solutions, and the two planes of each belong together."""
    path = shared_data / "new-zealand" / "GeoNet_CMT_solutions.csv"
    if not path.is_file():
        pytest.skip(f"no {path}")
    table = read_mechanisms(path)
    assert table.num_rows == 3691
    angles = [
        np.stack([table.column(f"{p}{n}_deg").to_numpy() for n in ("strike", "dip", "rake")], 1)
        for p in ("", "auxiliary_")
    ]
    turn = rotation_angle(*angles)
    # angles are printed as whole degrees; a handful of rows disagree more
    assert np.median(turn) < 1.0
    assert np.mean(turn < 5.0) > 0.98


def test_faults_from_csv_and_geojson_agree(tmp_path):
    """The same fault as a row and as a feature; a line gives its own strike."""
    table = tmp_path / "faults.csv"
    table.write_text("name,lon,lat,strike,dip,rake\nA,10.0,45.5,0,60,-90\n")
    collection = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "A", "dip": 60, "rake": -90},
                "geometry": {"type": "LineString", "coordinates": [[10, 45], [10, 46]]},
            }
        ],
    }
    other = tmp_path / "faults.geojson"
    other.write_text(json.dumps(collection))
    one, two = (read_fault_segments(p).to_pylist()[0] for p in (table, other))
    for name in ("fault", "longitude", "latitude", "dip_deg", "rake_deg"):
        assert one[name] == two[name]
    assert two["strike_deg"] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(one["slip_tendency"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,lon,lat,strike\nA,1,2,3\n", "no dip_deg"),
        ("name,lon,lat,strike,dip\nA,1,2,three,4\n", "'three' is no number"),
        ("name,lon,lat,strike,dip\n", "no fault segment"),
        ('{"type": "FeatureCollection"}', "no GeoJSON"),
        ('{"type": "Feature", "geometry": {"type": "Polygon"}}', "is a Polygon"),
    ],
)
def test_broken_fault_files_are_refused(tmp_path, text, words):
    """The message names the record and what is missing."""
    path = tmp_path / "faults.txt"
    path.write_text(text)
    with pytest.raises(FormatError, match=words):
        read_fault_segments(path)


def test_a_missing_fault_file_is_named(tmp_path):
    """The path is in the message."""
    with pytest.raises(InputError, match=r"nothing\.csv"):
        read_fault_segments(tmp_path / "nothing.csv")


def test_geotiff_has_its_values_and_place(tmp_path):
    """Tags of a one-band float image; north is up; the corner is half a pixel out."""
    values = np.arange(6.0).reshape(2, 3)
    values[0, 0] = np.nan
    path = tmp_path / "map.tif"
    write_geotiff(path, [10.0, 10.5, 11.0], [45.0, 45.5], values, variable("shmax_deg"))
    data = path.read_bytes()
    (count,) = struct.unpack_from("<H", data, 8)
    tags = {}
    for i in range(count):
        tag, kind, n, value = struct.unpack_from("<HHII", data, 10 + 12 * i)
        tags[tag] = (kind, n, value)
    assert (tags[256][2], tags[257][2]) == (3, 2)
    assert struct.unpack_from("<3d", data, tags[33550][2]) == (0.5, 0.5, 0.0)
    assert struct.unpack_from("<6d", data, tags[33922][2])[3:5] == (9.75, 45.75)
    pixels = np.frombuffer(data, "<f4", 6, tags[273][2]).reshape(2, 3)
    np.testing.assert_array_equal(pixels[::-1], values.astype("<f4"))
    assert 4326 in struct.unpack_from("<16H", data, tags[34735][2])
    _, length, place = tags[42112]
    band = data[place : place + length].rstrip(b"\0").decode()
    items = {item.get("role"): item.text for item in ElementTree.fromstring(band)}
    assert items == {"description": "shmax_deg", "unittype": "deg"}


@pytest.mark.parametrize(
    ("count", "std", "letter"),
    [
        (15, 12.0, "A"), (14, 12.0, "B"), (15, 12.1, "B"), (8, 20.0, "B"), (7.9, 5.0, "D"),
        (8, 25.0, "C"), (8, 25.1, "D"), (1, 40.0, "D"), (100, 40.1, "E"), (0.4, 3.0, "E"),
        (20, float("nan"), "E"),
    ],
)  # fmt: skip
def test_world_stress_map_ranks_formal_inversions_by_number_and_spread(count, std, letter):
    """Technical Report 16-01: A needs 15 mechanisms within 12 degrees, B 8 within 20."""
    assert grade_formal_inversion(count, std) == letter


def test_world_stress_map_has_no_record_without_mechanisms(tmp_path):
    """A node that smoothness alone fills is no measurement; angles stay within their periods."""
    rows = {
        "longitude": [190.0, 10.0, 11.0], "latitude": [45.0, 45.0, 46.0],
        "shmax_deg": [179.7, 30.0, 60.0], "shmax_std_deg": [5.0, 5.0, 5.0],
        "s1_azimuth_deg": [359.8, 30.0, 60.0], "regime": ["SS", "NF", "TF"],
        "mechanism_count": [20, 0, 9], "data_weight": [18.0, 0.7, 4.0],
        "stress_quality": ["A", "A", "A"],
    }  # fmt: skip
    path = tmp_path / "wsm.csv"
    write_stress_wsm(make_table("stress", rows), path)
    with path.open(newline="") as stream:
        first, second = csv.DictReader(stream)
    assert (first["ID"], second["ID"]) == ("node1", "node3")
    assert (first["LON"], first["AZI"], first["S1AZ"]) == ("-170.0000", "0", "0")
    # nine mechanisms that weigh as much as four are no eight well-constrained ones
    assert (first["QUALITY"], second["QUALITY"]) == ("A", "D")
    assert (second["NUMBER"], second["SD"], second["TYPE"]) == ("9", "5", "FMF")
