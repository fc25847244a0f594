"""Identifiers and comments in QuakeML files that quakeloom writes, and back."""

from __future__ import annotations

import re

OWN = "smi:quakeloom"
"""What public ids of quakeloom begin with."""
COMMENT_MARK = "quakeloom:"
"""What comments of quakeloom begin with."""
COMMENT_COLUMNS = (
    "status",
    "quality",
    "mechanism_probability",
    "fault_plane_uncertainty_deg",
    "auxiliary_plane_uncertainty_deg",
    "takeoff_gap_deg",
    "amplitude_ratio_count",
    "amplitude_ratio_misfit",
    "solution_count",
    "acceptable_count",
    "multiple",
    "polarity_count",
    "azimuthal_gap_deg",
    "polarity_misfit",
    "station_distribution_ratio",
)
"""Columns of ``mechanisms`` that are in the comment of an event or focal mechanism."""

_VALID = re.compile(
    r"(smi|quakeml):[A-Za-z0-9_][A-Za-z0-9_\-.*()~']{2,}/"
    r"[A-Za-z0-9_\-.*()~'][A-Za-z0-9_\-.*()+?~'=,;#/&]*"
)
"""A public id as QuakeML 1.2 allows it."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
"""Characters that are not written into public ids as they are."""
_HEX = re.compile(r"((?:~[0-9a-f]{2})+)")
"""Bytes of such characters."""


def own_id(kind: str, key: str) -> str:
    """Return a public id of ours; characters that may not stand in one become ``~xx``."""
    safe = _UNSAFE.sub(lambda m: "".join(f"~{b:02x}" for b in m.group().encode()), key)
    return f"{OWN}/{kind}/{safe}"


def public_id(event_id: str) -> str:
    """Return the public id of an event: its id if it is one, else one of ours."""
    if _VALID.fullmatch(event_id) and not event_id.startswith(f"{OWN}/"):
        return event_id
    return own_id("event", event_id)


def event_id_of(text: str, short: bool = False) -> str:
    """Return the event id of a public id, undoing :func:`public_id`.

    With ``short``, that of others is what follows its last ``/``, ``=`` or ``#``.
    """
    prefix = f"{OWN}/event/"
    if text.startswith(prefix):
        return _HEX.sub(
            lambda m: bytes.fromhex(m.group().replace("~", "")).decode("utf-8", "replace"),
            text[len(prefix) :],
        )
    return (re.split(r"[/=#]", text)[-1] or text) if short else text
