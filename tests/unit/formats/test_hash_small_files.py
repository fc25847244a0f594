"""Every format of the HASH family: columns, recognition, round trips, and broken files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phase_writers import write_archive, write_fpfit, write_scedc, write_scedc5, write_simul
from small_files import EVENTS, PICKS, SMALL_FILES, unaccounted_lines

from quakeloom.core import FormatError, InputError, SettingsError
from quakeloom.formats import FORMATS, detect_format, read_source
from quakeloom.schema import validate_table

WRITERS = {
    "hash_fpfit": write_fpfit,
    "hash_scedc": write_scedc,
    "hash_scedc5": write_scedc5,
    "hash_simul": write_simul,
    "hypoinverse_archive": write_archive,
}
CUT_FILES = {name: writer([{**EVENTS[0], "picks": PICKS[:2]}]) for name, writer in WRITERS.items()}
WITH_ANGLES = ("hash_fpfit", "hash_simul", "hypoinverse_archive")


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def same(a, b) -> bool:
    """Compare tables with NaN equal to NaN."""
    return all(
        repr(getattr(a, t).to_pylist()) == repr(getattr(b, t).to_pylist()) for t in a.counts()
    )


@pytest.mark.parametrize("name", SMALL_FILES)
def test_a_good_small_file_is_recognized_and_read_without_rejects(tmp_path, name):
    path = write(tmp_path / "data", SMALL_FILES[name])
    assert detect_format(path) == name
    tables = read_source(path)
    assert tables.rejects.num_rows == 0, tables.rejects.to_pylist()
    assert sum(tables.counts().values()) > 0
    assert unaccounted_lines(SMALL_FILES[name], tables) == []
    for table in tables.counts():
        assert validate_table(table, getattr(tables, table)) == []


@pytest.mark.parametrize("name", WRITERS)
def test_phase_files_give_events_where_and_when_they_were(tmp_path, name):
    events = read_source(write(tmp_path / "f", SMALL_FILES[name]), name).events.to_pylist()
    assert [e["event_id"] for e in events] == ["101", "102"]
    assert [e["origin_time"].isoformat() for e in events] == [
        "1994-01-21T11:04:15.030000+00:00",
        "2008-12-31T23:59:59.990000+00:00",
    ]
    assert events[0]["latitude"] == pytest.approx(34 + 14.55 / 60)
    assert events[0]["longitude"] == pytest.approx(-(118 + 37.06 / 60))
    assert events[1]["latitude"] == pytest.approx(-(1 + 0.05 / 60))
    assert events[1]["longitude"] == pytest.approx(7.0)
    assert [e["depth_km"] for e in events] == pytest.approx([18.1, 0.5])
    assert [e["magnitude"] for e in events] == pytest.approx([2.3, 4.1])
    if name not in ("hash_scedc5", "hash_simul"):
        assert events[0]["horizontal_error_km"] == pytest.approx(0.12)
        assert events[0]["vertical_error_km"] == pytest.approx(0.34)
    else:
        assert math.isnan(events[0]["vertical_error_km"])


@pytest.mark.parametrize("name", WRITERS)
def test_phase_files_give_first_motions_with_kind_weight_and_angles(tmp_path, name):
    picks = read_source(write(tmp_path / "f", SMALL_FILES[name]), name).polarities
    assert picks.column("station").to_pylist() == ["ABC", "DEFG", "H", "ABC", "DEFG"]
    assert picks.column("event_id").to_pylist() == ["101"] * 3 + ["102"] * 2
    signs = [0] * 5 if name == "hash_simul" else [1, -1, -1, 1, -1]
    assert picks.column("polarity").to_pylist() == signs
    if name != "hash_simul":
        assert picks.column("onset").to_pylist() == ["I", "E", "", "I", "E"]
        assert picks.column("channel").to_pylist()[:3] == ["EHZ", "VHZ", "HHZ"]
    if name not in ("hash_fpfit", "hash_simul"):
        assert picks.column("network").to_pylist()[:3] == ["XX", "YY", "XX"]
    weights = [-1] * 5 if name == "hash_scedc" else [0, 1, 2, 0, 1]
    assert picks.column("pick_weight").to_pylist() == weights
    expected = [121, 63, 0, 121, 63] if name in WITH_ANGLES else [np.nan] * 5
    np.testing.assert_array_equal(picks.column("takeoff_deg").to_numpy(), expected)
    expected = [51, 303, 0, 51, 303] if name in WITH_ANGLES else [np.nan] * 5
    np.testing.assert_array_equal(picks.column("azimuth_deg").to_numpy(), expected)
    expected = [25.8, 137.8, 0, 25.8, 137.8] if name in WITH_ANGLES else [np.nan] * 5
    np.testing.assert_allclose(picks.column("distance_km").to_numpy(), expected)
    if name in ("hash_fpfit", "hash_simul"):
        assert set(picks.column("takeoff_error_deg").to_pylist()) == {7.0}
        assert set(picks.column("azimuth_error_deg").to_pylist()) == {2.0}
    if name in ("hypoinverse_archive", "hash_scedc5"):
        arrivals = picks.column("arrival_time").to_pylist()
        assert arrivals[0].isoformat() == "1994-01-21T11:04:20.500000+00:00"


codes = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=1, max_size=4)
picks_strategy = st.fixed_dictionaries(
    {
        "station": codes,
        "network": st.sampled_from(["CI", "NC", "BK"]),
        "channel": st.sampled_from(["EHZ", "VHZ", "HHZ"]),
        "onset": st.sampled_from(["I", "E", "X", ""]),
        "motion": st.sampled_from("UD+-"),
        "weight": st.integers(0, 9),
        "azimuth": st.integers(0, 359),
        "takeoff": st.integers(0, 180),
        "distance": st.integers(0, 1999),
        "second": st.integers(0, 9998),
    }
)
events_strategy = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 99_999_999).map(str),
            "time": st.tuples(
                st.integers(1950, 2026),
                st.integers(1, 12),
                st.integers(1, 28),
                st.integers(0, 23),
                st.integers(0, 59),
                st.integers(0, 5999),
            ),
            "lat": st.integers(-90 * 6000, 90 * 6000),
            "lon": st.integers(-180 * 6000, 180 * 6000),
            "depth": st.integers(0, 7000).map(lambda d: d * 10),
            "mag": st.integers(0, 90).map(lambda m: m * 10),
            "picks": st.lists(picks_strategy, max_size=5, unique_by=lambda p: p["station"]),
        }
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda e: e["id"],
)


@pytest.mark.parametrize("name", WRITERS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=events_strategy)
def test_what_is_written_in_columns_is_read_back(tmp_path, name, events):
    tables = read_source(write(tmp_path / "f", WRITERS[name](events)), name)
    assert tables.rejects.num_rows == 0, tables.rejects.to_pylist()
    rows = tables.events.to_pylist()
    assert [r["event_id"] for r in rows] == [e["id"] for e in events]
    for row, event in zip(rows, events, strict=True):
        y, mo, d, h, mi, s = event["time"]
        expected = np.datetime64(f"{y}-{mo:02d}-{d:02d}T{h:02d}:{mi:02d}", "ns")
        expected += np.timedelta64(s * 10, "ms")
        assert np.datetime64(row["origin_time"].replace(tzinfo=None), "ns") == expected
        assert row["latitude"] == pytest.approx(event["lat"] / 6000, abs=1e-9)
        assert row["longitude"] == pytest.approx(event["lon"] / 6000, abs=1e-9)
        assert row["depth_km"] == pytest.approx(event["depth"] / 100)
        assert row["magnitude"] == pytest.approx(event["mag"] / 100)
    given_picks = [p for e in events for p in e["picks"]]
    picks = tables.polarities.to_pylist()
    assert [p["station"] for p in picks] == [p["station"] for p in given_picks]
    for row, pick in zip(picks, given_picks, strict=True):
        if name != "hash_simul":
            assert row["polarity"] == (1 if pick["motion"] in "U+" else -1)
            assert row["onset"] == pick["onset"]
        if name != "hash_scedc":
            assert row["pick_weight"] == pick["weight"]
        if name in WITH_ANGLES:
            assert row["azimuth_deg"] == pick["azimuth"]
            assert row["takeoff_deg"] == pick["takeoff"]
            assert row["distance_km"] == pytest.approx(pick["distance"] / 10)


@pytest.mark.parametrize("name", SMALL_FILES)
def test_a_file_cut_anywhere_loses_no_line_silently(tmp_path, name):
    text = CUT_FILES.get(name, SMALL_FILES[name])
    path = tmp_path / "cut"
    for length in range(len(text)):
        write(path, text[:length])
        try:
            tables = read_source(path, name)
        except FormatError:
            tables = None
        if tables is not None:
            assert unaccounted_lines(text[:length], tables) == [], f"cut at {length}"


@pytest.mark.parametrize("name", SMALL_FILES)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 5000), st.sampled_from(b"\x00\x7f\xff\xe9 09-+.,_#$UDXPSnaN*")),
        min_size=1,
        max_size=6,
    )
)
def test_scribbled_bytes_are_no_crash_and_no_loss(tmp_path, name, changes):
    data = bytearray(SMALL_FILES[name].encode())
    for position, byte in changes:
        place = position % len(data)
        if data[place] != ord("\n"):
            data[place] = byte
    path = write(tmp_path / "f", bytes(data))
    try:
        tables = read_source(path, name)
    except FormatError:
        return
    lost = unaccounted_lines(bytes(data).decode("latin-1"), tables)
    headings = {i for i, line in enumerate(SMALL_FILES[name].split("\n"), 1) if is_heading(line)}
    assert [number for number in lost if number not in headings] == []
    for table in tables.counts():
        assert validate_table(table, getattr(tables, table)) == []


def is_heading(line: str) -> bool:
    return line.startswith(("$", "  DATE", "  STN", " AZIM", "event_id", "station,")) or (
        len(line.split()) <= 4 and not line[:1].isalpha()
    )


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
@pytest.mark.parametrize("name", SMALL_FILES)
def test_line_ends_of_other_systems_change_nothing(tmp_path, name, ending):
    path = tmp_path / "f"
    plain = read_source(write(path, SMALL_FILES[name]), name)
    other = read_source(write(path, SMALL_FILES[name].replace("\n", ending)), name)
    assert same(plain, other)


@pytest.mark.parametrize("name", SMALL_FILES)
def test_what_is_no_such_file_is_a_format_error_that_names_it(tmp_path, name):
    picture = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(range(256)) * 20
    numbers = np.arange(1000.0).tobytes()
    utf16 = SMALL_FILES[name].encode("utf-16")
    ebcdic = SMALL_FILES[name].encode("cp037")
    prose = b"Call me Ishmael. Some years ago, never mind how long precisely,\n" * 5
    for kind, data in {
        "picture": picture,
        "array": numbers,
        "utf16": utf16,
        "ebcdic": ebcdic,
        "prose": prose,
        "empty": b"",
        "blank": b" \n\n",
    }.items():
        path = write(tmp_path / kind, data)
        with pytest.raises(FormatError, match=kind):
            read_source(path, name)
        if kind == "utf16" and name.startswith("skhash"):
            continue  # spreadsheets write CSV so; the reader of plain CSV knows them
        with pytest.raises(FormatError, match=kind):
            detect_format(path)


@pytest.mark.parametrize("name", SMALL_FILES)
def test_another_format_by_name_is_a_format_error(tmp_path, name):
    related = {
        "hypoinverse_archive": {"hash_scedc5"},
        "hash_scedc5": {"hypoinverse_archive"},
        "skhash_polarities": {"skhash_catalog"},
    }
    path = write(tmp_path / "f", SMALL_FILES[name])
    for other in SMALL_FILES:
        if other == name or other in related.get(name, set()):
            continue
        with pytest.raises(FormatError):
            read_source(path, other)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_source(tmp_path / "nowhere", "hash_fpfit")
    with pytest.raises(InputError, match="cannot be opened"):
        read_source(tmp_path, "hash_fpfit")


def test_an_unknown_format_or_option_is_named(tmp_path):
    path = write(tmp_path / "f", SMALL_FILES["hash_fpfit"])
    with pytest.raises(FormatError, match="'hash_six'"):
        read_source(path, "hash_six")
    with pytest.raises(SettingsError, match="'speed'"):
        read_source(path, "hash_fpfit", speed=1)
    with pytest.raises(SettingsError, match="doubled_picks"):
        read_source(path, "hash_fpfit", doubled_picks="maybe")
    archive = write(tmp_path / "a", SMALL_FILES["hypoinverse_archive"])
    with pytest.raises(SettingsError, match="takeoff_zero"):
        read_source(archive, takeoff_zero="north")


def test_every_option_of_a_format_is_an_argument_of_its_reader():
    import inspect

    for name, chosen in FORMATS.items():
        assert chosen.name == name
        parameters = inspect.signature(chosen.read).parameters
        assert set(chosen.options) <= set(parameters)


def test_takeoff_angles_from_above_are_turned(tmp_path):
    path = write(tmp_path / "f", SMALL_FILES["hypoinverse_archive"])
    turned = read_source(path, takeoff_zero="up").polarities.column("takeoff_deg")
    assert turned.to_pylist()[:3] == [59.0, 117.0, 180.0]


def test_an_archive_without_terminators_is_read_alike(tmp_path):
    with_ends = read_source(write(tmp_path / "a", write_archive(EVENTS)), "hypoinverse_archive")
    without = read_source(
        write(tmp_path / "b", write_archive(EVENTS, terminators=False)), "hypoinverse_archive"
    )
    columns = [c for c in with_ends.polarities.column_names if not c.startswith("source_")]
    rows = (repr(t.polarities.select(columns).to_pylist()) for t in (with_ends, without))
    assert len(set(rows)) == 1
