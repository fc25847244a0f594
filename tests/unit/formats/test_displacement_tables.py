"""Displacements of GNSS sites and points of InSAR, as files have them."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import read_covariance, read_displacements


def rows(tmp_path, text, **options):
    path = tmp_path / "sites.txt"
    path.write_text(text)
    return read_displacements(path, **options).to_pylist()


def test_units_stand_in_the_names_of_columns(tmp_path):
    found = rows(
        tmp_path, "id Site Lon_deg Lat_deg De_cm Dn_cm Dup_cm\n1 CAND 239.5 35.9 2.1 -4.2 -0.1\n"
    )
    assert [r["component"] for r in found] == ["east", "north", "up"]
    assert np.allclose([r["displacement_m"] for r in found], [0.021, -0.042, -0.001])
    assert found[0]["site"] == "CAND"
    assert np.isnan(found[0]["displacement_error_m"])
    assert (found[1]["direction_east"], found[1]["direction_north"]) == (0.0, 1.0)


def test_errors_go_with_their_component_and_separators_may_differ(tmp_path):
    text = "site,lon,lat,east_mm,north_mm,sigma_east_mm,north_error_mm\nA,1,2,3,,0.5,0.7\n"
    found = rows(tmp_path, text)
    assert found[0]["displacement_error_m"] == pytest.approx(5e-4)
    assert found[1]["displacement_status"] == "not_finite"
    assert found[1]["displacement_error_m"] == pytest.approx(7e-4)


def test_gmts_velocities_need_no_header(tmp_path):
    found = rows(tmp_path, "# comment\n-120.5 35.9 2.0 -1.0 0.5 0.6 0.1 P123\n")
    assert [r["displacement_m"] for r in found] == [0.002, -0.001]
    assert found[0]["site"] == "P123"
    assert rows(tmp_path, "1 2 3 4 5 6\n", unit="m")[1]["displacement_m"] == 4.0


def test_a_line_of_sight_has_its_own_direction(tmp_path):
    text = "lon lat los_mm direction_east direction_north direction_up sigma_mm\n"
    found = rows(tmp_path, text + "10 40 12 0.6 0.0 0.8 3\n10 40 12 0.6 0.6 0.8 3\n")
    assert found[0]["component"] == "line_of_sight"
    assert found[0]["direction_up"] == pytest.approx(0.8)
    assert found[0]["displacement_error_m"] == pytest.approx(0.003)
    assert found[1]["displacement_status"] == "unreadable"
    assert "length" in found[1]["reason"]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("A 10 40 nan 1 1", "not_finite"), ("A 10 40 inf 1 1", "not_finite"),
        ("A 10 40 x 1 1", "not_finite"), ("A 10 95 1 1 1", "no_place"),
        ("A 400 40 1 1 1", "no_place"), ("A nan 40 1 1 1", "no_place"),
        ("A 10 40 1 1 0", "no_error"), ("A 10 40 1 1 -2", "no_error"), ("A 10 40 1", "unreadable"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_keeps_its_row_and_reason(tmp_path, line, status):
    found = rows(tmp_path, f"site lon lat east_m north_m sigma_east_m\n{line}\nB 10 40 1 1 1\n")
    assert found[0]["displacement_status"] == status
    assert found[0]["reason"]
    assert found[0]["source_line"] == 2
    assert found[2]["displacement_status"] == "used"


@pytest.mark.parametrize("text", ["", "# nothing\n", "a b c\n1 2 3\n", "lon lat foo\n1 2 3\n"])
def test_a_file_without_displacements_is_refused(tmp_path, text):
    with pytest.raises(FormatError, match=r"displacement"):
        rows(tmp_path, text)


def test_a_covariance_is_a_symmetric_square_of_the_size_of_the_data(tmp_path):
    path = tmp_path / "cov.npy"
    np.save(path, np.eye(3) * 2.0)
    assert read_covariance(path, 3)[1, 1] == 2.0
    with pytest.raises(FormatError, match="4 by 4"):
        read_covariance(path, 4)
    other = tmp_path / "cov.txt"
    other.write_text("1 0\n5 1\n")
    with pytest.raises(FormatError, match="symmetric"):
        read_covariance(other, 2)
    other.write_text("1 x\n")
    with pytest.raises(FormatError, match="cannot be read"):
        read_covariance(other, 2)
