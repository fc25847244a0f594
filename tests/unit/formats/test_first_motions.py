"""First motions and phases, however programs spell them."""

from __future__ import annotations

import math

import pytest

from quakeloom.formats import phase_class, polarity_sign, read_source

SIGNS = {
    1: ["1", "+1", "1.0", "1.00", "1.", "+1.000", "U", "up", "C", "Compression", "positive", "+"],
    -1: ["-1", "-1.0", "-1.00", "-1.", "D", "down", "dilatation", "NEGATIVE", "-"],
    0: ["0", "0.00", "-0", "+0.0", "", "?", ".", "X", "N", "undecidable", "unknown", "none"],
}


@pytest.mark.parametrize(("sign", "word"), [(s, w) for s, words in SIGNS.items() for w in words])
def test_a_first_motion_is_a_word_a_letter_a_sign_or_a_number(sign, word):
    assert polarity_sign(word) == sign
    assert polarity_sign(f"  {word} ") == sign


@pytest.mark.parametrize("word", ["2", "1.5", "0.5", "-2.00", "11", "nan", "inf", "Q", "1,0", "ud"])
def test_anything_else_is_no_first_motion(word):
    assert polarity_sign(word) is None


PHASES = {
    "P": "P,p,Pn,PN,Pg,PG,Pb,P*,P1,Pdif,Pdiff,PKP,PKPdf,PKiKP,iP,IP,eP,EPg,iPn,ipg",
    "S": "S,s,Sn,SN,Sg,SG,Sb,S*,S1,Sdiff,iS,ES,eSg",
    "": "PP,pP,sP,PcP,PCP,PmP,PS,SP,SS,sS,ScS,SKS,Lg,LG,LR,Rg,T,G,AML,IAML,E,I,END,x,P2,PKKP",
}
NAMED = [(kind, name) for kind, names in PHASES.items() for name in names.split(",")]


@pytest.mark.parametrize(("kind", "name"), NAMED)
def test_a_phase_is_the_first_p_the_first_s_or_neither(kind, name):
    assert phase_class(name) == kind


def observations(phase: str, motion: str = "U") -> str:
    lines = [f"STA ? ? ? {phase} {motion} 20181130 1729 35.1 GAU 1e-2 -1 -1 -1\n"]
    return "".join([*lines, "STB ? ? ? P D 20181130 1729 36.1 GAU 1e-2 -1 -1 -1\n"])


@pytest.mark.parametrize("name", ["Pn", "PN", "SN", "iP", "P1", "Sg"])
def test_phases_of_nonlinloc_are_picks_by_their_class(tmp_path, name):
    path = tmp_path / "a.obs"
    path.write_text(observations(name, "?"))
    tables = read_source(path, "nonlinloc_observations")
    assert tables.picks.column("phase").to_pylist() == [phase_class(name), "P"]
    assert tables.rejects.num_rows == 0


@pytest.mark.parametrize("name", ["G", "PmP", "IAML"])
def test_later_phases_of_nonlinloc_are_put_aside(tmp_path, name):
    path = tmp_path / "a.obs"
    path.write_text(observations(name))
    tables = read_source(path, "nonlinloc_observations")
    assert tables.picks.num_rows == 1
    assert f"'{name}'" in tables.rejects.column("reason")[0].as_py()


def test_an_error_below_zero_is_not_known_and_one_of_99999_s_is_no_pick(tmp_path):
    """ObsPy wrote -1 for picks without an error; NonLinLoc has 99999.9 for weight 4."""
    text = observations("P").replace("1e-2", "-1.00e+00", 1).replace("1e-2", "9.99e+04")
    (tmp_path / "a.obs").write_text(text)
    tables = read_source(tmp_path / "a.obs", "nonlinloc_observations")
    assert tables.polarities.column("polarity").to_pylist() == [1, -1]
    assert tables.picks.column("station").to_pylist() == ["STA"]
    assert math.isnan(tables.picks.column("uncertainty_s")[0].as_py())
    assert "uncertainty_s 99900 is outside" in tables.rejects.column("reason")[0].as_py()
