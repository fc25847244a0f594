"""Read the mechanisms that HASH v1.2 writes (``example1.out``)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from quakeloom.formats._mechanism_angles import PLANE, wrap_rake, wrap_strike
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, TableBuilder
from quakeloom.formats._text_lines import bounds_problem, head_lines, read_lines, utc_nanoseconds

_TITLE = "a HASH file of mechanisms"
"""Name of the format, for messages."""

_NUMBER = r"\s+(-?\d*\.?\d+)"
"""A number after blanks."""

_LETTER = r"(?:\s+[^\s\d.-])?"
"""A letter for the kind of event, magnitude or location, which may be blank."""

_LINE = re.compile(
    rf"\s*(?P<id>\S+)\s+(?P<year>\d{{4}})(?P<time>(?:\s+\d+){{4}}\s+\d+\.\d+){_LETTER}"
    rf"(?P<magnitude>{_NUMBER}){_LETTER}(?P<place>(?:{_NUMBER}){{3}}){_LETTER}"
    rf"(?:{_NUMBER}){{4}}(?:\s+-?\d+){{3}}(?P<angles>(?:\s+-?\d+){{3}})"
    rf"(?P<errors>(?:\s+\d+){{2}})\s+(?P<count>\d+)\s+(?P<misfit>\d+)\s+(?P<quality>[A-F])"
    rf"\s+(?P<probability>\d+)\s+(?P<ratio>\d+)(?:\s+(?P<ratios>\d+)\s+-?\d+)?"
    rf"\s*(?P<multiple>\*?)\s*$"
)
"""A line of drivers 1 to 5; driver 3 adds number and misfit of S/P ratios."""

_NO_STRIKE = 999
"""Strike of an event for which HASH found nothing."""


def is_hash_output(head: bytes) -> bool:
    """Return whether a file begins as the output of a HASH driver."""
    lines = [line for line in head_lines(head)[:20] if line.strip()]
    return bool(lines) and sum(bool(_LINE.match(x)) for x in lines) > 0.8 * len(lines)


def read_hash_mechanisms(path: Path, rejects: Rejects) -> pa.Table:
    """Read the preferred mechanisms of HASH as a ``mechanisms`` table.

    Words: id, year, month, day, hour, minute, second, kind, magnitude, kind, latitude,
    longitude, depth, kind, four errors, three counts, strike, dip, rake, uncertainty of both
    planes, polarities, misfit in percent, quality, probability and station distribution ratio
    in percent, and ``*`` where there are several solutions. Of these the first counts.

    References
    ----------
    Hardebeck & Shearer (2008), HASH v1.2 manual, chapter on output.
    """
    rows = TableBuilder("mechanisms")
    seen: dict[str, int] = {}
    for number, line in enumerate(read_lines(path, _TITLE), start=1):
        if not line.strip():
            continue
        try:
            row = _row(line)
            before = seen.setdefault(row["event_id"], number)
            if before != number:
                raise ValueError(
                    f"doubled event: the first solution of '{row['event_id']}' is on line {before}"
                )
        except ValueError as problem:
            rejects.add(number, "mechanism", str(problem), line)
            continue
        rows.add(**row)
    if not len(rows):
        no_such_format(path, _TITLE, "mechanism", rejects.table())
    return rows.table()


def _row(line: str) -> dict[str, Any]:
    match = _LINE.match(line)
    if not match:
        raise ValueError("it is no line of HASH's output")
    month, day, hour, minute, second = match["time"].split()
    latitude, longitude, depth = (float(w) for w in match["place"].split())
    strike, dip, rake = (float(w) for w in match["angles"].split())
    row: dict[str, Any] = {
        "event_id": match["id"],
        "origin_time": utc_nanoseconds(
            int(match["year"]), int(month), int(day), int(hour), int(minute), float(second)
        ),
    }
    values = {
        "latitude": latitude,
        "longitude": longitude,
        "depth_km": depth,
        "magnitude": float(match["magnitude"]),
    }
    if strike == _NO_STRIKE:
        reason = f"HASH found no mechanism (quality {match['quality']})"
        return row | values | {"status": "no_solution", "reason": reason}
    fault, auxiliary = (float(w) for w in match["errors"].split())
    angles = (float(wrap_strike(strike)), dip, float(wrap_rake(rake)))
    values |= dict(zip(PLANE, angles, strict=True))
    values |= {
        "fault_plane_uncertainty_deg": fault,
        "auxiliary_plane_uncertainty_deg": auxiliary,
        "mechanism_probability": int(match["probability"]) / 100.0,
        "polarity_misfit": int(match["misfit"]) / 100.0,
        "station_distribution_ratio": int(match["ratio"]) / 100.0,
    }
    counts = {"polarity_count": match["count"], "amplitude_ratio_count": match["ratios"] or "0"}
    if problem := bounds_problem(**values, **{k: float(text) for k, text in counts.items()}):
        raise ValueError(problem)
    return (
        row
        | values
        | {
            "status": "solved",
            "quality": match["quality"],
            **{k: int(text) for k, text in counts.items()},
            "multiple": bool(match["multiple"]),
        }
    )
