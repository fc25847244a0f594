"""FDSN StationXML: stations with their epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
from lxml import etree

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._compressed import ByteStream
from quakeloom.formats._format import Format
from quakeloom.formats._mechanism_angles import wrap_azimuth
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_columns import time_nanoseconds
from quakeloom.formats._text_lines import bounds_problem
from quakeloom.formats._xml_head import root_element

_OPEN_YEAR = 2200
"""An end in this year or later means that the epoch is open; 2599 is common."""

_LEVELS = ("Network", "Station", "Channel")
"""Elements with a code."""

_UNITS = {
    "": 1.0, "METERS": 1.0, "M": 1.0, "DEGREES": 1.0, "DEG": 1.0, "FEET": 0.3048, "FT": 0.3048,
    "KILOMETERS": 1000.0, "KM": 1000.0,
}  # fmt: skip
"""Factor to meters or degrees by the attribute ``unit``; the schema fixes it, people do not."""

_NO_MOTION = set("ABCEFIKOQRSTUVWZ")
"""Second letters of SEED channels that record no motion of the ground: state of health, weather."""


def read_stationxml(path: Path, level: str = "channel") -> SourceTables:
    """Read the stations of an FDSN StationXML file.

    The file is streamed; responses are walked over. By the schema the elevation of a channel
    is that of its sensor, below the ground by its depth, and the elevation of a station that
    of the ground.

    Parameters
    ----------
    path : Path
        StationXML of any version, plain or gzipped.
    level : {"channel", "station"}
        One row per epoch of a station with an empty channel, and one per epoch of a channel
        that records ground motion, with the direction of its sensor; or stations only.

    Raises
    ------
    FormatError
        If the file is no StationXML.
    """
    if level not in ("station", "channel"):
        raise SettingsError(
            f"Option level of '{path}' is '{level}', which means nothing. Nothing is read; "
            "write station or channel."
        )
    rejects = Rejects(path)
    stations = TableBuilder("stations", source_file=str(path))
    reader = _Reader(stations, rejects, level == "channel")
    with ByteStream(path) as stream:
        try:
            for action, element in etree.iterparse(
                cast(Any, stream),
                events=("start", "end"),
                tag=[f"{{*}}{name}" for name in ("FDSNStationXML", "Response", *_LEVELS)],
                resolve_entities=False,
                no_network=True,
                huge_tree=True,
            ):
                reader.take(action, element)
        except etree.XMLSyntaxError as error:
            if not reader.root:
                raise FormatError(
                    f"'{path}' is no StationXML ({error.msg}), so nothing is read from it. "
                    "Give a file whose root is <FDSNStationXML>, or name its format."
                ) from None
            line = error.lineno or -1
            reason = f"not well-formed XML: {error.msg}; what follows is not read"
            rejects.add(line, "file", reason)
    if not reader.root:
        raise FormatError(
            f"'{path}' is no StationXML (its root is another element), so nothing is read from "
            "it. Give a file whose root is <FDSNStationXML>, or name its format."
        )
    if not len(stations):
        rejects.add(-1, "file", "no station in it can be read")
    return SourceTables(stations=stations.table(), rejects=rejects.table())


class _Reader:
    """Rows of stations from the elements of StationXML as they come."""

    def __init__(self, stations: TableBuilder, rejects: Rejects, channels: bool) -> None:
        self._stations, self._rejects, self._channels = stations, rejects, channels
        self._rows: list[dict[str, Any]] = []
        self.root = False
        self._codes: dict[str, str] = {}

    def take(self, action: str, element: Any) -> None:
        name = etree_name(element)
        if name == "FDSNStationXML":
            self.root = True
        elif not self.root:
            return
        elif action == "start":
            if name in _LEVELS:
                self._codes[name] = (element.get("code") or "").strip()
                if name == "Station":
                    self._rows = []
            return
        elif name == "Response":
            element.clear()
        elif name == "Channel":
            code = self._codes.get("Channel", "")
            if self._channels and code and code[1:2] not in _NO_MOTION:
                self._rows += self._row(element, code)
            element.clear()
        elif name == "Station":
            # the station stands before its channels, whose elements end first
            for row in self._row(element, "") + self._rows:
                self._stations.add(**row)
            element.clear()
        elif name == "Network":
            element.clear()

    def _row(self, element: Any, channel: str) -> list[dict[str, Any]]:
        """Return the row of a station or channel; none if it is put aside."""
        network, station = self._codes.get("Network", ""), self._codes.get("Station", "")
        line = element.sourceline or -1
        text = " ".join(filter(None, (network, station, channel)))
        row: dict[str, Any] = {
            "network": network,
            "station": station,
            "location_code": (element.get("locationCode") or "").strip().replace("--", ""),
            "channel": channel,
            "source_line": line,
        }
        record = "channel" if channel else "station"
        try:
            if not station:
                raise ValueError("the station code is missing")
            row |= _place(element)
            row |= _epoch(element)
        except ValueError as problem:
            self._rejects.add(line, record, str(problem), text, "", station)
            return []
        if channel:
            try:
                row |= _direction(element)
            except ValueError as problem:
                reason = f"{problem}; the direction of the sensor is not known"
                self._rejects.add(line, record, reason, text, "", station)
        return [row]


def _place(element: Any) -> dict[str, float]:
    """Coordinates of a station or channel; ValueError says what is wrong.

    A channel without coordinates stands where its station does.
    """
    place: dict[str, float] = {}
    parent = element.getparent()
    for name, tag in (
        ("longitude", "Longitude"),
        ("latitude", "Latitude"),
        ("elevation_m", "Elevation"),
    ):
        value = _number(element, tag)
        if value is None and parent is not None and etree_name(parent) == "Station":
            value = _number(parent, tag)
        if value is not None:
            place[name] = value
        elif name != "elevation_m":
            raise ValueError(f"the {name} is missing")
    if problem := bounds_problem(**place):
        raise ValueError(problem)
    return place


def _epoch(element: Any) -> dict[str, int | None]:
    """Start and end; ValueError if they are impossible."""
    start, end = (_moment(element.get(name)) for name in ("startDate", "endDate"))
    if start == _OPEN:
        raise ValueError(f"its start, {element.get('startDate')}, is in the far future")
    if start is not None and end is not None and _OPEN < end < start:
        raise ValueError(
            f"its end, {element.get('endDate')}, is before its start, {element.get('startDate')}"
        )
    return {"start_time": start, "end_time": None if end == _OPEN else end}


def _direction(element: Any) -> dict[str, float]:
    """Azimuth and dip of a channel, absent ones NaN; ValueError if they are impossible."""
    direction = {}
    for name, tag in (("sensor_azimuth_deg", "Azimuth"), ("sensor_dip_deg", "Dip")):
        value = _number(element, tag)
        if value is not None:
            direction[name] = float(wrap_azimuth(value)) if tag == "Azimuth" else value
    if problem := bounds_problem(**direction):
        raise ValueError(problem)
    return direction


def _number(element: Any, tag: str) -> float | None:
    """The number in a child element, in meters or degrees; none if there is none."""
    found = {(c.text or "").strip(): c for c in element if etree_name(c) == tag}
    found.pop("", None)
    if not found:
        return None
    if len(found) > 1:
        raise ValueError(f"the {tag.lower()} is given twice: {' and '.join(map(repr, found))}")
    text, child = next(iter(found.items()))
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"the {tag.lower()} '{text[:40]}' is no number") from None
    if np.isnan(value):
        raise ValueError(f"the {tag.lower()} is not a number")
    unit = (child.get("unit") or "").strip().upper()
    if unit not in _UNITS:
        raise ValueError(f"the {tag.lower()} is in '{unit[:20]}', which is no unit of it")
    return value * _UNITS[unit]


def etree_name(element: Any) -> str:
    """Return the local name of an element; empty for comments and instructions."""
    # not by lxml, which raises for a namespace that a damaged file has broken off
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


_OPEN = -(2**63)
"""Stands for a date in the far future."""


def _moment(text: str | None) -> int | None:
    """A date as nanoseconds; none if it is missing."""
    text = (text or "").strip()
    if not text:
        return None
    if text[:4].isdecimal() and int(text[:4]) >= _OPEN_YEAR:
        return _OPEN
    return time_nanoseconds(text)


def _sniff(head: bytes) -> bool:
    return root_element(head) == "FDSNStationXML"


FORMAT = Format(
    name="stationxml",
    title="FDSN StationXML",
    read=read_stationxml,
    sniff=_sniff,
    suffixes=(".xml", ".stationxml", ".gz"),
    options={
        "level": "channel (default): one row per epoch of a station and of every channel of "
        "ground motion; station: stations only."
    },
)
"""How this format is recognized and read."""
