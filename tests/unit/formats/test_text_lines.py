"""Times, numbers and lines of foreign text files."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quakeloom.core import FormatError
from quakeloom.formats._fixed_columns import fixed_float, full_year, nearest_year
from quakeloom.formats._text_lines import (
    bounds_problem,
    head_lines,
    is_binary,
    parse_float,
    read_lines,
    split_lines,
    utc_nanoseconds,
)


@given(
    st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 12, 31)),
    st.integers(0, 59_999_999),
)
def test_times_are_those_of_the_calendar(moment, microseconds):
    minute = moment.replace(second=0, microsecond=0)
    expected = (minute - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1) + microseconds
    args = (moment.year, moment.month, moment.day, moment.hour, moment.minute)
    assert utc_nanoseconds(*args, microseconds / 1e6) == expected * 1000


@given(st.integers(-3600, 3600))
def test_seconds_carry_over(seconds):
    start = utc_nanoseconds(2000, 2, 29, 12)
    assert utc_nanoseconds(2000, 2, 29, 12, 0, seconds) - start == seconds * 10**9


@pytest.mark.parametrize(
    "parts",
    [
        (1600, 1, 1),
        (2000, 0, 1),
        (1900, 2, 29),
        (2001, 4, 31),
        (2001, 4, 1, 25),
        (2001, 4, 1, 1, 61),
        (2001, 4, 1, 1, 1, math.nan),
        (2001, 4, 1, 1, 1, math.inf),
    ],
)
def test_impossible_times_are_refused(parts):
    with pytest.raises(ValueError, match=r"outside|impossible"):
        utc_nanoseconds(*parts)


@given(st.integers(-99999, 99999), st.integers(0, 3))
def test_fixed_numbers_have_their_implied_decimals(number, decimals):
    assert fixed_float(f"{number:7d}", decimals, "x") == number / 10**decimals
    assert fixed_float(f"{number / 1000:9.3f}", decimals, "x") == pytest.approx(number / 1000)


@pytest.mark.parametrize("text", ["1_0", "1 0", "nan", "inf", "-", "1.2.3", "0x1", "1.0_0"])
def test_what_is_no_number_is_refused_by_name(text):
    with pytest.raises(ValueError, match="depth"):
        fixed_float(text, 2, "depth")


def test_blank_fields_are_missing():
    assert math.isnan(fixed_float("   ", 2, "depth"))
    assert math.isnan(parse_float(" "))


def test_two_digit_years_are_the_latest_that_have_been():
    assert [full_year(y) for y in (94, 50, 3, 26, 1987)] == [1994, 1950, 2003, 2026, 1987]
    this = np.datetime64("now").astype("M8[Y]").astype(int) + 1970
    assert all(this - 100 < full_year(y) <= this + 1 for y in range(100))


def test_a_two_digit_year_beside_a_known_one_is_near_it():
    assert [nearest_year(y, 1923) for y in (23, 24, 99, 0)] == [1923, 1924, 1899, 1900]
    assert [nearest_year(y, 1999) for y in (99, 0)] == [1999, 2000]


def test_bounds_come_from_the_registry():
    assert bounds_problem(latitude=90.0, longitude=math.nan) == ""
    assert bounds_problem(latitude=90.5).startswith("latitude 90.5 is outside [-90, 90] deg")
    assert "inf" in bounds_problem(horizontal_error_km=math.inf)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_lines_end_as_in_any_system(ending):
    assert split_lines(ending.join([b"a", b"", b"b", b""])) == ["a", "", "b"]


def test_each_line_is_decoded_by_itself():
    data = "é".encode() + b"\n" + "é".encode("latin-1") + b"\n"
    assert split_lines(data) == ["é", "é"]
    assert split_lines(b"\xef\xbb\xbfa\n") == ["a"]


def test_a_few_control_characters_do_not_make_a_file_binary():
    assert not is_binary(b"heading \x00\x00\n" + b"text\n" * 100)
    assert is_binary(bytes(range(256)) * 4)
    assert is_binary("text".encode("utf-16"))


def test_a_head_gives_whole_lines_only():
    head = (b"x" * 99 + b"\n") * 656
    assert len(head_lines(head[:65_536])) == 655
    assert head_lines(b"\x00" * 100) == []


def test_empty_files_are_no_text(tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(b"\n \n")
    with pytest.raises(FormatError, match="empty"):
        read_lines(path, "anything")
