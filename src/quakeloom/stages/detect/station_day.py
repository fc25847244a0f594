"""One station on one day: its records in blocks, their picks, and what became of instruments."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Detect
from quakeloom.core import StorageError
from quakeloom.detection import find_clipped, find_regular, repair_spikes
from quakeloom.formats import Trace, WaveformFile
from quakeloom.picking import PickOptions, Picks, pick_records
from quakeloom.signal import Piece, Record, flag_names
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.archive.instrument_responses import StationResponses
from quakeloom.stages.archive.record_sets import (
    ArchiveReader,
    IndexRow,
    Instrument,
    Problem,
    RecordSet,
    load_waveforms,
)
from quakeloom.stages.detect.amplitudes import AmplitudeMeter, find_window
from quakeloom.stages.detect.archive_days import DAY, MARGIN, NANO, day_name
from quakeloom.stages.detect.instruments import order_instruments, refuse_instrument
from quakeloom.stages.detect.simultaneous import keep_one_instrument
from quakeloom.stages.detect.spans import Span, clip_spans, join_spans, span_seconds, without_spans
from quakeloom.stages.weights.kept_networks import ChosenWeights, kept_picker, kept_reader
from quakeloom.stages.weights.polarity_readers import Reader
from quakeloom.store import input_name

log = logging.getLogger(__name__)

BLOCK = 6 * 3600 * NANO
"""Nanoseconds of a block: what is read and judged together, on an absolute grid. Chosen here: some
200 MB of memory, and windows at the ends of its margins are 2 % of all."""

_HOP = 2.0 / 3.0
"""Windows begin every this share of their length, so that what is used of them, without a sixth at
either end, covers a record once; three times as many are averaged where there may be an arrival.
As many arrivals of 300 simulated records are found as with half."""

_FILES = 16
"""Files that are kept open, cut to the day: of several instruments, three components, and the days
before and after."""

_HOUR = 3600 * NANO
"""Nanoseconds of an hour."""

_LEAST = 10 * NANO
"""Nanoseconds: of an instrument no less is picked where a better one has none."""

_SPIKY = 0.01
"""Share of samples that are spikes from which on an instrument is put aside; chosen here: arrivals
would be lost among what was repaired."""

_CLIP_S = 60.0
"""Seconds before a pick in which a channel at its limit makes it doubtful (chosen here)."""

_STEEP_DEG = 60.0
"""Dip from which a channel counts as the vertical where it cannot be turned, as where first motions
are read at given picks."""


@dataclass(frozen=True)
class StationDayTask:
    """One station on one day, and all that decides its picks.

    Attributes
    ----------
    detect : Detect
    picker, reader : ChosenWeights
    day : int
        Midnight with which it begins, nanoseconds since 1970.
    instruments : dict of Instrument to tuple of IndexRow
        Traces that touch the day with its margins; empty for instruments that are silent.
    directions : SensorDirections
        Of the station.
    responses : StationResponses
    """

    detect: Detect
    picker: ChosenWeights
    reader: ChosenWeights
    day: int
    instruments: dict[Instrument, tuple[IndexRow, ...]]
    directions: SensorDirections
    responses: StationResponses


@dataclass
class InstrumentDay:
    """What became of one instrument on the day, while blocks are picked."""

    instrument: Instrument
    status: str = ""
    reason: str = ""
    file: str = ""
    recorded: list[Span] = field(default_factory=list)
    picked: list[Span] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    is_covered: bool = False
    clock: str = ""
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    spikes: int = 0
    samples: int = 0
    refused: int = 0
    flooded: int = 0
    clipped: dict[str, list[Span]] = field(default_factory=dict)
    picks: list[dict[str, Any]] = field(default_factory=list)

    def is_clipped(self, channel: str, span: Span) -> bool:
        """Say whether a channel stood at its limit within a span."""
        return any(a <= span[1] and b >= span[0] for a, b in self.clipped.get(channel, ()))


@dataclass(frozen=True)
class StationDay:
    """What a worker found: rows of picks and of instruments, and what was put aside."""

    picks: list[dict[str, Any]]
    days: list[dict[str, Any]]
    problems: list[Problem]


def detect_station_day(task: StationDayTask) -> StationDay:
    """Pick one station on one day; runs on a worker."""
    return _StationDay(task).run()


class _StationDay:
    """The work on one station and day."""

    def __init__(self, task: StationDayTask) -> None:
        self.task = task
        self.picker = kept_picker(task.picker)
        self.reader = kept_reader(task.reader)
        self.span = task.day, task.day + DAY
        self.meter = AmplitudeMeter(task.detect, self.picker.components, task.responses)
        self.archive = ArchiveReader(_FILES, task.directions, self._load, self._mend)
        self.problems: list[Problem] = []
        self.days = {i: InstrumentDay(i) for i in task.instruments}
        self._now: tuple[InstrumentDay, Span] | None = None
        # the windows of a pick, and of what is around it that decides
        reach = 2.5 * self.picker.samples / self.picker.sampling_rate_hz + 70.0
        self.margin = min(round(reach * NANO), MARGIN)
        self.options = PickOptions(
            p_threshold=task.detect.p_threshold,
            s_threshold=task.detect.s_threshold,
            hop_share=_HOP,
        )

    def run(self) -> StationDay:
        order = self._usable()
        for start in range(self.span[0] // BLOCK * BLOCK, self.span[1], BLOCK):
            block = max(start, self.span[0]), min(start + BLOCK, self.span[1])
            taken: list[Span] = []
            for instrument in order:
                day = self.days[instrument]
                wanted = [block]
                if self.task.detect.instruments == "best":
                    wanted = without_spans(block, taken)
                if sum(b - a for a, b in wanted) < _LEAST:
                    day.is_covered = True
                    continue
                living = self._pick(day, wanted)
                day.picked += clip_spans(living, wanted)
                taken = join_spans([*taken, *living])
        self._refuse_floods()
        if self.task.detect.instruments == "all":
            self._keep_one()
        picks = self._read_polarities([p for d in self.days.values() for p in d.picks])
        rows = [describe_day(self.days[i], self.span) for i in sorted(self.days)]
        problems = list(dict.fromkeys([*self.problems, *self.archive.problems]))
        return StationDay(picks, rows, problems)

    def _usable(self) -> list[Instrument]:
        """Return the instruments to pick, best first; others get their status."""
        usable = {}
        for instrument, rows in self.task.instruments.items():
            day = self.days[instrument]
            own = [r for r in rows if touches(r, self.span)]
            day.file = input_name(own[0].file) if own else ""
            reason = refuse_instrument(instrument, rows)
            if reason:
                day.status, day.reason = "refused_instrument", reason
            elif own:
                usable[instrument] = rows
        return order_instruments(usable, self.picker.sampling_rate_hz)

    def _load(self, file: Path) -> WaveformFile:
        """Read a file, and keep what lies in the day and its margins alone."""
        found = load_waveforms(file)
        start, end = self.span[0] - MARGIN, self.span[1] + MARGIN
        if found.traces and self._now is not None:
            self._judge_clock(self._now[0], found.traces, file)
        traces = [cut for t in found.traces if (cut := cut_trace(t, start, end)) is not None]
        return WaveformFile(traces, found.problems)

    def _judge_clock(self, day: InstrumentDay, traces: list[Trace], file: Path) -> None:
        """Note a file that is called by the day and holds samples of another time."""
        rows = [r for r in self.task.instruments[day.instrument] if r.file == file]
        named = [r for r in rows if r.sampling_rate_hz == 0.0 and touches(r, self.span)]
        if named and not any(t.start < r.end and t.end > r.start for t in traces for r in named):
            day.clock = (
                f"its file is named by this day, its samples are of {day_name(traces[0].start)}: "
                "the clock was wrong, or the file is misplaced"
            )

    def _mend(self, piece: Piece) -> Piece:
        """Repair the spikes of a piece, count those of the block, and note where it is clipped."""
        samples, found = repair_spikes(piece.samples)
        assert self._now is not None
        day, (start, end) = self._now
        for a, b in find_clipped(samples):
            at_limit = piece.part(a, b)
            day.clipped.setdefault(piece.channel, []).append((at_limit.start, at_limit.end))
        day.samples += piece.samples.size
        if not found.size:
            return piece
        at = piece.start + np.round(found * (NANO / piece.rate_hz)).astype(np.int64)
        day.spikes += int(((at >= start) & (at < end)).sum())
        return replace(piece, samples=samples)

    def _read(self, day: InstrumentDay, span: Span) -> list[Record]:
        """Return the records of an instrument over a span with its margin."""
        rows = self.task.instruments[day.instrument]
        start, end = span[0] - self.margin, span[1] + self.margin
        touching = tuple(r for r in rows if r.start < end and r.end > start)
        if not touching:
            return []
        wanted = RecordSet(day.instrument, start, end, touching)
        self._now = day, span
        try:
            records, problems = self.archive.read(
                wanted, self.picker.components, self.picker.sampling_rate_hz, 0
            )
        except (MemoryError, StorageError):  # trouble of the machine or the line is no result
            raise
        except Exception as error:  # one instrument must not cost the others
            log.exception("%s failed", day.instrument)
            reason = f"{type(error).__name__}: {error}"
            self.problems.append(
                Problem(str(touching[0].file), "trace", day.instrument.station, reason)
            )
            day.failed.append(reason)
            return []
        self.problems += problems
        day.failed += [p.reason for p in problems if p.record == "file"]
        day.notes += [p.reason for p in problems]
        return records

    def _pick(self, day: InstrumentDay, wanted: list[Span]) -> list[Span]:
        """Pick an instrument where it is wanted; return where its records live."""
        hull = wanted[0][0], wanted[-1][1]
        before = day.samples, day.spikes
        records = self._read(day, hull)
        day.recorded += clip_spans([(r.start, r.end) for r in records], [hull])
        spikes, samples = day.spikes - before[1], max(day.samples - before[0], 1)
        if spikes > _SPIKY * samples:
            day.notes.append(f"{100.0 * spikes / samples:.0f} % of the samples are spikes")
            day.dead.add("spikes")
            return []
        living = []
        for record in records:
            if record.data.any():
                living.append(record)
            else:
                day.dead |= {n for f in record.flags for n in flag_names(f)} or {"dead"}
        for record, picks in zip(
            living, pick_records(self.picker, living, self.options), strict=True
        ):
            self._take(day, record, picks, wanted)
        return [(r.start, r.end) for r in living]

    def _take(self, day: InstrumentDay, record: Record, picks: Picks, wanted: list[Span]) -> None:
        """Keep the picks of a record that lie where they are wanted."""
        station, file = day.instrument.station, day.file
        for reason in picks.refused:
            day.refused += int(reason.partition(" ")[0])
            self.problems.append(
                Problem(file, "pick", station, f"{day_name(self.span[0])}: {reason}")
            )
        is_wanted = np.zeros(len(picks.phase), bool)
        for a, b in wanted:
            is_wanted |= (picks.time >= a) & (picks.time < b)
        measured = self.meter.measure(
            record, day.instrument.location_code, picks.phase, picks.time, is_wanted
        )
        p_times, s_times = (picks.time[[p == phase for p in picks.phase]] for phase in ("P", "S"))
        for i, phase in enumerate(picks.phase):
            time = int(picks.time[i])
            if not is_wanted[i]:
                continue
            channel, amplitude = picks.channel[i], measured[i]
            window = find_window(time, phase, p_times, s_times)
            within = window.start, window.end
            near = time - round(_CLIP_S * NANO), time
            row = {
                "network": day.instrument.network,
                "station": station,
                "location_code": day.instrument.location_code,
                "channel": channel,
                "phase": phase,
                "time": time,
                "uncertainty_s": float(picks.uncertainty_s[i]),
                "probability": float(picks.probability[i]),
                "snr": float(picks.snr[i]),
                "clipped": day.is_clipped(channel, near),
                "amplitude_clipped": any(day.is_clipped(c, within) for c in record.channels),
                "amplitude_wa_mm": amplitude.wood_anderson_mm,
                "amplitude_wa_snr": amplitude.snr,
                "amplitude_corner_hz": amplitude.corner_hz,
                "peak_velocity_m_s": amplitude.velocity_m_s,
                "amplitude_reason": amplitude.reason,
                "orientation": record.orientation,
                "choice": record.choice,
                "source_file": file,
                "window": self._first_motion(day, record, time) if phase == "P" else None,
            }
            day.picks.append(row)

    def _first_motion(
        self, day: InstrumentDay, record: Record, time: int
    ) -> NDArray[np.float32] | None:
        """Return the vertical around a P as the reader takes it; None where there is none."""
        vertical = self.picker.components.index("Z")
        channel = record.channels[vertical]
        reader, rate = self.reader, record.rate_hz
        if not channel or abs(rate - reader.sampling_rate_hz) > 1e-6 * rate:
            return None
        if record.orientation == "unrotated":
            dip = self.archive.directions.vertical_dip(day.instrument, channel, time, np.nan)
            if not abs(dip) >= _STEEP_DEG:
                return None
        first = round((time - record.start) * rate / NANO) - reader.pick_sample
        if first < 0 or first + reader.samples > record.data.shape[1]:
            return None
        window = record.data[vertical, first : first + reader.samples]
        return window.copy() if window.min() != window.max() else None

    def _read_polarities(self, picks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Read the first motions of all P of the day together."""
        with_window = [p for p in picks if p["window"] is not None]
        sign, up = read_first_motions(self.reader, [p["window"] for p in with_window])
        for pick in picks:
            pick["polarity"], pick["probability_up"] = 0, np.nan
        for pick, s, u in zip(with_window, sign, up, strict=True):
            pick["polarity"], pick["probability_up"] = int(s), float(u)
        for pick in picks:
            del pick["window"]
        return picks

    def _refuse_floods(self) -> None:
        """Put aside picks that come like clockwork, and hours with too many."""
        most = self.task.detect.most_picks_per_hour
        name = day_name(self.span[0])
        for day in self.days.values():
            if not day.picks:
                continue
            time = np.array([p["time"] for p in day.picks], np.int64)
            is_p = np.array([p["phase"] == "P" for p in day.picks])
            out = np.zeros(time.size, bool)
            for own in (np.flatnonzero(is_p), np.flatnonzero(~is_p)):
                order = own[np.argsort(time[own], kind="stable")]
                out[order] |= find_regular((time[order] - self.span[0]) / NANO)
            self._leave_out(day, out, f"{name}: {out.sum()} picks come at one interval, as of "
                            "calibration pulses or a machine: refused")  # fmt: skip
            hour = (time - self.span[0]) // _HOUR
            counts = np.bincount(hour[is_p & ~out], minlength=24)
            flooded = np.flatnonzero(counts > most)
            flood = np.isin(hour, flooded) & ~out
            day.flooded = int(flood.sum())
            hours = ", ".join(f"{h}:00 ({counts[h]} P)" for h in flooded)
            self._leave_out(day, flood, f"{name}: {flood.sum()} picks of hours with more than "
                            f"{most} P are put aside as a flood: {hours}")  # fmt: skip
            keep = ~(out | flood)
            day.picks = [p for p, kept in zip(day.picks, keep, strict=True) if kept]

    def _keep_one(self) -> None:
        """Keep one of simultaneous picks of the station's instruments."""
        rate = self.picker.sampling_rate_hz
        slow = {
            (i.location_code, i.band)
            for i, rows in self.task.instruments.items()
            if 0.0 < max((r.sampling_rate_hz for r in rows), default=0.0) < 0.8 * rate
        }
        kept, left = keep_one_instrument([p for d in self.days.values() for p in d.picks], slow)
        own = {id(p) for p in kept}
        for day in self.days.values():
            day.picks = [p for p in day.picks if id(p) in own]
        for pick, words in left:
            reason = f"{pick['phase']} on {pick['channel']} ({pick['probability']:.2f}): {words}"
            self.problems.append(Problem(pick["source_file"], "pick", pick["station"], reason))

    def _leave_out(self, day: InstrumentDay, out: NDArray[np.bool_], reason: str) -> None:
        if out.any():
            day.refused += int(out.sum())
            day.notes.append(reason)
            self.problems.append(Problem(day.file, "pick", day.instrument.station, reason))


