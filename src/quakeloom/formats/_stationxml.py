"""FDSN StationXML: stations with their epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
from lxml import etree

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._compressed import ByteStream
from quakeloom.formats._format import Format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_columns import time_nanoseconds
from quakeloom.formats._text_lines import bounds_problem
from quakeloom.formats._xml_head import root_element

_OPEN_YEAR = 2200
_LEVELS = ("Network", "Station", "Channel")


def read_stationxml(path: Path, level: str = "station") -> SourceTables:
    """Read the stations of an FDSN StationXML file.

    The file is streamed; responses are walked over.

    Parameters
    ----------
    path : Path
        StationXML of any version, plain or gzipped.
    level : {"station", "channel"}
        One row per epoch of a station with an empty channel, or one per epoch of a channel
        (of the station, if it has no channels).

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
        name = etree.QName(element).localname
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
            if self._channels:
                self._row(element, self._codes.get("Channel", ""), "channel")
            element.clear()
        elif name == "Station":
            if not self._rows:
                self._row(element, "", "station")
            for row in self._rows:
                self._stations.add(**row)
            element.clear()
        elif name == "Network":
            element.clear()

    def _row(self, element: Any, channel: str, record: str) -> None:
        network, station = self._codes.get("Network", ""), self._codes.get("Station", "")
        line = element.sourceline or -1
        row: dict[str, Any] = {
            "network": network,
            "station": station,
            "channel": channel,
            "source_line": line,
        }
        try:
            if not station:
                raise ValueError("the station code is missing")
            row |= _place(element)
            row["start_time"] = _moment(element.get("startDate"))
            row["end_time"] = _moment(element.get("endDate"))
        except ValueError as problem:
            text = " ".join(filter(None, (network, station, channel)))
            self._rejects.add(line, record, str(problem), text, "", station)
            return
        self._rows.append(row)


def _place(element: Any) -> dict[str, float]:
    """Coordinates of a station or channel; ValueError says what is wrong."""
    place: dict[str, float] = {}
    for name, tag in (
        ("longitude", "Longitude"),
        ("latitude", "Latitude"),
        ("elevation_m", "Elevation"),
    ):
        text = next((c.text or "" for c in element if etree_name(c) == tag), "").strip()
        if not text:
            if name == "elevation_m":
                continue
            raise ValueError(f"the {name} is missing")
        try:
            place[name] = float(text)
        except ValueError:
            raise ValueError(f"the {tag.lower()} '{text[:40]}' is no number") from None
        if np.isnan(place[name]):
            raise ValueError(f"the {tag.lower()} is not a number")
    if problem := bounds_problem(**place):
        raise ValueError(problem)
    return place


def etree_name(element: Any) -> str:
    """Return the local name of an element; empty for comments and instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _moment(text: str | None) -> int | None:
    """A date as nanoseconds; a missing one or one far in the future is open."""
    text = (text or "").strip()
    if not text or (text[:4].isdigit() and int(text[:4]) >= _OPEN_YEAR):
        return None
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
        "level": "station (default): one row per epoch of a station; channel: one per epoch of "
        "a channel."
    },
)
