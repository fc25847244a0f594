"""Velocity models are read whole or not at all."""

from __future__ import annotations

import pytest

from quakeloom.core import FormatError, InputError
from quakeloom.formats import read_velocity_model


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
        ("0 4\n1 -6\n", InputError, "-6"),
    ],
)
def test_a_broken_model_is_refused(tmp_path, text, error, message):
    path = tmp_path / "vz"
    path.write_text(text)
    with pytest.raises(error, match=message):
        read_velocity_model(path)


def test_a_missing_model_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_velocity_model(tmp_path / "vz")
