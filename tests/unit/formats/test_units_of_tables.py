"""Values in another unit are refused with the number to write, or converted by their name."""

from __future__ import annotations

import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import read_mechanisms, read_source
from quakeloom.schema import MODEL_VARIABLES, OTHER_UNITS, VARIABLES, range_problem

EVENTS = "event_id,longitude,latitude,depth_km\n"
STATIONS = "station,longitude,latitude,elevation_m\n"


def read(tmp_path, text: str, name: str = "a.csv", **options):
    (tmp_path / name).write_text(text)
    return read_source(tmp_path / name, "csv", **options)


def reasons(tables) -> list[str]:
    return tables.rejects.column("reason").to_pylist()


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("depth_km", 8100, "if it is in m, write 8.1"),
        ("depth_km", -12, "if it is negative downward, write 12"),
        ("elevation_m", 14000, "if it is in ft, write 4267.2"),
        ("latitude", 138.5, "longitude and latitude may be swapped"),
        ("uncertainty_s", 5000, "if it is in ms, write 5"),
        ("probability", 95, "if it is in percent, write 0.95"),
        ("p_velocity_km_s", 5500, "if it is in m/s, write 5.5"),
        ("distance_km", 50000, "if it is in m, write 50"),
    ],
)
def test_a_value_of_another_unit_is_named_with_the_number_to_write(name, value, hint):
    assert range_problem(name, value).endswith(hint)


@pytest.mark.parametrize("name", OTHER_UNITS)
def test_units_are_those_of_variables_with_a_range(name):
    v = MODEL_VARIABLES.get(name) or VARIABLES[name]
    assert v.minimum is not None
    assert range_problem(name, v.minimum) == range_problem(name, math.nan) == ""
    assert range_problem(name, math.inf)


def test_a_depth_out_of_range_is_put_aside_and_the_others_are_kept(tmp_path):
    tables = read(tmp_path, EVENTS + "a,139,35,8.1\nb,139,35,8100\nc,139,35,9\n")
    assert tables.events.column("event_id").to_pylist() == ["a", "c"]
    assert "write 8.1" in reasons(tables)[0]


@pytest.mark.parametrize("column", ["depth_km", "depth", "Depth/km"])
def test_a_column_of_depths_in_meters_is_refused_as_a_whole(tmp_path, column):
    """500 m is a possible depth in km, but not beside 8,100 and 12,000."""
    text = EVENTS.replace("depth_km", column) + "a,139,35,500\nb,139,35,8100\nc,139,35,12000\n"
    with pytest.raises(FormatError, match="seems to be in m"):
        read(tmp_path, text)


def test_parquet_in_meters_is_refused_likewise(tmp_path):
    table = pa.table(
        {"event_id": ["a", "b"], "longitude": [1.0, 2.0], "latitude": [1.0, 2.0],
         "depth_km": [500.0, 8100.0]}
    )  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(FormatError, match="seems to be in m"):
        read_source(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("depth_m", "8100", 8.1),
        ("depth(m)", "8100", 8.1),
        ("Depth/km", "8.1", 8.1),
        ("DEPTH", "8.1", 8.1),
    ],
)
def test_the_unit_in_a_name_is_heeded(tmp_path, header, cell, value):
    tables = read(tmp_path, f"event_id,longitude,latitude,{header}\na,139,35,{cell}\n")
    assert tables.events.column("depth_km").to_pylist() == [pytest.approx(value)]
    tables = read(tmp_path, "station,lon,lat,elevation_ft\nA,139,35,1000\n")
    assert tables.stations.column("elevation_m").to_pylist() == [pytest.approx(304.8)]
    tables = read(tmp_path, "station,lon,lat,elev_km\nA,139,35,1.25\n")
    assert tables.stations.column("elevation_m").to_pylist() == [1250.0]


def test_elevations_that_may_be_kilometers_are_named(tmp_path):
    rows = "".join(f"S{i},139,35,{0.1 + 0.37 * i:.3f}\n" for i in range(6))
    assert "call the column elevation_km" in reasons(read(tmp_path, STATIONS + rows))[0]
    rows = "".join(f"S{i},139,35,{10 + 37 * i}\n" for i in range(6))
    assert reasons(read(tmp_path, STATIONS + rows)) == []


def test_depths_in_the_air_are_named(tmp_path):
    rows = "".join(f"e{i},139,35,{-4 - i / 2}\n" for i in range(6))
    assert "positive downward" in reasons(read(tmp_path, EVENTS + rows))[0]


