"""Numbers that stand for none are missing, alike in every format, and said."""

from __future__ import annotations

import math

import pytest
from phase_writers import write_archive
from small_files import EVENTS

from quakeloom.formats import read_source

CATALOG = "time,latitude,longitude,depth,mag\n7,2020-01-01T00:00:01Z,36,138"


def events(tmp_path, kind: str, depth: str, mag: str):
    """One event with this depth and magnitude in a format."""
    texts = {
        "csv": f"id,{CATALOG},{depth},{mag}\n",
        "skhash_catalog": f"event_id,{CATALOG},{depth},{mag}\n",
        "hypodd_phase": f"# 2020 1 1 0 0 1.0 36 138 {depth} {mag} 0.1 0.1 0.1 7\nAAA 1.0 1.0 P\n",
        "zmap": f"138 36 2020 1 1 {mag} {depth} 0 0 1\n",
        "growclust": f"2020 1 1 0 0 1.0 36 138 {depth} {mag} 0.1 0.1 0.1 7\n",
    }
    path = tmp_path / "a.txt"
    path.write_text(texts[kind])
    return read_source(path, kind)


KINDS = ["csv", "skhash_catalog", "hypodd_phase", "zmap", "growclust"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mag", ["-9", "-9.9", "-99", "9.99", "99"])
def test_an_event_without_a_magnitude_is_kept_and_it_is_said(tmp_path, kind, mag):
    tables = events(tmp_path, kind, "5.5", mag)
    (row,) = tables.events.to_pylist()
    assert math.isnan(row["magnitude"])
    assert row["depth_km"] == 5.5
    said = [r["reason"] for r in tables.rejects.to_pylist()]
    assert sum("kept without it" in reason and mag in reason for reason in said) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_depth_of_minus_nine_is_none(tmp_path, kind):
    tables = events(tmp_path, kind, "-9", "2.5")
    (row,) = tables.events.to_pylist()
    assert math.isnan(row["depth_km"])
    assert row["magnitude"] == 2.5
    said = [r["reason"] for r in tables.rejects.to_pylist()]
    assert said == ["depth_km -9 stands for none; the row is kept without it"]


def test_an_archive_with_an_impossible_magnitude_keeps_its_event(tmp_path):
    (tmp_path / "a.arc").write_text(write_archive([{**EVENTS[0], "mag": -99}, EVENTS[1]]))
    assert read_source(tmp_path / "a.arc").events.num_rows == 2


@pytest.mark.parametrize("height", ["-9999", "-999", "-999.0"])
@pytest.mark.parametrize("kind", ["csv", "skhash_stations", "hypodd_stations"])
def test_an_elevation_that_stands_for_none_is_missing(tmp_path, kind, height):
    texts = {
        **dict.fromkeys(
            ("csv", "skhash_stations"),
            f"station,latitude,longitude,elevation\nA,36,138,{height}\nB,36,139,12\n",
        ),
        "hypodd_stations": f"A 36 138 {height}\nB 36 139 12\n",
    }
    (tmp_path / "a.txt").write_text(texts[kind])
    tables = read_source(tmp_path / "a.txt", kind)
    heights = tables.stations.column("elevation_m").to_pylist()
    assert math.isnan(heights[0])
    assert heights[1] == 12.0
    (row,) = tables.rejects.to_pylist()
    assert row["station"] == "A"
    assert "stands for none" in row["reason"]


@pytest.mark.parametrize("count", [1, 3])
def test_one_event_far_above_the_ground_is_doubted(tmp_path, count):
    rows = "".join(f"{i},2020-01-0{i + 1}T00:00:01Z,36,138,-5.5,1\n" for i in range(count))
    (tmp_path / "a.csv").write_text("id,time,latitude,longitude,depth,mag\n" + rows)
    said = [r["reason"] for r in read_source(tmp_path / "a.csv").rejects.to_pylist()]
    assert any("positive downward" in reason for reason in said)


NAMES = "network,station,location,channel,latitude,longitude,elevation"


@pytest.mark.parametrize(
    "more", ["azimuth,dip", "dip,azimuth", "sensor_azimuth_deg,sensor_dip_deg"]
)
def test_directions_of_sensors_in_a_table_of_channels_are_read(tmp_path, more):
    dips = {"azimuth,dip": "0,90", "dip,azimuth": "90,0"}.get(more, "0,90")
    (tmp_path / "a.csv").write_text(f"{NAMES},{more}\nXX,A,00,HHZ,36,138,5,{dips}\n")
    (row,) = read_source(tmp_path / "a.csv").stations.to_pylist()
    assert (row["sensor_azimuth_deg"], row["sensor_dip_deg"]) == (0.0, 90.0)
    assert row["location_code"] == "00"


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (NAMES, "XX,A,00,HHZ,36,138,5"),
        ("event_id,station,p_polarity,takeoff,azimuth", "e,A,0.5,100,10"),
        ("event_id,station,amp_p,amp_s,noise_p,noise_s", "e,A,1,2,0.1,0.1"),
        ("event_id,time,latitude,longitude,depth", "e,2020-01-01T00:00:00Z,36,138,5"),
        ("station,start_time,end_time", "A,2000-01-01,2001-01-01"),
        ("station,sta_correction", "A,0.1"),
    ],
)
def test_a_column_that_is_not_read_is_named_in_every_table_of_skhash(tmp_path, names, values):
    (tmp_path / "a.csv").write_text(f"{names},borehole\n{values},200\n")
    said = [r["reason"] for r in read_source(tmp_path / "a.csv").rejects.to_pylist()]
    assert any("'borehole'" in reason and "not read" in reason for reason in said)


@pytest.mark.parametrize("kind", ["csv", "skhash_polarities", "hypoinverse_archive"])
@pytest.mark.parametrize(("channel", "told"), [("HHZ", 0), ("HHE", 1), ("EHN", 1), ("HH1", 0)])
def test_first_motions_on_horizontal_channels_are_told(tmp_path, kind, channel, told):
    picks = [{**EVENTS[0]["picks"][0], "channel": channel}]
    texts = {
        "csv": f"event_id,station,channel,polarity\ne,A,{channel},U\n",
        "skhash_polarities": f"event_id,station,channel,p_polarity\ne,A,{channel},1\n",
        "hypoinverse_archive": write_archive([{**EVENTS[0], "picks": picks}]),
    }
    (tmp_path / "a.txt").write_text(texts[kind])
    tables = read_source(tmp_path / "a.txt", kind)
    assert tables.polarities.column("polarity").to_pylist() == [1]
    said = [r["reason"] for r in tables.rejects.to_pylist()]
    assert sum("1 of 1 first motions were read on horizontal" in r for r in said) == told
