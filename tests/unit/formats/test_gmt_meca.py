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


HEADERS = {
    "-Sm": "lat lon depth mtt mpp mrr mrt mrp mtp exponent",
    "-Sp": "lat lon depth strike1 dip1 strike2 fault mag",
    "-Sa": "lat lon depth strike dip rake mag",
}
"""Names in another order than GMT's, by form."""


@pytest.mark.parametrize("sign", ["", "# ", "> "])
@pytest.mark.parametrize("separator", [" ", ",", "\t"])
@pytest.mark.parametrize("form", HEADERS)
def test_a_line_of_names_decides_the_order_in_every_form(tmp_path, truth, form, separator, sign):
    path = tmp_path / "a.txt"
    lines = [sign + HEADERS[form].replace(" ", separator)]
    for i, row in enumerate(rows(form, truth)):
        words = row.split()
        if form == "-Sm":
            words = [words[1], words[2], words[0], *words[3:]]
        lines.append(separator.join(["38.5", "22.5", str(i % 20), *words]))
    path.write_text("\n".join(lines) + "\n")
    table = read_mechanisms(path)
    assert table.num_rows == COUNT
    assert set(table.column("latitude").to_pylist()) == {38.5}
    assert set(table.column("longitude").to_pylist()) == {22.5}
    found = np.stack([table.column(n).to_numpy() for n in PLANE], axis=1)
    assert rotation_angle(found, np.stack(truth, axis=1)).max() < 0.1


def test_names_without_a_depth_are_refused(tmp_path, truth):
    path = tmp_path / "a.txt"
    body = "\n".join(f"22.5 38.5 8 {row}" for row in rows("-Sm", truth))
    path.write_text("lon lat z0 mrr mtt mpp mrt mrp mtp exp\n" + body + "\n")
    with pytest.raises(FormatError, match="has no depth"):
        read_mechanisms(path)


def test_tensors_with_an_isotropic_part_are_no_planes(tmp_path, truth):
    """Most rows cannot be strike, dip, rake and magnitude, so that none is read as such."""
    path = tmp_path / "a.txt"
    lines = []
    for i, row in enumerate(rows("-Sm", truth)):
        words = [float(w) for w in row.split()]
        diagonal = " ".join(f"{w + 0.4:.4f}" for w in words[:3])
        lines.append(f"22.5 38.5 {i % 20} {diagonal} " + " ".join(map(str, words[3:6])) + " 22\n")
    path.write_text("".join(lines))
    table = read_mechanisms(path)
    assert table.num_rows == COUNT
    found = np.stack([table.column(n).to_numpy() for n in PLANE], axis=1)
    assert rotation_angle(found, np.stack(truth, axis=1)).max() < 0.1


def test_a_file_of_which_most_rows_fail_is_refused(tmp_path):
    """A named form whose rows hold something else gives no rows at all."""
    path = tmp_path / "a.txt"
    good = "38.5 22.5 8 10 60 200 1 3.1\n"
    path.write_text("lat lon depth strike1 dip1 strike2 fault mag\n" + good + "38.5 22.5 8 x\n" * 3)
    with pytest.raises(FormatError, match="3 of 4 rows"):
        read_mechanisms(path)


def test_axes_and_moments_of_named_columns_are_read(tmp_path, truth):
    """P and T axes as in the World Stress Map; moments as GMT writes them."""
    path = tmp_path / "a.csv"
    (t, p, _) = (axis(v) for v in principal_axes(*truth))
    lines = ["ID,LAT,LON,AZI,TYPE,DEPTH,QUALITY,S1AZ,S1PL,S3AZ,S3PL,MAG"]
    lines += [
        f"wsm{i},38.5,22.5,0,FMS,8,C,{pa:.2f},{pp:.2f},{ta:.2f},{tp:.2f},4.1"
        for i, (ta, tp, pa, pp) in enumerate(zip(*t, *p, strict=True))
    ]
    bad = [
        "b1,38.5,22.5,0,BO,8,C,10,0,100,0,",
        "b2,38.5,22.5,0,FMS,8,C,10,0,20,0,4",
        "b3,38.5,22.5,0,FMS,8,C,999,0,20,0,4",
        "b4,38.5,22.5,0,FMF,8,C,10,0,100,0,4",
    ]
    path.write_text("\n".join([*lines, *bad]) + "\n")
    rejects = Rejects(path)
    table = read_mechanisms(path, rejects)
    found = np.stack([table.column(n).to_numpy() for n in PLANE], axis=1)
    assert rotation_angle(found, np.stack(truth, axis=1)).max() < 0.1
    said = [r["reason"] for r in rejects.table().to_pylist() if r["event_id"].startswith("b")]
    words = ("'BO'", "not perpendicular (10", "missing or impossible", "'FMF'")
    assert [word in reason for word, reason in zip(words, said, strict=True)] == [True] * 4
    other = tmp_path / "b.txt"
    names = "lon lat depth strike1 dip1 rake1 strike2 dip2 rake2 mantissa exponent"
    body = "\n".join(f"22.5 38.5 8 {row}" for row in rows("-Sc", truth))
    other.write_text(f"{names}\n{body}\n")
    magnitudes = read_mechanisms(other).column("magnitude").to_numpy()
    assert magnitudes == pytest.approx((np.log10(1.5) + 23 - 16.1) / 1.5)
