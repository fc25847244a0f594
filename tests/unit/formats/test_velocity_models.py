"""Velocity models are read whole or not at all."""

from __future__ import annotations

import re

import pytest

from quakeloom.core import FormatError, InputError
from quakeloom.formats import read_layer_model, read_velocity_model


@pytest.mark.parametrize(
    "text",
    [
        "0.0 4.02\n1.0 4.28\n",
        "# depth, velocity\n0.0, 4.02\n1.0, 4.28 # surface\n\n",
        "  0.0\t4.02  \r\n  1.0\t4.28\r\n",
    ],
)
def test_columns_with_blanks_or_commas_are_depth_and_velocity(tmp_path, text):
    path = tmp_path / "vz.test"
    path.write_bytes(text.encode())
    model = read_velocity_model(path)
    assert model.name == "vz.test"
    assert model.depth_km.tolist() == [0.0, 1.0]
    assert model.p_velocity_km_s.tolist() == [4.02, 4.28]
    assert model.s_velocity_km_s is None


def test_a_third_column_is_the_s_velocity(tmp_path):
    path = tmp_path / "vz"
    path.write_text("0 4 2\n10 6 3.5\n10 7 4\n")
    model = read_velocity_model(path)
    assert model.s_velocity_km_s.tolist() == [2.0, 3.5, 4.0]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("0 4\nfive 6\n", FormatError, "Line 2"),
        ("0 4\n1 nan\n", FormatError, "Line 2"),
        ("0 4\n1 6 3\n", FormatError, "3 columns"),
        ("0\n", FormatError, "Line 1"),
        ("# nothing\n", FormatError, "no velocity"),
        ("", FormatError, "empty"),
        ("0 4\n", InputError, "two or more"),
        ("5 4\n1 6\n", InputError, "goes up"),
        ("0 4\n1 -6\n", FormatError, "-6"),
    ],
)
def test_a_broken_model_is_refused(tmp_path, text, error, message):
    path = tmp_path / "vz"
    path.write_text(text)
    with pytest.raises(error, match=message):
        read_velocity_model(path)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("0 5500\n16000 6300\n", "if it is in m/s, write 5.5"),
        ("0 18000\n10 20000\n", "if it is in ft/s, write 5.48"),
        ("0 5.5\n16000 6.3\n", "if it is in m, write 16"),
        ("0 5.5\n8 0.63\n20 6.5\n", "neither rock nor water at 8 km has 0.63 km/s"),
        ("0 5.5\n1500 6.3\n", "if the depth is in m, write 1.5"),
        ("0 5.5 3.2\n150 4.9 2.8\n", "if the depth is in m, write 0.15"),
        ("0 5.5 3200\n10 6.3 3500\n", "if it is in m/s, write 3.2"),
        ("0 3.2 5.5\n10 3.6 6.3\n", "columns may be swapped"),
        ("5.0 0.0\n6.0 3.0\n", "p_velocity_km_s 0"),
    ],
)
@pytest.mark.parametrize("layers", [False, True])
def test_what_no_rock_has_is_refused_with_the_number_to_write(tmp_path, text, hint, layers):
    path = tmp_path / "model"
    rows = [line.split() for line in text.splitlines()]
    if layers:
        # the same nodes as LAYER lines of a NonLinLoc control file
        text = "".join(f"LAYER {z} {p} 0 {s[0] if s else 0} 0 2.7 0\n" for z, p, *s in rows)
    path.write_text(text)
    with pytest.raises(FormatError, match=re.escape(hint)):
        (read_layer_model if layers else read_velocity_model)(path)


def test_named_columns_may_stand_in_any_order_and_in_meters(tmp_path):
    path = tmp_path / "model.csv"
    path.write_text("Vp(m/s),Vs(m/s),rho,depth (m)\n5000,2900,2.7,0\n6000,3500,2.7,10000\n")
    model = read_velocity_model(path)
    assert model.depth_km.tolist() == [0.0, 10.0]
    assert model.p_velocity_km_s.tolist() == [5.0, 6.0]
    assert model.s_velocity_km_s.tolist() == [2.9, 3.5]


def test_a_model_with_water_or_without_s_is_used_for_p_alone(tmp_path, caplog):
    path = tmp_path / "vzmodel.txt"
    path.write_text("0 1.5 0.0\n2 1.5 0.0\n2 5.0 2.9\n10 6.0 3.5\n")
    assert read_velocity_model(path).s_velocity_km_s is None
    assert "P alone" in caplog.text


def test_taup_models_are_read_down_to_the_core(tmp_path):
    path = tmp_path / "earth.nd"
    path.write_text(
        "0 5.8 3.4 2.7 1456 600\n30 6.8 3.9 2.9 1350 600\nmantle\n30 8.1 4.5 3.4 1446 600\n"
        "2891 13.7 7.3 5.6 826 312\nouter-core\n2891 8.0 0.0 9.9 57822 0\n"
    )
    model = read_velocity_model(path)
    assert model.depth_km.tolist() == [0.0, 30.0, 30.0, 2891.0]
    assert model.s_velocity_km_s.tolist() == [3.4, 3.9, 4.5, 7.3]
    (tmp_path / "earth.tvel").write_text("P\nS\n0 5.8 3.4 2.7\n2891 13.7 7.3 5.6\n2891 8 0 9.9\n")
    assert read_velocity_model(tmp_path / "earth.tvel").depth_km.tolist() == [0.0, 2891.0]


