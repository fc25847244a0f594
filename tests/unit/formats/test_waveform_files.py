"""Waveform files: against ObsPy on its real samples, and broken ones of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import read_waveforms
from quakeloom.picking import ClassicalPicker
from quakeloom.stages.without_a_run.pick_folder import pick_folder

obspy = pytest.importorskip("obspy")
START = obspy.UTCDateTime("2020-01-01T00:00:00.5Z")


def trace(channel="HHZ", n=6000, rate=100.0, data=None, station="ABC"):
    r = np.random.default_rng(len(channel) + n)
    samples = np.round(100 * r.normal(size=n)).astype(np.int32) if data is None else data
    header = {
        "network": "XX", "station": station, "location": "00", "channel": channel,
        "starttime": START, "sampling_rate": rate,
    }  # fmt: skip
    return obspy.Trace(np.asarray(samples), header)


def write(path, *traces, kind="MSEED"):
    obspy.Stream(list(traces)).write(str(path), format=kind)
    return path


@pytest.mark.parametrize("kind", ["MSEED", "SAC"])
def test_a_written_trace_comes_back(tmp_path, kind):
    one = trace()
    if kind == "SAC":
        one.data = one.data.astype(np.float32)
    path = write(tmp_path / "a", one, kind=kind)
    (found,) = read_waveforms(path).traces
    assert (found.network, found.station, found.location_code, found.channel) == (
        "XX", "ABC", "00", "HHZ",
    )  # fmt: skip
    # SAC keeps its start in milliseconds
    assert abs(found.start - START.ns) < 1000
    assert found.sampling_rate_hz == 100.0
    assert np.array_equal(found.samples, one.data)
    headers = read_waveforms(path, headers=True).traces[0]
    assert (headers.count, headers.samples.size) == (6000, 0)


def test_win_files_are_read_as_obspy_reads_them(tmp_path):
    folder = Path(obspy.__file__).parent / "io" / "win" / "tests" / "data"
    files = [f for f in sorted(folder.glob("*")) if f.suffix != ".py" and f.is_file()]
    if not files:
        pytest.skip("this ObsPy has no WIN files")
    for file in files:
        theirs = obspy.read(str(file), format="WIN")
        copy = tmp_path / file.stem / file.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(file.read_bytes())
        channels = sorted({f"{int(t.stats.channel, 16):04X}" for t in theirs})
        table = "".join(f"{c} 1 0 S{c} U\n" for c in channels)
        (copy.parent / "all.ch").write_text(table)
        ours = read_waveforms(copy).traces
        assert len(ours) == len(theirs)
        for t in theirs:
            same = [x for x in ours if np.array_equal(x.samples, t.data)]
            # ObsPy leaves Japan Standard Time as it is
            assert same[0].start + 9 * 3600 * 10**9 == t.stats.starttime.ns
            assert same[0].sampling_rate_hz == t.stats.sampling_rate


def win32(seconds, channel=0x0A1B):
    """WIN32 bytes of two-byte differences, Japan's clock from 2020-01-01 09:00:00."""
    raw = bytearray(4)
    for i, samples in enumerate(seconds):
        steps = np.diff(samples)
        block = bytes([1, 2]) + channel.to_bytes(2, "big")
        block += (2 << 12 | len(samples)).to_bytes(2, "big")
        block += int(samples[0]).to_bytes(4, "big", signed=True)
        block += steps.astype(">i2").tobytes()
        raw += bytes.fromhex(f"20200101 0900{i:02d}00".replace(" ", "")) + (10).to_bytes(4, "big")
        raw += len(block).to_bytes(4, "big") + block
    return bytes(raw)


def test_win32_seconds_are_joined_and_named_by_the_channel_table(tmp_path):
    data = np.cumsum(np.random.default_rng(1).integers(-500, 500, size=300)).astype(np.int32)
    (tmp_path / "a.cnt").write_bytes(win32(data.reshape(3, 100)))
    (tmp_path / "a.ch").write_text("# ch flag delay station comp\n0A1B 1 0 N.TEST U 0 27\n")
    (found,) = read_waveforms(tmp_path / "a.cnt").traces
    assert (found.network, found.station, found.channel) == ("N", "TEST", "U")
    assert np.array_equal(found.samples, data)
    assert found.start == obspy.UTCDateTime("2020-01-01T00:00:00Z").ns


def test_a_cut_win32_file_gives_what_is_whole(tmp_path):
    (tmp_path / "a.tbl").write_text("0A1B 1 0 TEST U\n")
    data = np.arange(300, dtype=np.int32).reshape(3, 100)
    raw = win32(data)
    (tmp_path / "a.cnt").write_bytes(raw[:-40])
    found = read_waveforms(tmp_path / "a.cnt")
    assert found.traces[0].samples.size == 200
    assert "the rest is not read" in found.problems[0]


