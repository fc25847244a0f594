"""Stations and their epochs from dataless SEED volumes (and full SEED), through ObsPy."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import Any

from quakeloom.core import FormatError
from quakeloom.formats._compressed import ByteStream, plain_head
from quakeloom.formats._format import Format
from quakeloom.formats._mechanism_angles import wrap_azimuth
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem

_TITLE = "a dataless SEED volume"
"""Name of the format in messages."""

_HEAD = re.compile(rb"\d{6}[VASR][ *]0(10|08|05)")
"""First bytes of a volume: number and kind of the record, then blockette 10, 8 or 5."""

_OPEN_YEAR = 2200
"""An end in this year or later means that the epoch is open."""

_STATION, _CHANNEL = 50, 52
"""Numbers of the blockettes of stations and channels."""


def read_dataless(path: Path) -> SourceTables:
    """Read the channels of a dataless SEED volume: place, epoch and direction, one row each.

    Raises
    ------
    FormatError
        If ObsPy cannot read it or it holds no station.
    """
    from obspy.io.xseed import Parser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with ByteStream(path) as stream:
                volume = Parser(io.BytesIO(stream.read())).stations
        except Exception as error:
            raise FormatError(
                f"'{path}' cannot be read as {_TITLE} ({type(error).__name__}: "
                f"{str(error)[:120]}). Nothing is read from it; check the file."
            ) from error
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    network = station = ""
    for number, blockette in enumerate((b for blocks in volume for b in blocks), start=1):
        if blockette.id == _STATION:
            network = _text(blockette, "network_code")
            station = _text(blockette, "station_call_letters")
        elif blockette.id == _CHANNEL:
            _add_channel(blockette, network, station, number, stations, rejects)
    if not len(stations) and not len(rejects):
        raise FormatError(f"'{path}' is {_TITLE} without a station. Nothing is read from it.")
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def _text(blockette: Any, name: str) -> str:
    """Return a field; empty where the blockette was cut before it."""
    return str(getattr(blockette, name, "")).strip()


def _add_channel(
    blockette: Any, network: str, station: str, number: int, stations: TableBuilder,
    rejects: Rejects,
) -> None:  # fmt: skip
    channel = _text(blockette, "channel_identifier")
    text = f"{network} {station} {channel}"
    row: dict[str, Any] = {
        "network": network,
        "station": station,
        "location_code": _text(blockette, "location_identifier"),
        "channel": channel,
        "source_line": number,
    }
    try:
        if not station:
            raise ValueError("the station code is missing")
        place = {
            "latitude": float(blockette.latitude),
            "longitude": float(blockette.longitude),
            "elevation_m": float(blockette.elevation),
        }
        if problem := bounds_problem(**place):
            raise ValueError(problem)
        start, end = (_time(t) for t in (blockette.start_date, blockette.end_date))
        if start is not None and end is not None and end < start:
            raise ValueError(f"its end, {blockette.end_date}, is before its start")
    except (ValueError, TypeError, AttributeError) as error:
        rejects.add(number, "channel", str(error), text, "", station)
        return
    row |= {**place, "start_time": start, "end_time": end}
    try:
        direction = {
            "sensor_azimuth_deg": float(wrap_azimuth(float(blockette.azimuth))),
            "sensor_dip_deg": float(blockette.dip),
        }
        if problem := bounds_problem(**direction):
            raise ValueError(problem)
        row |= direction
    except (ValueError, TypeError, AttributeError) as error:
        reason = f"{error}; the direction of the sensor is not known"
        rejects.add(number, "channel", reason, text, "", station)
    stations.add(**row)


def _time(value: Any) -> int | None:
    """Nanoseconds of an ObsPy time; none where it is open or beyond what is stored."""
    if not hasattr(value, "ns"):
        return None
    ns = int(value.ns)
    return ns if abs(ns) < 2**63 - 1 and value.year < _OPEN_YEAR else None


FORMAT = Format(
    name="dataless_seed",
    title=_TITLE,
    read=read_dataless,
    sniff=lambda head: _HEAD.match(plain_head(head)[:16]) is not None,
    suffixes=(".dataless", ".seed", ".gz"),
)
"""How this format is recognized and read."""
