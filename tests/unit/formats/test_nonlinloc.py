"""NonLinLoc: observations, locations and stations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats import detect_format, read_source
from quakeloom.schema import validate_table

OBS = """\
# a comment
PUBLIC_ID event-one
AK_RC01_--   I BHZ i P  U 20181130 1729 35.1095 GAU 1.00e-02 -1.00e+00 -1.00e+00 -1.00e+00
SSN  ? BHZ e Pg d 20181130 1729 67.5 GAU 1.00e-02 -1.00e+00 -1.00e+00 -1.00e+00 1 > 9.9 0.1
SSN  ? BHZ ? S  ? 20181130 1729 70.5 GAU 1.00e-02 -1.00e+00 -1.00e+00 -1.00e+00

LIN  ? ?   ? P  ? 20181130 0005 -1.25 GAU 1.00e-02 -1.00e+00 -1.00e+00 -1.00e+00
"""

PHASES = (
    "RC01 ? BHZ i P U 20181130 1729 37.04 GAU 2e-2 -1 32 0.16 1.0 > 7.9 0.07 1.4 14.1 9.9 -0.4 "
    "29.74 157.6 158.6 142.9 10 0 0.2\n"
    "SSN ? BHZ e P - 20181130 1729 38.39 GAU 8e-2 -1 14 0.02 1.0 > 9.4 -0.07 1.4 -39 51 -1.3 "
    "44.93 288.8 280.0 10.0 0 0 0.2\n"
    "DHY ? BHZ ? P ? 20181130 1730 1.79 GAU 1e-1 -1 16 0.02 1.0 > 0.0 0.0 0.0 132 233 -1.6 "
    "0.0 0.00 359.0 -1.0 0 0 0\n"
)
HYP = f"""\
NLLOC "./loc/net.20181130.172935.grid0" "LOCATED" "Location completed."
PUBLIC_ID None
GEOGRAPHIC  OT 2018 11 30  17 29 29.073014  Lat 61.335856 Long -149.948920 Depth 44.936523
QUALITY  Pmax 1 MFmin 3 MFmax 3 RMS 0.2 Nphs 3 Gap 37 Dist 29 Mamp  3.20 4 Mdur -9.90 0
STATISTICS  ExpectX 2 Y 37 Z 44 CovXX 4.0 XY 0.0 XZ 0.2 YY 9.0 YZ 0.1 ZZ 25.0 EllAz1 240
TRANSFORM  LAMBERT RefEllipsoid Clarke-1880  LatOrig 61.0
PHASE ID Ins Cmp On Pha  FM Date     HrMn   Sec     Err  ErrMag    Coda      Amp       Per
{PHASES}END_PHASE
END_NLLOC
"""


def read(tmp_path, text: str, name: str, **options):
    path = tmp_path / "file"
    path.write_text(text)
    assert detect_format(path) == name
    tables = read_source(path, **options)
    for table in tables.counts():
        assert validate_table(table, getattr(tables, table)) == []
    return tables


def test_observations_give_first_motions_of_p(tmp_path):
    tables = read(tmp_path, OBS, "nonlinloc_observations")
    rows = tables.polarities.to_pylist()
    assert [r["station"] for r in rows] == ["RC01", "SSN", "LIN"]
    assert [r["network"] for r in rows] == ["AK", "", ""]
    assert [r["channel"] for r in rows] == ["BHZ", "BHZ", ""]
    assert [r["polarity"] for r in rows] == [1, -1, 0]
    assert [r["onset"] for r in rows] == ["I", "E", ""]
    assert [r["arrival_time"].isoformat() for r in rows] == [
        "2018-11-30T17:29:35.109500+00:00",
        "2018-11-30T17:30:07.500000+00:00",
        "2018-11-30T00:04:58.750000+00:00",
    ]
    assert tables.rejects.num_rows == 0


def test_events_of_observations_have_no_place_and_are_named_by_their_first_pick(tmp_path):
    rows = read(tmp_path, OBS, "nonlinloc_observations").events.to_pylist()
    assert [r["event_id"] for r in rows] == ["event-one", "20181130T000458.750"]
    assert all(math.isnan(r["longitude"]) and r["origin_time"] is None for r in rows)


@pytest.mark.parametrize(
    ("code", "polarity"),
    [(c, 1) for c in "cCuU+"] + [(c, -1) for c in "dD-"] + [(c, 0) for c in ("?", ".", "0", "-0")],
)
def test_all_codes_of_first_motion_are_known(tmp_path, code, polarity):
    text = f"STA ? ? ? P {code} 20181130 1729 35.1 GAU 1e-2 -1 -1 -1\n"
    tables = read(tmp_path, text, "nonlinloc_observations")
    assert tables.polarities.column("polarity").to_pylist() == [polarity]


def test_labels_may_be_left_whole(tmp_path):
    tables = read(tmp_path, OBS, "nonlinloc_observations", station_labels="plain")
    assert tables.polarities.column("station")[0].as_py() == "AK_RC01_--"
    with pytest.raises(SettingsError, match="station_labels"):
        read(tmp_path, OBS, "nonlinloc_observations", station_labels="all")


def test_broken_phase_lines_are_put_aside(tmp_path):
    def line(station: str, motion: str = "U", date: str = "20181130", second: str = "35.1") -> str:
        return f"{station} ? ? ? P {motion} {date} 1729 {second} GAU 1e-2 -1 -1 -1\n"

    good = [line(s) for s in ("STA", "STG", "STH", "STI", "STJ")]
    bad = [
        line("STB", motion="Q"),
        line("STC", date="20181330"),
        line("STD", second="nan"),
        "STE ? ? ? P U\n",
        line("STA"),
    ]
    tables = read(tmp_path, "".join(good[:1] + bad + good[1:]), "nonlinloc_observations")
    assert tables.polarities.column("station").to_pylist() == ["STA", "STG", "STH", "STI", "STJ"]
    reasons = tables.rejects.column("reason").to_pylist()
    for word, reason in zip(
        ("neither", "month", "no number", "columns", "doubled"), reasons, strict=True
    ):
        assert word in reason


def test_a_location_gives_hypocenter_errors_and_rays(tmp_path):
    tables = read(tmp_path, HYP, "nonlinloc_locations")
    (row,) = tables.events.to_pylist()
    assert row["event_id"] == "net.20181130.172935"
    assert row["origin_time"].isoformat() == "2018-11-30T17:29:29.073014+00:00"
    assert (row["longitude"], row["latitude"]) == (-149.94892, 61.335856)
    assert (row["depth_km"], row["magnitude"]) == (44.936523, 3.2)
    # the largest half axis of covariance 4 and 9 km2, and the root of 25 km2
    assert (row["horizontal_error_km"], row["vertical_error_km"]) == (3.0, 5.0)
    first, second, third = tables.polarities.to_pylist()
    assert (first["polarity"], first["azimuth_deg"], first["takeoff_deg"]) == (1, 158.6, 142.9)
    assert first["distance_km"] == 29.74
    # ray quality 0: the dip means nothing, the azimuth is that of the station
    assert (second["polarity"], second["azimuth_deg"]) == (-1, 288.8)
    assert math.isnan(second["takeoff_deg"])
    # a phase that was not used has no ray at all
    assert math.isnan(third["azimuth_deg"])
    assert third["polarity"] == 0


def test_an_event_that_was_not_located_is_put_aside(tmp_path):
    text = HYP.replace("LOCATED", "REJECTED", 1) + HYP.replace("172935", "180000").replace(
        "GEOGRAPHIC", "GEO"
    )
    tables = read(tmp_path, HYP.replace("172935", "190000") + text, "nonlinloc_locations")
    assert tables.events.num_rows == 1
    reasons = tables.rejects.column("reason").to_pylist()
    assert "REJECTED" in reasons[0]
    assert sum("GEOGRAPHIC" in r for r in reasons) == 1
    assert sum("put aside" in r for r in reasons) == 6


def test_a_location_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path):
    tables = read(tmp_path, HYP[: HYP.index("SSN")], "nonlinloc_locations")
    assert tables.events.num_rows == 1
    assert tables.polarities.num_rows == 1
    assert "END_NLLOC" in tables.rejects.column("reason")[0].as_py()


def test_station_coordinates_in_degrees_minutes_and_seconds(tmp_path):
    text = (
        "# stations\n"
        "GTSRCE AK_RC01_-- LATLON 61.5 -149.75 0 0.39\n"
        "GTSRCE DM LATLONDM 61 30.0 N 149 45.0 W 0.1 0.4\n"
        "GTSRCE DS LATLONDS 61 29 60 S 149 44 60 E 0.0\n"
        "GTSRCE XY XYZ 10 20 0 0\n"
        "GTSRCE BAD LATLON 161.5 -149.75 0 0.39\n"
        "GTSRCE CUT LATLON\n"
    )
    tables = read(tmp_path, text, "nonlinloc_stations")
    rows = tables.stations.to_pylist()
    assert [(r["network"], r["station"]) for r in rows] == [("AK", "RC01"), ("", "DM"), ("", "DS")]
    assert [r["latitude"] for r in rows] == pytest.approx([61.5, 61.5, -61.5])
    assert [r["longitude"] for r in rows] == pytest.approx([-149.75, -149.75, 149.75])
    assert [r["elevation_m"] for r in rows] == pytest.approx([390.0, 300.0, 0.0])
    assert tables.rejects.num_rows == 3


@pytest.mark.parametrize(
    "name", ["nonlinloc_observations", "nonlinloc_locations", "nonlinloc_stations"]
)
def test_other_text_is_a_clear_error(tmp_path, name):
    path = tmp_path / "file"
    path.write_text("Lorem ipsum\ndolor sit amet\n")
    with pytest.raises(FormatError, match="file"):
        read_source(path, name)


def test_the_anchorage_observations_and_locations_agree(shared_data):
    """The same phases are in what NonLinLoc was given and in what it wrote."""
    folder = shared_data / "anchorage"
    given = read_source(folder / "obs" / "2018-11-30-mww70-southern-alaska.obs")
    located = read_source(folder / "original_output" / "alaska.hyp")
    assert given.events.num_rows == located.events.num_rows == 7
    assert given.polarities.num_rows == located.polarities.num_rows == 214
    assert given.rejects.num_rows == 0
    # NonLinLoc's seven locations lie 4 km above the sea, at the top of its grid, which is told
    (doubt,) = located.rejects.column("reason").to_pylist()
    assert "above the sea" in doubt
    for tables in (given, located):
        times = np.sort(tables.polarities.column("arrival_time").to_numpy())
        assert np.array_equal(times, np.sort(given.polarities.column("arrival_time").to_numpy()))
    stations = read_source(folder / "obs" / "station_coordinates.txt").stations
    known, used = (
        {(row["network"], row["station"]) for row in table.to_pylist()}
        for table in (stations, given.polarities)
    )
    assert len(used) > 60
    # labels of the observations that the list of stations spells otherwise (NP_8040_D0, ...)
    unknown = used - known
    assert {network for network, _ in unknown} == {"", "NP"}
    assert len(unknown) == 4


def test_ray_azimuths_agree_with_the_geometry(shared_data):
    """In a 1-D model a ray leaves toward its station."""
    from quakeloom.core import distance_azimuth

    folder = shared_data / "anchorage"
    located = read_source(folder / "original_output" / "alaska.hyp")
    stations = read_source(folder / "obs" / "station_coordinates.txt").stations.to_pylist()
    places = {(s["network"], s["station"]): s for s in stations}
    events = {e["event_id"]: e for e in located.events.to_pylist()}
    compared = 0
    for pick in located.polarities.to_pylist():
        place = places.get((pick["network"], pick["station"]))
        if place is None or math.isnan(pick["takeoff_deg"]):
            continue
        event = events[pick["event_id"]]
        distance, azimuth = distance_azimuth(
            event["longitude"], event["latitude"], place["longitude"], place["latitude"]
        )
        turn = abs((azimuth - pick["azimuth_deg"] + 180) % 360 - 180)
        # NonLinLoc's plane (a Lambert projection) is turned against north by up to 2 degrees
        # at 200 km from its center, at 61 degrees of latitude
        assert turn < 4.0
        assert distance == pytest.approx(pick["distance_km"], rel=0.02, abs=0.5)
        compared += 1
    assert compared > 50


@pytest.mark.parametrize(("weight", "error"), [("1.0", 0.02), ("0.5", 0.02), ("0", None)])
def test_a_prior_weight_of_zero_takes_the_time_out(tmp_path, weight, error):
    """NonLinLoc does not use such readings; the first motion is no matter of time."""
    path = tmp_path / "x.obs"
    path.write_text(f"STA ? ? ? P U 20181130 1729 35.1 GAU 2e-2 -1 -1 -1 {weight}\n")
    tables = read_source(path, "nonlinloc_observations")
    (pick,) = tables.picks.to_pylist()
    if error is None:
        assert pick["pick_weight"] == 4
        assert np.isnan(pick["uncertainty_s"])
    else:
        assert pick["uncertainty_s"] == error
    assert tables.polarities.column("polarity").to_pylist() == [1]


def test_an_error_of_zero_is_not_known(tmp_path):
    path = tmp_path / "x.obs"
    path.write_text("STA ? ? ? P U 20181130 1729 35.1 GAU 0.0 -1 -1 -1\n")
    (pick,) = read_source(path, "nonlinloc_observations").picks.to_pylist()
    assert np.isnan(pick["uncertainty_s"])


@pytest.mark.parametrize("kind", ["LATLONDM", "LATLONDS"])
@pytest.mark.parametrize("place", range(4))
def test_impossible_minutes_and_seconds_of_a_station_are_put_aside(tmp_path, kind, place):
    more = " 0.0" if kind == "LATLONDS" else ""
    parts = ["61", "30", "149", "45"]
    parts[place] = {0: "-61", 1: "61", 2: "-149", 3: "-45"}[place]
    a, b, c, d = parts
    text = f"GTSRCE A {kind} {a} {b}{more} N {c} {d}{more} W 0 0.4\nGTSRCE B LATLON 61 -149 0 0\n"
    tables = read(tmp_path, text, "nonlinloc_stations")
    assert tables.stations.column("station").to_pylist() == ["B"]
    assert "are impossible" in tables.rejects.column("reason")[0].as_py()
