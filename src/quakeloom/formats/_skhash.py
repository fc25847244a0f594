"""Read the comma-separated files of SKHASH: polarities, amplitudes, stations, and more."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_columns import time_nanoseconds
from quakeloom.formats._text_lines import bounds_problem, head_lines, parse_float, read_lines

Row = dict[str, str]
_OPEN_YEARS = ("1900", "2200")
_TAKEOFF_OPTION = {
    "takeoff_zero": "up (default, as SKHASH writes them) or down (its flip_takeoff): where the "
    "file's take-off angles begin."
}


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
    origins = _Origins(path, rejects)
    seen: dict[tuple[str, ...], int] = {}
    for number, row in _rows(path, title, ("event_id", "p_polarity"), rejects):
        event_id = row["event_id"]
        station = row.get("station", "") or row.get("sta_code", "")
        try:
            if not event_id or not station:
                raise ValueError("the event_id or the station is missing")
            value = _number(row, "p_polarity")
            if not -1.0 <= value <= 1.0:
                raise ValueError(f"polarity '{row['p_polarity']}' is no number from -1 to 1")
            takeoff = _number(row, "takeoff")
            if takeoff_zero == "up":
                takeoff = 180.0 - takeoff
            azimuth = _number(row, "azimuth")
            columns = {
                "azimuth_deg": azimuth + 360.0 if -360.0 <= azimuth < 0.0 else azimuth,
                "takeoff_deg": takeoff,
                # SKHASH writes -0.0
                "azimuth_error_deg": abs(_number(row, "azimuth_uncertainty")),
                "takeoff_error_deg": abs(_number(row, "takeoff_uncertainty")),
                "distance_km": _number(row, "sr_dist_km"),
            }
            problem = bounds_problem(**columns)
            if problem:
                raise ValueError(problem)
            key = (event_id, row.get("event_id2", ""), *_codes(row), station)
            before = seen.setdefault(key, number)
            if before != number:
                raise ValueError(f"doubled pick: the same channel is on line {before}")
            origins.add(number, event_id, row)
        except ValueError as error:
            rejects.add(number, "polarity", str(error), _text(row), event_id, station)
            continue
        polarities.add(
            event_id=event_id,
            network=row.get("network", ""),
            station=station,
            channel=row.get("channel", ""),
            polarity=(value > 0) - (value < 0),
            probability_up=math.nan if abs(value) == 1.0 else (1.0 + value) / 2.0,
            source_line=number,
            **columns,
        )
    if not len(polarities):
        no_such_format(path, title, "polarity", rejects.table())
    return SourceTables(
        events=origins.events.table(), polarities=polarities.table(), rejects=rejects.table()
    )


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
    origins = _Origins(path, rejects)
    seen: dict[tuple[str, ...], int] = {}
    names = ("noise_p", "noise_s", "amp_p", "amp_s")
    for number, row in _rows(path, title, ("event_id",), rejects):
        event_id, station = row["event_id"], row.get("station", "")
        try:
            if not event_id or not station:
                raise ValueError("the event_id or the station is missing")
            if "sp_ratio" in row and "amp_p" not in row:
                values = [0.0, 0.0, 1.0, _number(row, "sp_ratio")]
            else:
                values = [_number(row, name) for name in names]
            if any(math.isnan(v) or math.isinf(v) for v in values):
                raise ValueError("an amplitude is missing or no number")
            before = seen.setdefault((event_id, *_codes(row)), number)
            if before != number:
                raise ValueError(f"doubled amplitude: the same channel is on line {before}")
            origins.add(number, event_id, row)
        except ValueError as error:
            rejects.add(number, "amplitude", str(error), _text(row), event_id, station)
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
    return SourceTables(
        events=origins.events.table(), amplitudes=amplitudes.table(), rejects=rejects.table()
    )


def read_skhash_stations(path: Path) -> SourceTables:
    """Read an SKHASH station file: codes, ``latitude``, ``longitude``, ``elevation`` in m.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH station file"
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str | int | None, ...], int] = {}
    required = ("station", "latitude", "longitude", "elevation")
    for number, row in _rows(path, title, required, rejects):
        try:
            columns = {
                "latitude": _number(row, "latitude"),
                "longitude": _number(row, "longitude"),
                "elevation_m": _number(row, "elevation"),
            }
            if math.isnan(columns["latitude"]) or math.isnan(columns["longitude"]):
                raise ValueError("the coordinates are missing")
            problem = bounds_problem(**columns) or (
                "" if row["station"] else "the station code is missing"
            )
            if problem:
                raise ValueError(problem)
            start, end = _time(row, "start_time"), _time(row, "end_time")
            before = seen.setdefault((*_codes(row), start), number)
            if before != number:
                raise ValueError(f"doubled station: the same channel is on line {before}")
        except ValueError as error:
            rejects.add(number, "station", str(error), _text(row), station=row["station"])
            continue
        stations.add(
            network=row.get("network", ""),
            station=row["station"],
            channel=row.get("channel", ""),
            start_time=start,
            end_time=end,
            source_line=number,
            **columns,
        )
    if not len(stations):
        no_such_format(path, title, "station", rejects.table())
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def read_skhash_reversals(path: Path) -> SourceTables:
    """Read SKHASH polarity reversals: codes, ``start_time``, ``end_time``.

    0, a year up to 1900 and a year from 2200 on are open.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH file of polarity reversals"
    reversals = TableBuilder("reversals", source_file=str(path))
    rejects = Rejects(path)
    for number, row in _rows(path, title, ("station", "start_time", "end_time"), rejects):
        try:
            start, end = _time(row, "start_time"), _time(row, "end_time")
            if not row["station"]:
                raise ValueError("the station code is missing")
            if start is not None and end is not None and start > end:
                raise ValueError("the end is before the start")
        except ValueError as error:
            rejects.add(number, "reversal", str(error), _text(row), station=row["station"])
            continue
        reversals.add(
            network=row.get("network", ""),
            station=row["station"],
            start_time=start,
            end_time=end,
            source_line=number,
        )
    if not len(reversals):
        no_such_format(path, title, "reversal", rejects.table())
    return SourceTables(reversals=reversals.table(), rejects=rejects.table())


def read_skhash_corrections(path: Path) -> SourceTables:
    """Read SKHASH station corrections of log10 S/P: codes, ``sta_correction``.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH file of station corrections"
    corrections = TableBuilder("sp_corrections", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str, ...], int] = {}
    for number, row in _rows(path, title, ("station", "sta_correction"), rejects):
        try:
            value = _number(row, "sta_correction")
            if not math.isfinite(value) or not row["station"]:
                raise ValueError("the correction or the station is missing")
            before = seen.setdefault(_codes(row), number)
            if before != number:
                raise ValueError(f"doubled correction: the same channel is on line {before}")
        except ValueError as error:
            rejects.add(number, "correction", str(error), _text(row), station=row["station"])
            continue
        corrections.add(
            network=row.get("network", ""),
            station=row["station"],
            channel=row.get("channel", ""),
            sp_log_correction=value,
            source_line=number,
        )
    if not len(corrections):
        no_such_format(path, title, "correction", rejects.table())
    return SourceTables(sp_corrections=corrections.table(), rejects=rejects.table())


