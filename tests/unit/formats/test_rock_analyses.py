"""Tables of rock analyses are read as geochemists have them; what cannot be right is told."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import read_analyses
from quakeloom.formats._analysis_columns import understand_column


def read(tmp_path, text):
    path = tmp_path / "rocks.csv"
    path.write_text(text)
    return read_analyses(path)


@pytest.mark.parametrize(
    ("header", "name", "unit", "role"),
    [
        ("SIO2(WT%)", "SiO2", "wt%", "value"),
        ("CO(PPM)", "Co", "ppm", "value"),
        ("La_ppm", "La", "ppm", "value"),
        ("SiO2_wt_pct", "SiO2", "wt%", "value"),
        ("Au ppb", "Au", "ppb", "value"),
        ("Cr (µg/g)", "Cr", "ppm", "value"),
        ("FeO*", "FeO", "wt%", "value"),
        ("FEOT(WT%)", "FeO", "wt%", "value"),
        ("87Sr/86Sr", "Sr87/Sr86", "1", "value"),
        ("ND143_ND144", "Nd143/Nd144", "1", "value"),
        ("Zr_sd", "Zr", "ppm", "error"),
        ("Nb_ppm_2sd", "Nb", "ppm", "error"),
        ("Nb_dl", "Nb", "ppm", "limit"),
        ("k", "k", "", "value"),
        ("as", "as", "", "value"),
        ("Location", "Location", "", "value"),
    ],
)
def test_names_of_columns_are_those_of_people_and_databases(header, name, unit, role):
    found = understand_column(header)
    assert (found.name, found.unit, found.role) == (name, unit, role)


def test_values_below_a_limit_keep_the_limit_and_missing_ones_stay_missing(tmp_path):
    found = read(
        tmp_path,
        "Sample,SiO2,Nb,Nb_dl,Zr,Zr_2sd,rock\na,50,<0.5,,100,8,fresh\nb,51,0.1,0.3,,,old\n"
        "c,52,n.d.,0.3,0,,old\nd,49,bdl,,-3,,old\n",
    )
    nb, zr = (found.names.index(n) for n in ("Nb", "Zr"))
    assert found.limits[:3, nb].tolist() == [0.5, 0.3, 0.3]
    assert np.isnan(found.values[:, nb]).all()
    assert found.values[0, zr] == 100
    assert found.errors[0, zr] == 4
    assert np.isnan(found.values[1:, zr]).all()
    assert np.isnan(found.limits[1:, zr]).all()
    assert found.labels["rock"] == ["fresh", "old", "old", "old"]
    told = {(x.sample, x.column): x.reason for x in found.left_out}
    assert told["d", "Zr"] == "-3 is negative: missing"
    assert told["c", "Zr"] == "0 without a detection limit: missing"
    assert "not told" in told["d", "Nb"]


MAJORS = "Sample,SiO2,TiO2,Al2O3,Fe2O3,FeO,FeOT,MgO,CaO,Na2O,Zr,Nb,La\n"
GOOD = "{0},50,1.2,15,{1},{2},{3},7,10,3,{4}\n"


def test_rows_that_violate_closure_or_have_another_unit_are_put_aside(tmp_path):
    rows = [GOOD.format(n, "", "", "10", "100,3,5") for n in "abc"]
    found = read(
        tmp_path,
        MAJORS + "".join(rows)
        + "fractions,0.5,0.012,0.15,,,0.1,0.07,0.1,0.03,100,3,5\n"
        + "half,30,1.2,5,,,5,7,1,3,100,3,5\n"
        + GOOD.format("percent", "", "", "10", "0.01,0.0003,0.0005"),
    )  # fmt: skip
    assert found.samples == ["a", "b", "c"]
    told = {x.sample: x.reason for x in found.left_out}
    assert "sum to 0.962 wt%" in told["fractions"]
    assert "may be mass fractions" in told["fractions"]
    assert "sum to 52.2 wt%" in told["half"]
    assert "unit of this row" in told["percent"]


def test_several_columns_of_iron_are_one(tmp_path):
    found = read(
        tmp_path,
        MAJORS + GOOD.format("both", "2", "8", "", "100,3,5")
        + GOOD.format("all", "", "", "10", "100,3,5"),
    )  # fmt: skip
    iron = found.values[:, found.names.index("FeO")]
    # 2 Fe2O3 are 1.7997 FeO
    assert iron == pytest.approx([9.7997, 10.0], abs=2e-4)
    assert "Fe2O3" not in found.names
    assert any("all iron as FeO" in x.reason for x in found.left_out)


def test_decimal_commas_between_semicolons_are_read(tmp_path):
    found = read(tmp_path, "Sample;SiO2;La\na;50,1;<0,5\n")
    assert found.values[0, 0] == 50.1
    assert found.limits[0, 1] == 0.5


def test_a_file_without_analyses_is_refused_in_words(tmp_path):
    with pytest.raises(FormatError, match="no line that names two oxides"):
        read(tmp_path, "event,time\n1,2\n")
    with pytest.raises(FormatError, match="no analysis that can be used"):
        read(tmp_path, MAJORS + "a,0.5,0.012,0.15,,,0.1,0.07,0.1,0.03,100,3,5\n")


def test_the_same_element_twice_is_read_once(tmp_path):
    found = read(tmp_path, "Sample,K2O,K_ppm,La\na,1,8302,5\n")
    assert found.names == ["K2O", "La"]
    assert "K is in column K2O already" in found.left_out[0].reason
