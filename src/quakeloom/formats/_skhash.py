"""Read SKHASH's files of measurements: polarities, S/P amplitudes, and the catalog."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from quakeloom.core import SettingsError
from quakeloom.formats._mechanism_angles import wrap_azimuth
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._skhash_rows import (
    ORIGIN_COLUMNS,
    Origins,
    Row,
    cell_error,
    cell_moment,
    cell_number,
    channel_codes,
    column_sniffer,
    read_rows,
    row_text,
    skhash_format,
)
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem

_TAKEOFF_OPTION = {
    "takeoff_zero": "up (default, as SKHASH writes them) or down (its flip_takeoff): where the "
    "file's take-off angles begin."
}
"""The option of polarities."""


_OF_POLARITIES = (
    *("station", "sta_code", "event_id2", "azimuth", "takeoff"),
    *("azimuth_uncertainty", "takeoff_uncertainty", "sr_dist_km"),
    *ORIGIN_COLUMNS,
)
"""Columns of polarities beside those that must be there."""

_OF_AMPLITUDES = ("noise_p", "noise_s", "amp_p", "amp_s", "sp_ratio", *ORIGIN_COLUMNS)
"""Columns of amplitudes beside those that must be there."""


def read_skhash_polarities(path: Path, takeoff_zero: str = "up") -> SourceTables:
    """Read SKHASH polarities, with the hypocenters if the file holds them.

    ``p_polarity`` in [-1, 1] becomes a sign and, where it is weaker than 1, the probability
    (1 + p) / 2 that the motion is up. Take-off angles are turned to 0 = straight down.

    Parameters
    ----------
    path : Path
        The file.
    takeoff_zero : {"up", "down"}
        Where the file's take-off angles begin.

    Raises
    ------
    FormatError
        If the columns ``event_id`` and ``p_polarity`` are missing, or no row can be read.
    SettingsError
        If ``takeoff_zero`` is unknown.

    References
    ----------
    Skoumal, Hardebeck & Shearer (2024), Seismological Research Letters,
    doi:10.1785/0220230329.
    """
    if takeoff_zero not in ("up", "down"):
        raise SettingsError(
            f"Option takeoff_zero of '{path}' is '{takeoff_zero}', which means nothing. "
            "Nothing is read; write up or down."
        )
    title = "an SKHASH polarity file"
    polarities = TableBuilder("polarities", source_file=str(path))
    rejects = Rejects(path)
    origins = Origins(path, rejects)
    readings: dict[tuple[str, ...], tuple[int, Row, dict[str, Any]]] = {}
    for number, row in read_rows(path, title, ("event_id", "p_polarity"), rejects, _OF_POLARITIES):
        station = row.get("station", "") or row.get("sta_code", "")
        try:
            reading = _reading(row, station, takeoff_zero == "up")
            key = (row["event_id"], row.get("event_id2", ""), *channel_codes(row), station)
            before = readings.get(key)
            if before and (before[2]["polarity"] or not reading["polarity"]):
                raise ValueError(f"doubled pick: the same channel is on line {before[0]}")
            origins.add(number, row["event_id"], row)
        except ValueError as error:
            rejects.add(number, "polarity", str(error), row_text(row), row["event_id"], station)
            continue
        if before:
            reason = f"doubled pick: the same channel is on line {number}, with a sign"
            rejects.add(
                before[0], "polarity", reason, row_text(before[1]), row["event_id"], station
            )
        readings[key] = number, row, reading
    for number, _, reading in readings.values():
        polarities.add(source_line=number, **reading)
    if not len(polarities):
        no_such_format(path, title, "polarity", rejects.table())
    events = origins.table()
    return SourceTables(events=events, polarities=polarities.table(), rejects=rejects.table())


def _reading(row: Row, station: str, upward: bool) -> dict[str, Any]:
    """Columns of a first motion; a ValueError says why it cannot be read."""
    if not row["event_id"] or not station:
        raise ValueError("the event_id or the station is missing")
    value = cell_number(row, "p_polarity")
    if not -1.0 <= value <= 1.0:
        raise ValueError(f"polarity '{row['p_polarity']}' is no number from -1 to 1")
    takeoff = cell_number(row, "takeoff")
    angles = {
        "azimuth_deg": float(wrap_azimuth(cell_number(row, "azimuth"))),
        "takeoff_deg": 180.0 - takeoff if upward else takeoff,
        "azimuth_error_deg": cell_error(row, "azimuth_uncertainty"),
        "takeoff_error_deg": cell_error(row, "takeoff_uncertainty"),
        "distance_km": cell_number(row, "sr_dist_km"),
    }
    if problem := bounds_problem(**angles):
        raise ValueError(problem)
    return {
        "event_id": row["event_id"],
        "network": row.get("network", ""),
        "station": station,
        "channel": row.get("channel", ""),
        "polarity": (value > 0) - (value < 0),
        "probability_up": math.nan if abs(value) == 1.0 else (1.0 + value) / 2.0,
        **angles,
    }


def read_skhash_amplitudes(path: Path) -> SourceTables:
    """Read SKHASH S/P amplitudes (``noise_p, noise_s, amp_p, amp_s``) or ratios (``sp_ratio``).

    A ratio is stored as a P amplitude of 1 and an S amplitude of the ratio without noise.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH amplitude file"
    amplitudes = TableBuilder("amplitudes", source_file=str(path))
    rejects = Rejects(path)
    origins = Origins(path, rejects)
    seen: dict[tuple[str, ...], int] = {}
    names = ("noise_p", "noise_s", "amp_p", "amp_s")
    for number, row in read_rows(path, title, ("event_id",), rejects, _OF_AMPLITUDES):
        event_id, station = row["event_id"], row.get("station", "")
        try:
            if not event_id or not station:
                raise ValueError("the event_id or the station is missing")
            if "sp_ratio" in row and "amp_p" not in row:
                values = [0.0, 0.0, 1.0, cell_number(row, "sp_ratio")]
            else:
                values = [cell_number(row, name) for name in names]
            if any(math.isnan(v) or math.isinf(v) for v in values):
                raise ValueError("an amplitude is missing or no number")
            if min(values[:2]) < 0.0:
                raise ValueError("a noise amplitude is negative")
            before = seen.setdefault((event_id, *channel_codes(row)), number)
            if before != number:
                raise ValueError(f"doubled amplitude: the same channel is on line {before}")
            origins.add(number, event_id, row)
        except ValueError as error:
            rejects.add(number, "amplitude", str(error), row_text(row), event_id, station)
            continue
        amplitudes.add(
            event_id=event_id,
            network=row.get("network", ""),
            station=station,
            channel=row.get("channel", ""),
            p_noise=abs(values[0]),
            s_noise=abs(values[1]),
            p_amplitude=abs(values[2]),
            s_amplitude=abs(values[3]),
            source_line=number,
        )
    if not len(amplitudes):
        no_such_format(path, title, "amplitude", rejects.table())
    events = origins.table()
    return SourceTables(events=events, amplitudes=amplitudes.table(), rejects=rejects.table())


