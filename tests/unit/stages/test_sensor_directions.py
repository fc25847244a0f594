"""Where a sensor points reaches the first motion, whoever says it."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.formats import Trace, read_source, read_waveforms
from quakeloom.picking import ClassicalPicker
from quakeloom.schema import make_table
from quakeloom.signal import Piece
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.readings.station_epochs import reversed_by_table
from quakeloom.stages.weights.polarity_readers import open_reader
from quakeloom.stages.without_a_run.pick_folder import pick_folder
from quakeloom.stages.without_a_run.polarity_folder import read_folder

obspy = pytest.importorskip("obspy")
START = obspy.UTCDateTime("2021-03-04T05:06:07Z")
ONSET_S = 20.0


def seismogram(sign: int = 1) -> np.ndarray:
    """Noise, and a P that moves up (or, with -1, down) after 20 s."""
    data = np.random.default_rng(2).normal(0.0, 3.0, 6000)
    t = np.arange(4000) / 100.0
    data[2000:] += sign * 3000.0 * np.sin(2 * np.pi * 4.0 * t) * np.exp(-t)
    return np.round(data)


def obspy_trace(channel: str = "HHZ", sign: int = 1) -> obspy.Trace:
    header = {"network": "XX", "station": "ABC", "channel": channel, "starttime": START,
              "sampling_rate": 100.0}  # fmt: skip
    return obspy.Trace(seismogram(sign).astype(np.int32), header)


def write(path: Path, trace: obspy.Trace, kind: str = "MSEED") -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        obspy.Stream([trace]).write(str(path), format=kind)


STATIONXML = """<?xml version="1.0"?>
<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1" schemaVersion="1.1"><Source>x</Source>
<Created>2020-01-01T00:00:00</Created><Network code="XX"><Station code="ABC">
<Latitude>36</Latitude><Longitude>138</Longitude><Elevation>0</Elevation>
<Channel code="{channel}" locationCode=""><Latitude>36</Latitude><Longitude>138</Longitude>
<Elevation>0</Elevation><Depth>0</Depth><Azimuth>0</Azimuth><Dip>{dip}</Dip></Channel>
</Station></Network></FDSNStationXML>
"""


def by_stationxml(folder: Path, down: bool) -> Path:
    write(folder / "a.mseed", obspy_trace())
    path = folder / "stations.xml"
    path.write_text(STATIONXML.format(channel="HHZ", dip=90 if down else -90))
    return path


def by_table(folder: Path, down: bool) -> Path:
    write(folder / "a.mseed", obspy_trace())
    path = folder / "stations.csv"
    path.write_text(
        "network,station,channel,longitude,latitude,elevation_m,sensor_azimuth_deg,sensor_dip_deg\n"
        f"XX,ABC,HHZ,138,36,0,0,{90 if down else -90}\n"
    )
    return path


def by_dataless(folder: Path, down: bool) -> Path:
    write(folder / "a.mseed", obspy_trace())
    from obspy.io.xseed import Parser

    source = Path(obspy.__file__).parent / "io/xseed/tests/data/dataless.seed.BW_FURT"
    if not source.exists():
        pytest.skip("this ObsPy has no dataless volume")
    volume = Parser(str(source))
    for blockette in (b for station in volume.stations for b in station):
        if blockette.id == 50:
            blockette.station_call_letters, blockette.network_code = "ABC", "XX"
        elif blockette.id == 52 and blockette.channel_identifier == "EHZ":
            blockette.channel_identifier = "HHZ"
            blockette.dip = 90.0 if down else -90.0
    path = folder / "dataless.seed"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path.write_bytes(volume.get_seed())
    return path


def by_sac_header(folder: Path, down: bool) -> None:
    trace = obspy_trace()
    trace.stats.sac = {"cmpinc": 180.0 if down else 0.0, "cmpaz": 0.0}
    trace.data = trace.data.astype(np.float32)
    write(folder / "a.sac", trace, "SAC")


def by_win_table(folder: Path, down: bool) -> None:
    raw = b"\0\0\0\0"
    data = seismogram().astype(np.int64)
    for second in range(60):
        own = data[100 * second : 100 * (second + 1)]
        at = START + 9 * 3600 + second
        block = b"\x01\x02" + (0x0A1B).to_bytes(2, "big") + (4 << 12 | 100).to_bytes(2, "big")
        block += int(own[0]).to_bytes(4, "big", signed=True) + np.diff(own).astype(">i4").tobytes()
        raw += bytes.fromhex(at.strftime("%Y%m%d%H%M%S") + "00") + (10).to_bytes(4, "big")
        raw += len(block).to_bytes(4, "big") + block
    (folder / "a.cnt").write_bytes(raw)
    sign = "-" if down else ""
    (folder / "a.ch").write_text(f"0A1B 1 0 XX.ABC U 0 27 {sign}1.0\n")


def by_gse2_header(folder: Path, down: bool) -> None:
    trace = obspy_trace()
    trace.stats.gse2 = {"vang": 180.0 if down else 0.0, "hang": 0.0}
    write(folder / "a.gse", trace, "GSE2")


def by_number(folder: Path, down: bool) -> Path:
    """The first of three numbers is the vertical."""
    write(folder / "a.mseed", obspy_trace("DP1"))
    path = folder / "stations.xml"
    path.write_text(STATIONXML.format(channel="DP1", dip=90 if down else -90))
    return path


SAY = [by_stationxml, by_table, by_dataless, by_sac_header, by_win_table, by_gse2_header, by_number]


def pick() -> pa.Table:
    at = START.ns + round(ONSET_S * 1e9)
    return make_table(
        "picks",
        {"network": ["XX"], "station": ["ABC"], "phase": ["P"],
         "time": np.array([at]).astype("datetime64[ns]")},
    )  # fmt: skip


@pytest.mark.parametrize("say", SAY)
@pytest.mark.parametrize("down", [False, True])
def test_a_vertical_that_points_down_turns_the_first_motion(tmp_path, say, down):
    said = say(tmp_path, down)
    table = read_source(said).stations if said is not None else None
    if said is not None:
        said.unlink()
    directions = SensorDirections(table)
    found = read_folder(tmp_path, pick(), open_reader("classical"), directions=directions)
    (row,) = found.polarities.to_pylist()
    assert row["polarity"] == (-1 if down else 1)
    assert row["reversed"] == down
    assert (row["orientation"] == "reversed") == down
    assert found.counts["turned"] == int(down)


@pytest.mark.parametrize("say", [by_stationxml, by_sac_header])
def test_directions_can_be_left_alone(tmp_path, say):
    said = say(tmp_path, True)
    table = read_source(said).stations if said is not None else None
    directions = SensorDirections(table, use=False)
    found = read_folder(tmp_path, pick(), open_reader("classical"), directions=directions)
    (row,) = found.polarities.to_pylist()
    assert (row["polarity"], row["reversed"], row["orientation"]) == (1, False, "by_name")


def trace(location: str = "", network: str = "XX") -> Trace:
    return Trace(network, "ABC", location, "HHZ", START.ns, 100.0, np.zeros(6000), 6000, "")


def channels(*rows: tuple[str, str, float, str, str]) -> SensorDirections:
    network, location, dip, start, end = zip(*rows, strict=True)
    return SensorDirections(
        make_table(
            "stations",
            {"network": network, "station": ["ABC"] * len(rows), "location_code": location,
             "channel": ["HHZ"] * len(rows), "sensor_azimuth_deg": [0.0] * len(rows),
             "sensor_dip_deg": dip, "start_time": np.array(start, "datetime64[ns]"),
             "end_time": np.array(end, "datetime64[ns]")},
        )
    )  # fmt: skip


def dips(directions: SensorDirections, one: Trace | None = None) -> list[float]:
    one = one or trace()
    piece = Piece("HHZ", one.start, 100.0, one.samples)
    return [p.dip_deg for p in directions.direct(piece, one)]


OPEN = ("NaT", "NaT")


@pytest.mark.parametrize("turn", [False, True])
def test_the_epoch_decides_and_of_several_that_which_started_last(turn):
    rows = [
        ("XX", "", 90.0, "2005-01-01", "NaT"),
        ("XX", "", -90.0, "2015-01-01", "NaT"),
        ("XX", "", 90.0, "2022-01-01", "NaT"),
    ]
    assert dips(channels(*(rows[::-1] if turn else rows))) == [-90.0]


def test_epochs_that_started_together_and_disagree_say_nothing():
    assert np.isnan(dips(channels(("XX", "", 90.0, *OPEN), ("XX", "", -90.0, *OPEN)))).all()


def test_equal_codes_come_before_unknown_ones_and_others_never_count():
    rows = channels(("XX", "10", 90.0, *OPEN), ("XX", "", -90.0, *OPEN), ("YY", "00", 90.0, *OPEN))
    assert dips(rows, trace("10")) == [90.0]
    assert dips(rows, trace("00")) == [-90.0]
    assert np.isnan(dips(rows, trace("00", "ZZ"))).all()


def test_a_piece_is_cut_where_the_sensor_was_turned():
    middle = str(np.datetime64(START.ns + 30 * 10**9, "ns"))
    rows = channels(("XX", "", -90.0, "NaT", middle), ("XX", "", 90.0, middle, "NaT"))
    one = trace()
    parts = rows.direct(Piece("HHZ", one.start, 100.0, one.samples), one)
    assert [(p.dip_deg, p.samples.size) for p in parts] == [(-90.0, 3000), (90.0, 3000)]
    assert parts[1].start == START.ns + 30 * 10**9


def test_a_reversal_table_does_not_turn_back_what_the_metadata_turned(caplog):
    readings = make_table(
        "polarities",
        {"event_id": ["e", "e"], "station": ["ABC", "DEF"], "orientation": ["reversed", "by_name"]},
    )
    reversals = make_table("reversals", {"station": ["ABC", "DEF"]})
    times = np.array(["2021-03-04"] * 2, "datetime64[ns]")
    assert reversed_by_table(reversals, readings, times).tolist() == [False, True]
    assert "ABC are reversed by the metadata" in caplog.text


def test_components_of_knet_are_picked_as_vertical_north_and_east(tmp_path):
    out = io.BytesIO()
    obspy.Stream([obspy_trace(c) for c in ("UD2", "NS2", "EW2")]).write(out, format="MSEED")
    (tmp_path / "a.mseed").write_bytes(out.getvalue())
    found = pick_folder(tmp_path, ClassicalPicker())
    rows = found.picks.to_pylist()
    assert {r["channel"] for r in rows if r["phase"] == "P"} == {"UD2"}
    assert not found.rejects.num_rows
    assert len(read_waveforms(tmp_path / "a.mseed").traces) == 3


Triple = tuple[tuple[str, float], ...]

TRIPLE = (("U", 90.0), ("V", 330.0), ("W", 210.0))
"""Axes of a sensor with three tilted axes, and their azimuths."""


def write_tilted(
    folder: Path, dip: float, sign: int, axes: str = "UVW", triple: Triple = TRIPLE
) -> None:
    """Write a vertical motion as three tilted axes record it, one file each."""
    up = seismogram(sign)
    for axis, _ in triple:
        if axis in axes:
            trace = obspy_trace(f"HH{axis}")
            trace.data = np.round(-np.sin(np.radians(dip)) * up).astype(np.int32)
            write(folder / f"{axis}.mseed", trace)


def tilted_table(dip: float, triple: Triple = TRIPLE) -> pa.Table:
    return make_table(
        "stations",
        {
            "network": ["XX"] * 3, "station": ["ABC"] * 3,
            "channel": [f"HH{axis}" for axis, _ in triple],
            "sensor_azimuth_deg": [azimuth for _, azimuth in triple],
            "sensor_dip_deg": [dip] * 3,
        },
        3,
    )  # fmt: skip


def read_motions(folder: Path, directions: SensorDirections, channel: str = "HHV"):
    """First motions at the onset on the channel that the picker named."""
    at = np.datetime64(START.isoformat(), "ns") + np.timedelta64(int(ONSET_S * 1e9), "ns")
    picks = make_table(
        "picks",
        {"network": ["XX"], "station": ["ABC"], "channel": [channel], "phase": ["P"], "time": [at]},
        1,
    )
    return read_folder(folder, picks, open_reader("classical"), directions=directions)


@pytest.mark.parametrize("dip", [-35.26, 35.26])
@pytest.mark.parametrize("sign", [1, -1])
def test_first_motions_of_three_tilted_axes_are_those_of_the_vertical(tmp_path, dip, sign):
    """Axes that point up or down: the vertical follows from all three, and its sign with it."""
    write_tilted(tmp_path, dip, sign)
    found = read_motions(tmp_path, SensorDirections(tilted_table(dip)))
    assert found.polarities.column("polarity").to_pylist() == [sign]


@pytest.mark.parametrize("dip", [-35.26, 35.26, -50.0, 50.0])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("channel", ["HH1", "HH3", ""])
def test_tilted_axes_may_be_numbered(tmp_path, dip, sign, channel):
    triple = (("1", 90.0), ("2", 330.0), ("3", 210.0))
    write_tilted(tmp_path, dip, sign, "123", triple)
    found = read_motions(tmp_path, SensorDirections(tilted_table(dip, triple)), channel)
    assert found.polarities.column("polarity").to_pylist() == [sign]


@pytest.mark.parametrize("axes", ["V", "UV", "VW"])
def test_less_than_three_tilted_axes_give_no_first_motion(tmp_path, axes):
    write_tilted(tmp_path, 35.26, 1, axes)
    found = read_motions(tmp_path, SensorDirections(tilted_table(35.26)))
    assert found.polarities.column("polarity").to_pylist() == [0]
    reasons = found.rejects.column("reason").to_pylist()
    told = ("is tilted", "cannot be turned", "there is no vertical")
    assert any(words in r for r in reasons for words in told), reasons


def test_two_directions_of_one_time_are_told(tmp_path):
    """Two epochs that start together and disagree: neither is taken by the order of rows."""
    write(tmp_path / "a.mseed", obspy_trace())
    rows = {
        "network": ["XX"] * 2, "station": ["ABC"] * 2, "channel": ["HHZ"] * 2,
        "sensor_azimuth_deg": [0.0] * 2,
    }  # fmt: skip
    for dips in ([-90.0, 90.0], [90.0, -90.0]):
        table = make_table("stations", {**rows, "sensor_dip_deg": dips}, 2)
        directions = SensorDirections(table)
        found = pick_folder(tmp_path, ClassicalPicker(), directions=directions)
        reasons = found.rejects.column("reason").to_pylist()
        assert any("2 directions for one time" in r for r in reasons)
        assert not directions.uncovered


def test_channels_of_which_a_table_says_nothing_are_remembered(tmp_path):
    write(tmp_path / "a.mseed", obspy_trace())
    rows = {"network": ["XX"], "station": ["ABC"], "channel": ["HHZ"], "sensor_dip_deg": [90.0]}
    epochs = {
        "another station": {"station": ["DEF"]},
        "another network": {"network": ["YY"]},
        "an epoch that ended": {"end_time": [np.datetime64("2020-01-01", "ns")]},
    }
    for change in epochs.values():
        directions = SensorDirections(make_table("stations", {**rows, **change}, 1))
        pick_folder(tmp_path, ClassicalPicker(), directions=directions)
        assert directions.uncovered == {"XX.ABC..HHZ"}
