"""Pandas frames, mappings and rows come in as registered tables, or say why not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from library_data import make_events, make_picks, make_stations
from obspy import UTCDateTime

import quakeloom as ql


def test_a_frame_comes_out_as_it_went_in():
    events = make_events()
    catalog = ql.Catalog(events=events, stations=make_stations())
    back = catalog.events
    for name in events.columns:
        assert back[name].tolist() == events[name].tolist(), name
    assert str(back.origin_time.dtype) == "datetime64[ns, UTC]"
    again = ql.Catalog(events=back)
    pd.testing.assert_frame_equal(again.events, back)


@pytest.mark.parametrize("form", ["arrow", "columns", "rows", "index", "result"])
def test_any_form_of_a_table_is_the_same_table(form):
    picks = make_picks(make_events(1), make_stations(4))
    whole = ql.Catalog(picks=picks)
    given = {
        "arrow": pa.Table.from_pandas(picks, preserve_index=False),
        "columns": {c: picks[c] for c in picks},
        "rows": picks.to_dict("records"),
        "index": picks.set_index(["event_id", "station"]),
        "result": whole,
    }[form]
    drop = ["source_file", "source_line"]
    found = ql.Catalog(picks=given).picks.drop(columns=drop)
    pd.testing.assert_frame_equal(found, whole.picks.drop(columns=drop))


def test_times_of_obspy_are_times():
    time = UTCDateTime(2015, 1, 1, 2, 3, 4, 500000)
    row = {"event_id": "a", "station": "S", "phase": "P", "time": time}
    found = ql.Catalog(picks=[row]).picks
    assert found.time[0] == pd.Timestamp("2015-01-01T02:03:04.5Z")


def test_bad_rows_are_put_aside_with_their_reason():
    events = make_events(4)
    events.loc[1, "latitude"] = 95.0
    events.loc[2, "longitude"] = np.nan
    events.loc[3, "event_id"] = "e0"
    catalog = ql.Catalog(events=events)
    assert catalog.events.event_id.tolist() == ["e0"]
    reasons = dict(zip(catalog.rejects.source_line, catalog.rejects.reason, strict=True))
    assert "latitude 95" in reasons[2]
    assert "longitude is missing" in reasons[3]
    assert "doubled event" in reasons[4]
    assert "put aside: 3" in repr(catalog)


def test_a_column_with_another_name_is_said_and_not_guessed():
    stations = make_stations(3).rename(columns={"latitude": "latitudes"})
    with pytest.raises(ql.QuakeloomError, match=r"no column 'latitude'.*Did you mean.*'latitudes'"):
        ql.Catalog(stations=stations)
    catalog = ql.Catalog(stations=make_stations(3).assign(elevation_meter=5.0))
    assert catalog.rejects.reason.str.contains("did you mean 'elevation_m'").any()


def test_what_is_no_table_is_refused():
    events = make_events(2)
    double = pd.concat([events, events[["depth_km"]]], axis=1)
    for bad, words in (
        (3, "is no table"),
        ("events.csv", "is no table"),
        ({"event_id": ["a", "b"], "longitude": [1.0]}, "is no table"),
        (double, "'depth_km' more than once"),
        (events.iloc[:0].drop(columns="event_id"), "no column 'event_id'"),
    ):
        with pytest.raises(ql.QuakeloomError, match=words):
            ql.Catalog(events=bad)
    with pytest.raises(ql.QuakeloomError, match="no table 'event'"):
        ql.Catalog(event=events)
