"""Waveform files: what is read is what was recorded, or a reason is given; nothing else."""

from __future__ import annotations

import gzip
import math
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quakeloom.core import QuakeloomError
from quakeloom.formats import Trace, WaveformFile, read_source, read_waveforms
from quakeloom.signal import component_of

pytest.importorskip("obspy")
from waveform_writers import (
    NANO,
    WRITERS,
    Truth,
    sac_bytes,
    truth,
)

FILES = settings(deadline=None, max_examples=25)
TRUTH = truth()


@cache
def whole_file(name: str) -> bytes:
    """The record in a format."""
    return WRITERS[name].write(TRUTH)


def read(name: str, raw: bytes, headers: bool = False) -> WaveformFile:
    """Read bytes as a file of a format; an error of ours is a problem like others."""
    with tempfile.TemporaryDirectory() as folder:
        path = WRITERS[name].put(Path(folder), TRUTH, raw)
        try:
            return read_waveforms(path, headers=headers)
        except QuakeloomError as error:
            return WaveformFile(problems=[str(error)])


def is_true(trace: Trace, t: Truth) -> bool:
    """Say whether every sample of a trace stands at its time in what was recorded."""
    component = component_of(trace.channel)
    if trace.station != "ABC" or component not in ("Z", "N", "E"):
        return False
    first = (trace.start - t.start) * t.rate_hz / NANO
    # a tenth of a sample: SAC and GSE2 have milliseconds
    if abs(first - round(first)) > 0.1 or round(first) < 0:
        return False
    own = t.channel(component)[round(first) : round(first) + trace.samples.size]
    same = np.array_equal(own, np.asarray(trace.samples))
    return same and abs(trace.sampling_rate_hz - t.rate_hz) < 1e-6 * t.rate_hz


@pytest.mark.parametrize("name", list(WRITERS))
@given(seed=st.integers(0, 10_000), seconds=st.integers(3, 40))
@settings(deadline=None, max_examples=6)
def test_what_is_written_comes_back(name, seed, seconds):
    t = truth(seed, 100 * seconds)
    with tempfile.TemporaryDirectory() as folder:
        path = WRITERS[name].put(Path(folder), t)
        found, headers = read_waveforms(path), read_waveforms(path, headers=True)
    assert not found.problems
    assert sorted(component_of(x.channel) for x in found.traces) == sorted(WRITERS[name].components)
    for trace, header in zip(found.traces, headers.traces, strict=True):
        assert is_true(trace, t)
        assert trace.samples.size == t.samples.shape[1]
        assert (header.start, header.count, header.samples.size) == (trace.start, trace.count, 0)


@pytest.mark.parametrize("name", list(WRITERS))
@given(share=st.floats(0.0, 1.0, exclude_max=True))
@FILES
def test_a_file_cut_anywhere_gives_what_is_whole_and_says_so(name, share):
    whole = whole_file(name)
    found = read(name, whole[: int(share * len(whole))])
    assert all(is_true(trace, TRUTH) for trace in found.traces)
    count = sum(trace.samples.size for trace in found.traces)
    wanted = TRUTH.samples.shape[1] * len(WRITERS[name].components)
    # between two records or seconds nothing is missing
    on_a_boundary = name.startswith("miniSEED") or name in ("WIN", "WIN32")
    assert count == wanted or found.problems or on_a_boundary


CHECKED = [n for n in WRITERS if "Steim" in n or n.startswith("miniSEED 3")]


@pytest.mark.parametrize("name", CHECKED)
@given(data=st.data())
@FILES
def test_damaged_samples_cost_their_record_and_no_other(name, data):
    raw = bytearray(whole_file(name))
    length = data.draw(st.integers(1, 130))
    # inside the samples of miniSEED 2, whose headers have no checksum
    first = data.draw(st.integers(0, len(raw) - length - 1))
    if name.startswith("miniSEED 2"):
        first = first // 512 * 512 + 64 + first % (448 - length)
    before = bytes(raw)
    raw[first : first + length] = data.draw(st.binary(min_size=length, max_size=length))
    found = read(name, bytes(raw))
    assert all(is_true(trace, TRUTH) for trace in found.traces)
    count = sum(trace.samples.size for trace in found.traces)
    if count < TRUTH.samples.size:
        assert found.problems
    # a record of miniSEED 3 holds 400 samples or 512 bytes of frames, one of miniSEED 2 as many
    assert count >= TRUTH.samples.size - 2 * 900 or bytes(raw) == before


