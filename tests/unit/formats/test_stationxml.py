"""StationXML: stations, epochs, channels."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats import detect_format, read_source
from quakeloom.schema import validate_table

CHANNEL = """\
<Channel code="{code}" locationCode="00" startDate="2010-01-01T00:00:00">
<Latitude>35.001</Latitude><Longitude>139.001</Longitude><Elevation>90</Elevation>
<Depth>10</Depth><Azimuth>{azimuth}</Azimuth><Dip>{dip}</Dip>
<Response><Stage number="1"/></Response></Channel>
"""
STATION = """\
<Station code="{code}" startDate="{start}" endDate="{end}">
<Latitude unit="DEGREES">{latitude}</Latitude><Longitude>139.0</Longitude>
<Elevation>100.5</Elevation><Site><Name>A</Name></Site>{channels}</Station>
"""


def station(
    code: str = "ABC",
    start: str = "2010-01-01T00:00:00Z",
    end: str = "2599-12-31T23:59:59",
    latitude: str = "35.0",
    channels: str = "",
) -> str:
    return STATION.format(code=code, start=start, end=end, latitude=latitude, channels=channels)


def document(*stations: str) -> str:
    return (
        '<?xml version="1.0"?>\n'
        '<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1" schemaVersion="1.2">\n'
        "<Source>x</Source><Created>2020-01-01T00:00:00</Created>\n"
        f'<Network code="XX">{"".join(stations)}</Network></FDSNStationXML>'
    )


def read(tmp_path, text: str | bytes, **options):
    path = tmp_path / "stations.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert detect_format(path) == "stationxml"
    tables = read_source(path, **options)
    assert validate_table("stations", tables.stations) == []
    return tables


def test_a_station_has_its_place_and_epoch(tmp_path):
    (row,) = read(tmp_path, document(station(end="2015-06-30T12:00:00Z"))).stations.to_pylist()
    assert (row["network"], row["station"], row["channel"]) == ("XX", "ABC", "")
    assert (row["longitude"], row["latitude"], row["elevation_m"]) == (139.0, 35.0, 100.5)
    assert row["start_time"].isoformat() == "2010-01-01T00:00:00+00:00"
    assert row["end_time"].isoformat() == "2015-06-30T12:00:00+00:00"


def test_an_end_in_the_far_future_is_open(tmp_path):
    (row,) = read(tmp_path, document(station())).stations.to_pylist()
    assert row["end_time"] is None


def channel(code: str = "HHZ", azimuth: str = "0", dip: str = "-90") -> str:
    return CHANNEL.format(code=code, azimuth=azimuth, dip=dip)


def test_a_station_comes_with_its_channels_and_where_their_sensors_stand_and_point(tmp_path):
    text = document(
        station(channels=channel() + channel("HH1", "37.5", "0") + channel("LCQ")),
        station(code="DEF"),
    )
    rows = read(tmp_path, text).stations.to_pylist()
    # a clock records no motion
    assert [(r["station"], r["location_code"], r["channel"], r["elevation_m"]) for r in rows] == [
        ("ABC", "", "", 100.5),
        ("ABC", "00", "HHZ", 90.0),
        ("ABC", "00", "HH1", 90.0),
        ("DEF", "", "", 100.5),
    ]
    directions = [(r["sensor_azimuth_deg"], r["sensor_dip_deg"]) for r in rows]
    assert directions[1:3] == [(0.0, -90.0), (37.5, 0.0)]
    assert np.isnan(directions[0]).all()
    assert read(tmp_path, text, level="station").stations.num_rows == 2
    with pytest.raises(SettingsError, match="level"):
        read(tmp_path, text, level="sensor")


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (channel(dip="95"), "sensor_dip_deg 95 is outside"),
        (channel(azimuth="400"), "sensor_azimuth_deg 400 is outside"),
        (channel(dip="down"), "the dip 'down' is no number"),
        (channel().replace("<Dip>", "<Dip>90</Dip><Dip>"), "the dip is given twice"),
    ],
)
def test_a_channel_with_an_impossible_direction_keeps_its_place(tmp_path, one, word):
    tables = read(tmp_path, document(station(channels=one)))
    row = tables.stations.to_pylist()[1]
    assert row["latitude"] == 35.001
    assert np.isnan(row["sensor_dip_deg"]) or np.isnan(row["sensor_azimuth_deg"])
    (reject,) = tables.rejects.to_pylist()
    assert word in reject["reason"]
    assert "direction of the sensor is not known" in reject["reason"]


@pytest.mark.parametrize("azimuth", ["-90", "-0.5", "270"])
def test_negative_azimuths_of_sensors_are_wrapped(tmp_path, azimuth):
    tables = read(tmp_path, document(station(channels=channel("HHE", azimuth, "0"))))
    assert tables.rejects.num_rows == 0
    assert tables.stations.column("sensor_azimuth_deg")[-1].as_py() == float(azimuth) % 360


def test_a_channel_without_coordinates_stands_where_its_station_does(tmp_path):
    bare = '<Channel code="HHZ" locationCode="00"/>'
    tables = read(tmp_path, document(station(channels=bare)))
    assert tables.stations.column("latitude").to_pylist() == [35.0, 35.0]
    assert tables.rejects.num_rows == 0


@pytest.mark.parametrize(
    ("unit", "meters"), [("METERS", 100.5), ("m", 100.5), ("FEET", 30.6324), ("KM", 100500.0)]
)
def test_an_elevation_is_in_the_unit_that_it_states(tmp_path, unit, meters):
    text = document(station(code="GOOD"), station()).replace(
        "<Elevation>100.5</Elevation><Site><Name>A</Name></Site></Station>\n</Network>",
        f'<Elevation unit="{unit}">100.5</Elevation></Station></Network>',
    )
    tables = read(tmp_path, text)
    if meters < 9000:
        assert tables.stations.column("elevation_m").to_pylist() == [100.5, pytest.approx(meters)]
    else:
        assert "elevation_m" in tables.rejects.column("reason")[0].as_py()


def test_an_unknown_unit_is_put_aside(tmp_path):
    text = document(station(code="GOOD"), station()).replace("DEGREES", "GON")
    tables = read_source(_write(tmp_path, text))
    assert "is in 'GON', which is no unit" in tables.rejects.column("reason")[0].as_py()


def _write(tmp_path, text: str) -> Path:
    path = tmp_path / "stations.xml"
    path.write_text(text)
    return path


def test_epochs_of_one_station_are_rows(tmp_path):
    text = document(station(end="2012-01-01"), station(start="2012-01-02", latitude="36"))
    assert read(tmp_path, text).stations.column("latitude").to_pylist() == [35.0, 36.0]


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (station(latitude="north"), "no number"),
        (station(latitude="NaN"), "not a number"),
        (station(latitude="350"), "outside"),
        (station(latitude=""), "missing"),
        (station(code=""), "code is missing"),
        (station(start="soon"), "no time"),
        (station(start="2599-01-01"), "in the far future"),
        (station(start="2015-01-01", end="2010-01-01"), "is before its start"),
        (station(latitude="35</Latitude><Latitude>36"), "given twice"),
    ],
)
def test_an_impossible_station_is_put_aside(tmp_path, bad, word):
    tables = read(tmp_path, document(station(), bad, station(code="DEF")))
    assert tables.stations.column("station").to_pylist() == ["ABC", "DEF"]
    (row,) = tables.rejects.to_pylist()
    assert word in row["reason"]
    assert row["source_line"] > 3


def test_a_file_cut_off_keeps_what_came_before(tmp_path):
    places = np.random.default_rng(0).uniform(-90, 90, 100)
    text = document(*(station(code=f"S{i}", latitude=str(x)) for i, x in enumerate(places)))
    packed = gzip.compress(text.encode())
    for data in (text.encode()[: len(text) // 2], packed[: len(packed) // 2]):
        tables = read(tmp_path, data)
        assert 0 < tables.stations.num_rows < 100
        assert "not well-formed" in tables.rejects.column("reason").to_pylist()[-1]


def test_a_network_without_stations_is_said(tmp_path):
    assert "no station" in read(tmp_path, document()).rejects.column("reason")[0].as_py()


@pytest.mark.parametrize("data", [b"<html/>", b"text", b"\x89PNG\r\n\x1a\n\x00\x00"])
def test_other_files_are_a_clear_error(tmp_path, data):
    path = tmp_path / "x.xml"
    path.write_bytes(data)
    with pytest.raises(FormatError, match="StationXML"):
        read_source(path, "stationxml")


def obspy_files() -> list[Path]:
    obspy = pytest.importorskip("obspy")
    folder = Path(obspy.__file__).parent / "io" / "stationxml" / "tests" / "data"
    # two files are filled with random values, such as elevations of a million km
    return [p for p in sorted(folder.glob("*.xml")) if "random" not in p.name]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", obspy_files(), ids=lambda p: p.name)
def test_stations_are_those_that_obspy_reads(path):
    import obspy

    if path.name == "version20.xml":
        pytest.skip("ObsPy refuses this version")
    rows = read_source(path, level="station").stations.to_pylist()
    stations = [(n, s) for n in obspy.read_inventory(str(path)) for s in n]
    assert len(rows) == len(stations)
    for row, (network, place) in zip(rows, stations, strict=True):
        assert (row["network"], row["station"]) == (network.code, place.code)
        assert (row["longitude"], row["latitude"]) == (place.longitude, place.latitude)
        assert row["elevation_m"] == place.elevation
        start = place.start_date
        assert (row["start_time"] is None) == (start is None)
        if start is not None:
            assert row["start_time"].value == np.int64(start._ns)
