"""Collect the events and first motions of a phase file, and put aside what is impossible."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._fixed_columns import POLARITY_CODES
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem

DOUBLED_OPTION = {
    "doubled_picks": "reject (default): a second reading of one channel with the same arrival "
    "time, onset and weight (or without a time) is put aside; keep: it is kept, as HASH does."
}
"""The option that phase readers share; see :class:`PhaseRows`."""

_NAN = float("nan")


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
        self._lines_of_picks: dict[tuple[str | int | None, ...], int] = {}
        self._orphan_reason = "no event line comes before it"

    def start_event(
        self,
        line: int,
        text: str,
        *,
        event_id: str,
        origin_time: int | None,
        longitude: float,
        latitude: float,
        depth_km: float,
        magnitude: float = _NAN,
        horizontal_error_km: float = _NAN,
        vertical_error_km: float = _NAN,
        located: bool = True,
    ) -> None:
        """Add an event (times in nanoseconds since 1970), or put it aside.

        Without ``event_id`` its id is made of its time. ``located=False`` is for formats that
        do not say where their events are.
        """
        event_id = event_id or identifier_of_time(origin_time or 0)
        if event_id in self._lines_of_events:
            self.bad_event(
                line,
                text,
                f"doubled event: '{event_id}' is on line {self._lines_of_events[event_id]}",
                event_id,
            )
            return
        problem = bounds_problem(
            longitude=longitude,
            latitude=latitude,
            depth_km=depth_km,
            magnitude=magnitude,
            horizontal_error_km=horizontal_error_km,
            vertical_error_km=vertical_error_km,
        )
        if located and not problem and (longitude != longitude or latitude != latitude):
            problem = "the epicenter is not a number"
        if problem:
            self.bad_event(line, text, problem, event_id)
            return
        self._lines_of_events[event_id] = line
        self._lines_of_picks = {}
        self.event_id = event_id
        self.events.add(
            event_id=event_id,
            origin_time=origin_time,
            longitude=longitude,
            latitude=latitude,
            depth_km=depth_km,
            magnitude=magnitude,
            horizontal_error_km=horizontal_error_km,
            vertical_error_km=vertical_error_km,
            source_line=line,
        )

    def bad_event(self, line: int, text: str, reason: str, event_id: str = "") -> None:
        """Put an event aside; its readings follow until :meth:`end_event`."""
        self.rejects.add(line, "event", reason, text, event_id)
        self.event_id = ""
        self._orphan_reason = f"its event on line {line} is put aside"

    def end_event(self) -> None:
        """Close the current event; readings before the next one belong to none."""
        self.event_id = ""
        self._orphan_reason = "no event line comes before it"

    def add_polarity(
        self,
        line: int,
        text: str,
        *,
        station: str,
        first_motion: str,
        network: str = "",
        channel: str = "",
        onset: str = "",
        pick_weight: int = -1,
        arrival_time: int | None = None,
        azimuth_deg: float = _NAN,
        takeoff_deg: float = _NAN,
        azimuth_error_deg: float = _NAN,
        takeoff_error_deg: float = _NAN,
        distance_km: float = _NAN,
        uncertainty_s: float = _NAN,
    ) -> None:
        """Add a reading of the current event, or put it aside; with a time it is a P pick, too.

        ``first_motion`` is the file's character, see :data:`POLARITY_CODES`. Azimuths from
        -360 to 0 are turned into [0, 360).
        """
        event_id = self.event_id
        if not event_id:
            self.rejects.add(line, "polarity", self._orphan_reason, text, "", station)
            return
        reason = ""
        polarity = POLARITY_CODES.get(first_motion)
        if polarity is None:
            reason = f"polarity '{first_motion}' is neither up nor down"
        elif not station:
            reason = "the station code is missing"
        if -360.0 <= azimuth_deg < 0.0:
            azimuth_deg += 360.0
        if not reason and (
            not (-1 <= pick_weight <= 9)
            or azimuth_deg < 0.0
            or azimuth_deg > 360.0
            or takeoff_deg < 0.0
            or takeoff_deg > 180.0
            or distance_km < 0.0
            or azimuth_error_deg < 0.0
            or takeoff_error_deg < 0.0
        ):
            reason = bounds_problem(
                pick_weight=pick_weight,
                azimuth_deg=azimuth_deg,
                takeoff_deg=takeoff_deg,
                azimuth_error_deg=azimuth_error_deg,
                takeoff_error_deg=takeoff_error_deg,
                distance_km=distance_km,
            )
        if not reason and not self._keep_doubled and (polarity or arrival_time is not None):
            key: tuple[str | int | None, ...] = (network, station, channel)
            if arrival_time is not None:
                key = (*key, onset, pick_weight, arrival_time)
            before = self._lines_of_picks.setdefault(key, line)
            if before != line:
                reason = f"doubled pick: the same reading is on line {before}"
        if reason:
            self.rejects.add(line, "polarity", reason, text, event_id, station)
            return
        self.polarities.add(
            event_id=event_id,
            network=network,
            station=station,
            channel=channel,
            polarity=polarity,
            onset=onset,
            pick_weight=pick_weight,
            arrival_time=arrival_time,
            azimuth_deg=azimuth_deg,
            takeoff_deg=takeoff_deg,
            azimuth_error_deg=azimuth_error_deg,
            takeoff_error_deg=takeoff_error_deg,
            distance_km=distance_km,
            source_line=line,
        )
        if arrival_time is not None:
            self.add_arrival(
                line,
                text,
                station=station,
                phase="P",
                arrival_time=arrival_time,
                network=network,
                channel=channel,
                onset=onset,
                pick_weight=pick_weight,
                uncertainty_s=uncertainty_s,
            )

    def add_arrival(
        self,
        line: int,
        text: str,
        *,
        station: str,
        phase: str,
        arrival_time: int,
        network: str = "",
        channel: str = "",
        onset: str = "",
        pick_weight: int = -1,
        uncertainty_s: float = _NAN,
    ) -> None:
        """Add a picked arrival of the current event without a first motion, or put it aside."""
        reason = self._orphan_reason if not self.event_id else ""
        if not reason and not station:
            reason = "the station code is missing"
        if not reason:
            reason = bounds_problem(pick_weight=pick_weight, uncertainty_s=uncertainty_s)
        if reason:
            self.rejects.add(line, "pick", reason, text, self.event_id, station)
            return
        self.picks.add(
            event_id=self.event_id,
            network=network,
            station=station,
            channel=channel,
            phase=phase,
            time=arrival_time,
            uncertainty_s=uncertainty_s,
            onset=onset,
            pick_weight=pick_weight,
            source_line=line,
        )

    def finish(self) -> SourceTables:
        """Return the tables; a file without one readable event is a FormatError."""
        rejects = self.rejects.table()
        if not len(self.events):
            no_such_format(self.path, self._title, "event", rejects)
        return SourceTables(
            events=self.events.table(),
            polarities=self.polarities.table(),
            picks=self.picks.table(),
            rejects=rejects,
        )


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
