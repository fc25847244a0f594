"""Standard errors of picks: 0 is none, ms are told, what is impossible is refused; everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quakeloom.config import Locate, parse_settings
from quakeloom.core import FormatError, SettingsError
from quakeloom.formats import read_source
from quakeloom.stages.readings.pick_errors import pick_errors

QUAKEML = (
    '<?xml version="1.0"?><q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" '
    'xmlns="http://quakeml.org/xmlns/bed/1.2"><eventParameters publicID="smi:a/e">'
    '<event publicID="smi:a/1">{picks}<origin publicID="smi:a/o"><time><value>2020-01-01T00:00:00Z'
    "</value></time><latitude><value>1</value></latitude><longitude><value>2</value></longitude>"
    "<depth><value>5000</value></depth></origin></event></eventParameters></q:quakeml>"
)


def write(path, kind: str, error: str):
    """Write six P picks with a standard error in s."""
    if kind == "csv":
        rows = [f"e1,S{i},P,2020-01-01T00:00:0{i}Z,{error}" for i in range(6)]
        text = "\n".join(["event_id,station,phase,time,uncertainty_s", *rows, ""])
    elif kind == "nonlinloc":
        text = "".join(
            f"S{i}  ?    ?    ? P      U 20200101 0000   0{i}.0000 GAU {float(error):9.2e} "
            "-1.00e+00 -1.00e+00 -1.00e+00\n"
            for i in range(6)
        )
    else:
        text = QUAKEML.format(picks="".join(
            f'<pick publicID="smi:a/p{i}"><time><value>2020-01-01T00:00:0{i}Z</value><uncertainty>'
            f'{error}</uncertainty></time><waveformID networkCode="XX" stationCode="S{i}"/>'
            "<phaseHint>P</phaseHint></pick>"
            for i in range(6)
        ))  # fmt: skip
    path.write_text(text)
    return path


def said(tables) -> str:
    return " | ".join(tables.rejects.column("reason").to_pylist())


@pytest.mark.parametrize("kind", ["csv", "nonlinloc", "quakeml"])
def test_errors_of_pick_files(tmp_path, kind):
    found = read_source(write(tmp_path / "zero", kind, "0"))
    assert np.isnan(found.picks.column("uncertainty_s").to_numpy()).all()
    assert found.picks.num_rows == 6
    assert said(found).count("6 of 6 picks have a standard error of 0") == 1
    found = read_source(write(tmp_path / "ms", kind, "50"))
    assert "the median standard error of 6 picks is 50 s" in said(found)
    assert "if it is in ms, write 0.05" in said(found)
    assert "error" not in said(read_source(write(tmp_path / "good", kind, "0.05")))


@pytest.mark.parametrize("kind", ["csv", "nonlinloc", "quakeml"])
def test_an_error_of_a_day_is_never_taken(tmp_path, kind):
    path = write(tmp_path / "far", kind, "1e5")
    if kind == "csv":
        with pytest.raises(FormatError, match="uncertainty_s 1e5 is"):
            read_source(path)
        return
    found = read_source(path)
    assert not np.isfinite(found.picks.column("uncertainty_s").to_numpy()).any()
    assert "100000" in said(found) or "1e5" in said(found)


def test_a_few_huge_errors_are_counted(tmp_path):
    path = write(tmp_path / "few.csv", "csv", "0.05")
    path.write_text(path.read_text().replace("05Z,0.05", "05Z,100"))
    assert "1 of 6 picks have standard errors above 60 s" in said(read_source(path))


def test_errors_of_zero_have_no_infinite_weight():
    locate = Locate(models=["m"])
    stated = np.array([0.0, math.nan, 1e-9, 0.3])
    weight = np.array([-1, 2, -1, -1], np.int8)
    found = pick_errors(locate, stated, weight, np.array(["P"] * 4, object))
    assert found.tolist() == [0.05, 0.2, locate.minimum_pick_error_s, 0.3]


@pytest.mark.parametrize(
    "groups",
    [
        {"sources": [{"path": "a"}], "takeoff": {"angles": "ensemble"},
         "locate": {"models": ["m"], "pick_errors_s": [1e5]}},
        {"sources": [{"path": "a"}], "takeoff": {"angles": "ensemble"},
         "locate": {"models": ["m"], "minimum_pick_error_s": 1e5}},
        {"tomography": {"picks": {"path": "a", "error_s": 1e5}}},
    ],
)  # fmt: skip
def test_settings_refuse_errors_of_a_day(groups):
    with pytest.raises(SettingsError):
        parse_settings({"name": "a", **groups}, "test")
