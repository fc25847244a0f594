"""Models of SIMULPS: what is written is read, and what is wrong is said with line and reason."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from simul_files import at_nodes, simul_text

from quakeloom.core import FormatError, local_position
from quakeloom.formats import (
    SimulFrame,
    is_simul_model,
    read_simul_frame,
    read_simul_model,
    read_velocity_model,
    recognize_file,
)

AXES = (
    [-750.0, -30.0, -10.0, 0.0, 12.0, 750.0],
    [-750.0, -20.0, 0.0, 25.0, 750.0],
    [-150.0, -2.0, 4.0, 10.0, 30.0, 500.0],
)
"""Nodes of x, y and z."""

P = at_nodes(AXES, lambda x, y, z: np.clip(5.5 + 0.06 * z + 0.005 * x - 0.004 * y, 2.5, 8.5))
"""P velocities of a synthetic model, no two rows alike."""

RATIO = at_nodes(AXES, lambda x, y, z: 1.73 + np.clip(0.002 * x, -0.1, 0.1))
"""Vp/Vs of that model."""


def write(path, *blocks, **how):
    path.write_text(simul_text(AXES, *blocks, **how))
    return path


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"glued": True},
        {"separator": ", "},
        {"separator": "\t"},
        {"lists": "\n"},
        {"lists": "  0  0  0\n  0  0  0\n"},
        {
            "lists": "  2  2  2\n  3  2  2\n  0  0  0\n  2  2  3\n1\n  3  2  3\n  0  0  0\n"
            "  0  0  0\n"
        },
        {"lists": ""},
        {"after": "  2       computed  20-jan-99 10:11:12"},
    ],
)
def test_what_is_written_is_read(tmp_path, how):
    path = write(tmp_path / "MOD", P, RATIO, **how)
    assert is_simul_model(path)
    model = read_simul_model(path)
    for nodes, written in zip((model.x_km, model.y_km, model.z_km), AXES, strict=True):
        np.testing.assert_array_equal(nodes, written)
    np.testing.assert_array_equal(model.p_velocity_km_s, np.round(P, 2))
    np.testing.assert_allclose(
        model.s_velocity_km_s, np.round(P, 2) / np.round(RATIO, 2), rtol=1e-12
    )


def test_numbers_that_touch_and_rows_over_two_lines(tmp_path):
    """``20f5.2`` leaves no blank before 10 km/s; 23 nodes take two lines."""
    axes = ([-999.0, *range(-110, 94, 10), 999.0], AXES[1], AXES[2])
    p = at_nodes(axes, lambda x, y, z: 10.0 + 0.001 * x + 0.002 * z)
    (tmp_path / "MOD").write_text(simul_text(axes, p, glued=True))
    model = read_simul_model(tmp_path / "MOD")
    assert len(axes[0]) == 23
    np.testing.assert_array_equal(model.x_km, axes[0])
    np.testing.assert_array_equal(model.p_velocity_km_s, np.round(p, 2))
    assert model.s_velocity_km_s is None


def test_comments_line_ends_and_repeated_numbers(tmp_path):
    text = simul_text(AXES, np.full_like(P, 6.0)).replace(
        "6.00 6.00 6.00 6.00 6.00 6.00\n", "6*6.00\n"
    )
    (tmp_path / "MOD").write_bytes(
        ("c a comment\nC another\n" + text).replace("\n", "\r\n").encode()
    )
    assert (read_simul_model(tmp_path / "MOD").p_velocity_km_s == 6.0).all()


def test_packed_models_are_read_and_cut_ones_refused(tmp_path):
    whole = gzip.compress(simul_text(AXES, P, RATIO).encode())
    path = tmp_path / "MOD.gz"
    path.write_bytes(whole)
    assert is_simul_model(path)
    np.testing.assert_array_equal(read_simul_model(path).p_velocity_km_s, np.round(P, 2))
    path.write_bytes(whole[:-40])
    with pytest.raises(FormatError, match="cut off"):
        read_simul_model(path)
    layers = tmp_path / "model.gz"
    layers.write_bytes(gzip.compress(b"0 5.0\n10 6.0\n"))
    assert read_velocity_model(layers).p_velocity_km_s.tolist() == [5.0, 6.0]


def test_blocks_after_p_are_told_apart(tmp_path):
    """Vp/Vs, S velocities, or both as SIMULPS writes them."""
    s = P / RATIO
    for blocks in ((P, RATIO), (P, s), (P, s, RATIO)):
        found = read_simul_model(write(tmp_path / "MOD", *blocks))
        np.testing.assert_allclose(found.s_velocity_km_s, s, atol=0.02)


def test_blocks_that_may_be_either_are_refused(tmp_path):
    """Where P is 3.06 km/s, 1.75 is Vp/Vs and S velocity alike."""
    shallow = (*AXES[:2], [-150.0, -2.0, 0.5, 1.0, 5.0, 500.0])
    slow = tmp_path / "slow"
    slow.write_text(simul_text(shallow, np.full_like(P, 3.06), np.full_like(P, 1.70)))
    with pytest.raises(FormatError, match=r"may be Vp/Vs or S velocities.*model_second_block"):
        read_simul_model(slow)
    as_ratio = read_simul_model(slow, "vp_vs").s_velocity_km_s
    np.testing.assert_allclose(as_ratio, 3.06 / 1.70)
    np.testing.assert_allclose(read_simul_model(slow, "s_velocity").s_velocity_km_s, 1.70)
    with pytest.raises(FormatError, match="neither Vp/Vs of rock nor S velocities"):
        read_simul_model(write(tmp_path / "q", P, np.full_like(P, 99.0)))
    with pytest.raises(FormatError, match="third is not the first over the second"):
        read_simul_model(write(tmp_path / "three", P, RATIO, P))


def edit(number, new):
    """Return a change of one line, counted from 1."""

    def change(lines):
        old = lines[number - 1]
        lines[number - 1] = new(old) if callable(new) else new
        return lines

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edit(1, "1.0 7 5 6"), r"Line 3 .*leads to 11 numbers where 7 nodes of x"),
        (edit(1, "1.0 6 5 7"), r"Line 5 .*leads to 9 numbers where 7 nodes of z"),
        (edit(2, "-750 -30 -40 0 12 750"), r"Line 2 .*nodes of x that do not increase"),
        (edit(3, "-750000 -20000 0 25000 750000"), r"Line 3 .*if it is in m, write -750"),
        (edit(5, "  2  2  2"), r"Line 5 .*should be '0 0 0' or blank"),
        (edit(9, lambda x: x.replace(x.split()[1], "5..1")), r"Line 9 .*else than numbers"),
        (edit(9, lambda x: x.replace(x.split()[1], "nan")), r"Line 9 .*else than numbers"),
        (edit(9, lambda x: x.rsplit(" ", 1)[0]), r"Line 10 .*leads to 11 numbers where 6 "
         r"numbers of row 4 of 5 in layer 1 of 6 of block 1"),
        (edit(9, lambda x: x + " 6.0"), r"Line 9 .*leads to 7 numbers"),
        (edit(9, lambda x: x.replace(x.split()[1], "5610.")), r"if it is in m/s, write 5.61"),
        (edit(9, lambda x: x.replace(x.split()[1], "0.")), r"has 0 at node 1, 4, 1 "),
        (edit(9, lambda x: x.replace(x.split()[1], "-5.5")), r"has -5.5 at node ., 4, 1 "),
        (edit(9, lambda x: "-3*5.50 " + x), r"Line 9 .*else than numbers"),
        (edit(9, lambda x: "0*5.50 " + x), r"Line 9 .*else than numbers"),
        (lambda x: x[:-1], r"ends after line 34, where 6 numbers of row 5 of 5 in layer 6 of 6"),
        (lambda x: x + x[-1:], r"ends after line 36, where 6 numbers of row 2 of 5 in layer "
         r"1 of 6 of block 2"),
        (lambda x: x[:3], r"ends after line 3, where 6 nodes of z"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_and_reason(tmp_path, change, words):
    lines = change(simul_text(AXES, P).splitlines())
    (tmp_path / "MOD").write_text("\n".join(lines) + "\n")
    with pytest.raises(FormatError, match=words):
        read_simul_model(tmp_path / "MOD")


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 20, 34, 35, 36, 50, 65])
def test_any_number_left_out_or_doubled_is_told(tmp_path, number):
    """In the numbers of nodes, the nodes, the velocities and Vp/Vs; nothing shifts in silence.

    What follows the numbers of nodes in the first line is SIMULPS's own and not used.
    """
    lines = simul_text(AXES, P, RATIO, after=" 2").splitlines()
    words = lines[number - 1].split()
    for i in range(3 if number == 1 else len(words)):
        for wrong in (words[:i] + words[i + 1 :], [*words[: i + 1], *words[i:]]):
            changed = [*lines[: number - 1], " ".join(wrong), *lines[number:]]
            (tmp_path / "MOD").write_text("\n".join(changed) + "\n")
            with pytest.raises(FormatError):
                read_simul_model(tmp_path / "MOD")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", ["-6.30", "0.00"])
def test_impossible_velocities_are_an_error_and_no_warning_of_numpy(tmp_path, value):
    lines = simul_text(AXES, P, RATIO).splitlines()
    lines[8] = lines[8].replace(lines[8].split()[1], value)
    (tmp_path / "MOD").write_text("\n".join(lines) + "\n")
    with pytest.raises(FormatError, match=r"node ., 4, 1 \(x, y, z\) among the P velocities"):
        read_simul_model(tmp_path / "MOD")


@pytest.mark.parametrize("factor", [0.1, 1 / 1.48, 1.48])
@pytest.mark.parametrize("phase", ["P", "S"])
def test_a_node_unlike_all_six_around_it_is_refused(tmp_path, factor, phase):
    """A slipped decimal point (0.63 for 6.30) and a wrong digit (9.30 for 6.30)."""
    uniform = {"P": np.full_like(P, 6.3), "S": np.full_like(P, 3.6)}
    wrong = uniform[phase].copy()
    wrong[3, 2, 1] = round(wrong[3, 2, 1] * factor, 2)
    ones = uniform | {phase: wrong}
    words = rf"{phase} velocity of {wrong[3, 2, 1]:g} km.*node 2, 3, 4 \(x, y, z\)"
    with pytest.raises(FormatError, match=words):
        read_simul_model(write(tmp_path / "MOD", ones["P"], ones["S"]))


def test_boundaries_and_outermost_nodes_may_be_as_sharp(tmp_path):
    """A step of velocity has a side where nothing changes; outermost nodes hold anything."""
    step = np.full_like(P, 6.3)
    step[:, :, 3:] = 4.3
    step[:2] = 3.0
    step[3, 0, 1] = 9.3
    found = read_simul_model(write(tmp_path / "MOD", step))
    np.testing.assert_array_equal(found.p_velocity_km_s, step)


def test_s_velocities_alone_are_not_taken_for_p(tmp_path):
    with pytest.raises(FormatError, match="from 20 km down, which is a velocity of S"):
        read_simul_model(write(tmp_path / "MOD", P / 1.75))


def test_too_many_blocks_and_other_files(tmp_path):
    with pytest.raises(FormatError, match="comes after P, S and Vp/Vs"):
        read_simul_model(write(tmp_path / "MOD", P, P / RATIO, RATIO, P))
    (tmp_path / "flat.txt").write_text("0.0 5.0\n10.0 6.0\n")
    assert not is_simul_model(tmp_path / "flat.txt")
    assert not is_simul_model(tmp_path / "none")
    with pytest.raises(FormatError, match=r"Line 1 .*bld nx ny nz"):
        read_simul_model(tmp_path / "flat.txt")


def test_where_a_model_of_layers_is_asked_it_is_named(tmp_path):
    path = write(tmp_path / "MOD", P)
    with pytest.raises(FormatError, match=r"SIMULPS in three dimensions.*`locate\.models`"):
        read_velocity_model(path)
    found = recognize_file(path)
    assert found.kind == "other"
    assert "SIMULPS" in found.title
    assert "locate.models" in found.problem


def test_velocity_is_linear_between_nodes_in_every_coordinate(tmp_path):
    """By hand, at a point a third along x, half along y and a quarter along z of one cell."""
    model = read_simul_model(write(tmp_path / "MOD", P))
    v = model.p_velocity_km_s[2:4, 1:3, 3:5]
    x, y, z = 0.0 + 12.0 / 3, -10.0, 4.0 + 6.0 / 4
    along_x = v[..., 0] * 2 / 3 + v[..., 1] / 3
    along_y = along_x.mean(axis=1)
    assert model.velocity_at("P", z, y, x) == pytest.approx(along_y[0] * 0.75 + along_y[1] * 0.25)
    assert model.velocity_at("P", -2.0, -20.0, -30.0) == model.p_velocity_km_s[1, 1, 1]
    assert model.velocity_at("P", 500.0, 750.0, 750.0) == model.p_velocity_km_s[-1, -1, -1]
    assert model.velocity_at("P", 900.0, 900.0, 900.0) == model.p_velocity_km_s[-1, -1, -1]


@pytest.mark.parametrize(
    ("line", "longitude", "latitude", "azimuth", "projection"),
    [
        ("38 15.00 122 30.00 45.0", -122.5, 38.25, -45.0, ""),
        ("38 15.00 122 30.00 45.0 0", -122.5, 38.25, -45.0, ""),
        (" 38 15.00 122 30.00 -30.0 5 0.0", -122.5, 38.25, 30.0, ""),
        ("38 15.00 122 30.00 0.0 0 0.0", -122.5, 38.25, 0.0, "tmerc +lon_0=-122.5 +k=0.9996"),
        ("38 15.00 122 30.00 0.0 3 -123.0", -122.5, 38.25, 0.0, "tmerc +lon_0=-123.0"),
        ("38 15.00 122 30.00 0.0 3 123.0", -122.5, 38.25, 0.0, "tmerc +lon_0=-123.0"),
        ("41 45.00 173 30.00 140.0 1 173", 173.5, -41.75, -140.0, "tmerc +lon_0=173 +k=0.9996"),
        ("-41 -45.00 -173 -30.00 140.0 1", 173.5, -41.75, -140.0, "nzmg"),
        ("41 45.00 173 30.00 140.0 4 173", 173.5, -41.75, -140.0, "nzmg"),
        ("61 0.00 150 0.00 0.0 2 0", -150.0, 61.0, 0.0, "tmerc +lon_0=-150 +k=0.9999"),
        ("46  5.40  -7 -30.00 0.0", 7.5, 46.09, 0.0, ""),
        ("43 0.00 0 -10.00 0.0", 1 / 6, 43.0, 0.0, ""),
        ("0 -20.00 0 -10.00 0.0", 1 / 6, -1 / 3, 0.0, ""),
        ("-0 -20.00 0 10.00 0.0", -1 / 6, -1 / 3, 0.0, ""),
        ("36 0.00 -140 0.00 0.0 5", 140.0, 36.0, 0.0, ""),
        ("36N 0.00 140E30.00    0.00  0", 140.5, 36.0, 0.0, ""),
        ("36S 0.00  70W30.00   10.00", -70.5, -36.0, -10.0, ""),
    ],
)
def test_station_files_have_origin_and_rotation(
    tmp_path, line, longitude, latitude, azimuth, projection
):
    """Longitude is positive west and rotation counterclockwise."""
    (tmp_path / "STNS").write_text(line + "\n  3\n")
    frame = read_simul_frame(tmp_path / "STNS")
    assert frame.longitude == pytest.approx(longitude)
    assert frame.latitude == pytest.approx(latitude)
    assert frame.azimuth_deg == azimuth
    assert frame.x_axis == "west"
    assert projection in frame.projection
    assert bool(projection) == bool(frame.projection)
    # 10 km to true north, in the axes of the model
    turn = np.radians(frame.true_azimuth_deg)
    x, y = frame.model_position(longitude, latitude + 0.09)
    way = np.hypot(x, y)
    np.testing.assert_allclose((-x / way, y / way), (-np.sin(turn), np.cos(turn)), atol=1e-4)
    assert way == pytest.approx(10.0, rel=0.006)
    # grid north of New Zealand and of zones is off true north by less than 1.5 degrees here
    assert abs(frame.true_azimuth_deg - azimuth) < 1.5
    assert (frame.true_azimuth_deg == azimuth) or "tmerc" in projection or "nzmg" in projection


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("38.25 -122.5 0.0", "not the origin in degrees and minutes"),
        ("ABC 38 15.0", "not the origin in degrees and minutes"),
        ("98 15.00 122 30.00 45.0", "latitude 98.25 is outside"),
        ("38 75.00 122 30.00 45.0", "is no origin"),
        ("41 15.00 174 30.00 140.0 7", "nzco = 7, which is not known"),
        ("38 15.00 122 30.00 0.0 3", "nzco = 3 and no central meridian"),
        ("-41 30.00 70 30.00 0.0", r"latitude may be -41\.5 or, .* adds the minutes, -40\.5"),
        ("41 30.00 -70 30.00 0.0", r"longitude may be 70\.5 or, .* adds the minutes, 69\.5"),
        ("-0 20.00 10 0.00 0.0", r"latitude may be -0\.33333\d+ or, .*letters"),
        ("-41S30.00 179E54.00 40.0", "a minus beside the letter S.*model_origin"),
        ("41S30.00 0W-54.00 40.0", "a minus beside the letter W"),
        ("41 -30.00 70 30.00 40.0", "negative minutes beside positive degrees"),
        ("38 -75.00 122 30.00 45.0", "negative minutes"),
        ("-38 -75.00 122 30.00 45.0", "is no origin"),
        ("41S30.00 179W54.00 40.0 1", "nzco = 1, which is a map of New Zealand"),
        ("41S30.00 179W54.00 40.0 4", "nzco = 4, which is a map of New Zealand"),
        ("41 30.00 120 0.00 40.0 4", "central meridian 173, more than 20 degrees"),
        ("60 30.00 -150 0.00 0.0 2", "central meridian -150, more than 20 degrees"),
        ("38 15.00 122 30.00 0.0 3 9.0", "central meridian 9, more than 20 degrees"),
    ],
)
def test_station_files_that_do_not_say_it_are_refused(tmp_path, line, words):
    (tmp_path / "STNS").write_text(line + "\n")
    with pytest.raises(FormatError, match=words):
        read_simul_frame(tmp_path / "STNS")


@pytest.mark.parametrize(
    ("stations", "latitude"),
    [
        # letters say it
        (("41S50.00 174E10.00", "42S00.00 174E20.00", "41S55.00 174E30.00"), -41 - 5 / 6),
        (("40S00.00 174E10.00", "40S10.00 174E20.00"), -40 - 1 / 6),
        # read alike, some lie beyond a whole degree
        (("-42 10.00 -174 -10.00", "-42 20.00 -174 -20.00", "-41 50.0 -174 -20.00"), -41 - 5 / 6),
        (("-40 20.00 -174 -10.00", "-40 10.00 -174 -20.00"), -40 - 1 / 6),
        # the same question again, or no answer
        (("-41 20.00 -174 -10.00", "-41 40.00 -174 -20.00"), None),
        (("41S00.00 174E10.00",), None),
        ((), None),
    ],
)
def test_stations_decide_what_a_minus_means(tmp_path, stations, latitude):
    rows = [f"  S{i:02d}  {place}  100\n" for i, place in enumerate(stations)]
    path = tmp_path / "STNS"
    path.write_text(f"-41 50.00 -174 -15.00 0.0\n {len(rows)}\n" + "".join(rows))
    if latitude is None:
        with pytest.raises(FormatError, match=r"latitude may be -41\.83333 or, .* -40\.16667"):
            read_simul_frame(path)
        return
    frame = read_simul_frame(path)
    assert frame.latitude == pytest.approx(latitude)
    assert frame.longitude == pytest.approx(174.25)


def test_axes_point_where_simulps_has_them():
    """Unrotated x is west and y north; a rotation of 90 degrees counterclockwise: south, west."""
    north, east = (-122.0, 38.1), (-121.9, 38.0)
    for azimuth, axis, x_north, y_north, x_east, y_east in (
        (0.0, "west", 0, 1, -1, 0),
        (-90.0, "west", -1, 0, 0, -1),
        (0.0, "east", 0, 1, 1, 0),
        (90.0, "east", -1, 0, 0, 1),
    ):
        frame = SimulFrame(-122.0, 38.0, azimuth, axis)
        for point, x, y in ((north, x_north, y_north), (east, x_east, y_east)):
            found = np.array(frame.model_position(*point))
            distance = np.hypot(*local_position(-122.0, 38.0, *point))
            np.testing.assert_allclose(found, np.array([x, y]) * distance, atol=0.02)


@pytest.mark.parametrize("projection", ["", "+proj=tmerc +lon_0=-122 +ellps=WGS84 +units=km"])
def test_conversion_is_that_of_short_distances(projection):
    """It is off by 0.6 % of the distance at 140 km from the origin, and in proportion nearer."""
    frame = SimulFrame(-122.0, 38.0, 0.0, "east", projection)
    for longitude, latitude, tolerance in ((-121.9, 38.05, 6e-4), (-123.0, 39.0, 6.5e-3)):
        x, y = frame.model_position(longitude, latitude)
        north, east = local_position(-122.0, 38.0, longitude, latitude)
        assert np.hypot(x - east, y - north) < tolerance * np.hypot(north, east)


def test_kilometers_of_a_minute_are_those_that_simulps_prints():
    """One minute of latitude is 1.8525 km where one of longitude is 1.2911 km.

    A public script that makes models for it quotes both, without the latitude: one gives both.
    """
    frame = SimulFrame(8.0, 45.98, 0.0, "east")
    x, _ = frame.model_position(8.0 + 1 / 60, 45.98)
    _, y = frame.model_position(8.0, 45.98 + 1 / 60)
    assert y == pytest.approx(1.8525, abs=5e-5)
    assert x == pytest.approx(1.2911, abs=5e-4)
