"""Day files of a simulated network: what others read in them, and that workers change nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import obspy
import pytest

from quakeloom.config import parse_settings
from quakeloom.core import SettingsError
from quakeloom.stages.simulate.continuous import (
    DayTask,
    continuous_source,
    make_earth,
    write_station_day,
)
from quakeloom.store import open_folder, read_bytes

WOOD_ANDERSON = {
    "poles": [-5.49779 + 5.60886j, -5.49779 - 5.60886j], "zeros": [0j], "gain": 1.0,
    "sensitivity": 2080.0,
}  # fmt: skip
"""Displacement of a Wood-Anderson seismometer of 0.8 s and damping 0.7 from ground velocity."""


CHAIN = {
    "takeoff": {"models": ["generic_crust"]}, "waveforms": {}, "detect": {}, "associate": {},
    "locate": {"models": ["generic_crust"]},
}  # fmt: skip
"""What finds the events of a record."""


def settings_of(workers=0, **changes):
    """A quarter of an hour on either side of midnight, at three stations."""
    days = {
        "start": "2019-07-04T23:45:00", "hours": 0.5, "stations": 3, "sequence_hour": 23.8,
        "flawed_share": 1.0, "teleseisms": 0, **changes,
    }  # fmt: skip
    cluster = {"kind": "local", "workers": workers} if workers else {}
    return parse_settings(
        {"name": "days", "simulation": {"continuous": days}, "cluster": cluster, **CHAIN}
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A continuous record with all kinds of noise."""
    return continuous_source(settings_of(), open_folder(tmp_path_factory.mktemp("cache")))


def files_of(folder):
    """Bytes of the files below a folder, by name."""
    found = {}
    for item in folder.children():
        if item.name.endswith(".mseed") or ".D." in item.name:
            found[item.name] = read_bytes(item)
        else:
            found.update(files_of(item))
    return found


def test_obspy_finds_the_days_in_the_archive(made):
    """ObsPy's client of SDS archives gives the whole span, gaps apart, and all three components."""
    from obspy.clients.filesystem.sds import Client

    client = Client(str(made.archive))
    start = obspy.UTCDateTime("2019-07-04T23:45:00")
    noise = made.truth["true_noise"].to_pandas()
    stations = made.stations.to_pandas()
    assert len(stations) == 3
    assert (stations.elevation_m > 0).all()
    for code in stations.station:
        gaps = noise[(noise.station == code) & (noise.noise_kind == "gap")]
        # gaps may lie over each other
        missing = sum((g.end_time - g.start_time).total_seconds() for g in gaps.itertuples())
        for component in "ZNE":
            found = client.get_waveforms("SM", code, "", f"?H{component}", start, start + 1800)
            samples = sum(t.stats.npts for t in found)
            assert 180_000 - 100 * missing - 2 * len(gaps) - 400 <= samples <= 180_001
            assert {t.data.dtype.kind for t in found} == {"i"}
            assert {t.stats.sampling_rate for t in found} == {100.0}


def test_the_truth_is_a_catalog_of_the_record(made):
    """Arrivals belong to events, lie in the record, and of one event S is later than P."""
    events = made.truth["true_events"].to_pandas().set_index("event_id")
    arrivals = made.truth["true_arrivals"].to_pandas()
    assert set(arrivals.event_id) <= set(events.index)
    tremor = events.source_class == "tremor"
    assert events.source_duration_s[tremor].between(20, 110).all()
    assert (events.source_duration_s[~tremor] == 0).all()
    assert events.source_class["sim20190704a00000"] == "aftershock"
    assert (arrivals.time.dt.tz_localize(None) < np.datetime64("2019-07-05T00:15:04")).all()
    both = arrivals.pivot_table("time", ["event_id", "station"], "phase", "first").dropna()
    assert len(both) > 30
    assert (both["S"] > both["P"]).all()
    assert set(arrivals.polarity[arrivals.phase == "S"]) == {0}
    assert set(arrivals.polarity[arrivals.phase == "P"]) == {-1, 1}


