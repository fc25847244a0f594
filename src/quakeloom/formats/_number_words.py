"""Lines of words with blanks between them: hypoDD, GrowClust and REAL."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from quakeloom.formats._fixed_columns import origin_seconds
from quakeloom.formats._text_lines import head_lines, parse_float, read_lines, utc_nanoseconds

NUMBER = r"\s+[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
"""One way only to match a run of digits: a second one would multiply with every column."""

NUMBER_OR_STARS = rf"(?:{NUMBER}|\s+\*+)"
"""A number, or what FORTRAN writes for one that does not fit."""


def word_lines(path: Path, title: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield number, text and words of every line that has some."""
    for number, line in enumerate(read_lines(path, title), 1):
        words = line.split()
        if words:
            yield number, line, words


def number_word(text: str, what: str) -> float:
    """Return a number; a ValueError names it."""
    try:
        return parse_float(text)
    except ValueError:
        raise ValueError(f"{what} '{text}' is no number") from None


def optional_word(text: str, what: str) -> float:
    """Return a number, NaN for the asterisks that FORTRAN writes for what does not fit."""
    return number_word(text, what) if text.strip("*") else math.nan


def magnitude_word(text: str) -> float:
    """Return a magnitude, NaN for 0, which stands for none where a column must have a number."""
    return optional_word(text, "magnitude") or math.nan


def time_of_words(words: list[str]) -> int:
    """Return the nanoseconds of year, month, day, hour, minute and second."""
    whole: list[int] = []
    for word in words[:5]:
        if not word.isdecimal():
            raise ValueError(f"'{word}' in the date is no whole number")
        whole.append(int(word))
    if whole[0] < 100:
        raise ValueError(f"year {whole[0]} has two digits; write all four")
    second = number_word(words[5], "second")
    if math.isnan(second):
        raise ValueError("the seconds are missing")
    return utc_nanoseconds(whole[0], whole[1], whole[2], whole[3], whole[4], origin_seconds(second))


def line_sniffer(pattern: re.Pattern[str], first_only: bool = False) -> Callable[[bytes], bool]:
    """Return a sniff that is true where most lines, or the first, have a form."""

    def sniff(head: bytes) -> bool:
        lines = [line for line in head_lines(head)[:20] if line.strip()]
        if first_only:
            lines = lines[:1]
        return bool(lines) and sum(pattern.match(x) is not None for x in lines) > 0.8 * len(lines)

    return sniff