def read_skhash_catalog(path: Path) -> SourceTables:
    """Read an SKHASH catalog: ``event_id, time, latitude, longitude, depth`` and errors.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH catalog"
    rejects = Rejects(path)
    origins = _Origins(path, rejects)
    required = ("event_id", "time", "latitude", "longitude", "depth")
    for number, row in _rows(path, title, required, rejects):
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
            origins.add(number, row["event_id"], {**row, **origin}, _time(row, "time"))
        except ValueError as error:
            rejects.add(number, "event", str(error), _text(row), row["event_id"])
    if not len(origins.events):
        no_such_format(path, title, "event", rejects.table())
    return SourceTables(events=origins.events.table(), rejects=rejects.table())


class _Origins:
    """The events of a file that repeats the hypocenter in every row."""

    def __init__(self, path: Path, rejects: Rejects) -> None:
        self.events = TableBuilder("events", source_file=str(path))
        self._rejects = rejects
        self._known: dict[str, tuple[tuple[float, ...], int]] = {}

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._known

    def add(self, number: int, event_id: str, row: Row, time: int | None = None) -> None:
        if not row.get("origin_latitude", "") and not row.get("origin_longitude", ""):
            return
        place = {
            "latitude": _number(row, "origin_latitude"),
            "longitude": _number(row, "origin_longitude"),
            "depth_km": _number(row, "origin_depth_km"),
        }
        known = self._known.get(event_id)
        if known:
            if known[0] != tuple(place.values()):
                reason = f"its hypocenter differs from that on line {known[1]}, which is used"
                self._rejects.add(number, "event", reason, _text(row), event_id)
            return
        errors = {
            "horizontal_error_km": _number(row, "horz_uncert_km"),
            "vertical_error_km": _number(row, "vert_uncert_km"),
        }
        # SKHASH takes negative errors for missing ones
        errors = {k: v if v >= 0 else math.nan for k, v in errors.items()}
        magnitude = _number(row, "magnitude" if "magnitude" in row else "mag")
        problem = bounds_problem(**place, **errors, magnitude=magnitude)
        if not problem and math.isnan(place["latitude"] + place["longitude"]):
            problem = "the epicenter is not a number"
        if problem:
            raise ValueError(problem)
        self._known[event_id] = (tuple(place.values()), number)
        self.events.add(
            event_id=event_id,
            origin_time=time,
            magnitude=magnitude,
            source_line=number,
            **place,
            **errors,
        )


def _rows(
    path: Path, title: str, required: tuple[str, ...], rejects: Rejects
) -> Iterator[tuple[int, Row]]:
    header: list[str] = []
    for number, line in enumerate(read_lines(path, title), 1):
        line = line.partition("#")[0]
        if not line.strip():
            continue
        cells = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True), [])]
        if not header:
            header = cells
            missing = [name for name in required if name not in header]
            if missing:
                raise FormatError(
                    f"'{path}' is not {title}: line {number} names no column "
                    f"{', '.join(missing)}. Nothing is read; check the first line."
                )
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} values for {len(header)} columns"
            rejects.add(number, "row", reason, line)
            continue
        yield number, dict(zip(header, cells, strict=True))


def _codes(row: Row) -> tuple[str, str, str, str]:
    return (
        row.get("network", ""),
        row.get("station", ""),
        row.get("location", ""),
        row.get("channel", ""),
    )


def _number(row: Row, name: str) -> float:
    text = row.get(name, "")
    try:
        return parse_float(text)
    except ValueError:
        raise ValueError(f"{name} '{text}' is no number") from None


def _time(row: Row, name: str) -> int | None:
    text = row.get(name, "")
    if text in ("", "0") or text[:4] <= _OPEN_YEARS[0] or text[:4] >= _OPEN_YEARS[1]:
        if text and not (text == "0" or text[:4].isdigit()):
            raise ValueError(f"{name} '{text}' is no time")
        return None
    return time_nanoseconds(text)


def _text(row: Row) -> str:
    return ",".join(row.values())


def _sniffer(*required: str, without: tuple[str, ...] = ()) -> Callable[[bytes], bool]:
    def sniff(head: bytes) -> bool:
        for line in head_lines(head):
            line = line.partition("#")[0].strip()
            if line:
                names = {cell.strip() for cell in line.split(",")}
                return names.issuperset(required) and not names.intersection(without)
        return False

    return sniff


def _format(
    name: str,
    title: str,
    read: Callable[..., SourceTables],
    sniff: Callable[[bytes], bool],
    options: dict[str, str] | None = None,
) -> Format:
    return Format(name, title, read, sniff, (".csv", ".txt"), options or {})


FORMATS_HERE = (
    _format(
        "skhash_polarities",
        "SKHASH polarities (CSV)",
        read_skhash_polarities,
        _sniffer("event_id", "p_polarity"),
        _TAKEOFF_OPTION,
    ),
    _format(
        "skhash_amplitudes",
        "SKHASH S/P amplitudes or ratios (CSV)",
        read_skhash_amplitudes,
        lambda head: (
            _sniffer("event_id", "amp_p", "amp_s")(head) or _sniffer("event_id", "sp_ratio")(head)
        ),
    ),
    _format(
        "skhash_corrections",
        "SKHASH station corrections (CSV)",
        read_skhash_corrections,
        _sniffer("station", "sta_correction"),
    ),
    _format(
        "skhash_stations",
        "SKHASH stations (CSV)",
        read_skhash_stations,
        _sniffer("station", "latitude", "longitude", "elevation"),
    ),
    _format(
        "skhash_reversals",
        "SKHASH polarity reversals (CSV)",
        read_skhash_reversals,
        _sniffer("station", "start_time", "end_time", without=("latitude", "source_file")),
    ),
    _format(
        "skhash_catalog",
        "SKHASH catalog (CSV)",
        read_skhash_catalog,
        _sniffer("event_id", "time", "latitude", "longitude", "depth"),
    ),
)