def touches(row: IndexRow, span: Span) -> bool:
    """Say whether a trace can hold samples of a span.

    A file that is known by its name alone is taken for that of its day, without its neighbors.
    """
    spare = 60 * NANO if row.sampling_rate_hz == 0.0 else 0
    return row.start + spare < span[1] and row.end - spare > span[0]


def cut_trace(trace: Trace, start: int, end: int) -> Trace | None:
    """Return a copy of what a trace has of a span, a sample more at both ends; None of nothing."""
    rate = trace.sampling_rate_hz / NANO
    a = max(int((start - trace.start) * rate) - 1, 0)
    b = min(int((end - trace.start) * rate) + 2, trace.count)
    if b <= a:
        return None
    begin = trace.start + round(a / rate)
    return replace(trace, start=begin, samples=trace.samples[a:b].copy(), count=b - a)


def read_first_motions(
    reader: Reader, windows: list[NDArray[np.float32]]
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Read first motions in windows around P."""
    if not windows:
        return np.zeros(0, np.int8), np.zeros(0)
    return reader.read_polarities(np.stack(windows))


def describe_day(day: InstrumentDay, span: Span) -> dict[str, Any]:
    """Return the row of an instrument and a day."""
    recorded = join_spans(clip_spans(day.recorded, [span]))
    picked = join_spans(clip_spans(day.picked, [span]))
    status, reason = day.status, day.reason
    if not status:
        status, reason = _judge(day, recorded, picked)
    return {
        "day": day_name(span[0]),
        "network": day.instrument.network,
        "station": day.instrument.station,
        "location_code": day.instrument.location_code,
        "channel": day.instrument.channel(),
        "detection_status": status,
        "reason": reason,
        "recorded_s": span_seconds(recorded),
        "picked_s": span_seconds(picked),
        "gap_count": max(len(recorded) - 1, 0),
        "spike_count": day.spikes,
        "p_count": sum(p["phase"] == "P" for p in day.picks),
        "s_count": sum(p["phase"] == "S" for p in day.picks),
        "refused_count": day.refused,
        "source_file": day.file,
    }


def _judge(day: InstrumentDay, recorded: list[Span], picked: list[Span]) -> tuple[str, str]:
    """Return status and reason of an instrument that could have been picked."""
    notes = "; ".join(dict.fromkeys(n for n in day.notes if "samples overlap" not in n))
    if picked and day.flooded and not day.picks:
        return "flood", notes
    if picked:
        if day.spikes:
            repaired = f"{day.spikes} spikes were repaired"
            notes = f"{notes}; {repaired}" if notes else repaired
        return "detected", notes
    if not day.file:
        return "no_data", "the instrument recorded before, and nothing on this day"
    for name, words in (
        ("spikes", "more spikes than arrivals could be told from"),
        ("constant", "all samples are the same"),
        ("dead", "all samples are 0"),
    ):
        if name in day.dead:
            return name, f"{words}; {notes}" if notes else words
    if day.clock:
        return "clock", day.clock
    if day.is_covered:
        return "second_choice", "a better instrument of the station recorded"
    short = any("shorter than" in n for n in day.notes)
    if short:
        return "too_short", notes
    if day.failed:
        return "unreadable", "; ".join(dict.fromkeys(day.failed))
    if notes:
        return "constant", notes
    return "no_data", "its files hold nothing of this day"
