"""Numbers, angles and lists as they are written in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from quakeloom.schema import VARIABLES

DASH = "\N{EN DASH}"
"""What stands where a value is not known."""

NARROW_TIMES = "\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}"
"""Sign between a number and what occurs so often."""

STATUS_WORDS = {
    "solved": "solved",
    "too_few_polarities": "too few polarities",
    "azimuthal_gap": "azimuthal gap too large",
    "takeoff_gap": "take-off gap too large",
    "no_solution": "no acceptable mechanism",
    "invalid_event": "no usable hypocenter",
    "below_takeoff_table": "below the take-off tables",
    "not_earthquake": "no earthquake by its type",
    "other_class": "of another class than is wanted",
    "other_magnitude": "smaller or larger than is wanted",
    "error": "error",
}
"""Words for the status of an event in the table ``mechanisms``."""

USE_WORDS = {
    "used": "entered the mechanism of its event",
    "no_polarity": "neither up nor down",
    "low_probability": "below the minimum probability",
    "pick_weight": "weight of the pick too low",
    "onset": "onset too weak",
    "screened": "pick kind left out by a station report",
    "doubled": "second reading of the station",
    "no_station": "no station of this code at this time",
    "too_far": "beyond the maximum distance",
    "no_angles": "no ray to the station",
    "event_not_used": "its event cannot be used",
}
"""Words for what became of a reading, in the table ``polarities``."""

VERDICT_WORDS = {
    "normal": "normal",
    "reversed": "looks reversed",
    "uninformative": "uninformative",
    "mixed": "mixed",
    "too_few": "too few readings",
}
"""Words for verdicts in the table ``station_report``."""


def count(number: float, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 event``, ``1,204 events``, ``no events``."""
    n = int(number)
    noun = one if n == 1 else many or one + "s"
    return f"no {noun}" if n == 0 else f"{n:,}\N{NO-BREAK SPACE}{noun}"


def whole(number: float) -> str:
    """Return an integer with thousands separators."""
    return f"{int(number):,}"


def percent(share: float, digits: int = 0) -> str:
    """Return a share from 0 to 1 in percent, a dash when unknown."""
    return DASH if not np.isfinite(share) else f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"


def degrees(angle: float, digits: int = 0) -> str:
    """Return an angle with its sign, a dash when unknown."""
    return DASH if not np.isfinite(angle) else f"{angle:.{digits}f}°"


def number(value: float, digits: int = 2) -> str:
    """Return a number, a dash when unknown."""
    return DASH if not np.isfinite(value) else f"{value:,.{digits}f}"


def duration(seconds: float) -> str:
    """Return a duration in the two units that fit: ``1 h 12 min``, ``3.4 s``."""
    if not np.isfinite(seconds):
        return DASH
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        rest = round(seconds - 60 * int(seconds // 60))
        return f"{int(seconds // 60)} min {rest} s" if rest < 60 else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def memory(megabytes: float) -> str:
    """Return a memory size in MB or GB."""
    if not np.isfinite(megabytes):
        return DASH
    return f"{megabytes:,.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def listing(parts: Sequence[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    items = [p for p in parts if p]
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]


def verb(number_of_things: float, singular: str, plural: str) -> str:
    """Return the verb form for a number."""
    return singular if int(number_of_things) == 1 else plural


def term(label: str, variable: str) -> Markup:
    """Return a column heading whose meaning, from the registry, shows on hover."""
    meaning = VARIABLES[variable].meaning if variable in VARIABLES else ""
    if not meaning:
        return escape(label)
    return Markup('<abbr title="{}">{}</abbr>').format(meaning, label)


def moment(value: Any) -> str:
    """Return a time as ``1998-02-03 04:05:06``, empty when unknown."""
    if getattr(value, "tzinfo", None) is not None:
        value = value.replace(tzinfo=None)
    time = np.datetime64("NaT") if value is None else np.datetime64(value, "s")
    return "" if np.isnat(time) else str(time).replace("T", " ")


def day(value: Any) -> str:
    """Return a date that does not break over lines, empty when unknown."""
    return moment(value)[:10].replace("-", "\N{NON-BREAKING HYPHEN}")
