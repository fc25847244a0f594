"""Streams in memory are picked and read as the files of the same records are."""

from __future__ import annotations

import numpy as np
import obspy
import pandas as pd
import pytest

import quakeloom as ql

BESIDE = ["source_file", "source_line"]


@pytest.fixture(scope="module")
def simulated() -> ql.SimulatedCatalog:
    """Two events with records of some ten stations."""
    return ql.simulate_catalog(2, waveforms=True, mean_polarities=10)


@pytest.fixture(scope="module")
def event(simulated) -> str:
    return simulated.arrivals.event_id[0]


def test_a_stream_is_picked_as_its_file_is(simulated, event, tmp_path):
    stream = simulated.stream(event)
    stream.write(str(tmp_path / "records.mseed"), format="MSEED")
    picker = ql.Picker.load("own")
    one, other = picker.pick(stream), picker.pick(tmp_path / "records.mseed")
    assert len(one) > 10
    pd.testing.assert_frame_equal(
        one.table.drop(columns=BESIDE), other.table.drop(columns=BESIDE), check_exact=True
    )
    assert set(one.table.source_file) == {"stream"}
    assert "by quakeloom-picker" in repr(one)


def test_first_motions_of_a_stream_are_those_of_its_file(simulated, event, tmp_path):
    stream = simulated.stream(event)
    stream.write(str(tmp_path / "records.mseed"), format="MSEED")
    picks = ql.Picker.load("own").pick(stream, event_id=event)
    reader = ql.PolarityReader.load("own")
    one, other = reader.read(stream, picks), reader.read(tmp_path / "records.mseed", picks.table)
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    assert one.rejects.empty
    assert other.rejects.empty
    assert set(one.table.event_id) == {event}
    # the network is right of nearly all clear onsets; the records say which are
    true = simulated.arrivals.query("event_id == @event and phase == 'P'")
    clear = one.table[(one.table.probability_up - 0.5).abs() > 0.45]
    both = clear.merge(true, on=["network", "station"], suffixes=("", "_true"))
    assert len(both) >= 4
    assert (both.polarity == both.polarity_true).mean() > 0.7


def test_from_a_stream_to_a_mechanism(simulated, event):
    """Picks, first motions, take-off angles and the search fit together without a file."""
    picks = ql.Picker.load("own").pick(simulated.stream(event), event_id=event)
    motions = ql.PolarityReader.load("classical").read(simulated.stream(event), picks)
    events = simulated.events.query("event_id == @event")
    found = ql.find_mechanisms(
        motions, events=events, stations=simulated.stations, models="generic_crust",
        minimum_polarities=4, maximum_azimuthal_gap_deg=360, maximum_takeoff_gap_deg=90,
    )  # fmt: skip
    assert found.table.status.tolist() == ["solved"]
    assert (found.readings.use == "used").sum() >= 4


def test_gaps_of_a_stream_are_gaps():
    """A masked stretch is cut out, not filled."""
    r = np.random.default_rng(1)
    data = np.ma.masked_array(r.normal(size=9000), mask=np.zeros(9000, bool))
    data.mask[4000:5000] = True
    header = {"network": "XX", "station": "A", "channel": "HHZ", "sampling_rate": 100.0}
    stream = obspy.Stream([obspy.Trace(data, header)])
    picks = ql.Picker.load("classical").pick(stream)
    seconds = [t.timestamp() for t in picks.table.time]
    assert not [s for s in seconds if 40.0 <= s < 50.0]


def test_what_was_drawn_is_in_the_stream(simulated, event):
    stream = simulated.stream(event)
    picks = ql.Picker.load("own").pick(stream)
    shown = {label.get_text() for label in picks.plot().axes[0].get_yticklabels()}
    assert shown <= {f"{t.stats.network}.{t.stats.station}" for t in stream}
    assert len(shown) > 4
    motions = ql.PolarityReader.load("own").read(stream, picks)
    assert len(motions.plot().axes) >= (motions.table.polarity != 0).sum()


def test_what_cannot_be_read_says_why(simulated, event, tmp_path):
    picker, reader = ql.Picker.load("classical"), ql.PolarityReader.load("classical")
    stream = simulated.stream(event)
    text = stream[0].copy()
    text.data = np.array([b"a", b"b"])
    for bad, words in (
        (3, "no ObsPy stream"),
        (obspy.Stream(), "no samples"),
        (text, "no numbers"),
        (tmp_path / "nothing.mseed", "does not exist"),
    ):
        with pytest.raises(ql.QuakeloomError, match=words):
            picker.pick(bad)
    with pytest.raises(ql.QuakeloomError, match=r"s_threshold is 1\.5"):
        picker.pick(stream, s_threshold=1.5)
    with pytest.raises(ql.QuakeloomError, match="no P pick"):
        reader.read(stream, picker.pick(stream).table.query("phase == 'S'"))
    with pytest.raises(ql.QuakeloomError, match="no column 'station'"):
        reader.read(stream, {"phase": ["P"], "time": [0]})
    with pytest.raises(ql.QuakeloomError, match=r"nothing\.npz"):
        ql.Picker.load(tmp_path / "nothing.npz")
    with pytest.raises(ql.QuakeloomError, match=r"nothing\.npz"):
        ql.PolarityReader.load("nothing.npz")
    with pytest.raises(ql.QuakeloomError, match="no records of event 'x'"):
        simulated.stream("x")
    pick = {"station": "NONE", "phase": "P", "time": pd.Timestamp(0, tz="UTC")}
    quiet = ql.PolarityReader.load("own").read(stream, [pick])
    assert quiet.table.polarity.tolist() == [0]
    assert "no vertical of station NONE" in quiet.rejects.reason[0]
    with pytest.raises(ql.QuakeloomError, match="nothing to draw"):
        quiet.plot()
