"""Read take-off angles from SIMUL listings, with the polarities of a phase file (driver 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from quakeloom.core import InputError, SettingsError
from quakeloom.formats._fixed_columns import (
    check_not_cut,
    fixed_float,
    fixed_int,
    fixed_latitude,
    fixed_longitude,
    fixed_seconds,
    full_year,
    optional_float,
)
from quakeloom.formats._format import Format
from quakeloom.formats._hash_scedc import read_hash_scedc
from quakeloom.formats._phase_rows import Arrival, FirstMotion, Hypocenter, PhaseRows
from quakeloom.formats._source_tables import Rejects, SourceTables
from quakeloom.formats._text_lines import head_lines, read_lines, utc_nanoseconds

_TITLE = "a SIMUL listing of azimuths and take-off angles (HASH driver 5)"
"""Name of the format, for messages."""

_EVENT = re.compile(r" [ \d]{6} [ \d]{4} [ \d.]{5} [ \d]\d[NS ][ \d.]{5} [ \d]{3}[EW ][ \d.]{5}")
"""How an event line begins: date, time, latitude, longitude."""

_NUMBERS = ((6, 11), (11, 15), (15, 19), (65, 69), (69, 73))
"""Columns (from 0) of distance, azimuth, take-off and the errors of both."""


@dataclass
class _Ray:
    """One station line of the listing."""

    line: int
    text: str
    station: str
    weight: int
    distance_km: float
    azimuth_deg: float
    takeoff_deg: float
    azimuth_error_deg: float
    takeoff_error_deg: float


@dataclass
class _Event:
    """One event of the listing with its rays."""

    line: int
    text: str
    hypocenter: Hypocenter
    rays: list[_Ray] = field(default_factory=list)


def read_hash_simul(
    path: Path, phase_file: str | Path | None = None, station_match: str = "name"
) -> SourceTables:
    """Read events with azimuths and take-off angles traced in a 3-D model by SIMUL2000.

    Columns (from 1). Event: 2-7 year, month, day; 9-12 hour, minute; 14-18 seconds; 20-27
    latitude; 29-37 longitude; 39-44 depth; 48-51 magnitude; 56-63 identifier. Station: 2-5
    code; 7-11 distance; 12-15 azimuth; 16-19 take-off (0 is down); 21-22 P remark and weight;
    66-69 and 70-73 standard errors of azimuth and take-off.

    Parameters
    ----------
    path : Path
        The listing.
    phase_file : str or Path, optional
        A ``hash_scedc`` file of the same events: its first motions are given the angles of
        the listing, the listing's hypocenters count. A blank weight is 0, as in HASH. Without
        it all polarities are 0 and stations keep the listing's spelling.
    station_match : {"name", "hash"}
        ``name``: a station of the phase file is the one with its code, else the one whose
        code is its three letters and a fourth one (SIMUL adds the network's letter).
        ``hash``: the first one whose first three letters agree; of several readings the
        last one counts (what driver 5 does; LA00 and LA01 become one station).

    Raises
    ------
    FormatError
        If no event can be read.
    InputError
        If the phase file is missing.
    SettingsError
        If ``station_match`` is unknown.
    """
    if station_match not in ("name", "hash"):
        raise SettingsError(
            f"Option station_match of '{path}' is '{station_match}', which means nothing. "
            "Nothing is read; write name or hash."
        )
    rows = PhaseRows(path, _TITLE)
    events = _read_listing(path, rows)
    if phase_file is None:
        for event in events:
            if _start(rows, event):
                for ray in event.rays:
                    _add(rows, ray, _listed(ray))
        return rows.finish()
    if not Path(phase_file).is_file():
        raise InputError(
            f"'{phase_file}', named as phase_file of '{path}', does not exist. The angles are "
            "of no use without its first motions; correct the path in the settings."
        )
    return _join(rows, events, Path(phase_file), station_match == "hash")


def _read_listing(path: Path, rows: PhaseRows) -> list[_Event]:
    events: list[_Event] = []
    current: _Event | None = None
    reason = "no event line comes before it"
    for number, line in enumerate(read_lines(path, _TITLE), 1):
        code = line[1:5].strip()
        if line.startswith(("  DATE", "  STN")) or not line.strip():
            continue
        try:
            if _EVENT.match(line):
                current = None
                reason = f"its event on line {number} is put aside"
                current = _parse_event(number, line)
                events.append(current)
            elif line[19:21] == " P":
                ray = _parse_ray(number, line)
                if current is None:
                    raise ValueError(reason)
                current.rays.append(ray)
            elif current is not None or events or number > 3:
                raise ValueError("the line is neither an event nor a station line")
        except ValueError as error:
            record = "event" if _EVENT.match(line) else "polarity"
            event_id = current.hypocenter.event_id if current else ""
            rows.rejects.add(number, record, str(error), line, event_id, code)
    return events


def _parse_event(number: int, line: str) -> _Event:
    check_not_cut(line, (38, 44), (47, 51), (55, 63))
    if len(line) < 44:
        raise ValueError("the event line ends before the depth")
    hypocenter = Hypocenter(
        event_id=line[55:63].strip(),
        origin_time=utc_nanoseconds(
            full_year(fixed_int(line[1:3], "year")),
            fixed_int(line[3:5], "month"),
            fixed_int(line[5:7], "day"),
            fixed_int(line[8:10], "hour"),
            fixed_int(line[10:12], "minute"),
            fixed_seconds(line[13:18]),
        ),
        latitude=fixed_latitude(line[19:21], line[21:22], line[22:27], 2),
        longitude=fixed_longitude(line[28:31], line[31:32], line[32:37], 2),
        depth_km=fixed_float(line[38:44], 2, "depth"),
        magnitude=optional_float(line[47:51], 2, "magnitude"),
    )
    return _Event(number, line, hypocenter)


def _parse_ray(number: int, line: str) -> _Ray:
    if len(line) < 19:
        raise ValueError(f"the line is cut short at column {len(line)}")
    check_not_cut(line, *_NUMBERS)
    return _Ray(
        line=number,
        text=line,
        station=line[1:5].strip(),
        weight=fixed_int(line[21:22], "weight", -1),
        distance_km=optional_float(line[6:11], 1, "distance"),
        azimuth_deg=optional_float(line[11:15], 0, "azimuth"),
        takeoff_deg=optional_float(line[15:19], 0, "take-off angle"),
        azimuth_error_deg=optional_float(line[65:69], 0, "azimuth error"),
        takeoff_error_deg=optional_float(line[69:73], 0, "take-off error"),
    )


def _start(rows: PhaseRows, event: _Event) -> bool:
    rows.start_event(event.line, event.text, event.hypocenter)
    if not rows.event_id:
        for ray in event.rays:
            _add(rows, ray, _listed(ray))
    return bool(rows.event_id)


def _listed(ray: _Ray) -> Arrival:
    """The arrival of a ray without a reading in the phase file."""
    return Arrival(station=ray.station, phase="P", pick_weight=ray.weight)


def _add(rows: PhaseRows, ray: _Ray, arrival: Arrival, polarity: int = 0) -> None:
    motion = FirstMotion(
        polarity,
        ray.azimuth_deg,
        ray.takeoff_deg,
        ray.azimuth_error_deg,
        ray.takeoff_error_deg,
        ray.distance_km,
    )
    rows.add_first_motion(ray.line, ray.text, motion, arrival)


def _join(rows: PhaseRows, events: list[_Event], phase_file: Path, as_hash: bool) -> SourceTables:
    phases = read_hash_scedc(phase_file, doubled_picks="keep")
    readings: dict[str, list[dict]] = {}
    for pick in phases.polarities.to_pylist():
        readings.setdefault(pick["event_id"], []).append(pick)
    known = {event.hypocenter.event_id for event in events}
    aside = []
    for event in events:
        if not _start(rows, event):
            picks = readings.get(event.hypocenter.event_id, [])
            aside += [(pick, "its event in the SIMUL listing is put aside") for pick in picks]
            continue
        used: dict[int, dict] = {}
        for pick in readings.get(event.hypocenter.event_id, []):
            index = _find_ray(event.rays, pick["station"], as_hash)
            if index is None:
                aside.append((pick, "no take-off angle: its station is not in the SIMUL listing"))
                continue
            pick["pick_weight"] = max(0, pick["pick_weight"])
            if index in used and not as_hash:
                aside.append((pick, "doubled pick: its ray in the SIMUL listing is taken"))
            elif index in used and not pick["polarity"]:
                aside.append(
                    (pick, "doubled pick: it has no first motion, and an earlier one has its ray")
                )
            else:
                if index in used:
                    aside.append((used[index], "doubled pick: a later one has the same ray"))
                used[index] = pick
        for index, ray in enumerate(event.rays):
            reading = used.get(index)
            if reading is None:
                _add(rows, ray, _listed(ray))
                continue
            names = ("station", "network", "channel", "onset", "pick_weight")
            arrival = Arrival(phase="P", **{name: reading[name] for name in names})
            _add(rows, ray, arrival, reading["polarity"])
    for event_id, picks in readings.items():
        if event_id not in known:
            aside += [
                (p, "no take-off angle: its event is not in the SIMUL listing") for p in picks
            ]
    tables = rows.finish()
    tables.rejects = pa.concat_tables(
        [tables.rejects, phases.rejects, _put_aside(phase_file, aside)]
    )
    return tables


def _find_ray(rays: list[_Ray], station: str, as_hash: bool) -> int | None:
    if as_hash:
        return next((i for i, r in enumerate(rays) if r.station[:3] == station[:3]), None)
    for index, ray in enumerate(rays):
        if ray.station == station:
            return index
    if len(station) > 3:
        return None
    return next(
        (i for i, r in enumerate(rays) if len(r.station) == 4 and r.station[:3] == station), None
    )


def _put_aside(phase_file: Path, aside: list[tuple[dict, str]]) -> pa.Table:
    rejects = Rejects(phase_file)
    for pick, reason in aside:
        rejects.add(
            pick["source_line"],
            "polarity",
            f"{reason} (line {pick['source_line']} of {phase_file.name})",
            event_id=pick["event_id"],
            station=pick["station"],
        )
    return rejects.table()


def _sniff(head: bytes) -> bool:
    lines = head_lines(head)[:60]
    return any(line.startswith("  STN  DIST") for line in lines) and any(
        _EVENT.match(line) for line in lines
    )


FORMAT = Format(
    name="hash_simul",
    title="SIMUL2000 listing of azimuths and take-off angles (HASH driver 5)",
    read=read_hash_simul,
    sniff=_sniff,
    suffixes=(".simul",),
    options={
        "phase_file": "hash_scedc file whose first motions are given the angles of the listing.",
        "station_match": "name (default), or hash: only the first three letters count, as in "
        "driver 5.",
    },
)
"""Listings of driver 5."""
