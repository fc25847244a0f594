"""pyGIMLi's unified data format for travel times (``.sgt``)."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._line_format import LineFormat, LinePicks, PickCollector
from quakeloom.formats._text_lines import read_lines

_TITLE = "pyGIMLi travel times (.sgt)"
"""Name of the format, for messages."""

_COUNT = ("#", "shot", "geophone", "sensor", "measurement", "data")
"""Words of the comments that name what a count is of."""


def read_pygimli_picks(path: Path, km: float = 1e-3) -> LinePicks:
    """Read ``.sgt``: positions, then measurements that name them by number from 1.

    Columns are named in comment lines: ``x y`` or ``x y z`` (the last is the elevation) for
    positions, ``s g t`` with an optional ``err`` (relative if it exceeds the time's unit
    cannot be told, so it is taken in seconds) for measurements. Positions are on the ground.
    """
    rows = []
    names: list[list[str]] = [[], []]
    section = -1
    expected = [0, 0]
    found: list[list[tuple[int, str]]] = [[], []]
    for number, text in enumerate(read_lines(path, _TITLE), 1):
        body, _, comment = text.partition("#")
        words = body.split()
        if not words:
            if section >= 0 and comment.split() and not found[section]:
                names[section] = comment.split()
            continue
        rows.append((number, text))
        if section < 0 or len(found[section]) >= expected[section]:
            if section == 1:
                break
            try:
                count = int(words[0])
            except ValueError:
                raise FormatError(
                    f"'{path}', line {number}: there should be a count, but it says "
                    f"'{text.strip()[:60]}'. The file is not read; check that it is .sgt."
                ) from None
            section += 1
            expected[section] = count
            continue
        found[section].append((number, text))
    picks = PickCollector(path)
    positions: list[tuple[float, float]] = []
    for number, text in found[0]:
        try:
            values = [float(w) for w in text.partition("#")[0].split()]
            positions.append((values[0] * km, -values[-1] * km if len(values) > 1 else 0.0))
        except (ValueError, IndexError):
            positions.append((math.nan, math.nan))
            picks.rejects.add(number, "position", "is no position", text)
    columns = names[1] or ["s", "g", "t"]
    if not {"s", "g", "t"} <= set(columns):
        raise FormatError(
            f"'{path}' names the columns {' '.join(columns)} for its measurements; s, g and t are "
            "needed. The file is not read; name them in the comment line above."
        )
    for number, text in found[1]:
        words = text.partition("#")[0].split()
        cell = dict(zip(columns, words, strict=False))
        try:
            shot, receiver = int(cell["s"]), int(cell["g"])
            time = float(cell["t"])
            error = float(cell["err"]) if "err" in cell else math.nan
        except (KeyError, ValueError):
            picks.rejects.add(number, "pick", "no shot, receiver and time", text)
            continue
        if not (1 <= shot <= len(positions) and 1 <= receiver <= len(positions)):
            reason = f"names position {max(shot, receiver)} of {len(positions)}"
            picks.rejects.add(number, "pick", reason, text)
            continue
        picks.add(number, text, positions[shot - 1], positions[receiver - 1], time, error)
    for section, what in ((0, "positions"), (1, "measurements")):
        if len(found[section]) < expected[section]:
            reason = f"says {expected[section]} {what} but has {len(found[section])}"
            picks.rejects.add(rows[-1][0] if rows else -1, "file", reason, "")
    ground = np.array(sorted(p for p in positions if math.isfinite(p[0])))
    return picks.finish(path, _TITLE, "pygimli", ground)


def _sniff(lines: list[str]) -> bool:
    first = next((t for t in lines if t.split("#")[0].strip()), "")
    words = first.split("#")[0].split()
    if len(words) != 1 or not words[0].isdecimal():
        return False
    comments = " ".join(t.split("#", 1)[1].lower() for t in lines[:5] if "#" in t)
    return any(w in comments for w in _COUNT[1:]) or "x" in comments.split()


FORMAT = LineFormat("pygimli", _TITLE, read_pygimli_picks, _sniff, "m", (".sgt",))
"""pyGIMLi's unified data format, in m."""
