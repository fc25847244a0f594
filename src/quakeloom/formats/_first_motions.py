"""Words for first motions, onsets and phases, as many programs write them."""

from __future__ import annotations

import re

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

_FIRST_P = re.compile(
    r"[ieq]?(?:p(?:[ngb1*]|diff?)?|pk(?:i|3)kp(?:df|ab|bc|pre)?|pkp(?:df|ab|bc|pre|1|2)?)"
)
"""First-arriving P in lower case, after the IASPEI list of phases, with an onset before."""

_FIRST_S = re.compile(r"[ieq]?s(?:[ngb1*]|diff?)?")
"""First-arriving S in lower case, after the IASPEI list of phases, with an onset before."""

_DEPTH_PHASE = re.compile(r"[ps][PS].*")
"""A phase that leaves upward and is reflected: pP, sP, sS."""


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


def is_first_p(phase: str) -> bool:
    """Say whether a phase name is a P whose first motion is that of the source.

    True for P, Pn, Pg, Pb, P*, P1, Pdiff and PKP in upper or lower case, also with an onset
    before (``iPg``); not for later phases such as PP, PcP, PmP or pP.
    """
    return phase_class(phase) == "P"


def phase_class(phase: str) -> str:
    """Return ``P`` or ``S`` for a first-arriving phase by its name, nothing for any other.

    See :func:`is_first_p`; S, Sn, Sg, Sb, S*, S1 and Sdiff are ``S``.
    """
    name = phase.strip()
    if _DEPTH_PHASE.fullmatch(name):
        return ""
    name = name.lower()
    if _FIRST_P.fullmatch(name):
        return "P"
    return "S" if _FIRST_S.fullmatch(name) else ""