def read_skhash_catalog(path: Path) -> SourceTables:
    """Read an SKHASH catalog: ``event_id, time, latitude, longitude, depth`` and errors.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH catalog"
    rejects = Rejects(path)
    origins = Origins(path, rejects)
    required = ("event_id", "time", "latitude", "longitude", "depth")
    for number, row in read_rows(path, title, required, rejects, ORIGIN_COLUMNS):
        origin = {
            "origin_latitude": row["latitude"],
            "origin_longitude": row["longitude"],
            "origin_depth_km": row["depth"],
        }
        try:
            if not row["event_id"]:
                raise ValueError("the event_id is missing")
            if row["event_id"] in origins:
                raise ValueError(f"doubled event: '{row['event_id']}' is on an earlier line")
            time, note = cell_moment(row, "time")
            origins.add(number, row["event_id"], {**row, **origin}, time)
            if note:
                rejects.add(number, "event", note, row_text(row), row["event_id"])
        except ValueError as error:
            rejects.add(number, "event", str(error), row_text(row), row["event_id"])
    if not len(origins.events):
        no_such_format(path, title, "event", rejects.table())
    return SourceTables(events=origins.events.table(), rejects=rejects.table())


FORMATS_HERE = (
    skhash_format(
        "skhash_polarities",
        "SKHASH polarities (CSV)",
        read_skhash_polarities,
        column_sniffer("event_id", "p_polarity"),
        _TAKEOFF_OPTION,
    ),
    skhash_format(
        "skhash_amplitudes",
        "SKHASH S/P amplitudes or ratios (CSV)",
        read_skhash_amplitudes,
        lambda head: (
            column_sniffer("event_id", "amp_p", "amp_s")(head)
            or column_sniffer("event_id", "sp_ratio")(head)
        ),
    ),
    skhash_format(
        "skhash_catalog",
        "SKHASH catalog (CSV)",
        read_skhash_catalog,
        column_sniffer(
            *("event_id", "time", "latitude", "longitude", "depth"),
            only=(
                *("horz_uncert_km", "vert_uncert_km", "magnitude", "mag"),
                *("event_type", "eventtype", "type"),
            ),
        ),
    ),
)
"""What SKHASH measures with, in the order of recognition."""
