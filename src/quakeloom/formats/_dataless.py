"""Stations and their epochs from dataless SEED volumes (and full SEED), through ObsPy."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from quakeloom.core import FormatError
from quakeloom.formats._format import Format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder

_TITLE = "a dataless SEED volume"
_HEAD = re.compile(rb"\d{6}[VASR][ *]0(10|08|05)")


def read_dataless(path: Path) -> SourceTables:
    """Read the channels of a dataless SEED volume: place and epoch, one row each.

    Raises
    ------
    FormatError
        If ObsPy cannot read it or it holds no station.
    """
    from obspy.io.xseed import Parser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            inventory = Parser(str(path)).get_inventory()["channels"]
        except Exception as error:
            raise FormatError(
                f"'{path}' cannot be read as {_TITLE} ({type(error).__name__}: "
                f"{str(error)[:120]}). Nothing is read from it; check the file."
            ) from error
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    for number, channel in enumerate(inventory, start=1):
        network, station, _, code = str(channel["channel_id"]).split(".")
        if not abs(float(channel["latitude"])) <= 90.0:
            rejects.add(number, "station", "the latitude is impossible", str(channel)[:200])
            continue
        stations.add(
            network=network,
            station=station,
            channel=code,
            latitude=float(channel["latitude"]),
            longitude=float(channel["longitude"]),
            elevation_m=float(channel["elevation_in_m"]),
            start_time=_time(channel["start_date"]),
            end_time=_time(channel["end_date"]),
            source_line=number,
        )
    if not len(stations):
        raise FormatError(f"'{path}' is {_TITLE} without a station. Nothing is read from it.")
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def _time(value: Any) -> int | None:
    """Nanoseconds of an ObsPy time; none where it is open or beyond what is stored."""
    if not hasattr(value, "ns"):
        return None
    ns = int(value.ns)
    return ns if abs(ns) < 2**63 - 1 and value.year < 2200 else None


FORMAT = Format(
    name="dataless_seed",
    title=_TITLE,
    read=read_dataless,
    sniff=lambda head: _HEAD.match(head[:16]) is not None,
    suffixes=(".dataless", ".seed"),
)
