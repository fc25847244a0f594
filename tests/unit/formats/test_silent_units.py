"""Numbers that are possible one by one, but as a table those of another unit, order or sign."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import (
    Rejects,
    exchanged_epicenters,
    find_misplaced_stations,
    read_mechanisms,
    read_source,
)
from quakeloom.schema import make_table


def said(tables) -> str:
    return " | ".join(tables.rejects.column("reason").to_pylist())


def write(path, text: str):
    path.write_text(text)
    return path


# ZMAP


def zmap(first, second) -> str:
    return "".join(
        f"{x:.3f} {y:.3f} 2010 3 {i + 1} 2.5 8.0 4 5 6.5\n"
        for i, (x, y) in enumerate(zip(first, second, strict=True))
    )


@pytest.mark.parametrize("name", ["auto", "zmap"])
def test_latitude_before_longitude_in_zmap_is_refused_where_it_shows(tmp_path, name):
    path = write(tmp_path / "a.zmap", zmap([36.1, 36.4, 37.0], [138.2, 138.9, 139.4]))
    with pytest.raises(FormatError, match=r"latitude before longitude: column 2 reaches 139.4"):
        read_source(path, name)
    path = write(tmp_path / "b.zmap", zmap([36.1, 36.4, 37.0], [-118.2, -117.9, -118.4]))
    with pytest.raises(FormatError, match="exchange the columns"):
        read_source(path, name)


@pytest.mark.parametrize(
    "longitude", [[138.2, 139.4], [-118.2, -117.5], [12.0, 13.0], [350.0, 5.0]]
)
def test_longitude_first_is_read(tmp_path, longitude):
    path = write(tmp_path / "a.zmap", zmap(longitude, [36.1, 36.4]))
    found = read_source(path).events.column("longitude").to_numpy()
    np.testing.assert_allclose(found % 360, np.array(longitude) % 360)


def test_epicenters_exchanged_are_seen_from_the_stations_alone():
    """A catalog of Italy without readings: nothing in it says which column is which."""
    r = np.random.default_rng(1)
    lon, lat = r.uniform(12, 14, 30), r.uniform(42, 43, 30)
    stations = make_table("stations", {
        "station": list("ABCDE"), "longitude": lon[:5] + 0.1, "latitude": lat[:5],
    })  # fmt: skip
    ids = [f"e{i}" for i in range(30)]
    right = make_table("events", {"event_id": ids, "longitude": lon, "latitude": lat})
    wrong = make_table("events", {"event_id": ids, "longitude": lat, "latitude": lon})
    far = make_table("events", {"event_id": ids, "longitude": lon + 150, "latitude": -lat})
    assert exchanged_epicenters(right, stations) == ""
    assert exchanged_epicenters(far, stations) == ""
    assert "with longitude and latitude exchanged" in exchanged_epicenters(wrong, stations)
    assert exchanged_epicenters(right, stations.slice(0, 0)) == ""


# travel times in ms


def hypodd(times) -> str:
    rows = [f"S{i:02d} {t} 1.0 P" for i, t in enumerate(times)]
    return "\n".join(["# 2020 1 1 0 0 0.0 42.0 13.0 5.0 1.0 0 0 0 1", *rows, ""])


def velest(times) -> str:
    rows = "".join(f"ST{i:02d}P0{t:6.2f}" for i, t in enumerate(times[:6]))
    return f"200101 0000 00.00 42.0000N  13.0000E   5.00   1.00\n{rows}\n\n"


def real(times) -> str:
    head = (
        "     1 2021 03 04 00:00:10.000        10.0000   0.1934   36.2000   138.5000     8.10"
        "   1.400   0.325   8   6   14    5   124.03"
    )
    rows = [f"X S{i:02d} P {t + 10:.4f} {t:.4f} 1.2e-05 0.02 1.0 30.2" for i, t in enumerate(times)]
    return "\n".join([head, *rows, ""])


MS = [310, 452, 730, 1204, 988, 1391]


def test_whole_travel_times_of_minutes_are_refused_as_ms(tmp_path):
    for name, text, form in (
        ("a.pha", hypodd(MS), "hypodd_phase"),
        ("a.cnv", velest([310.0, 452, 730, 620, 988, 391]), "velest_phases"),
        ("a.txt", real(MS), "real"),
    ):
        with pytest.raises(FormatError, match=r"travel times in ms: all 6 are whole numbers"):
            read_source(write(tmp_path / name, text), form)


@pytest.mark.parametrize(
    "times",
    [
        [3.1, 4.52, 7.3, 12.04, 9.88, 13.9],
        [3, 4, 7, 12, 9, 13],  # rounded to the second
        [310.2, 452.1, 730.9, 604.3, 388.4, 391.7],  # far
        [310, 452],  # two readings say nothing
    ],
)
def test_travel_times_in_s_are_read(tmp_path, times):
    found = read_source(write(tmp_path / "a.pha", hypodd(times)), "hypodd_phase")
    assert found.picks.num_rows == len(times)


def readings(distance_km, seconds, count=6):
    """Events at a distance from one station, read after some seconds."""
    ids = [f"e{i}" for i in range(count)]
    start = np.datetime64("2020-01-01", "ns") + np.arange(count) * np.timedelta64(1, "h")
    events = make_table("events", {
        "event_id": ids, "origin_time": start, "longitude": np.full(count, distance_km / 111.2),
        "latitude": np.zeros(count), "depth_km": np.full(count, 5.0),
    })  # fmt: skip
    picks = make_table("picks", {
        "event_id": ids, "station": ["A"] * count, "phase": ["P"] * count,
        "time": start + np.timedelta64(round(seconds * 1e9), "ns"),
    })  # fmt: skip
    stations = make_table("stations", {"station": ["A"], "longitude": [0.0], "latitude": [0.0]})
    return find_misplaced_stations(events, stations, [picks]).column("reason").to_pylist()


def test_stations_that_read_later_than_any_wave_are_named():
    assert "later than any wave" in readings(2.0, 420.0)[0]
    assert readings(2.0, 0.42) == []
    assert readings(2000.0, 420.0) == []
    assert readings(10.0, 150.0) == []  # S from 700 km below


# moments in N m


def tensors(exponent: int) -> str:
    return "".join(
        f"{140 + i / 10} 38 10 0.2 -1.1 0.9 0.3 0.4 -{i + 1}.5 {exponent} 0 0 e{i}\n"
        for i in range(4)
    )


@pytest.mark.parametrize("named", [False, True])
def test_moments_in_newton_meters_are_told(tmp_path, named):
    head = "lon lat depth mrr mtt mpp mrt mrp mtp exponent\n" if named else ""
    aside = Rejects("a")
    table = read_mechanisms(write(tmp_path / "a.meca", head + tensors(17)), aside)
    reasons = " | ".join(aside.table().column("reason").to_pylist())
    assert "if they are in N m, add 7 to the exponents" in reasons
    shown = table.column("magnitude").to_numpy()
    assert f"magnitudes from {shown.min():.1f} to {shown.max():.1f}" in reasons
    aside = Rejects("a")
    read_mechanisms(write(tmp_path / "b.meca", head + tensors(24)), aside)
    assert "N m" not in " | ".join(aside.table().column("reason").to_pylist())


# radians


def places(table: str, lon, lat) -> str:
    head = {"events": "event_id", "stations": "station"}[table]
    rows = [f"E{i},{x},{y}" for i, (x, y) in enumerate(zip(lon, lat, strict=True))]
    return "\n".join([f"{head},longitude,latitude", *rows, ""])


@pytest.mark.parametrize("table", ["events", "stations"])
def test_places_in_radians_are_told(tmp_path, table):
    r = np.random.default_rng(2)
    for lon, lat in ((138.0, 36.0), (-118.0, 34.0), (176.0, -39.0), (12.5, 42.0)):
        x, y = np.radians(lon + r.uniform(-1, 1, 8)), np.radians(lat + r.uniform(-1, 1, 8))
        found = read_source(write(tmp_path / f"{table}.csv", places(table, x, y)))
        assert "if these are radians, write degrees" in said(found), (lon, lat)
        found = read_source(
            write(tmp_path / f"{table}.csv", places(table, np.degrees(x), np.degrees(y)))
        )
        assert "radians" not in said(found)


def test_zmap_and_mechanisms_in_radians_are_told(tmp_path):
    x, y = np.radians(138 + np.arange(6) / 10), np.radians(36 + np.arange(6) / 10)
    assert "radians" in said(read_source(write(tmp_path / "a.zmap", zmap(x, y)), "zmap"))
    aside = Rejects("a")
    rows = "".join(
        f"{a:.4f} {b:.4f} 8 30 60 -90 5.1 {i}\n" for i, (a, b) in enumerate(zip(x, y, strict=True))
    )
    read_mechanisms(write(tmp_path / "a.meca", rows), aside)
    assert "radians" in " ".join(aside.table().column("reason").to_pylist())


def test_networks_around_the_origin_of_a_simulation_are_not_doubted(tmp_path):
    x = np.linspace(-0.5, 0.4, 8)
    assert "radians" not in said(
        read_source(write(tmp_path / "stations.csv", places("stations", x, x / 2)))
    )


# HYPO71

CARD = "ABC IPU0 100118170404.10                                      \n"
SUMMARY = "100118 17 0359.45 38 28.85  21 56.50 09.14 02.9  0.00 0.14 01.8 03.5    00001D0800\n"


def test_hypocenters_of_phase_cards_say_what_they_guess(tmp_path):
    write(tmp_path / "a.pha", CARD + "\n")
    write(tmp_path / "a.pha.h", SUMMARY + "100118 17 0x59.45 38 28.85  21 56.50 09.14 02.9\n")
    found = read_source(tmp_path / "a.pha", "hypo71_phases", hypocenters=".h")
    assert found.events.column("longitude").to_pylist() == [pytest.approx(21 + 56.5 / 60)]
    assert "'a.pha.h': 1 epicenters have no letter of their hemisphere" in said(found)
    assert "line 2 of 'a.pha.h'" in said(found)
    write(tmp_path / "a.pha.h", "DATE ORIGIN LAT N LONG W DEPTH\n" + SUMMARY)
    found = read_source(tmp_path / "a.pha", "hypo71_phases", hypocenters=".h")
    assert found.events.column("longitude").to_pylist() == [pytest.approx(-21 - 56.5 / 60)]
    assert "hemisphere" not in said(found)
