"""Words for first motions, onsets and P phases, as many programs write them."""

from __future__ import annotations

import re

POLARITY_WORDS: dict[str, int] = {
    **dict.fromkeys(("+1", "1", "+", "u", "up", "c", "compression", "positive", "1.0", "+1.0"), 1),
    **dict.fromkeys(("-1", "-", "d", "down", "dilatation", "dilation", "negative", "-1.0"), -1),
    **dict.fromkeys(("0", "", "?", ".", "x", "undecidable", "unknown", "0.0", "-0", "+0"), 0),
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

_FIRST_P = re.compile(
    r"[ieqIEQ]?(?:[Pp](?:[nNgGbB1*]|diff?)?|PK(?:[iI]|3)?KP(?:df|ab|bc|pre)?"
    r"|PKP(?:df|ab|bc|pre|1|2)?)"
)


def is_first_p(phase: str) -> bool:
    """Say whether a phase name is a P whose first motion is that of the source.

    True for P, Pn, Pg, Pb, P*, Pdiff and PKP, also with an onset before (``iPg``); not for
    later phases such as PP, PcP or PmP.
    """
    return _FIRST_P.fullmatch(phase.strip()) is not None