IMPOSSIBLE = {
    **dict.fromkeys(("NZYEAR", "NZJDAY", "NZHOUR", "NZMIN", "NZSEC", "NZMSEC"),
                    (-12345, -1, 10**6)),
    "NZJDAY": (-12345, 0, 366, 367, -5),
    "NZHOUR": (-12345, 24, -1), "NZMIN": (-12345, 60, -1), "NZSEC": (-12345, 61, -1),
    "NZMSEC": (-12345, 1000, -1), "NZYEAR": (-12345, 0, 21, 69, 121, 9999),
    "DELTA": (-12345.0, 0.0, -0.01, math.nan, math.inf),
    "B": (-12345.0, math.nan, math.inf),
    "NPTS": (-12345, -7, 0, 2999, 3001, 10**8),
    "IFTYPE": (2, 3, 4, 51), "LEVEN": (0,), "NVHDR": (-12345, 0, 5, 8),
    "KSTNM": ("-12345", "", " "), "KCMPNM": ("-12345", "", " "),
}  # fmt: skip
CASES = [(field, value) for field, values in IMPOSSIBLE.items() for value in values]


@pytest.mark.parametrize(("field", "value"), CASES)
@pytest.mark.parametrize("name", ["SAC", "SAC, the other order", "gzipped SAC"])
def test_a_header_field_of_sac_that_is_absent_or_impossible_is_told(name, field, value):
    order = ">" if "other" in name else "<"
    raw = sac_bytes(TRUTH, order=order, **{field: value})
    if "gzip" in name:
        raw = gzip.compress(raw)
    for headers in (False, True):
        found = read(name, raw, headers)
        assert found.problems, "nothing was said"
        if not headers:
            assert all(is_true(trace, TRUTH) for trace in found.traces)


def test_a_year_of_two_digits_is_resolved_as_sac_does_and_told():
    raw = sac_bytes(TRUTH, NZYEAR=99)
    found = read("SAC", raw)
    assert np.datetime64(found.traces[0].start, "ns").astype("datetime64[D]") == np.datetime64(
        "1999-03-04"
    )
    assert "taken as 1999" in found.problems[0]


@given(
    rate=st.one_of(
        st.sampled_from([20, 25, 31.25, 40, 50, 62.5, 75.19, 80, 100, 120, 125, 128, 200, 250, 256,
                         500, 512, 1000, 33.3333333, 1.0, 0.1]),
        st.integers(1, 2000),
    )
)  # fmt: skip
@example(rate=256)
@example(rate=120)
@settings(deadline=None)
def test_a_sampling_interval_in_single_precision_gives_the_rate(rate):
    t = truth(count=300)
    found = read("SAC", sac_bytes(t, DELTA=np.float32(1.0 / rate), E=-12345.0))
    # single precision is one part in 1.7e7: a sample of 100 Hz after two days
    assert abs(found.traces[0].sampling_rate_hz / rate - 1.0) < 6e-8
    if float(rate).is_integer():
        assert found.traces[0].sampling_rate_hz == rate


@given(begin=st.floats(-1e5, 1e5).filter(lambda x: np.float32(x) != -12345.0))
@settings(deadline=None)
def test_a_begin_in_single_precision_says_how_well_it_is_known(begin):
    raw = sac_bytes(TRUTH, B=begin, E=-12345.0)
    found = read("SAC", raw)
    error = abs((found.traces[0].start - TRUTH.start) / NANO - begin)
    spacing = float(np.spacing(np.float32(abs(begin))))
    assert error <= spacing + 1e-6
    assert bool(found.problems) == (spacing > 1e-3)


# first byte, and values that are impossible there, of the fixed header of miniSEED 2
SEED_FIELDS = {
    "year": (20, [b"\x00\x00", b"\xff\xff", b"\x00\x15"]),
    "day": (22, [b"\x00\x00", b"\x01\x6e", b"\x01\x6f", b"\xff\xff"]),
    "hour": (24, [b"\x18", b"\xff"]),
    "minute": (25, [b"\x3c", b"\xff"]),
    "second": (26, [b"\x3d", b"\xff"]),
    "samples": (30, [b"\x00\x01", b"\x00\x20", b"\x7f\xff"]),
    "rate": (32, [b"\x00\x00"]),
    "first sample": (44, [b"\x00\x30", b"\xff\xff"]),
    "station": (8, [b"     ", b"\x00\x00\x00\x00\x00"]),
    "channel": (15, [b"   ", b"\x00\x00\x00"]),
    "encoding": (52, [b"\x63", b"\x00"]),
    "quality": (6, [b"X", b"\x00"]),
}


