"""Numbers, coordinates and origin times in files with fixed columns.

Such files follow FORTRAN: a number without a decimal point has an implied one (``f5.2`` of
``  630`` is 6.30), and a blank field is not known.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

POLARITY_CODES = {"U": 1, "u": 1, "+": 1, "D": -1, "d": -1, "-": -1, " ": 0, "": 0}
"""First-motion characters of HASH, FPFIT and Hypoinverse; blank is not read."""


def fixed_polarity(character: str) -> int:
    """Return the sign of a first-motion character; a ValueError if it has none."""
    sign = POLARITY_CODES.get(character)
    if sign is None:
        raise ValueError(f"polarity '{character}' is neither up nor down")
    return sign


def fixed_float(text: str, decimals: int, what: str) -> float:
    """Parse a field with implied decimals; NaN if blank.

    Parameters
    ----------
    text : str
        The field.
    decimals : int
        Implied decimals where the field holds no point.
    what : str
        Name of the field, for the message.

    Raises
    ------
    ValueError
        If the field is no finite number; the message is a reason for ``rejects``.
    """
    try:
        value = float(text) if "." in text else int(text) / 10**decimals
    except ValueError:
        if not text.strip():
            return math.nan
        raise ValueError(f"{what} '{text.strip()}' is no number") from None
    if "_" in text or not math.isfinite(value):
        raise ValueError(f"{what} '{text.strip()}' is no number")
    return value


def optional_float(text: str, decimals: int, what: str) -> float:
    """Parse a field that may be unknown: as :func:`fixed_float`, NaN also for asterisks.

    FORTRAN fills a field with asterisks where a number does not fit.
    """
    if text.strip().strip("*"):
        return fixed_float(text, decimals, what)
    return math.nan


def fixed_int(text: str, what: str, blank: int | None = None) -> int:
    """Parse a whole number; a blank field is ``blank``, or a ValueError without one."""
    try:
        value = int(text)
    except ValueError:
        if not text.strip():
            if blank is not None:
                return blank
            raise ValueError(f"{what} is missing") from None
        raise ValueError(f"{what} '{text.strip()}' is no whole number") from None
    if "_" in text:
        raise ValueError(f"{what} '{text.strip()}' is no whole number")
    return value


def fixed_latitude(degrees: str, hemisphere: str, minutes: str, decimals: int) -> float:
    """Return a latitude from degrees, hemisphere and minutes; blank hemisphere is north."""
    return _degrees(degrees, hemisphere, minutes, decimals, "latitude", "N", "S")


def fixed_longitude(degrees: str, hemisphere: str, minutes: str, decimals: int) -> float:
    """Return a longitude from degrees, hemisphere and minutes; blank hemisphere is west."""
    return -_degrees(degrees, hemisphere, minutes, decimals, "longitude", "W", "E")


def fixed_seconds(text: str) -> float:
    """Parse the seconds of an origin with two implied decimals.

    A blank field is a ValueError, and so is more than 60 s: an origin has its own minute,
    whereas arrivals may count on from that of the P.
    """
    value = fixed_float(text, 2, "seconds")
    if math.isnan(value):
        raise ValueError("the seconds are missing")
    return origin_seconds(value)


def origin_seconds(value: float) -> float:
    """Return the seconds of an origin; a ValueError if there are more than 60 of them.

    60 itself comes of rounding, and a leap second ends before 61.
    """
    if not value < 61.0:
        raise ValueError(f"seconds {value:g} of an origin are impossible")
    return value


def arrival_seconds(value: float, earliest: float = 0.0) -> float:
    """Return the seconds of an arrival; a ValueError if they cannot be.

    They count from the minute of the line, which may be that of another phase: up to an hour
    after it is possible, and in some formats up to a minute before it.
    """
    if not earliest <= value <= 3600.0:
        raise ValueError(f"seconds {value:g} of an arrival are impossible")
    return value


def possible_travel_time(value: float) -> float:
    """Return a travel time in s; a ValueError if no wave takes that long, or less than none.

    Errors of origin times make short ones negative; S takes 1,700 s through the mantle.
    """
    if not -1.0 <= value <= 4000.0:
        raise ValueError(f"travel time {value:g} s is impossible")
    return value


def check_not_cut(line: str, *fields: tuple[int, int]) -> None:
    """Raise a ValueError if a line ends inside one of its (right-aligned) numbers.

    ``fields`` are (first, end) columns from 0; a number that lost its last digits would
    otherwise be read as another number.
    """
    length = len(line)
    for first, end in fields:
        if first < length < end and line[first:].strip():
            raise ValueError(f"the line is cut short at column {length}")


def onset_code(character: str) -> str:
    """Return the pick kind of a character: a letter in upper case, or nothing."""
    return character.upper() if character.isalpha() else ""


def full_year(year: int) -> int:
    """Return the year of a two-digit one: the latest that is not in the future.

    HASH takes 50 to 99 for the 20th century and 00 to 49 for the 21st, which agrees for all
    years that have been.
    """
    if year >= 100:
        return year
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return 2000 + year if 2000 + year <= tomorrow.year else 1900 + year


def nearest_year(year: int, known: int) -> int:
    """Return the year of a two-digit one that is nearest to a known year."""
    if year >= 100:
        return year
    return year + 100 * round((known - year) / 100)


def _degrees(
    degrees: str, hemisphere: str, minutes: str, decimals: int, what: str, plus: str, minus: str
) -> float:
    whole = fixed_int(degrees, what)
    part = fixed_float(minutes, decimals, f"{what} minutes")
    if math.isnan(part):
        raise ValueError(f"the minutes of the {what} are missing")
    if whole < 0 or not 0.0 <= part <= 60.0:
        raise ValueError(f"{what} {whole} degrees {part:g} minutes is impossible")
    value = whole + part / 60.0
    side = hemisphere.upper()
    if side == minus:
        return -value
    if side in (plus, " ", ""):
        return value
    raise ValueError(f"hemisphere '{hemisphere}' of the {what} is neither {plus} nor {minus}")
