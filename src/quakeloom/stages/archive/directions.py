"""Where the sensors of an archive point, by the table of stations and the headers of files."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.core import digest_bytes
from quakeloom.formats import Trace
from quakeloom.schema import time_values
from quakeloom.signal import Direction, Piece, arrange_channels
from quakeloom.store import RunLayout, read_table

_NANO = 1_000_000_000
"""Nanoseconds of a second."""
_OPEN_START, _OPEN_END = np.iinfo(np.int64).min + 1, np.iinfo(np.int64).max
"""Limits of open epochs, nanoseconds since 1970."""


class Sensor(Protocol):
    """Whatever has the codes of a sensor."""

    @property
    def network(self) -> str: ...
    @property
    def station(self) -> str: ...
    @property
    def location_code(self) -> str: ...


class SensorDirections:
    """Directions of channels by code and time; the table before the header of the file.

    Of rows with the network, the location and the channel of a trace the one counts whose
    epoch holds the time, and of several that which started last. An empty network or
    location on either side stands for any, after those that are equal. Where rows that
    started together disagree, nothing is known.

    Parameters
    ----------
    stations : pyarrow.Table, optional
        Registered table ``stations``; without it only headers tell.
    use : bool
        Whether directions count at all; without it components go by the names of channels.

    Attributes
    ----------
    digest : str
        Of what the table says.
    contradictions : dict of str to str
        By channel that was asked for: that the table says two things of one time.
    uncovered : set of str
        Channels that were asked for of which the table says nothing at their time.
    """

    def __init__(self, stations: pa.Table | None = None, use: bool = True) -> None:
        self._use = use
        self._rows: dict[tuple[str, str], list[_Row]] = {}
        self.digest = str(use)
        self.contradictions: dict[str, str] = {}
        self.uncovered: set[str] = set()
        if stations is None or not use or not stations.num_rows:
            return
        dips = stations.column("sensor_dip_deg").to_numpy()
        known = np.flatnonzero(np.isfinite(dips))
        table = stations.take(pa.array(known))
        names = ("network", "station", "location_code", "channel")
        start = time_values(table.column("start_time")).astype(np.int64)
        end = time_values(table.column("end_time")).astype(np.int64)
        missing = np.iinfo(np.int64).min
        self.digest = digest_bytes(repr(table.drop_columns(["source_file"]).to_pylist()).encode())
        for network, station, location, channel, a, b, azimuth, dip in zip(
            *(table.column(n).to_pylist() for n in names),
            np.where(start == missing, _OPEN_START, start).tolist(),
            np.where(end == missing, _OPEN_END, end).tolist(),
            table.column("sensor_azimuth_deg").to_pylist(),
            table.column("sensor_dip_deg").to_pylist(),
            strict=True,
        ):
            rows = self._rows.setdefault((station, channel), [])
            rows.append(_Row(network, location, a, b, azimuth, dip))

    def of_station(self, station: str) -> SensorDirections:
        """Return what is known of one station, to be sent to a worker."""
        own = SensorDirections(use=self._use)
        own._rows = {key: rows for key, rows in self._rows.items() if key[0] == station}
        return own

    def direct(self, piece: Piece, trace: Trace) -> list[Piece]:
        """Return a piece of a trace with its direction, cut where that changes."""
        if not self._use:
            return [piece]
        rows = self._matching(trace, piece.channel)
        name = f"{trace.network}.{trace.station}.{trace.location_code}.{piece.channel}"
        if not rows:
            self.uncovered.add(name)
            return [replace(piece, azimuth_deg=trace.azimuth_deg, dip_deg=trace.dip_deg)]
        edges = sorted({t for r in rows for t in (r.start, r.end) if piece.start < t < piece.end})
        parts = []
        first = 0
        for begin, stop in zip([piece.start, *edges], [*edges, piece.end], strict=True):
            last = min(round((stop - piece.start) * piece.rate_hz / _NANO), piece.samples.size)
            found = _valid(rows, begin)
            if last > first:
                self._tell(name, rows, begin)
                azimuth, dip = found if found else (trace.azimuth_deg, trace.dip_deg)
                part = piece if not edges else piece.part(first, last)
                parts.append(replace(part, azimuth_deg=azimuth, dip_deg=dip))
            first = last
        return parts

    def _tell(self, name: str, rows: list[_Row], time: int) -> None:
        """Keep in mind of which channels the table says nothing, or two things, at a time."""
        said = _latest(rows, time)
        if not said:
            self.uncovered.add(name)
        elif len(said) > 1:
            dips = ", ".join(sorted({f"{r.azimuth:g}/{r.dip:g}" for r in said}))
            self.contradictions[name] = (
                f"{name}: the metadata give {len(said)} directions for one time (azimuth/dip "
                f"{dips}); none is used, but what its header or its name says"
            )

    def vertical_dip(self, sensor: Sensor, channel: str, time: int, dip_deg: float) -> float:
        """Return the dip of a channel at a time: by the table, else as the header says.

        Parameters
        ----------
        sensor, channel, time, dip_deg
            As for :meth:`is_vertical`.

        Returns
        -------
        float
            Degrees down from the horizontal; NaN if nothing is known.
        """
        found = _valid(self._matching(sensor, channel), time) if self._use else None
        return found[1] if found else dip_deg

    def is_vertical(self, sensor: Sensor, channel: str, time: int, dip_deg: float) -> bool:
        """Say whether a channel is a vertical: by its direction, else by its name.

        Parameters
        ----------
        sensor : Trace or Instrument
            Has the codes.
        channel : str
        time : int
            Nanoseconds since 1970.
        dip_deg : float
            As the header of the file says; NaN if it does not.
        """
        found = _valid(self._matching(sensor, channel), time) if self._use else None
        dip = found[1] if found else dip_deg if self._use else math.nan
        return arrange_channels({channel: Direction(math.nan, dip)}).channels.get("Z") == channel

    def _matching(self, sensor: Sensor, channel: str) -> list[_Row]:
        rows = self._rows.get((sensor.station, channel), [])
        for get, own in (
            (lambda r: r.network, sensor.network),
            (lambda r: r.location, sensor.location_code),
        ):
            equal = [r for r in rows if get(r) == own]
            rows = equal or [r for r in rows if not get(r) or not own]
        return rows


def read_directions(settings: Settings, layout: RunLayout) -> SensorDirections:
    """Return where the sensors of a run point, by its table of stations."""
    assert settings.waveforms is not None
    stations = read_table(layout.ingest / "stations.parquet", "stations")
    return SensorDirections(stations, settings.waveforms.orientation == "metadata")


@dataclass(frozen=True, slots=True)
class _Row:
    """The direction of a channel in one epoch."""

    network: str
    location: str
    start: int
    end: int
    azimuth: float
    dip: float


def _valid(rows: list[_Row], time: int) -> tuple[float, float] | None:
    """Return the direction of the epoch that started last of those that hold a time."""
    found = _latest(rows, time)
    return (found[0].azimuth, found[0].dip) if len(found) == 1 else None


def _latest(rows: list[_Row], time: int) -> list[_Row]:
    """Return the rows that hold a time and started last, one for every direction."""
    inside = [r for r in rows if r.start <= time < r.end]
    latest = max((r.start for r in inside), default=0)
    return list({(str(r.azimuth), str(r.dip)): r for r in inside if r.start == latest}.values())