@pytest.mark.parametrize("field", list(SEED_FIELDS))
@pytest.mark.parametrize("record", [0, 3, 17])
def test_a_header_field_of_one_miniseed_record_that_is_impossible_is_told(field, record):
    at, values = SEED_FIELDS[field]
    for value in values:
        raw = bytearray(whole_file("miniSEED 2, Steim 2"))
        raw[record * 512 + at : record * 512 + at + len(value)] = value
        found = read("miniSEED 2, Steim 2", bytes(raw))
        assert found.problems, (field, value)
        assert all(is_true(trace, TRUTH) for trace in found.traces), (field, value)
        # the other two channels are untouched
        assert sum(t.samples.size for t in found.traces) >= 2 * TRUTH.samples.shape[1], value


def test_records_of_miniseed_in_any_order_and_twice_give_the_same_samples():
    for raw, size in (
        (whole_file("miniSEED 2, Steim 2"), 512), (whole_file("miniSEED 3, numbers"), 0)
    ):  # fmt: skip
        if size:
            records = [raw[i : i + size] for i in range(0, len(raw), size)]
        else:
            starts = [i for i in range(len(raw)) if raw[i : i + 3] == b"MS\x03"]
            records = [raw[a:b] for a, b in zip(starts, [*starts[1:], len(raw)], strict=True)]
        order = np.random.default_rng(3).permutation(len(records))
        mixed = b"".join(records[i] for i in [*order, *order[:4]])
        found = read("miniSEED 2, Steim 2" if size else "miniSEED 3, numbers", mixed)
        assert all(is_true(trace, TRUTH) for trace in found.traces)
        for component in "ZNE":
            covered = np.zeros(TRUTH.samples.shape[1], bool)
            for trace in found.traces:
                if component_of(trace.channel) == component:
                    first = round((trace.start - TRUTH.start) * TRUTH.rate_hz / NANO)
                    covered[first : first + trace.samples.size] = True
            assert covered.all()


def test_every_format_is_found_by_its_content_whatever_the_file_is_called():
    for name, writer in WRITERS.items():
        if name in ("numpy",):
            continue  # who and when stand in the name of the file
        with tempfile.TemporaryDirectory() as folder:
            path = writer.put(Path(folder), TRUTH)
            other = path.rename(path.with_name("x.dat"))
            assert read_waveforms(other).traces, name


@pytest.mark.parametrize("field", ["STLA", "STLO", "KSTNM"])
def test_a_station_in_a_sac_header_without_its_place_has_a_row_with_the_reason(field, tmp_path):
    path = tmp_path / "a.sac"
    for value in (-12345.0, 1e5, math.nan) if field != "KSTNM" else ("-12345",):
        path.write_bytes(sac_bytes(TRUTH, **{field: value}))
        tables = read_source(path, "sac_stations")
        assert tables.stations.num_rows == 0
        assert tables.rejects.num_rows == 1
    path.write_bytes(sac_bytes(TRUTH, CMPINC=180.0, CMPAZ=0.0))
    (row,) = read_source(path, "sac_stations").stations.to_pylist()
    assert (row["latitude"], row["elevation_m"], row["sensor_dip_deg"]) == (36.0, 500.0, 90.0)


def test_win_without_its_channel_table_is_refused_by_name(tmp_path):
    for name in ("WIN", "WIN32"):
        path = tmp_path / WRITERS[name].name
        path.write_bytes(WRITERS[name].write(TRUTH))
        with pytest.raises(QuakeloomError, match=r"without a channel table.*NAME\.ch"):
            read_waveforms(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0A1B 1 0 XX.ABC NS 0 27 1.0\n", "twice, and not alike"),
        ("0A1E 1 0 XX.DEF UD 0 27 1.0\n", ""),
    ],
)
def test_a_channel_table_that_contradicts_itself_is_told(tmp_path, line, words):
    path = WRITERS["WIN32"].put(tmp_path, TRUTH)
    (tmp_path / "b.ch").write_text(line)
    found = read_waveforms(path)
    assert bool(found.problems) == bool(words)
    assert len(found.traces) == (2 if words else 3)
    assert all(words in p for p in found.problems)
