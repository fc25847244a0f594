"""Formats that know what an event is say so, and zeros that mean "unknown" are unknown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from jma_records import arrival, end, hypocenter
from phase_writers import write_archive, write_fpfit, write_scedc, write_scedc5
from small_files import EVENTS, HYPODD_EVENTS, HYPODD_PHASE, HYPODD_RELOC
from test_obspy_events import NORDIC

from quakeloom.config import Settings
from quakeloom.formats import read_source
from quakeloom.schema import is_earthquake, make_table
from quakeloom.stages.readings.usable_events import check_events


def place(line: str, column: int, text: str) -> str:
    """A line with some text at a column that counts from 1."""
    return line[: column - 1] + text + line[column - 1 + len(text) :]


def read(tmp_path, text: str, format_name: str = "auto"):
    path = tmp_path / "events"
    path.write_text(text)
    return read_source(path, format_name)


def jma(flag: str, precision: str = "1") -> str:
    head = place(place(hypocenter(), 60, precision), 61, flag)
    return "".join(f"{x}\n" for x in (head, arrival(), end()))


def archive(remark: str) -> str:
    first, _, rest = write_archive(EVENTS).partition("\n")
    return f"{place(first, 81, remark)}\n{rest}"


def nordic(letter: str) -> str:
    first, _, rest = NORDIC.partition("\n")
    return f"{place(first, 23, letter)}\n{rest}"


KNOWN = [
    (jma("1"), "earthquake"),
    (jma("2"), ""),
    (jma("3"), "anthropogenic event"),
    (jma("4"), "other event"),
    (jma("5"), "low-frequency event"),
    (jma(" "), ""),
    (archive("Q"), "quarry blast"),
    (archive("B"), "quarry blast"),
    (archive("N"), "nuclear explosion"),
    (archive("L"), "volcanic long-period"),
    (archive("T"), "tremor pulse"),
    (archive("F"), ""),
    (archive(" "), ""),
    (nordic("E"), "explosion"),
    (nordic("P"), "explosion"),
    (nordic("Q"), "earthquake"),
    (nordic("I"), "induced or triggered event"),
    ("event_id,time,longitude,latitude,depth,type\ne,2020-01-01T00:00:00Z,1,2,3,qb\n",
     "quarry blast"),
    *(
        (f"event_id,time,longitude,latitude,depth,{name}\ne,2020-01-01T00:00:00Z,1,2,3,qb\n",
         "quarry blast")
        for name in ("EventType", "evtype", "ev_type", "etype")
    ),
    ("event_id,time,longitude,latitude,depth,event_type\ne,2020-01-01T00:00:00Z,1,2,3,\n", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), KNOWN)
def test_what_the_file_says_of_an_event_is_read_and_decides_its_mechanism(tmp_path, text, kind):
    events = read(tmp_path, text).events.slice(0, 1)
    assert events.column("event_type").to_pylist() == [kind]
    settings = Settings(name="x", sources=[{"path": "a"}], takeoff={"angles": "given"})
    unusable = check_events(settings, events, None).unusable
    assert (0 in unusable) is not is_earthquake(kind)
    if unusable:
        assert unusable[0].status == "not_earthquake"
        assert f"'{kind}'" in unusable[0].reason
    wanted = settings.model_copy(
        update={"selection": settings.selection.model_copy(update={"event_types": "all"})}
    )
    assert not check_events(wanted, events, None).unusable


def test_a_hypocenter_that_jma_has_not_accepted_is_put_aside_with_its_readings(tmp_path):
    tables = read(tmp_path, jma("1", "8") + jma("1").replace("J2020", "J2021", 1))
    assert tables.events.num_rows == 1
    reasons = tables.rejects.column("reason").to_pylist()
    assert "not accepted" in reasons[0]
    assert len(reasons) > 1
    assert set(tables.picks.column("event_id").to_pylist()) <= {"J2021010100000525"}


def zeros(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert len(old) == len(new)
        assert old in text
        text = text.replace(old, new)
    return text


CATALOG = (
    "2020 1 2 3 4 5.60 77 36.2 138.5 8.1 {m} 77 1 10 20 30 0.1 0.2 {e} {e} 0.0 36.2 138.5 8.0\n"
)
LIST = "2020 1 2 3 4 5.60 36.2 138.5 8.1 {m} {e} {e} 0.10 77\n"
UNKNOWN = {
    "hypodd_phase": zeros(
        HYPODD_PHASE, ("3.57  0.12  0.24", "0.00  0.00  0.00"), ("3.54  0.09  0.18",
                                                                 "0.00  0.00  0.00")
    ),
    "hypodd_events": zeros(
        HYPODD_EVENTS, ("3.6    0.12    0.24", "0.0    0.00    0.00"),
        ("1.2    0.28    0.80", "0.0    0.00    0.00"),
    ),
    "hypodd_reloc": zeros(
        HYPODD_RELOC, ("2.3      1.5      4.5", "0.0      0.0      0.0"), (" 3.6 ", " 0.0 ")
    ),
    "growclust list": LIST.format(m="0.00", e="0.000"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_magnitudes_and_errors_of_zero_are_unknown(tmp_path, name):
    events = read(tmp_path, UNKNOWN[name]).events
    assert events.num_rows
    for column in ("magnitude", "horizontal_error_km", "vertical_error_km"):
        assert np.isnan(events.column(column).to_numpy()).all(), column


@pytest.mark.parametrize("write", [write_archive, write_fpfit, write_scedc, write_scedc5])
def test_errors_of_zero_are_unknown_in_formats_of_columns(tmp_path, write):
    """HASH reads a vertical error of 0 as 1 km; the default of the settings does the same."""
    text = write(EVENTS)
    for old in (f"{12:4d}{34:4d}", " 0.12  0.34", "  12  34"):
        text = text.replace(old, " " * len(old[:-1]) + "0" if "." not in old else " 0.00  0.00")
    events = read(tmp_path, text).events
    assert events.num_rows == len(EVENTS)
    assert all(math.isnan(v) for v in events.column("vertical_error_km").to_pylist())


def test_known_errors_stay(tmp_path):
    (row,) = read(tmp_path, LIST.format(m="1.20", e="0.250")).events.to_pylist()
    assert (row["magnitude"], row["horizontal_error_km"], row["vertical_error_km"]) == (
        1.2, 0.25, 0.25,
    )  # fmt: skip


def test_every_type_that_is_no_earthquake_has_a_status(tmp_path):
    types = ["", "earthquake", "explosion", "rock burst", "something else", "quarry blast"]
    events = make_table(
        "events",
        {"event_id": [str(i) for i in range(len(types))], "event_type": types,
         "longitude": [1.0] * len(types), "latitude": [1.0] * len(types),
         "depth_km": [5.0] * len(types)},
    )  # fmt: skip
    settings = Settings(name="x", sources=[{"path": "a"}], takeoff={"models": ["generic_crust"]})
    assert sorted(check_events(settings, events, None).unusable) == [2, 3, 4, 5]


@pytest.mark.parametrize(("angles", "kept"), [(("115.0", "105.0"), 2), (("", ""), 1)])
def test_a_composite_without_angles_of_its_own_is_refused(tmp_path, angles, kept):
    """Rows of other earthquakes would get the angles of the first."""
    takeoff, azimuth = angles
    head = (
        "event_id,event_id2,station,network,p_polarity,takeoff,azimuth,origin_latitude,"
        "origin_longitude,origin_depth_km\n"
    )
    rows = [
        f"1,{n},S{n},XX,1.0,{takeoff},{azimuth},{39.1 + 0.05 * n},-123.2,7.1\n" for n in range(2)
    ]
    tables = read(tmp_path, head + "".join(rows), "skhash_polarities")
    assert tables.polarities.num_rows == kept
    reasons = " ".join(tables.rejects.column("reason").to_pylist())
    assert ("give azimuth and takeoff in every row of a composite" in reasons) is (kept == 1)