def test_station_and_location_in_one_field_are_taken_apart(tmp_path):
    one = trace(station="ABC  01")
    one.stats.location = ""
    one.data = one.data.astype(np.float32)
    (found,) = read_waveforms(write(tmp_path / "a.sac", one, kind="SAC")).traces
    assert (found.station, found.location_code) == ("ABC", "01")


def test_corinth_is_read_as_obspy_reads_it(shared_data):
    files = sorted((shared_data / "corinth" / "data").glob("2010*/*.SAC"))
    for file in files[::9]:
        with np.errstate(all="ignore"):
            theirs = obspy.read(str(file))[0]
        ours = read_waveforms(file).traces[0]
        assert abs(ours.start - theirs.stats.starttime.ns) < 2000
        assert ours.sampling_rate_hz == pytest.approx(theirs.stats.sampling_rate)
        assert np.array_equal(ours.samples, theirs.data)


def _picture(path):
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(3000))


def _truncated(path):
    write(path, trace())
    path.write_bytes(path.read_bytes()[:-700])


def _damaged(path):
    write(path, trace())
    raw = bytearray(path.read_bytes())
    raw[512 * 3 : 512 * 3 + 48] = b"x" * 48
    path.write_bytes(bytes(raw))


def _wrong_rate_sac(path):
    one = trace()
    one.data = one.data.astype(np.float32)
    write(path, one, kind="SAC")
    raw = bytearray(path.read_bytes())
    raw[0:4] = np.float32(-0.01).tobytes()
    path.write_bytes(bytes(raw))


def _short_sac(path):
    one = trace()
    one.data = one.data.astype(np.float32)
    write(path, one, kind="SAC")
    path.write_bytes(path.read_bytes()[:-4000])


BROKEN = {
    "a picture": (_picture, "is a picture"),
    "an empty file": (lambda p: p.write_bytes(b""), "is empty"),
    "a damaged record": (_damaged, ""),
    "a header that promises more": (_short_sac, "the header says 6000 samples"),
    "an impossible sampling rate": (_wrong_rate_sac, "sampling interval"),
    "NaN": (
        lambda p: write(p, trace(data=np.where(np.arange(6000) % 7, 1.0, np.nan))),
        "NaN",
    ),
    "overlapping traces": (
        lambda p: write(p, trace(n=4000), trace(n=6000, data=np.arange(6000, dtype=np.int32))),
        "two sensors with the same codes",
    ),
    "a piece of one second": (lambda p: write(p, trace(n=100)), "shorter than"),
    "an unknown component": (lambda p: write(p, trace(channel="HHQ")), "none of the components"),
}


@pytest.mark.parametrize("kind", list(BROKEN))
def test_broken_waveforms_get_a_row_with_a_reason_and_the_run_goes_on(tmp_path, kind):
    make, words = BROKEN[kind]
    make(tmp_path / "broken")
    good = np.random.default_rng(5).normal(size=6000)
    good[3000:] *= 30 * np.exp(-np.arange(3000) / 300.0)
    write(tmp_path / "good.mseed", trace(station="GOOD", data=good))
    found = pick_folder(tmp_path, ClassicalPicker())
    assert "GOOD" in found.picks.column("station").to_pylist()
    if words:
        reasons = found.rejects.column("reason").to_pylist()
        assert any(words in r for r in reasons), reasons


def test_a_truncated_miniseed_file_gives_the_records_that_are_whole(tmp_path):
    _truncated(tmp_path / "a.mseed")
    found = read_waveforms(tmp_path / "a.mseed")
    assert 0 < found.traces[0].count < 6000


def test_dead_and_constant_channels_are_picked_nowhere(tmp_path):
    for name, value in (("DEAD", 0), ("FLAT", 77)):
        data = np.full(6000, value, dtype=np.int32)
        write(tmp_path / name, *(trace(c, data=data, station=name) for c in ("HHE", "HHN", "HHZ")))
    found = pick_folder(tmp_path, ClassicalPicker())
    assert found.picks.num_rows == 0
    assert found.records == 2


def test_a_folder_without_waveforms_is_an_error_that_names_it(tmp_path):
    from quakeloom.core import InputError

    with pytest.raises(InputError, match="does not exist or is empty"):
        pick_folder(tmp_path, ClassicalPicker())
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(FormatError, match="empty"):
        read_waveforms(tmp_path / "a")
