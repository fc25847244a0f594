"""Catalogs are read from any format, and go to ObsPy and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from library_data import make_events, make_picks, make_readings, make_stations, write_tables

import quakeloom as ql
from quakeloom.formats import CatalogTables, write_csv, write_gmt_meca, write_quakeml


@pytest.fixture(scope="module")
def solved():
    """Mechanisms of six events with places."""
    return ql.find_mechanisms(make_readings(), events=make_events(), trials=5)


def test_files_of_several_tables_make_one_catalog(tmp_path):
    events, stations = make_events(), make_stations(5)
    write_tables(tmp_path, events=events, stations=stations, picks=make_picks(events, stations))
    catalog = ql.read(tmp_path / "*.csv")
    assert [len(catalog.events), len(catalog.stations), len(catalog.picks)] == [6, 5, 60]
    assert len(catalog) == 6
    assert "6 events, 5 stations, 60 picks" in repr(catalog)
    assert catalog.rejects.empty
    html = catalog._repr_html_()
    assert "e0" in html
    assert "magnitude" in html
    assert "horizontal_error_km" not in html  # nothing is known of it


def test_the_first_of_two_files_with_one_event_is_taken(tmp_path):
    first, second = make_events(2), make_events(2).assign(depth_km=1.0)
    write_tables(tmp_path, events_a=first, events_b=second)
    catalog = ql.read([tmp_path / "events_a.csv", tmp_path / "events_b.csv"])
    assert catalog.events.depth_km.tolist() == first.depth_km.tolist()
    assert len(catalog.rejects) == 2


def test_mechanisms_are_recognized_whatever_their_form(tmp_path, solved):
    table = solved.to_arrow()
    write_csv(table, tmp_path / "catalog.csv")
    solved.table.to_parquet(tmp_path / "anything.parquet")
    write_quakeml(CatalogTables(mechanisms=table), tmp_path / "catalog.xml")
    write_gmt_meca(table, tmp_path / "catalog.meca")
    strike = solved.table.strike_deg.dropna()
    for name in ("catalog.csv", "anything.parquet", "catalog.xml", "catalog.meca"):
        found = ql.read(tmp_path / name).mechanisms
        np.testing.assert_allclose(found.strike_deg.dropna(), strike, atol=0.06, err_msg=name)


def test_a_quakeml_file_gives_readings_and_mechanisms(tmp_path, solved):
    write_quakeml(CatalogTables(mechanisms=solved.to_arrow()), tmp_path / "catalog.xml")
    catalog = ql.read(tmp_path / "catalog.xml")
    assert len(catalog.events) == 6
    assert len(catalog.mechanisms) == (solved.table.status == "solved").sum()


def test_obspy_and_back_keeps_what_obspy_has_a_place_for(solved):
    events, stations = make_events(), make_stations()
    picks = make_picks(events, stations)
    first = picks[picks.phase == "P"].set_index(["event_id", "station"]).time
    readings = make_readings()
    keys = list(zip(readings.event_id, readings.station, strict=True))
    readings["arrival_time"] = first.loc[keys].to_numpy()
    catalog = ql.Catalog(
        events=events, stations=stations, picks=picks, polarities=readings,
        mechanisms=solved.table,
    )  # fmt: skip
    found = ql.from_obspy(*catalog.to_obspy())
    same = {
        "events": ["event_id", "origin_time", "longitude", "latitude", "magnitude"],
        "stations": ["network", "station", "longitude", "latitude", "elevation_m"],
        "picks": ["event_id", "network", "station", "phase", "time", "uncertainty_s"],
        "polarities": ["event_id", "station", "polarity", "onset", "arrival_time"],
        "mechanisms": ["event_id", "status", "strike_deg", "dip_deg", "rake_deg", "quality"],
    }
    for name, columns in same.items():
        one, other = (
            getattr(c, name)[columns].sort_values(columns[:5]).reset_index(drop=True)
            for c in (catalog, found)
        )
        pd.testing.assert_frame_equal(one, other, check_exact=True, obj=name)
    # one pick carries time and first motion
    assert len(catalog.to_obspy()[0][0].picks) == 48
    np.testing.assert_allclose(found.events.depth_km, events.depth_km, rtol=1e-12)
    np.testing.assert_allclose(
        found.polarities.sort_values(["event_id", "station"]).takeoff_deg,
        readings.sort_values(["event_id", "station"]).takeoff_deg,
    )


def test_picks_that_cannot_be_used_are_put_aside():
    events = make_events(1)
    made, _ = ql.Catalog(events=events, picks=make_picks(events, make_stations(3))).to_obspy()
    made[0].picks[0].phase_hint = None
    made[0].origins[0].arrivals.clear()
    made[0].picks[1].waveform_id.station_code = ""
    made[0].picks[2].evaluation_status = "rejected"
    found = ql.from_obspy(made)
    assert len(found.picks) == 3
    reasons = " ".join(found.rejects.reason)
    for words in ("no phase", "no station", "has rejected"):
        assert words in reasons


def test_what_cannot_be_read_says_why(tmp_path):
    (tmp_path / "plain.txt").write_text("this is no catalog of anything\n")
    (tmp_path / "results" / "plan").mkdir(parents=True)
    for bad, words in (
        (tmp_path / "nothing.xml", "does not exist"),
        (tmp_path / "*.nothing", "No file matches"),
        (tmp_path / "plain.txt", "none of the formats"),
        (tmp_path, "is a folder"),
        (tmp_path / "results", "open_run"),
        ([], "No file is given"),
    ):
        with pytest.raises(ql.QuakeloomError, match=words):
            ql.read(bad)
    with pytest.raises(ql.QuakeloomError, match=r"'quackml'.*is not known"):
        ql.read(tmp_path / "plain.txt", format="quackml")
    with pytest.raises(ql.QuakeloomError, match="holds none of ObsPy"):
        ql.from_obspy([1, 2])
    with pytest.raises(ql.QuakeloomError, match="ObsPy cannot write"):
        ql.from_obspy(inventory="stations.xml")


def test_a_map_is_drawn_of_what_there_is(solved):
    both = ql.Catalog(events=make_events(), stations=make_stations())
    assert both.plot()._repr_png_().startswith(b"\x89PNG")
    assert ql.Catalog(mechanisms=solved.table).plot().axes
    with pytest.raises(ql.QuakeloomError, match="nothing to draw"):
        ql.Catalog(picks=make_picks(make_events(1), make_stations(2))).plot()


def test_first_motions_without_a_time_go_to_the_only_p_pick_of_their_station():
    """A second pick beside it would have no time, and be put aside when it is read."""
    events, stations, readings = make_events(2), make_stations(24), make_readings(2)
    picks = make_picks(events, stations)
    catalog = ql.Catalog(events=events, stations=stations, picks=picks, polarities=readings)
    made, inventory = catalog.to_obspy()
    assert len(made[0].picks) == 48
    assert all(p.time is not None for e in made for p in e.picks)
    found = ql.from_obspy(made, inventory)
    assert not len(found.rejects)
    columns = ["event_id", "station", "polarity"]
    one, other = (
        c.polarities[columns].sort_values(columns).reset_index(drop=True) for c in (catalog, found)
    )
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("paths", [None, 3, [None], {"a": 1}.keys, [["a.csv"]]])
def test_what_names_no_file_is_said(paths):
    with pytest.raises(ql.QuakeloomError, match="names none"):
        ql.read(paths)
