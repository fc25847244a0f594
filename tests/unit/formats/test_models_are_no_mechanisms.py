"""Velocity models of other programs are never taken for catalogs of focal mechanisms."""

from __future__ import annotations

import numpy as np
import pytest
from simul_files import at_nodes, simul_text

from quakeloom.core import FormatError
from quakeloom.formats import read_mechanisms, recognize_file


def simul_model(count):
    """A synthetic model of SIMULPS with so many nodes of x, whose rows are as wide as GMT's."""
    x = [-500.0, *np.linspace(-40.0, 40.0, count - 2).round(1), 500.0]
    axes = (x, [-500.0, -20.0, 0.0, 20.0, 500.0], [-150.0, -3.0, 3.0, 8.0, 300.0])
    return simul_text(axes, at_nodes(axes, lambda x, y, z: 6.0 + 0.001 * x + 0.0 * z))


def body(count):
    return simul_model(count).partition("\n")[2]


MODELS = {
    **{f"simulps_{n}": simul_model(n) for n in (5, 6, 7, 8, 9, 10, 11, 14)},
    **{f"untitled_{n}": body(n) for n in (7, 8, 9, 10)},
    **{f"blank_first_{n}": "\n" + simul_model(n) for n in (7, 10)},
    **{f"title_{n}": "Synthetic model\n" + simul_model(n) for n in (7, 10)},
    **{f"unit_{n}": f"10.0  {n}  5  5 2\n" + body(n) for n in (7, 8, 9, 10)},
    "velest": "Synthetic model\n 4\n 5.10 -3.00 001.00 P-VELOCITY MODEL\n 5.90 3.00 001.00\n"
    " 6.30 10.00 001.00\n 8.00 32.00 001.00\n 4\n 2.90 -3.00 001.00 S-VELOCITY MODEL\n"
    " 3.40 3.00 001.00\n 3.60 10.00 001.00\n 4.50 32.00 001.00\n",
    "nonlinloc": "CONTROL 1 54321\nVGTYPE P\n"
    + "".join(
        f"LAYER {z}.0 {v} 0.00 {v / 1.73:.3f} 0.00 2.7 0.0\n" for z, v in ((0, 5.5), (8, 6.2))
    ),
    "hypo71": "HEAD synthetic\nRESET TEST(01)=0.1\n\n5.500    0.000\n6.200    8.000\n"
    "8.000   32.000\n\n  10.  20. 100. 1.73    2    0    0    0    1    1 0111\n",
    "taup_nd": "0.0 5.8 3.46 2.72 1456.0 600.0\n20.0 5.8 3.46 2.72 1456.0 600.0\n"
    "20.0 6.5 3.85 2.92 1350.0 600.0\n35.0 6.5 3.85 2.92 1350.0 600.0\nmantle\n"
    "35.0 8.04 4.48 3.32 1446.0 600.0\n",
    "vzmodel": "0.0 5.5 3.2\n8.0 5.5 3.2\n8.0 6.2 3.6\n32.0 6.2 3.6\n",
    "hypodd_inp": "dt.cc\ndt.ct\nevent.dat\nstation.dat\nhypoDD.loc\nhypoDD.reloc\nhypoDD.sta\n"
    "hypoDD.res\n3 3 400\n0 8\n1 2 2\n5 0.01 5 0.01 -9 -9 0.1 0.05 8 8 40\n"
    "5 0.01 5 0.01 6 4 0.1 0.05 6 6 40\n"
    "7 1.73\n0.0 1.0 3.0 6.0 9.0 14.0 25.0\n3.8 4.5 5.0 5.5 5.7 6.2 6.7\n0\n",
}
"""Synthetic models in the forms of other programs."""


@pytest.mark.parametrize("kind", MODELS)
def test_a_velocity_model_is_no_catalog_of_mechanisms(tmp_path, kind):
    path = tmp_path / "model"
    path.write_text(MODELS[kind])
    assert recognize_file(path).kind != "mechanisms"
    with pytest.raises(FormatError, match="no catalog of focal mechanisms"):
        read_mechanisms(path)


@pytest.mark.parametrize("count", [7, 8, 9, 10])
def test_a_model_of_simulps_is_named_even_if_its_first_line_is_wrong(tmp_path, count):
    path = tmp_path / "MOD"
    path.write_text(simul_model(count))
    assert recognize_file(path).title.startswith("a SIMULPS velocity model")
    path.write_text(body(count))
    found = recognize_file(path)
    assert "SIMULPS" in found.title
    assert "its first line should be 'bld nx ny nz'" in found.problem


def test_rows_of_mechanisms_remain_mechanisms(tmp_path):
    """Whole numbers in the first row, and a second west of Greenwich, are no nodes."""
    path = tmp_path / "meca.txt"
    path.write_text(
        "0.5 36 10 45 60 90 5.1\n-70.5 -33 20 200 30 80 5.5\n-20.0 10 12 310 70 -170 4.2\n"
        "140.5 36 10 45 60 90 5.1\n"
    )
    assert recognize_file(path).kind == "mechanisms"
    assert read_mechanisms(path).num_rows == 4
