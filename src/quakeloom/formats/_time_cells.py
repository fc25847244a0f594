"""Columns of times from cells of any type, with the reason why a cell is bad."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.formats._text_columns import lacks_seconds, parse_floats, parse_times
from quakeloom.schema import Variable, arrow_type

Mask = NDArray[np.bool_]
Reason = str | Callable[[int], str]
"""Why a cell is bad, in words that may hold ``{name}`` and ``{cell}``, or by row."""

Blame = Callable[[Mask, Reason], None]

_SPANS = ("start_time", "end_time")
"""Times that may be those of a day: the others are those of a moment."""

_NO_END = r"^\s*(?:2[2-9]|[3-9]\d)\d\d[-/]"
"""Years from 2200 on stand for no end: FDSN's services write 2500, 2599 and 3000."""

_SECONDS_SINCE_1970 = r"^\d{9,10}\.\d+$"
"""A number in a column of times that can only be seconds since 1970, as PyOcto writes them."""


def convert_times(
    v: Variable, column: pa.ChunkedArray, is_text: bool, blame: Blame, note: Blame
) -> pa.ChunkedArray:
    """Bring a column to times in UTC.

    What is not given to the second is no time of an event or a pick: a pick is blamed, an
    event kept without it. Numbers with decimals between 1e8 and 1e10 are seconds since 1970;
    whole numbers have no unit and are blamed.
    """
    target = arrow_type(v.name)
    if column.type == target:
        return column
    if not is_text:
        return _typed_times(v, column, blame)
    pieces: list[pa.Array] = []
    bads: list[Mask] = []
    coarse: list[Mask] = []
    for chunk in column.chunks:
        texts, numbers = _without_counts(chunk)
        if v.name in _SPANS:
            open_ended = pc.match_substring_regex(texts, _NO_END)
            texts = pc.if_else(open_ended, pa.scalar(None, pa.string()), texts)
        times, bad = parse_times(texts)
        coarse.append(lacks_seconds(texts) & ~np.isnat(times) & (v.name not in _SPANS))
        times = np.where(coarse[-1], np.datetime64("NaT", "ns"), times)
        counted = np.round(np.nan_to_num(numbers) * 1e6).astype("M8[us]").astype("M8[ns]")
        times = np.where(np.isnan(numbers), times, counted)
        bads.append(bad)
        pieces.append(pa.array(times, pa.timestamp("ns")).cast(target))
    if pieces and np.concatenate(bads).any():
        blame(np.concatenate(bads), "{name} '{cell}' is no time like 2020-01-31T12:34:56.789Z")
    if pieces and np.concatenate(coarse).any():
        # a pick means nothing without its time; an event does
        required = v.name == "time"
        kept = "" if required else "; the row is kept without it"
        say = blame if required else note
        say(np.concatenate(coarse), "{name} '{cell}' is not given to the second" + kept)
    return pa.chunked_array(pieces, target)


def _without_counts(texts: pa.Array) -> tuple[pa.Array, NDArray[np.float64]]:
    """Texts without seconds since 1970, and these as numbers (NaN elsewhere)."""
    texts = texts.cast(pa.string())
    counts = pc.match_substring_regex(pc.utf8_trim_whitespace(texts), _SECONDS_SINCE_1970)
    if not pc.any(counts).as_py():
        return texts, np.full(len(texts), np.nan)
    numbers, _ = parse_floats(pc.if_else(counts, texts, pa.scalar(None, pa.string())))
    return pc.if_else(counts, pa.scalar(None, pa.string()), texts), numbers


def _typed_times(v: Variable, column: pa.ChunkedArray, blame: Blame) -> pa.ChunkedArray:
    """Times of a column that is no text; numbers have no unit and are refused."""
    target = arrow_type(v.name)
    days = pa.types.is_date(column.type) and v.name not in _SPANS
    if days or not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        what = "a day without a time" if days else "a number, whose unit is not known"
        present = column.is_valid().to_numpy()
        blame(present, "{name} {cell} is " + what + "; write timestamps, or text like 2020-01-31T"
              "12:34:56.789Z")  # fmt: skip
        return pa.chunked_array([pa.nulls(len(column), target)])
    try:
        return column.cast(pa.timestamp("ns")).cast(target)
    except pa.ArrowInvalid:
        blame(column.is_valid().to_numpy(), "{name} {cell} is outside of the years 1677 to 2262")
        return pa.chunked_array([pa.nulls(len(column), target)])
