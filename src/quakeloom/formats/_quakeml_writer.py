"""Focal mechanisms as QuakeML 1.2, one file per partition."""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pyarrow as pa

from quakeloom.core import auxiliary_plane
from quakeloom.formats._quakeml_ids import (
    COMMENT_COLUMNS,
    COMMENT_MARK,
    own_id,
    public_id,
)
from quakeloom.formats._replacing import replacing

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" '
    'xmlns="http://quakeml.org/xmlns/bed/1.2">\n'
    "  <eventParameters publicID={}>\n"
)
_TAIL = "  </eventParameters>\n</q:quakeml>\n"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_quakeml(mechanisms: pa.Table, path: Path) -> None:
    """Write mechanisms as QuakeML 1.2 (BED), every event with its origin and magnitude.

    A solved event has a focal mechanism with both nodal planes, polarity count, misfit,
    station distribution ratio and azimuthal gap; what QuakeML has no element for (quality,
    probability, uncertainties) is in its comment. An event without a mechanism has the
    comment with its status and reason. :func:`read_mechanisms` gives everything back.

    Parameters
    ----------
    mechanisms : pyarrow.Table
        Registered table ``mechanisms``, of one partition or of all.
    path : Path
        Compressed if it ends in ``.gz``.
    """
    path = Path(path)
    with replacing(path) as temporary:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(temporary, "wt", encoding="utf-8", newline="\n") as stream:
            stream.write(_HEAD.format(quoteattr(own_id("catalog", path.name.split(".")[0]))))
            for batch in mechanisms.to_batches(max_chunksize=4096):
                stream.writelines(_events(pa.Table.from_batches([batch])))
            stream.write(_TAIL)


def _events(table: pa.Table) -> Iterator[str]:
    index = table.schema.get_field_index("origin_time")
    times = table.column(index).cast(pa.int64()).to_pylist()
    angles = [table.column(n).to_numpy() for n in ("strike_deg", "dip_deg", "rake_deg")]
    other = np.stack(auxiliary_plane(*angles), axis=-1)
    rows = table.drop_columns(["origin_time"]).to_pylist()
    for row, time, plane in zip(rows, times, other.tolist(), strict=True):
        yield _event(row, time, plane)


def _event(row: dict[str, Any], time: int | None, other: list[float]) -> str:
    key = row["event_id"]
    located = time is not None and not math.isnan(row["longitude"] + row["latitude"])
    has_magnitude = not math.isnan(row["magnitude"])
    solved = not math.isnan(row["strike_deg"])
    origin, magnitude, mechanism = (
        quoteattr(own_id(kind, key)) for kind in ("origin", "magnitude", "mechanism")
    )
    lines = [f"    <event publicID={quoteattr(public_id(key))}>"]
    if located:
        lines.append(f"      <preferredOriginID>{origin[1:-1]}</preferredOriginID>")
    if has_magnitude:
        lines.append(f"      <preferredMagnitudeID>{magnitude[1:-1]}</preferredMagnitudeID>")
    if solved:
        lines.append(
            f"      <preferredFocalMechanismID>{mechanism[1:-1]}</preferredFocalMechanismID>"
        )
    else:
        lines.append(f"      <comment><text>{_comment(row)}</text></comment>")
    if located and time is not None:
        lines += [
            f"      <origin publicID={origin}>",
            f"        <time><value>{_time(time)}</value></time>",
            f"        <latitude><value>{row['latitude']!r}</value></latitude>",
            f"        <longitude><value>{row['longitude']!r}</value></longitude>",
        ]
        if not math.isnan(row["depth_km"]):
            meters = Decimal(repr(row["depth_km"])).scaleb(3)
            lines.append(f"        <depth><value>{meters}</value></depth>")
        lines.append("      </origin>")
    if has_magnitude:
        lines += [
            f"      <magnitude publicID={magnitude}>",
            f"        <mag><value>{row['magnitude']!r}</value></mag>",
            "      </magnitude>",
        ]
    if solved:
        lines += _mechanism(row, mechanism, origin if located else "", other)
    lines.append("    </event>\n")
    return "\n".join(lines)


def _mechanism(row: dict[str, Any], name: str, origin: str, other: list[float]) -> Iterator[str]:
    first = [row[n] for n in ("strike_deg", "dip_deg", "rake_deg")]
    second = [row[f"auxiliary_{n}_deg"] for n in ("strike", "dip", "rake")]
    if math.isnan(sum(second)):
        second = other
    yield f"      <focalMechanism publicID={name}>"
    if origin:
        yield f"        <triggeringOriginID>{origin[1:-1]}</triggeringOriginID>"
    yield '        <nodalPlanes preferredPlane="1">'
    for number, plane in enumerate((first, second), start=1):
        words = "".join(
            f"<{tag}><value>{value!r}</value></{tag}>"
            for tag, value in zip(("strike", "dip", "rake"), plane, strict=True)
        )
        yield f"          <nodalPlane{number}>{words}</nodalPlane{number}>"
    yield "        </nodalPlanes>"
    for tag, column in (
        ("azimuthalGap", "azimuthal_gap_deg"),
        ("stationPolarityCount", "polarity_count"),
        ("misfit", "polarity_misfit"),
        ("stationDistributionRatio", "station_distribution_ratio"),
    ):
        value = row[column]
        if value == value:
            yield f"        <{tag}>{value!r}</{tag}>"
    yield "        <evaluationMode>automatic</evaluationMode>"
    yield f"        <comment><text>{_comment(row)}</text></comment>"
    yield "      </focalMechanism>"


def _comment(row: dict[str, Any]) -> str:
    """What has no element, as ``name=value`` pairs; the reason, a free text, comes last."""
    pairs = [
        f"{name}={_value(row[name])}"
        for name in COMMENT_COLUMNS
        if row[name] == row[name] and row[name] != ""
    ]
    text = f"{COMMENT_MARK} " + "; ".join([*pairs, f"reason={row['reason']}"])
    return escape(_NOT_XML.sub("?", text))


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _time(nanoseconds: int) -> str:
    text = str(np.datetime64(nanoseconds, "ns"))
    return text.rstrip("0").rstrip(".") + "Z" if "." in text else text + "Z"