def test_wood_anderson_amplitudes_are_those_of_the_magnitudes(tmp_path):
    """ObsPy with the responses finds the amplitude that magnitude, distance and station mean."""
    quiet = {"swarms": 0, "background": 0, "tremor": 0, "blasts": 0, "noise": [],
             "mainshock_magnitude": 2.5}  # fmt: skip
    found = continuous_source(
        settings_of(**quiet, noise_share=[-0.2, -0.1], magnitude_scatter=0), open_folder(tmp_path)
    )
    inventory = obspy.read_inventory(str(found.stationxml))
    arrivals = found.truth["true_arrivals"].to_pandas()
    term = found.truth["true_stations"].to_pandas().set_index("station").amplitude_term
    events = found.truth["true_events"].to_pandas().set_index("event_id")
    main = arrivals[(arrivals.event_id == "sim20190704a00000") & (arrivals.phase == "S")]
    assert len(main) == 3
    for row in main.itertuples():
        event = events.loc[row.event_id]
        r = np.hypot(row.distance_km, event.depth_km)
        # Hutton & Boore (1987)
        expected = (
            event.magnitude - 1.11 * np.log10(r / 100) - 0.00189 * (r - 100) - 3 + term[row.station]
        )
        assert np.log10(row.wood_anderson_mm) == pytest.approx(expected, abs=1e-6)
        records = obspy.read(f"{found.archive}/2019/SM/{row.station}/*/*.2019.185")
        origin = obspy.UTCDateTime(event.origin_time.isoformat())
        records.trim(origin - 60, origin + 100)
        records.detrend("demean").taper(0.05)
        records.remove_response(inventory, output="VEL", pre_filt=(0.02, 0.05, 45, 49))
        records.simulate(paz_simulate=WOOD_ANDERSON)
        peaks = [
            1e3 * abs(t.slice(origin, origin + 40).data).max()
            for t in records
            if t.stats.channel[-1] in "NE"
        ]
        assert np.mean(peaks) == pytest.approx(row.wood_anderson_mm, rel=0.03)
    assert main.is_sound.all()


def test_stations_and_days_in_any_order_give_the_same_bytes(made, tmp_path):
    """A station's day is made alone as with all others."""
    earth = make_earth(settings_of())
    folder = open_folder(tmp_path)
    # a worker gets everything by pickle, as here by a copy
    for station in (2, 0):
        write_station_day(DayTask(folder, replace(earth), station, "2019-07-05"))
    whole, own = files_of(made.archive), files_of(folder)
    assert len(own) == 6
    for name, content in own.items():
        assert whole[name] == content, name


@pytest.mark.long
def test_two_workers_give_the_same_bytes(made, tmp_path):
    """Files and tables are those of this process alone."""
    other = continuous_source(settings_of(workers=2), open_folder(tmp_path))
    assert files_of(other.archive) == files_of(made.archive)
    for name in made.truth:
        ours, theirs = (read_bytes(x.folder / f"{name}.parquet") for x in (made, other))
        assert ours == theirs, name


def test_what_is_there_is_not_made_again(made):
    """The record is kept under the digest of its settings."""
    said = []
    again = continuous_source(settings_of(), made.folder.parent, said.append)
    assert said == []
    assert str(again.folder) == str(made.folder)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"start": "the fourth of July"}, "is no moment"),
        ({"noise": ["hail"]}, "storm"),
        ({"noise_share": [0.5, 0.1]}, "noise_share"),
        ({"stations": 0}, "stations"),
    ],
)
def test_wrong_settings_are_refused(value, words):
    """The message says which words or numbers would be right."""
    with pytest.raises(SettingsError, match=words):
        settings_of(**value)


def test_true_means_the_defaults():
    """``continuous: true`` is a day with its defaults, and ``false`` none; a date is a moment."""
    for given, hours in ((True, 24.0), (False, None)):
        chain = CHAIN if given else {"takeoff": CHAIN["takeoff"]}
        made = parse_settings({"name": "d", "simulation": {"continuous": given}, **chain})
        days = made.simulation.continuous
        assert (days.hours if days else None) == hours
