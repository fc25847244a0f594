"""Words for first motions and onsets, as many programs write them."""

from __future__ import annotations

import re

from quakeloom.schema import is_first_p, phase_class

__all__ = ["ONSET_WORDS", "POLARITY_WORDS", "is_first_p", "phase_class", "polarity_sign"]

POLARITY_WORDS: dict[str, int] = {
    **dict.fromkeys(("u", "up", "c", "compression", "compressional", "positive", "+"), 1),
    **dict.fromkeys(
        ("d", "down", "dilatation", "dilation", "dilatational", "rarefaction", "negative", "-"), -1
    ),
    **dict.fromkeys(("", "?", ".", "x", "n", "undecidable", "unknown", "none"), 0),
}
"""First motions in lower case: +1 up (compression), -1 down (dilatation), 0 not known."""

ONSET_WORDS: dict[str, str] = {
    "i": "I",
    "impulsive": "I",
    "e": "E",
    "emergent": "E",
    "": "",
    "?": "",
    "questionable": "",
}
"""Onsets in lower case: I impulsive, E emergent, empty if not said."""

_SIGN = re.compile(r"[+-]?(?:0|1)(?:\.0*)?")
"""A first motion as a number: 1, -1 or 0, with any number of decimals."""


def polarity_sign(text: str) -> int | None:
    """Return +1 (up), -1 (down) or 0 (not known) for a first motion, None for anything else.

    Words, letters and signs of :data:`POLARITY_WORDS` in upper or lower case, or the numbers
    1, -1 and 0 with any decimals (``1.00``).
    """
    word = text.strip().lower()
    sign = POLARITY_WORDS.get(word)
    if sign is None and _SIGN.fullmatch(word):
        return int(float(word))
    return sign
