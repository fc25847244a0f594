"""Pick files of refraction lines: real ones, written ones, broken ones."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quakeloom.core import FormatError, InputError
from quakeloom.formats import read_line_picks, read_rayinvr_model

TX = """     5.070     1.000     0.000         0
     5.199     0.043     0.025         1
    21.339     2.934     0.025         2
    73.217    -1.000     0.000         0
    40.550     6.113     0.035         1
     0.000     0.000     0.000        -1
"""
SGT = """4 # shot/geophone points
#x\ty
0\t0.5
1\t0.25
2\t0
3\t0
3 # measurements
#s\tg\tt
1\t2\t0.004
1\t3\t0.006
4\t1\t0.011
"""


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_rayinvr_picks_belong_to_the_shot_above_them(tmp_path):
    found = read_line_picks(write(tmp_path, "tx.in", TX))
    assert found.format == "rayinvr"
    table = found.picks.to_pandas()
    assert table.shot_distance_km.tolist() == [5.07, 5.07, 73.217]
    assert table.receiver_distance_km.tolist() == [5.199, 21.339, 40.55]
    assert table.phase.tolist() == ["1", "2", "1"]
    assert table.time_error_s.tolist() == [0.025, 0.025, 0.035]
    assert table.source_line.tolist() == [2, 3, 5]
    assert table.shot_depth_km.isna().all()
    assert found.rejects.num_rows == 0


def test_broken_rayinvr_lines_are_put_aside_with_reasons(tmp_path):
    text = "1.0 2.0 0.1 1\n" + TX.replace("6.113", "-6.113") + "beyond the end\n"
    text = text.replace("21.339     2.934", "21.339     2.9x4")
    lines = text.splitlines()[:-2]  # no end either
    found = read_line_picks(write(tmp_path, "tx.in", "\n".join(lines)), "rayinvr")
    reasons = found.rejects.column("reason").to_pylist()
    assert found.picks.num_rows == 1
    assert any("before the first shot" in r for r in reasons)
    assert any("no position, time, error" in r for r in reasons)
    assert any("travel time -6.113 s is impossible" in r for r in reasons)
    assert any("cut short" in r for r in reasons)


def test_pygimli_picks_are_in_meters_with_elevation_up(tmp_path):
    found = read_line_picks(write(tmp_path, "a.sgt", SGT))
    assert found.format == "pygimli"
    table = found.picks.to_pandas()
    np.testing.assert_allclose(table.shot_distance_km, [0, 0, 0.003])
    np.testing.assert_allclose(table.shot_depth_km, [-0.0005, -0.0005, 0])
    np.testing.assert_allclose(table.receiver_depth_km, [-0.00025, 0, -0.0005])
    assert table.time_error_s.isna().all()
    np.testing.assert_allclose(found.ground[0], [0, -0.0005])


def test_distances_in_another_unit_are_refused_with_the_number_to_write(tmp_path):
    """1 m in 4 ms is ground; 1 km in 4 ms is no wave."""
    path = write(tmp_path, "a.sgt", SGT)
    with pytest.raises(FormatError, match=r"no wave travels 1 km in 0\.004 s.*write 0\.001 km"):
        read_line_picks(path, unit="km")
    rows = "shot_distance_km,receiver_distance_km,travel_time_s\n0,2,444.5\n0,4,891.9\n"
    with pytest.raises(FormatError, match="times in ms"):
        read_line_picks(write(tmp_path, "ms.csv", rows))


def test_pygimli_errors_and_broken_rows(tmp_path):
    text = SGT.replace("#s\tg\tt", "#s g t err").replace("0.004", "0.004 0.0003")
    text = text.replace("1\t3\t0.006", "1 9 0.006 0.0003").replace("3 # m", "5 # m")
    found = read_line_picks(write(tmp_path, "a.sgt", text))
    assert found.picks.column("time_error_s").to_pylist()[0] == 0.0003
    reasons = found.rejects.column("reason").to_pylist()
    assert "names position 9 of 4" in reasons
    assert any("says 5 measurements but has 3" in r for r in reasons)


def test_csv_takes_registered_columns_in_any_order(tmp_path):
    text = (
        "# a line\ntravel_time_s;shot_distance_km;receiver_distance_km;receiver_depth_km;phase\n"
        "1.5;0;10;2.0;Pg\n;0;11;2.0;Pg\n1.7;0;x;2;Pg\n1.9;0;12\n"
    )
    found = read_line_picks(write(tmp_path, "p.csv", text))
    assert found.format == "csv"
    row = found.picks.to_pylist()[0]
    assert (row["travel_time_s"], row["receiver_depth_km"], row["phase"]) == (1.5, 2.0, "Pg")
    assert math.isnan(row["shot_depth_km"])
    reasons = found.rejects.column("reason").to_pylist()
    assert len(reasons) == 3
    assert any("cells" in r for r in reasons)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0.3, 13), st.floats(1e-4, 1)
        ),
        min_size=1,
        max_size=20,
    )
)
@example(
    [(0.0, 0.0, 1.0, 1.0)] * 13 + [(1.0, 0.0, 1.0, 1.0)] * 3 + [(2.0, 0.0, 2.0, 1.0)] * 2
    + [(7.0, 0.0, 1.0, 1.0), (8.0, 0.0, 3.0, 1.0)]
)  # fmt: skip
def test_csv_round_trip(tmp_path_factory, rows):
    names = ("shot_distance_km", "receiver_distance_km", "travel_time_s", "time_error_s")
    # times of waves with velocities that rocks have
    rows = [(x, y, abs(x - y) / velocity, error) for x, y, velocity, error in rows]
    text = ",".join(names) + "\n" + "\n".join(",".join(repr(v) for v in r) for r in rows)
    found = read_line_picks(write(tmp_path_factory.mktemp("csv"), "p.csv", text))
    back = np.column_stack([found.picks.column(n).to_numpy() for n in names])
    # velocities drawn at random make neighbors that contradict each other; a pick may be put aside
    # for that, and for nothing else
    reasons = {r["source_line"]: r["reason"] for r in found.rejects.to_pylist()}
    assert all("does not go with its neighbors" in reason for reason in reasons.values())
    kept = [row for line, row in enumerate(rows, start=2) if line not in reasons]
    np.testing.assert_array_equal(back, np.array(kept).reshape(-1, 4))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tx.in", "1 1.0 0 0\n0 0 0 -1\n", "no pick that can be read"),
        ("a.sgt", "x\n", "none of the formats"),
        ("p.csv", "a,b\n1,2\n", "none of the formats"),
    ],
)
def test_files_without_picks_are_refused(tmp_path, name, text, message):
    with pytest.raises(FormatError, match=message):
        read_line_picks(write(tmp_path, name, text))


def test_missing_files_and_wrong_names_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be opened"):
        read_line_picks(tmp_path / "none.sgt")
    path = write(tmp_path, "tx.in", TX)
    with pytest.raises(FormatError, match="Write auto or one of"):
        read_line_picks(path, "segy")
    with pytest.raises(FormatError, match="write km, m or auto"):
        read_line_picks(path, unit="mile")


def test_real_wide_angle_line(shared_data):
    folder = shared_data / "refraction" / "wide-angle"
    found = read_line_picks(folder / "tx.in")
    assert found.picks.num_rows == 1786
    assert found.rejects.num_rows == 0
    phases = found.picks.to_pandas().phase.value_counts()
    # the fit of the published model (r.in) uses these six codes
    assert phases.to_dict() == {"1": 1004, "3": 425, "5": 161, "2": 94, "4": 78, "6": 24}
    assert found.picks.to_pandas().shot_distance_km.nunique() == 8


def test_real_wide_angle_model(shared_data):
    model = read_rayinvr_model(shared_data / "refraction" / "wide-angle" / "v.in")
    assert len(model.boundaries) == 7
    # upper crust, lower crust and mantle of the published section
    np.testing.assert_allclose(
        model.evaluate([1.6, 20, 30, 42], 100.0), [5.02, 6.11, 6.62, 7.94], atol=0.01
    )
    assert np.isnan(model.evaluate(0.0, 100.0))
    assert model.ground[0].tolist() == [-10.0, 0.86]


def test_real_koenigsee_line(shared_data):
    path = shared_data / "refraction" / "koenigsee" / "traveltime" / "koenigsee.sgt"
    found = read_line_picks(path)
    assert found.picks.num_rows == 714
    assert found.rejects.num_rows == 0
    assert found.picks.to_pandas().shot_distance_km.nunique() == 15
    assert len(found.ground) == 63
