"""What a folder of files holds, for somebody who has not written settings yet.

Every file is recognized by its content. Sources are read, as planning will read them, so that
counts and reasons are those of a run; of waveforms only headers are read, of large archives a
part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.core import QuakeloomError
from quakeloom.formats import (
    RecognizedFile,
    Rejects,
    SourceTables,
    is_simul_model,
    read_mechanisms,
    read_simul_frame,
    read_simul_model,
    read_source,
    recognize_file,
)
from quakeloom.schema import time_values
from quakeloom.stages.archive.record_sets import read_headers
from quakeloom.store import RUN_SETTINGS, full_path, list_tree

MOST_HEADERS = 200
"""Waveform files whose headers are read; of more, so many spread evenly."""

_SHOWN_REASONS = 2
"""Reasons of records that were put aside that are told of a file."""

_SAME_S = 2.0
"""Seconds within which two origin times may be one earthquake in two catalogs; chosen here."""

_WITH_MECHANISMS = ("quakeml", "seiscomp_ml")
"""Formats of sources that may hold focal mechanisms as well."""

COUNTED = {
    "events": "events",
    "picks": "picks",
    "polarities": "first motions",
    "stations": "station rows",
    "amplitudes": "amplitudes",
    "reversals": "polarity reversals",
    "sp_corrections": "station corrections of S/P",
}
"""Tables whose rows are counted, with their words, in the order in which they are told."""


@dataclass
class FoundSource:
    """A source file as read.

    Attributes
    ----------
    file : RecognizedFile
    counts : dict of str to int
        Rows by table.
    rejects : int
    reasons : list of str
        The most frequent reasons, with counts.
    """

    file: RecognizedFile
    counts: dict[str, int]
    rejects: int = 0
    reasons: list[str] = field(default_factory=list)


@dataclass
class FolderContents:
    """What a folder holds.

    Attributes
    ----------
    folder : Path
    sources : list of FoundSource
    waveforms, models, mechanisms, lines, faults : list of RecognizedFile
        Files that can be used. A source of events with mechanisms is among the mechanisms, too.
    left_out : list of RecognizedFile
        Files that are not used, each with what it is and what to do.
    unreadable : list of str
        Folders and links that cannot be read.
    hidden : int
        Hidden files and folders that were passed over.
    events : set of str
        Identifiers.
    places : set of str
        Codes of stations with coordinates.
    reading_stations : set of str
        Codes of stations that have picks or first motions.
    angles : int
        First motions with azimuth and take-off angle.
    phases : Counter
        Picks by phase.
    wave_stations : set of str
        Codes of stations in waveforms, as far as headers were read.
    headers : int
        Waveform files whose headers were read.
    wave_problems : list of str
        Waveform files that cannot be read, with the reason.
    span : (datetime64, datetime64) or None
        From the first to the last origin time.
    twins : int
        Pairs of events of different files and names within two seconds.
    picked_events : set of str
        Identifiers of events that picks name.
    simul_models : list of RecognizedFile
        Models of SIMULPS, in three dimensions.
    simul_stations : list of RecognizedFile
        Station files of SIMULPS, which place those; looked for where there are such models.
    runs : list of Path
        Folders of results of quakeloom, which are no input and were passed over.
    """

    folder: Path
    sources: list[FoundSource] = field(default_factory=list)
    waveforms: list[RecognizedFile] = field(default_factory=list)
    models: list[RecognizedFile] = field(default_factory=list)
    mechanisms: list[RecognizedFile] = field(default_factory=list)
    lines: list[RecognizedFile] = field(default_factory=list)
    faults: list[RecognizedFile] = field(default_factory=list)
    left_out: list[RecognizedFile] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    hidden: int = 0
    events: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    reading_stations: set[str] = field(default_factory=set)
    angles: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    wave_stations: set[str] = field(default_factory=set)
    headers: int = 0
    wave_problems: list[str] = field(default_factory=list)
    span: tuple[np.datetime64, np.datetime64] | None = None
    twins: int = 0
    picked_events: set[str] = field(default_factory=set)
    simul_models: list[RecognizedFile] = field(default_factory=list)
    simul_stations: list[RecognizedFile] = field(default_factory=list)
    runs: list[Path] = field(default_factory=list)

    def count(self, table: str) -> int:
        """Return the rows of a table in all sources."""
        return sum(s.counts.get(table, 0) for s in self.sources)

    def name(self, file: RecognizedFile) -> str:
        """Return the name of a file below the folder."""
        return str(file.path.relative_to(self.folder))


def look_at_folder(
    folder: Path, progress: Callable[[str], None] = lambda _: None
) -> FolderContents:
    """Recognize every file of a folder and its folders, and count what they hold.

    Parameters
    ----------
    folder : Path
    progress : callable
        Called with a sentence now and then.

    Raises
    ------
    InputError
        If there is no such folder, or it cannot be read.
    """
    folder = full_path(folder)
    files, hidden, unreadable = list_tree(folder)
    found = FolderContents(folder, hidden=hidden, unreadable=unreadable)
    files = _leave_out_results(found, files)
    times: list[NDArray[np.int64]] = []
    ids: list[list[str]] = []
    progress(f"recognizing {len(files)} files")
    for path in files:
        file = recognize_file(path)
        if file.kind == "source":
            tables = _read(found, file, progress)
            if tables is not None:
                times.append(time_values(tables.events.column("origin_time")).astype(np.int64))
                ids.append(tables.events.column("event_id").to_pylist())
                _take_mechanisms(found, file)
            continue
        kinds = {
            "waveforms": found.waveforms,
            "model": found.models,
            "mechanisms": found.mechanisms,
            "line": found.lines,
            "faults": found.faults,
        }
        usable = kinds.get(file.kind, found.left_out)
        (found.left_out if file.problem else usable).append(file)
    _take_simul_files(found)
    _look_at_times(found, times, ids)
    _look_at_headers(found, progress)
    return found


def _leave_out_results(found: FolderContents, files: list[Path]) -> list[Path]:
    """Leave out what lies in folders of results: its tables would count as data once more.

    A folder that is itself within results is looked at, since it was asked for.
    """
    plan = Path(RUN_SETTINGS).parts
    ends = {f.parents[len(plan) - 1] for f in files if f.parts[-len(plan) :] == plan}
    found.runs = sorted(end for end in ends if end != found.folder)
    runs = set(found.runs)
    return [f for f in files if runs.isdisjoint(f.parents)]


def _read(
    found: FolderContents, file: RecognizedFile, progress: Callable[[str], None]
) -> SourceTables | None:
    """Read a source; one that gives nothing is left out with the reason."""
    progress(f"reading {found.name(file)}")
    try:
        tables = read_source(file.path)
    except QuakeloomError as error:
        problem = str(error)
    else:
        counts = {n: getattr(tables, n).num_rows for n in COUNTED}
        counts["polarities"] = _decided(tables)
        reasons = Counter(tables.rejects.column("reason").to_pylist()).most_common(_SHOWN_REASONS)
        told = [f"{reason} ({count})" for reason, count in reasons]
        if any(getattr(tables, n).num_rows for n in COUNTED):
            found.sources.append(FoundSource(file, counts, tables.rejects.num_rows, told))
            _take_note(found, tables)
            return tables
        problem = f"it holds nothing that can be used: {'; '.join(told) or 'no records'}"
    found.left_out.append(RecognizedFile(file.path, "source", file.format, file.title, problem))
    return None


def _take_mechanisms(found: FolderContents, file: RecognizedFile) -> None:
    """Note the mechanisms that a source of events has beside its events."""
    if file.format not in _WITH_MECHANISMS:
        return
    try:
        strikes = read_mechanisms(file.path, Rejects(file.path)).column("strike_deg")
        count = int(np.isfinite(strikes.to_numpy()).sum())  # events without one have a row, too
    except QuakeloomError:
        return
    if count:
        title = f"{count} focal mechanism{'s' if count > 1 else ''} of its events"
        found.mechanisms.append(RecognizedFile(file.path, "mechanisms", file.format, title))


def _take_simul_files(found: FolderContents) -> None:
    """Take models of SIMULPS, and what places them, out of what is left out."""
    for file in [f for f in found.left_out if is_simul_model(f.path)]:
        found.left_out.remove(file)
        try:
            read_simul_model(file.path)
        except QuakeloomError as error:
            found.left_out.append(replace(file, problem=str(error)))
            continue
        found.simul_models.append(replace(file, problem=""))
    for file in list(found.left_out) if found.simul_models else []:
        try:
            read_simul_frame(file.path)
        except QuakeloomError:
            continue
        found.left_out.remove(file)
        title = "station file of SIMULPS, which places its models"
        found.simul_stations.append(replace(file, title=title, problem=""))


def _decided(tables: SourceTables) -> int:
    """Count first motions that say up or down, or how probable up is."""
    motions = tables.polarities
    signs = pc.not_equal(motions.column("polarity"), 0)
    sure = pc.or_(signs, pc.is_finite(motions.column("probability_up")))
    return int(pc.sum(pc.cast(sure, pa.int64())).as_py() or 0)


def _take_note(found: FolderContents, tables: SourceTables) -> None:
    """Remember stations, angles and phases of a source."""
    found.events |= set(tables.events.column("event_id").to_pylist())
    stations = tables.stations
    known = pc.and_(
        pc.is_finite(stations.column("longitude")), pc.is_finite(stations.column("latitude"))
    )
    found.places |= set(stations.filter(known).column("station").to_pylist())
    for table in (tables.polarities, tables.picks):
        found.reading_stations |= set(pc.unique(table.column("station")).to_pylist())
    motions = tables.polarities
    angled = pc.and_(
        pc.is_finite(motions.column("azimuth_deg")), pc.is_finite(motions.column("takeoff_deg"))
    )
    found.angles += int(pc.sum(pc.cast(angled, pa.int64())).as_py() or 0)
    found.picked_events |= set(pc.unique(tables.picks.column("event_id")).to_pylist()) - {"", None}
    found.phases.update(tables.picks.column("phase").to_pylist())


def _look_at_times(
    found: FolderContents, times: list[NDArray[np.int64]], ids: list[list[str]]
) -> None:
    """Find the span of the events, and those that two files may both have."""
    missing = np.iinfo(np.int64).min
    file = np.repeat(np.arange(len(times)), [len(t) for t in times])
    names = np.array([i for some in ids for i in some], dtype=object)
    time = np.concatenate(times) if times else np.zeros(0, np.int64)
    dated = time != missing
    file, names, time = file[dated], names[dated], time[dated]
    if not time.size:
        return
    found.span = (time.min().astype("datetime64[ns]"), time.max().astype("datetime64[ns]"))
    order = np.argsort(time, kind="stable")
    near = np.diff(time[order]) < _SAME_S * 1e9
    a, b = order[:-1][near], order[1:][near]
    found.twins = int(np.sum((file[a] != file[b]) & (names[a] != names[b])))


def _look_at_headers(found: FolderContents, progress: Callable[[str], None]) -> None:
    """Read the headers of waveforms, as many as tell who recorded."""
    count = len(found.waveforms)
    if not count:
        return
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_HEADERS)).round().astype(int))
    progress(f"reading the headers of {chosen.size} of {count} waveform files")
    for number in chosen:
        rows, problems = read_headers(found.waveforms[number].path)
        found.headers += 1
        found.wave_stations |= {r.instrument.station for r in rows}
        found.wave_problems += [
            f"{found.name(found.waveforms[number])}: {p.reason}" for p in problems
        ]
