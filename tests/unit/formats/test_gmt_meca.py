"""Rows for GMT's meca are told apart, turned into planes, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import (
    FormatError,
    auxiliary_plane,
    moment_tensors,
    principal_axes,
    rotation_angle,
)
from quakeloom.formats import Rejects, read_mechanisms

COUNT = 30
PLANE = ("strike_deg", "dip_deg", "rake_deg")


@pytest.fixture(scope="module")
def truth():
    random = np.random.default_rng(3)
    return (
        random.uniform(0, 360, COUNT),
        random.uniform(2, 88, COUNT),
        random.uniform(-178, 178, COUNT),
    )


def axis(vectors):
    vectors = np.where(vectors[:, 2:] < 0, -vectors, vectors)
    azimuth = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0])) % 360
    return azimuth, np.degrees(np.arcsin(vectors[:, 2]))


def rows(form: str, truth) -> list[str]:
    strike, dip, rake = truth
    if form == "-Sa":
        return [f"{s:.2f} {d:.2f} {r:.2f} 3.1" for s, d, r in zip(*truth, strict=True)]
    if form == "-Sc":
        both = zip(*truth, *auxiliary_plane(*truth), strict=True)
        return [" ".join(f"{a:.0f}" for a in angles) + " 1.5 23" for angles in both]
    if form == "-Sp":
        other = auxiliary_plane(*truth)[0]
        kind = np.where(rake > 0, 1, -1)
        values = zip(strike, dip, other, kind, strict=True)
        return [f"{s:.3f} {d:.3f} {o:.3f} {k:d} 3.1" for s, d, o, k in values]
    if form == "-Sm":
        # north, east, down to up, south, east
        m = moment_tensors(*truth)
        parts = (m[:, 2, 2], m[:, 0, 0], m[:, 1, 1], m[:, 0, 2], -m[:, 1, 2], -m[:, 0, 1])
        return [" ".join(f"{v:.4f}" for v in row) + " 23" for row in zip(*parts, strict=True)]
    (t, p, b) = (axis(v) for v in principal_axes(*truth))
    values = zip(*t, *b, *p, strict=True)
    return [
        f"1 {ta:.3f} {tp:.3f} 0 {ba:.3f} {bp:.3f} -1 {pa:.3f} {pp:.3f} 22"
        for ta, tp, ba, bp, pa, pp in values
    ]


FORMS = ["-Sa", "-Sc", "-Sp", "-Sm", "-Sx"]
ENDS = {"nothing": "", "a place and a label": " 0 0 ev{}", "X and Y": " X Y ev{}"}


@pytest.mark.parametrize("place", [(138.5, 36.2), (22.5, 38.5), (-118.2, 34.1), (-70.2, -20.5)])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("form", FORMS)
def test_the_form_is_told_by_counts_and_ranges(tmp_path, truth, form, end, place):
    path = tmp_path / "a.txt"
    lines = [
        f"{place[0]} {place[1]} {i % 20} {row}{ENDS[end].format(i)}\n"
        for i, row in enumerate(rows(form, truth))
    ]
    path.write_text("".join(lines))
    rejects = Rejects(path)
    table = read_mechanisms(path, rejects)
    assert len(rejects) == 0
    found = np.stack([table.column(n).to_numpy() for n in PLANE], axis=1)
    # whole degrees of -Sc move a mechanism by up to two degrees
    limit = 2.0 if form == "-Sc" else 0.1
    assert rotation_angle(found, np.stack(truth, axis=1)).max() < limit
    named = [f"ev{i}" if end != "nothing" else f"line{i + 1}" for i in range(COUNT)]
    assert table.column("event_id").to_pylist() == named


def test_a_moment_gives_the_moment_magnitude(tmp_path):
    """1e25 dyn cm is magnitude (25 - 16.1) / 1.5."""
    path = tmp_path / "a.txt"
    path.write_text("138.5 36.2 8 0 1 -1 0 0 0 25\n138.5 36.2 8 0 -2 2 0 0 0 24\n")
    magnitudes = read_mechanisms(path).column("magnitude").to_pylist()
    assert magnitudes == pytest.approx([(25 - 16.1) / 1.5, (24 + np.log10(2) - 16.1) / 1.5])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("lat lon depth strike dip rake mag", "38.5 22.5 8 20 45 90 3.2"),
        ("# lon lat strike dip rake depth mag", "22.5 38.5 20 45 90 8 3.2"),
        ("longitude,latitude,depth,strike1,dip1,rake1,mag", "22.5,38.5,8,20,45,90,3.2"),
        ("Lon;Lat;Depth;Dip_Direction;Dip;Rake;Mw", "22.5;38.5;8;110;45;90;3.2"),
    ],
)
def test_a_header_says_what_the_columns_are(tmp_path, header, row):
    path = tmp_path / "a.txt"
    path.write_text(f"{header}\n{row}\n")
    (found,) = read_mechanisms(path).to_pylist()
    assert (found["longitude"], found["latitude"], found["depth_km"]) == (22.5, 38.5, 8.0)
    assert [found[n] for n in PLANE] == [20.0, 45.0, 90.0]
    assert found["event_id"] == "line2"


@pytest.mark.parametrize(
    "text",
    [
        "138.5 36.2 8 20 95 90 3.2\n138.6 36.3 8 20 120 90 3.2\n",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\n" * 3,
        # -Sp, or strike, dip and rake of magnitude 1 with a number as name
        "138.5 36.2 8 20 45 90 1 2\n",
    ],
)
def test_rows_of_no_form_or_of_two_are_refused_with_the_forms(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(FormatError, match=r"-Sa: lon lat depth strike dip rake mag.*first line"):
        read_mechanisms(tmp_path / "a.txt")


def test_a_row_that_is_not_like_the_others_is_put_aside(tmp_path):
    path = tmp_path / "a.txt"
    good = "".join(f"138.5 36.2 8 {i} 45 90 3.2\n" for i in range(5))
    path.write_text(good + "138.5 36.2 8 20 95 90 3.2\n138.5 36.2 x 1 2 3 4\n138.5 36.2 8 1 2\n")
    rejects = Rejects(path)
    assert read_mechanisms(path, rejects).num_rows == 5
    said = rejects.table().column("reason").to_pylist()
    assert ["dip_deg 95" in said[0], "'x' is no number" in said[1], "5 numbers" in said[2]] == [
        True
    ] * 3


def angles_as_csv(path, strike, dip, rake):
    path.write_text(f"event_id,strike_deg,dip_deg,rake_deg\na,{strike},{dip},{rake}\n")


def angles_as_gmt(path, strike, dip, rake):
    path.write_text(f"138.5 36.2 8 {strike} {dip} {rake} 3.2\n")


def angles_as_table(path, strike, dip, rake):
    path.write_text(
        f"138.5 36.2 8 {strike} {dip} {rake} 3 0 0 B 20 SS 2020-01-01T00:00:00:000000\n"
    )


def angles_as_geonet(path, strike, dip, rake):
    other = [float(a) for a in auxiliary_plane(strike, dip, rake)]
    cells = ",".join(str(a) for a in (strike, dip, rake, *other))
    path.write_text(
        "PublicID,Date,Latitude,Longitude,strike1,dip1,rake1,strike2,dip2,rake2,Mw,CD\n"
        f"1,20200101000000,-45,170,{cells},5,10\n"
    )


def angles_as_hash(path, strike, dip, rake):
    path.write_text(
        "  3143312 1994  1 21 11  4 15.500 L 2.300 X  34.24250 -118.61767  18.130 X  -9.000   "
        f"0.070   0.100  -9.000    -18   -9   -9 {strike:4d} {dip:3d} {rake:4d}   26 23  30  "
        "9 B  79 66  \n"
    )


WRITERS = {
    "csv": angles_as_csv,
    "gmt": angles_as_gmt,
    "gmt table": angles_as_table,
    "geonet": angles_as_geonet,
    "hash": angles_as_hash,
}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ((20, 45, 190), (20, 45, -170)),
        ((20, 45, 359), (20, 45, -1)),
        ((20, 45, -190), (20, 45, 170)),
        ((-20, 45, 90), (340, 45, 90)),
        ((400, 45, 90), (40, 45, 90)),
        ((360, 45, 180), (0, 45, 180)),
    ],
)
@pytest.mark.parametrize("name", WRITERS)
def test_angles_beyond_a_turn_are_wrapped_alike_in_all_formats(tmp_path, name, given, meant):
    path = tmp_path / "a.txt"
    WRITERS[name](path, *given)
    (row,) = read_mechanisms(path).to_pylist()
    assert tuple(row[n] for n in PLANE) == pytest.approx(meant)


@pytest.mark.parametrize("given", [(20, 95, 90), (20, -5, 90), (20, 45, 999), (-999, 45, 90)])
@pytest.mark.parametrize("name", WRITERS)
def test_impossible_angles_are_refused_in_all_formats(tmp_path, name, given):
    path = tmp_path / "a.txt"
    WRITERS[name](path, *given)
    rejects = Rejects(path)
    try:
        table = read_mechanisms(path, rejects)
    except FormatError:
        return
    assert table.num_rows == 0
    assert len(rejects) == 1


def test_planes_that_are_not_perpendicular_are_put_aside_by_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "id,strike1,dip1,rake1,strike2,dip2,rake2\na,20,45,90,200,45,90\nb,20,45,90,210,80,10\n"
    )
    rejects = Rejects(path)
    assert read_mechanisms(path, rejects).column("event_id").to_pylist() == ["a"]
    assert "not perpendicular" in rejects.table().column("reason")[0].as_py()


@pytest.mark.parametrize("direction", ["290", "WNW", "W"])
def test_a_dip_to_the_left_of_the_strike_is_put_aside_by_name(tmp_path, direction):
    path = tmp_path / "a.csv"
    path.write_text(f"id,strike,dip,rake,dip_direction\na,20,45,90,110\nb,20,45,90,{direction}\n")
    rejects = Rejects(path)
    assert read_mechanisms(path, rejects).column("event_id").to_pylist() == ["a"]
    said = rejects.table().column("reason").to_pylist()
    assert any("write strike 200" in reason for reason in said)
