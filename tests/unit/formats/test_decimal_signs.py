"""Decimal commas are read, and a sign that may stand between thousands is never guessed at."""

from __future__ import annotations

import pytest

from quakeloom.core import FormatError
from quakeloom.formats import read_mechanisms, read_source, read_velocity_model

STATIONS = "station;latitude;longitude;elevation_m\n"


def stations(tmp_path, rows: str, separator: str = ";"):
    text = (STATIONS + rows).replace(";", separator)
    (tmp_path / "stations.csv").write_text(text)
    tables = read_source(tmp_path / "stations.csv", "csv")
    heights = {r["station"]: r["elevation_m"] for r in tables.stations.to_pylist()}
    return heights, tables.rejects.column("reason").to_pylist()


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_point_of_thousands_beside_decimal_commas_is_refused(tmp_path, separator):
    """A spreadsheet writes 1250 as 1.250 where 36.5 is 36,5; it was read as 1.25 m."""
    rows = "A;36,5;138,25;1.250\nB;36,5;138,25;850\n"
    heights, reasons = stations(tmp_path, rows, separator)
    assert heights == {"B": 850.0}
    assert reasons == ["elevation_m '1.250 in a file of decimal commas' is no number"]


def test_so_is_one_where_all_numbers_have_three_decimals(tmp_path):
    heights, reasons = stations(tmp_path, "A;36,204;138,512;1.250\nB;36,204;138,513;850\n")
    assert heights == {"B": 850.0}
    assert len(reasons) == 1


def test_a_comma_of_thousands_beside_decimal_points_is_refused(tmp_path):
    """The points stand in other columns than the comma; it was read as 1.25 m."""
    heights, reasons = stations(tmp_path, "A;36.5;138.25;1,250\nB;36.5;138.25;850\n")
    assert heights == {"B": 850.0}
    assert reasons == ["elevation_m '1,250' is no number"]


def test_thousands_are_read_where_both_signs_stand_in_a_number(tmp_path):
    heights, reasons = stations(tmp_path, "A;36,5;138,25;1.250,5\nB;36,5;138,25;850,25\n")
    assert (heights, reasons) == ({"A": 1250.5, "B": 850.25}, [])


def test_a_missing_number_does_not_cost_the_column(tmp_path):
    heights, reasons = stations(tmp_path, "A;36,5;138,25;NA\nB;36,5;138,25;850,5\n")
    assert heights["B"] == 850.5
    assert heights["A"] != heights["A"]
    assert reasons == []


def test_points_of_three_figures_stay_decimal_where_no_comma_is(tmp_path):
    heights, _ = stations(tmp_path, "A;36.204;138.512;1.250\n")
    assert heights == {"A": 1.25}


def test_names_are_no_numbers(tmp_path):
    text = "event_id;longitude;latitude;depth_km\n20.123;138,5;36,2;8,1\n1,5;138,5;36,2;8,1\n"
    (tmp_path / "events.csv").write_text(text)
    tables = read_source(tmp_path / "events.csv", "csv")
    assert tables.events.column("event_id").to_pylist() == ["20.123", "1,5"]


def test_so_it_is_in_catalogs_of_mechanisms(tmp_path):
    text = "lon;lat;depth;strike;dip;rake\n138,5;36,2;8,1;10;45;90\n138,5;36,2;8.100;10;45;90\n"
    (tmp_path / "m.csv").write_text(text)
    catalog = read_mechanisms(tmp_path / "m.csv")
    assert catalog.column("depth_km").to_pylist() == [8.1]


@pytest.mark.parametrize(
    "text",
    ["0 5,3\n10 6,3\n20 7,4\n", "0;5,3\n10;6,3\n20;7,4\n", "z\tvp\n0\t5,3\n10\t6,3\n20\t7,4\n"],
)
def test_decimal_commas_of_a_velocity_model(tmp_path, text):
    """``0 5,3`` was P 5 and S 3 km/s at depth 0 without a word."""
    (tmp_path / "model.txt").write_text(text)
    model = read_velocity_model(tmp_path / "model.txt")
    assert list(model.depth_km) == [0, 10, 20]
    assert list(model.p_velocity_km_s) == [5.3, 6.3, 7.4]
    assert model.s_velocity_km_s is None


@pytest.mark.parametrize("text", ["0 5,3\n10 6.3\n", "0, 5, 3\n10, 6,3\n", "0 5,3 # Vp\n.5 6\n"])
def test_commas_that_may_be_either_are_refused_in_a_velocity_model(tmp_path, text):
    (tmp_path / "model.txt").write_text(text)
    with pytest.raises(FormatError, match="may be a decimal sign"):
        read_velocity_model(tmp_path / "model.txt")


@pytest.mark.parametrize("text", ["0,5,3\n10,6,3\n", "0, 5, 3\n10, 6, 3\n", "0,5.0,3.0\n10,6,3\n"])
def test_commas_between_numbers_of_a_velocity_model_stay_separators(tmp_path, text):
    (tmp_path / "model.txt").write_text(text)
    model = read_velocity_model(tmp_path / "model.txt")
    assert list(model.p_velocity_km_s) == [5, 6]
    assert list(model.s_velocity_km_s) == [3, 3]