@pytest.mark.parametrize("kind", [pa.bool_(), pa.string()])
def test_a_truth_value_is_no_first_motion(tmp_path, kind):
    """False would become 0, not known, instead of down."""
    table = pa.table(
        {
            "event_id": ["a", "b"],
            "station": ["A", "B"],
            "polarity": pa.array([True, False]).cast(kind),
        }
    )
    pq.write_table(table, tmp_path / "polarities.parquet")
    with pytest.raises(FormatError, match="polarity"):
        read_source(tmp_path / "polarities.parquet")


def test_decimal_commas_are_read_where_semicolons_separate(tmp_path):
    text = "event_id;origin_time;longitude;latitude;depth_km\n"
    row = '"a";"2020-01-31T12:34:56,78Z";"138,512";"36,204";"8,1"\n'
    tables = read(tmp_path, "\ufeff" + text + row)
    (event,) = tables.events.to_pylist()
    assert (event["longitude"], event["latitude"], event["depth_km"]) == (138.512, 36.204, 8.1)
    assert event["origin_time"].microsecond == 780000
    assert tables.rejects.num_rows == 0


def test_a_comma_beside_points_is_not_guessed_at(tmp_path):
    """1,234 may be 1.234 or 1234 where other numbers have points."""
    text = STATIONS.replace(",", ";") + "A;138.5;36.2;1,234\nB;138.6;36.3;12.5\n"
    tables = read(tmp_path, text)
    assert tables.stations.column("station").to_pylist() == ["B"]
    assert "'1,234' is no number" in reasons(tables)[0]


def test_columns_of_mechanisms_in_percent_are_shares(tmp_path):
    head = "event_id,strike,dip,rake,num_p_pol,polarity_misfit,prob_mech,sta_distribution_ratio\n"
    (tmp_path / "out.csv").write_text(head + "a,10,20,30,17,19.1,100.0,62.3\n")
    (row,) = read_mechanisms(tmp_path / "out.csv").to_pylist()
    assert row["polarity_misfit"] == pytest.approx(0.191)
    assert row["mechanism_probability"] == 1.0
    assert row["station_distribution_ratio"] == pytest.approx(0.623)
    assert row["polarity_count"] == 17


@pytest.mark.parametrize("name", ["depth", "depth_km", "Depth (km)", "Depth/km"])
def test_a_catalog_of_the_deepest_earthquakes_is_in_km(tmp_path, name):
    """600 to 700 km are possible; one that is not does not make the column one in m."""
    path = tmp_path / "a.csv"
    depths = [600.0, 615.5, 650.0, 690.0, 700.0]
    body = "".join(f"e{i},1,1,{d}\n" for i, d in enumerate([*depths, 810.0]))
    path.write_text(f"event_id,longitude,latitude,{name}\n{body}")
    tables = read_source(path)
    assert tables.events.column("depth_km").to_pylist() == depths
    (reason,) = tables.rejects.column("reason").to_pylist()
    assert "810 is outside" in reason


@pytest.mark.parametrize("azimuth", [-360.0, -90.0, 0.0, 45.0, 360.0])
def test_negative_azimuths_mean_the_same_in_every_table(tmp_path, azimuth):
    text = f"station,longitude,latitude,channel,azimuth,dip\nA,138,36,HHE,{azimuth},0\n"
    stations = read(tmp_path, text, table="stations").stations
    assert stations.column("sensor_azimuth_deg")[0].as_py() % 360 == azimuth % 360
    text = f"event_id,station,polarity,azimuth,takeoff_deg\ne,A,U,{azimuth},100\n"
    motions = read(tmp_path, text).polarities
    assert motions.column("azimuth_deg")[0].as_py() % 360 == azimuth % 360


@pytest.mark.parametrize("kind", ["events", "stations"])
def test_places_at_zero_and_zero_are_doubted(tmp_path, kind):
    head = EVENTS if kind == "events" else STATIONS
    tables = read(tmp_path, f"{head}a,138,36,10\nb,0,0,10\nc,0,36,10\n", table=kind)
    assert getattr(tables, kind).num_rows == 3
    assert reasons(tables) == [
        f"1 of 3 {kind} are at longitude 0 and latitude 0, as where the place is not known; take "
        "them out unless they are there"
    ]
