"""Fault segments with strike, dip and rake from CSV and GeoJSON."""

from __future__ import annotations

import csv
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.core import FormatError, InputError, distance_azimuth
from quakeloom.formats._mechanism_angles import wrap_rake, wrap_strike
from quakeloom.formats._text_lines import bounds_problem, head_lines
from quakeloom.schema import make_table

_NAMES = {
    "fault": ("fault", "name", "id", "segment"),
    "longitude": ("longitude", "lon"),
    "latitude": ("latitude", "lat"),
    "strike_deg": ("strike_deg", "strike"),
    "dip_deg": ("dip_deg", "dip"),
    "rake_deg": ("rake_deg", "rake"),
    "dip_std_deg": ("dip_std_deg", "dip_std", "dip_error"),
}
"""Registered columns, and the names that they may have in a file."""

_FAULT_COLUMNS = {"fault", "segment", "dip_std_deg", "dip_std", "dip_error"}
"""Columns that no catalog of mechanisms has."""

_STRIKE_IN_GEOJSON = re.compile(rb'"(?:strike|dip)(?:_deg)?"\s*:', re.IGNORECASE)
"""A property of a fault in GeoJSON."""


def names_faults(head: bytes) -> bool:
    """Say whether a file looks like faults: GeoJSON or CSV with strike and dip.

    A CSV with rakes as well is a catalog of mechanisms, unless a column says that it has faults.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return b'"coordinates"' in start and len(_STRIKE_IN_GEOJSON.findall(start)) >= 1
    lines = head_lines(head)
    names = {w.strip().strip('"').lower() for w in lines[0].split(",")} if lines else set()
    has = [bool(names & set(_NAMES[n])) for n in ("longitude", "latitude", "strike_deg", "dip_deg")]
    return all(has) and bool(names & _FAULT_COLUMNS or not names & set(_NAMES["rake_deg"]))


def read_fault_segments(path: str | Path) -> pa.Table:
    """Read fault segments as a ``tendency`` table without tendencies.

    CSV needs a header with ``fault`` (or ``name``, ``id``), ``longitude``, ``latitude``,
    ``strike_deg`` and ``dip_deg`` (or without ``_deg``), optionally ``rake_deg`` and
    ``dip_std_deg``. GeoJSON has the same names as properties; a LineString becomes one row
    per piece, with the strike of the piece unless one is given. Dip is to the right of the
    strike.

    Raises
    ------
    FormatError
        If the file is neither, or a number is missing; the message names the record.
    InputError
        If the file is missing.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            f"'{path}' does not exist. No fault can be read; correct the path in the settings."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"'{path}' cannot be read as text ({error}); give CSV or GeoJSON.") from (
            error
        )
    records = _geojson(path, text) if text.lstrip().startswith("{") else _csv(path, text)
    rows = [_row(path, number, record) for number, record in records]
    if not rows:
        raise FormatError(f"'{path}' holds no fault segment; give CSV or GeoJSON with some.")
    return make_table("tendency", {name: [row[name] for row in rows] for name in _NAMES})


def _csv(path: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, record in enumerate(csv.DictReader(text.splitlines()), start=2):
        yield f"line {number}", record


def _geojson(path: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        data = json.loads(text)
        features = data["features"] if data.get("type") == "FeatureCollection" else [data]
        if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
            raise ValueError("its features are no list of objects")
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError(f"'{path}' is no GeoJSON ({error}); no fault is read.") from error
    for number, feature in enumerate(features, start=1):
        properties, geometry = feature.get("properties") or {}, feature.get("geometry") or {}
        if not isinstance(properties, dict) or not isinstance(geometry, dict):
            raise FormatError(
                f"'{path}', feature {number} has properties or a geometry that are no objects; no "
                "fault is read."
            )
        kind, points = geometry.get("type"), geometry.get("coordinates") or []
        lines = {"Point": [[points]], "LineString": [points], "MultiLineString": points}.get(
            str(kind), []
        )
        if not lines:
            raise FormatError(
                f"'{path}', feature {number} is a {kind}; a fault is a Point or a LineString."
            )
        for line in lines:
            if not _is_line(line):
                raise FormatError(
                    f"'{path}', feature {number}: its coordinates are no pairs of finite numbers; "
                    "no fault is read."
                )
            if len(line) == 1:
                yield f"feature {number}", {**properties, "longitude": line[0][0],
                                            "latitude": line[0][1]}  # fmt: skip
            for a, b in itertools.pairwise(line):
                _, azimuth = distance_azimuth(a[0], a[1], b[0], b[1])
                piece = {"strike_deg": float(azimuth)} if "strike" not in properties else {}
                middle = {"longitude": (a[0] + b[0]) / 2, "latitude": (a[1] + b[1]) / 2}
                yield f"feature {number}", {**piece, **properties, **middle}


def _is_line(line: Any) -> bool:
    """Say whether something is a list of points of two finite numbers or more."""
    return isinstance(line, list) and all(
        isinstance(p, list)
        and len(p) >= 2
        and all(isinstance(v, int | float) and abs(v) < 1e9 for v in p[:2])
        for p in line
    )


def _row(path: Path, where: str, record: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    lower = {str(k).strip().lower(): v for k, v in record.items() if k is not None}
    for name, aliases in _NAMES.items():
        value = next((lower[a] for a in aliases if lower.get(a) not in (None, "")), None)
        if name == "fault":
            row[name] = str(value if value is not None else where)
            continue
        try:
            row[name] = math.nan if value is None else float(value)
        except (TypeError, ValueError):
            raise FormatError(f"'{path}', {where}: {name} '{value}' is no number.") from None
    for name in ("longitude", "latitude", "strike_deg", "dip_deg"):
        if not np.isfinite(row[name]):
            raise FormatError(
                f"'{path}', {where} has no {name}, so its tendency cannot be computed. "
                f"Give a column or property {' or '.join(_NAMES[name])}."
            )
    row["strike_deg"] = float(wrap_strike(row["strike_deg"]))
    row["rake_deg"] = float(wrap_rake(row["rake_deg"]))
    bounded = ("longitude", "latitude", "strike_deg", "dip_deg", "rake_deg", "dip_std_deg")
    if problem := bounds_problem(**{name: row[name] for name in bounded}):
        raise FormatError(
            f"'{path}', {where}: {problem}. No tendency is computed; strike has the dip to its "
            "right, and a dip is 0 to 90."
        )
    return row
