"""Collect the events and first motions of a phase file, and put aside what is impossible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem

DOUBLED_OPTION = {
    "doubled_picks": "reject (default): a second reading of one channel with the same arrival "
    "time, onset and weight (or without a time) is put aside; keep: it is kept, as HASH does."
}
"""The option that phase readers share; see :class:`PhaseRows`."""

_NAN = math.nan
"""What stands for a number that a file does not have."""


@dataclass(slots=True)
class Hypocenter:
    """An event as a file has it.

    Attributes
    ----------
    event_id : str
        Empty if the file names no events: the id is then made of the origin time.
    origin_time : int or None
        Nanoseconds since 1970, UTC.
    longitude, latitude, depth_km, magnitude, horizontal_error_km, vertical_error_km : float
        NaN where not known. An error of 0 means the same: programs write it for what they have
        held fixed or not computed, and no hypocenter is exact.
    located : bool
        Whether the file must say where its events are.
    event_type : str
        In the words of :func:`quakeloom.schema.normalize_event_type`; empty if not said.
    """

    event_id: str
    origin_time: int | None
    longitude: float
    latitude: float
    depth_km: float
    magnitude: float = _NAN
    horizontal_error_km: float = _NAN
    vertical_error_km: float = _NAN
    located: bool = True
    event_type: str = ""


@dataclass(slots=True)
class Arrival:
    """A picked arrival at a station.

    Attributes
    ----------
    station, network, channel : str
    phase : str
        ``P`` or ``S``.
    time : int or None
        Nanoseconds since 1970, UTC; None for a first motion without a time.
    onset : str
    pick_weight : int
        Code of the source, -1 if there is none.
    uncertainty_s : float
    """

    station: str
    phase: str
    time: int | None = None
    network: str = ""
    channel: str = ""
    onset: str = ""
    pick_weight: int = -1
    uncertainty_s: float = _NAN


@dataclass(slots=True)
class FirstMotion:
    """The first motion of a P arrival and the ray that left the source.

    Attributes
    ----------
    polarity : int
        +1 up, -1 down, 0 not known.
    azimuth_deg : float
        Clockwise from north; -360 to 0 is turned into [0, 360).
    takeoff_deg : float
        0 straight down, 180 straight up.
    azimuth_error_deg, takeoff_error_deg : float
    distance_km : float
    """

    polarity: int
    azimuth_deg: float = _NAN
    takeoff_deg: float = _NAN
    azimuth_error_deg: float = _NAN
    takeoff_error_deg: float = _NAN
    distance_km: float = _NAN


class PhaseRows:
    """Rows of one phase file: events, the first motions of the current event, rejects.

    An event that is doubled or impossible is put aside together with its readings, one
    ``rejects`` row each.

    Parameters
    ----------
    path : Path
        The file, as ``source_file`` shall name it.
    title : str
        Name of the format, for messages.
    doubled_picks : {"reject", "keep"}
        What happens to a second reading of one channel of an event. Readings with different
        arrival times, onsets or weights are those of several pickers and all kept; without
        an arrival time they are doubled.
    """

    def __init__(self, path: Path, title: str, doubled_picks: str = "reject") -> None:
        if doubled_picks not in ("reject", "keep"):
            raise SettingsError(
                f"Option doubled_picks of '{path}' is '{doubled_picks}', which means nothing. "
                "Nothing is read; write reject or keep."
            )
        self.path = path
        self.rejects = Rejects(path)
        self.events = TableBuilder("events", source_file=str(path))
        self.polarities = TableBuilder("polarities", source_file=str(path))
        self.picks = TableBuilder("picks", source_file=str(path), picker="analyst")
        self.event_id = ""
        self._title = title
        self._keep_doubled = doubled_picks == "keep"
        self._lines_of_events: dict[str, int] = {}
        self._readings: list[tuple[int, str, FirstMotion | None, Arrival]] = []
        self._places_of_readings: dict[tuple[object, ...], int] = {}
        self._lines_of_arrivals: dict[tuple[str | int | None, ...], int] = {}
        self._orphan_reason = "no event line comes before it"

    def start_event(self, line: int, text: str, hypocenter: Hypocenter) -> None:
        """Add an event, or put it aside."""
        self.end_event()
        h = hypocenter
        event_id = h.event_id or identifier_of_time(h.origin_time or 0)
        if event_id in self._lines_of_events:
            before = self._lines_of_events[event_id]
            self.bad_event(line, text, f"doubled event: '{event_id}' is on line {before}", event_id)
            return
        values = {
            "longitude": h.longitude,
            "latitude": h.latitude,
            "depth_km": h.depth_km,
            "magnitude": h.magnitude,
            "horizontal_error_km": h.horizontal_error_km or _NAN,
            "vertical_error_km": h.vertical_error_km or _NAN,
        }
        impossible = bounds_problem(magnitude=h.magnitude)
        if impossible:
            values["magnitude"] = _NAN
        problem = bounds_problem(**values)
        if h.located and not problem and math.isnan(h.longitude + h.latitude):
            problem = "the epicenter is not a number"
        if problem:
            self.bad_event(line, text, problem, event_id)
            return
        if impossible:
            reason = f"{impossible}; the event is kept without it"
            self.rejects.add(line, "magnitude", reason, text, event_id)
        self._lines_of_events[event_id] = line
        self.event_id = event_id
        self.events.add(
            event_id=event_id,
            origin_time=h.origin_time,
            event_type=h.event_type,
            source_line=line,
            **values,
        )

    def bad_event(self, line: int, text: str, reason: str, event_id: str = "") -> None:
        """Put an event aside; its readings follow until :meth:`end_event`."""
        self.end_event()
        self.rejects.add(line, "event", reason, text, event_id)
        self._orphan_reason = f"its event on line {line} is put aside"

    def end_event(self) -> None:
        """Close the current event; readings before the next one belong to none."""
        for line, _, motion, arrival in self._readings:
            if motion is not None:
                self._write_polarity(line, motion, arrival)
            if arrival.time is not None and not bounds_problem(uncertainty_s=arrival.uncertainty_s):
                self._write_pick(line, arrival)
        self._readings.clear()
        self._places_of_readings.clear()
        self._lines_of_arrivals.clear()
        self.event_id = ""
        self._orphan_reason = "no event line comes before it"

    def bad_reading(self, line: int, text: str, reason: str, station: str) -> None:
        """Put a first motion of the current event aside."""
        self.rejects.add(line, "polarity", reason, text, self.event_id, station)

    def add_first_motion(self, line: int, text: str, motion: FirstMotion, arrival: Arrival) -> None:
        """Add a reading of the current event, or put it aside; with a time it is a P pick, too.

        Of two readings of one channel, the one that has a sign counts.
        """
        if not self.event_id:
            self.rejects.add(line, "polarity", self._orphan_reason, text, "", arrival.station)
            return
        if -360.0 <= motion.azimuth_deg < 0.0:
            motion.azimuth_deg += 360.0
        reason = self._reading_problem(motion, arrival) or self._doubled(
            line, text, motion, arrival
        )
        if reason:
            self.bad_reading(line, text, reason, arrival.station)
        elif problem := bounds_problem(uncertainty_s=arrival.uncertainty_s):
            self.rejects.add(line, "pick", problem, text, self.event_id, arrival.station)

    def add_arrival(self, line: int, text: str, arrival: Arrival) -> None:
        """Add a picked arrival of the current event without a first motion, or put it aside."""
        a = arrival
        reason = self._orphan_reason if not self.event_id else ""
        reason = reason or _code_problem(a.station)
        if not reason:
            reason = bounds_problem(pick_weight=a.pick_weight, uncertainty_s=a.uncertainty_s)
        if not reason and not self._keep_doubled:
            key = (a.phase, a.network, a.station, a.channel, a.onset, a.pick_weight, a.time)
            before = self._lines_of_arrivals.setdefault(key, line)
            if before != line:
                reason = f"doubled pick: the same {a.phase} is on line {before}"
        if reason:
            self.rejects.add(line, "pick", reason, text, self.event_id, a.station)
            return
        self._readings.append((line, text, None, a))

    def finish(self) -> SourceTables:
        """Return the tables; a file without one readable event is a FormatError."""
        self.end_event()
        rejects = self.rejects.table()
        if not len(self.events):
            no_such_format(self.path, self._title, "event", rejects)
        return SourceTables(
            events=self.events.table(),
            polarities=self.polarities.table(),
            picks=self.picks.table(),
            rejects=rejects,
        )

    def _reading_problem(self, motion: FirstMotion, arrival: Arrival) -> str:
        if problem := _code_problem(arrival.station):
            return problem
        return bounds_problem(
            pick_weight=arrival.pick_weight,
            azimuth_deg=motion.azimuth_deg,
            takeoff_deg=motion.takeoff_deg,
            azimuth_error_deg=motion.azimuth_error_deg,
            takeoff_error_deg=motion.takeoff_error_deg,
            distance_km=motion.distance_km,
        )

    def _doubled(self, line: int, text: str, motion: FirstMotion, arrival: Arrival) -> str:
        """Take a reading up, or say why not; one with a sign takes the place of one without."""
        key: tuple[object, ...] = (arrival.network, arrival.station, arrival.channel)
        if arrival.time is not None:
            key = (*key, arrival.onset, arrival.pick_weight, arrival.time)
        place = self._places_of_readings.get(key)
        # without a sign and a time a reading says nothing, however often it is there
        silent = not motion.polarity and arrival.time is None
        if place is None or self._keep_doubled or silent:
            if not silent:
                self._places_of_readings.setdefault(key, len(self._readings))
            self._readings.append((line, text, motion, arrival))
            return ""
        before, old_text, old, _ = self._readings[place]
        sign = old.polarity if old is not None else 0
        if sign or not motion.polarity:
            other = ", with the other sign" if sign * motion.polarity < 0 else ""
            return f"doubled pick: the same reading is on line {before}{other}"
        self._readings[place] = (line, text, motion, arrival)
        reason = f"doubled pick: the same reading is on line {line}, with a sign"
        self.bad_reading(before, old_text, reason, arrival.station)
        return ""

    def _write_polarity(self, line: int, motion: FirstMotion, arrival: Arrival) -> None:
        self.polarities.add(
            event_id=self.event_id,
            network=arrival.network,
            station=arrival.station,
            channel=arrival.channel,
            polarity=motion.polarity,
            onset=arrival.onset,
            pick_weight=arrival.pick_weight,
            arrival_time=arrival.time,
            azimuth_deg=motion.azimuth_deg,
            takeoff_deg=motion.takeoff_deg,
            azimuth_error_deg=motion.azimuth_error_deg,
            takeoff_error_deg=motion.takeoff_error_deg,
            distance_km=motion.distance_km,
            source_line=line,
        )

    def _write_pick(self, line: int, arrival: Arrival) -> None:
        self.picks.add(
            event_id=self.event_id,
            network=arrival.network,
            station=arrival.station,
            channel=arrival.channel,
            phase=arrival.phase,
            time=arrival.time,
            uncertainty_s=arrival.uncertainty_s,
            onset=arrival.onset,
            pick_weight=arrival.pick_weight,
            source_line=line,
        )


def _code_problem(station: str) -> str:
    """Say what is wrong with a station code."""
    if not station:
        return "the station code is missing"
    return "" if any(c.isalnum() for c in station) else f"'{station}' is no station code"


def no_such_format(path: Path, title: str, record: str, rejects: object = None) -> NoReturn:
    """Raise the FormatError of a file in which nothing could be read."""
    first = ""
    if rejects is not None and rejects.num_rows:  # type: ignore[attr-defined]
        row = rejects.slice(0, 1).to_pylist()[0]  # type: ignore[attr-defined]
        first = f" (line {row['source_line']}: {row['reason']})"
    raise FormatError(
        f"'{path}' is not {title}: no {record} in it can be read{first}. "
        "Nothing is taken from it; check the file, or name its format."
    )


def identifier_of_time(origin_time: int) -> str:
    """Return a stable event id for an event without one: its origin time to the millisecond."""
    ms = round(origin_time / 1_000_000)
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{ms % 1000:03d}"
