"""Columns of text turned into numbers and times, with a mask of what cannot be."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.formats._text_lines import utc_nanoseconds

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Times = NDArray[np.datetime64]

NOT_A_TIME = np.datetime64("NaT", "ns")
"""What stands for a time that is missing."""

_ABSENT = {"null", "none", "na", "n/a", "nil"}
"""Words in lower case that programs write for a number that is missing."""

_ISO = re.compile(
    r"([+-]?\d{4})([-/]?)(\d\d)\2(\d\d)"
    r"(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d(?:[.,]\d*)?))?)?)?"
    r"\s*(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?"
)
"""ISO 8601 in its long and its short form; the date may have slashes."""

_DIGITS = re.compile(r"\d{14}(?:[.,]\d*)?")
"""A time in digits alone, ``20200131123456.7``; shorter ones may be seconds since 1970."""

_TO_THE_SECOND = r"[T ]\d\d:?\d\d:?\d\d|^\d{14}"
"""What a time has that is known to the second."""


def parse_floats(texts: pa.Array) -> tuple[Floats, Mask]:
    """Parse texts as numbers.

    Parameters
    ----------
    texts : pyarrow.StringArray

    Returns
    -------
    values : ndarray of float64
        NaN where the text is null, blank or no number.
    bad : ndarray of bool
        Where there is text that is no number. Words for a missing value (NaN, null, NA, None)
        are not bad.
    """
    texts = _trimmed(texts)
    try:
        numbers = texts.cast(pa.float64())
        return numbers.fill_null(np.nan).to_numpy(zero_copy_only=False), np.zeros(
            len(texts), dtype=bool
        )
    except pa.ArrowInvalid:
        pass
    values = np.full(len(texts), np.nan)
    bad = np.zeros(len(texts), dtype=bool)
    for i, text in enumerate(texts.to_pylist()):
        if text is None:
            continue
        if text.lower() in _ABSENT:
            continue
        try:
            if "_" in text:
                raise ValueError(text)
            values[i] = float(text)
        except ValueError:
            bad[i] = True
    return values, bad


def parse_times(texts: pa.Array) -> tuple[Times, Mask]:
    """Parse ISO 8601 texts as UTC times; without a zone they are UTC.

    Seconds of 60 and more carry over. Years outside 1700 to 2200 are bad, since
    nanoseconds cannot hold them.

    Parameters
    ----------
    texts : pyarrow.StringArray

    Returns
    -------
    times : ndarray of datetime64[ns]
        NaT where the text is null, blank or no time.
    bad : ndarray of bool
        Where there is text that is no time.
    """
    texts = _trimmed(texts)
    present = texts.drop_null()
    if len(present):
        ends = pc.min_max(pc.utf8_slice_codeunits(present, 0, 4)).as_py()
        if ends["min"] >= "1700" and ends["max"] <= "2200":
            for kind in (pa.timestamp("ns", tz="UTC"), pa.timestamp("ns")):
                try:
                    times = texts.cast(kind).cast(pa.int64())
                except pa.ArrowInvalid:
                    continue
                nanoseconds = times.fill_null(np.iinfo(np.int64).min).to_numpy()
                return nanoseconds.view("datetime64[ns]"), np.zeros(len(texts), dtype=bool)
    values = np.full(len(texts), NOT_A_TIME)
    bad = np.zeros(len(texts), dtype=bool)
    for i, text in enumerate(texts.to_pylist()):
        if text is None:
            continue
        try:
            values[i] = np.datetime64(time_nanoseconds(text), "ns")
        except ValueError:
            bad[i] = True
    return values, bad


def lacks_seconds(texts: pa.Array) -> Mask:
    """Say which texts are times without seconds: a day, an hour or a minute only."""
    texts = _trimmed(texts)
    known = pc.match_substring_regex(texts, _TO_THE_SECOND)
    coarse: Mask = pc.invert(known).fill_null(False).to_numpy(zero_copy_only=False)
    return coarse


def is_to_the_second(text: str) -> bool:
    """Say whether a time has seconds."""
    return re.search(_TO_THE_SECOND, text.strip()) is not None


def time_nanoseconds(text: str) -> int:
    """Return an ISO 8601 time as UTC nanoseconds since 1970; :class:`ValueError` if it is none."""
    text = text.strip()
    if _DIGITS.fullmatch(text):
        text = f"{text[:8]}T{text[8:]}"
    found = _ISO.fullmatch(text)
    if not found:
        raise ValueError(f"'{text}' is no time like 2020-01-31T12:34:56.789Z")
    year, _, month, day, hour, minute, second, zone = found.groups()
    whole, _, fraction = (second or "0").replace(",", ".").partition(".")
    value = utc_nanoseconds(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(whole)
    )
    value += int((fraction + "000000000")[:9])
    if zone and zone[0] in "+-":
        hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > 3 else 0
        shift = (hours * 60 + minutes) * 60 * 1_000_000_000
        value += shift if zone[0] == "-" else -shift
    return value


def _trimmed(texts: pa.Array) -> pa.Array:
    """Texts without surrounding blanks, null where nothing is left."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    texts = pc.utf8_trim_whitespace(texts.cast(pa.string()))
    blank = pc.equal(texts, "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), texts)
