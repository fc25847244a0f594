"""Names of phases: which of them are the first P or the first S of a station.

The one rule for the whole program. A name that only begins with P (PP, PcP, PmP) is a later
phase: its first motion and its time are not those of the first arrival.
"""

from __future__ import annotations

import re

_FIRST_P = re.compile(
    r"[ieq]?(?:p(?:[ngb1*]|diff?)?|pk(?:i|3)kp(?:df|ab|bc|pre)?|pkp(?:df|ab|bc|pre|1|2)?)"
)
"""First-arriving P in lower case, after the IASPEI list of phases, with an onset before."""

_FIRST_S = re.compile(r"[ieq]?s(?:[ngb1*]|diff?)?")
"""First-arriving S in lower case, after the IASPEI list of phases, with an onset before."""

_DEPTH_PHASE = re.compile(r"[ps][PS].*")
"""A phase that leaves upward and is reflected: pP, sP, sS."""


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