def test_a_velest_model_has_layers_of_p_and_s(tmp_path):
    path = tmp_path / "model.mod"
    path.write_text(
        "Start model\n 2        vel,depth,vdamp,phase\n 5.00   -3.00  001.00   P-VELOCITY MODEL\n"
        " 6.00   10.00  001.00\n 2\n 2.90   -3.00  001.00   S-VELOCITY MODEL\n"
        " 3.50   10.00  001.00\n"
    )
    model = read_velocity_model(path)
    assert model.depth_km.tolist() == [-3.0, 10.0, 10.0, 110.0]
    assert model.p_velocity_km_s.tolist() == [5.0, 5.0, 6.0, 6.0]
    assert model.s_velocity_km_s.tolist() == [2.9, 2.9, 3.5, 3.5]


def test_a_missing_model_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_velocity_model(tmp_path / "vz")


@pytest.mark.parametrize("title", ["NORTHERN MODEL", "5 layers", "1.5 2.5"])
def test_a_hypoinverse_model_has_layers_below_a_title(tmp_path, title):
    """Velocity stands before the top of the layer; the title may be anything."""
    path = tmp_path / "a.crh"
    path.write_text(f"{title}\n 5.00  0.00\n 6.00  5.00\n 8.00 30.00\n")
    model = read_velocity_model(path)
    assert model.depth_km.tolist() == [0.0, 5.0, 5.0, 30.0, 30.0, 130.0]
    assert model.p_velocity_km_s.tolist() == [5.0, 5.0, 6.0, 6.0, 8.0, 8.0]
    path.write_text(f"{title}\n 5.00  0.00\n 6.00  x\n")
    with pytest.raises(FormatError):
        read_velocity_model(path)


@pytest.mark.parametrize("write", [" ", ", ", "\t"])
@pytest.mark.parametrize("ratio", [1.65, 1.73, 2.1])
def test_a_ratio_of_p_to_s_is_no_s_velocity(tmp_path, write, ratio):
    path = tmp_path / "vz"
    rows = [(0, 3.5, ratio), (5, 6.0, ratio), (30, 8.0, ratio)]
    path.write_text("\n".join(write.join(map(str, row)) for row in rows) + "\n")
    with pytest.raises(FormatError, match=f"too slow.*ratio of P to S, write {6.0 / ratio:.4g}"):
        read_velocity_model(path)


def test_slow_s_in_sediment_and_in_the_inner_core_is_possible(tmp_path):
    (tmp_path / "vz").write_text("0 1.6 0.2\n1 2.5 0.8\n5 6 3.4\n5200 11 3.5\n")
    assert read_velocity_model(tmp_path / "vz").s_velocity_km_s.tolist()[0] == 0.2


@pytest.mark.parametrize("mark", ["", "# ", "#"])
@pytest.mark.parametrize(
    ("names", "rows"),
    [
        ("depth(km) vp vs", "0 5 2.9\n10 6 3.4\n"),
        ("depth(m) vp(m/s) vs(m/s)", "0 5000 2900\n10000 6000 3400\n"),
        ("vs vp depth", "2.9 5 0\n3.4 6 10\n"),
        ("depth,rho,vp,vs", "0,2.5,5,2.9\n10,2.7,6,3.4\n"),
    ],
)
def test_names_of_columns_count_as_a_comment_too(tmp_path, mark, names, rows):
    (tmp_path / "vz").write_text(f"{mark}{names}\n{rows}")
    model = read_velocity_model(tmp_path / "vz")
    assert model.depth_km.tolist() == [0.0, 10.0]
    assert model.p_velocity_km_s.tolist() == [5.0, 6.0]
    assert model.s_velocity_km_s.tolist() == [2.9, 3.4]


@pytest.mark.parametrize("mark", ["", "# "])
@pytest.mark.parametrize("names", ["thickness vp vs", "H(km),Vp,Vs", "thick  vp  vs"])
def test_thicknesses_are_no_depths(tmp_path, mark, names):
    (tmp_path / "vz").write_text(f"{mark}{names}\n1 5 2.9\n2 6 3.4\n30 8 4.5\n")
    with pytest.raises(FormatError, match="thicknesses of layers"):
        read_velocity_model(tmp_path / "vz")


def test_layers_of_nonlinloc_are_a_model_by_any_reader(tmp_path):
    (tmp_path / "run.in").write_text("CONTROL 1 54321\nLAYER 0 5 0.1 2.9 0.05 2.7 0\n"
                                     "LAYER 10 7 0 4 0 2.7 0\n")  # fmt: skip
    model = read_velocity_model(tmp_path / "run.in")
    again = read_layer_model(tmp_path / "run.in")
    assert model.depth_km.tolist() == again.depth_km.tolist() == [0.0, 10.0, 10.0]
    assert model.p_velocity_km_s.tolist() == [5.0, 6.0, 7.0]


def test_velest_s_layers_with_other_tops_are_told(tmp_path, caplog):
    text = "title\n2 x x\n5.00 -3.00 1.0\n6.00 10.00 1.0\n2\n2.90 -3.00 1.0\n3.40 12.00 1.0\n"
    (tmp_path / "v.mod").write_text(text)
    assert read_velocity_model(tmp_path / "v.mod").s_velocity_km_s is None
    assert "P alone is used" in caplog.text
