"""Picks over all time of any archive: ``quakeloom detect --waveforms FOLDER``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom import __version__
from quakeloom.config import parse_settings
from quakeloom.core import InputError
from quakeloom.formats import SourceTables, read_source
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.archive.index import ArchiveIndex, IndexBuilder, settle_index
from quakeloom.stages.archive.instrument_responses import load_responses
from quakeloom.stages.archive.record_sets import Problem, list_files, read_headers
from quakeloom.stages.detect.archive_days import ArchiveDays
from quakeloom.stages.detect.tables import reject_table
from quakeloom.stages.detect.verbs import DayDetections, DetectAsked, Instruments, detect_index
from quakeloom.store import is_input, open_folder, write_table


@dataclass(frozen=True)
class FolderDetections:
    """What an archive gives: registered tables over all its days.

    Attributes
    ----------
    detections, detection_days, rejects : pyarrow.Table
    picker : str
    days : list of str
    """

    detections: pa.Table
    detection_days: pa.Table
    rejects: pa.Table
    picker: str
    days: list[str]


def parse_asked(
    values: dict[str, Any], weights: str, polarity: str, workers: int, stations: Path
) -> DetectAsked:
    """Check the settings of ``quakeloom detect``; responses are those of the stations' file."""
    values.setdefault("responses", [str(stations)])
    cluster = {"kind": "local", "workers": workers} if workers else {}
    given = {
        "name": "detected",
        "sources": [{"path": str(stations)}],
        "takeoff": {"models": ["generic_crust"]},
        "waveforms": {"picker": weights, "polarity": polarity},
        "detect": values,
        "cluster": {**cluster, "memory_mb": 3000 + 2000 * workers},
    }
    settings = parse_settings(given, "quakeloom detect")
    assert settings.waveforms is not None
    assert settings.detect is not None
    return DetectAsked(settings.detect, settings.waveforms, settings.cluster)


def read_stations(path: Path) -> SourceTables:
    """Read stations in any format.

    Raises
    ------
    InputError
        If the file is missing or holds none.
    """
    if not is_input(path):
        raise InputError(f"There is no file {path}, so nothing was picked.")
    places = read_source(path)
    if not places.stations.num_rows:
        raise InputError(f"'{path}' holds no stations, so nothing was picked; check the file.")
    return places


def index_folder(path: Path) -> tuple[ArchiveIndex, list[Problem]]:
    """Read the headers of all files at a path."""
    files = list_files(path)
    builder = IndexBuilder()
    problems: list[Problem] = []
    for number, file in enumerate(files):
        rows, trouble = read_headers(file)
        builder.add(number, rows)
        problems += trouble
    stamps = np.zeros((len(files), 3), np.int64)
    return settle_index(builder.finish([str(f) for f in files], stamps)), problems


def detect_folder(
    path: Path,
    asked: DetectAsked,
    stations: pa.Table | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> FolderDetections:
    """Pick every day of every station at a path.

    Parameters
    ----------
    path : Path
        A file, a folder of files, a tree such as SDS.
    asked : DetectAsked
    stations : pyarrow.Table, optional
        Registered table ``stations`` with directions of sensors; without it the headers tell.
    progress : callable

    Raises
    ------
    InputError
        If there are no files, or none can be read.
    """
    progress("reading headers")
    index, problems = index_folder(path)
    days = ArchiveDays(index, asked.detect.silent_days)
    names = days.days()
    if not names:
        why = f" The first was put aside because: {problems[0].reason}." if problems else ""
        raise InputError(
            f"No file at '{path}' holds a record, so nothing was picked.{why} `quakeloom formats` "
            "lists what can be read."
        )
    known = Instruments(
        SensorDirections(stations, asked.waveforms.orientation == "metadata"),
        load_responses(
            [Path(f) for f in asked.detect.responses], {i.station for i, _ in index.channels}
        ),
    )
    found: list[DayDetections] = []
    for name in names:
        found.append(detect_index(days.of_day(name), name, asked, known, progress))
    detections, rows, rejects = (
        pa.concat_tables([getattr(f, n) for f in found])
        for n in ("detections", "detection_days", "rejects")
    )
    rejects = pa.concat_tables([reject_table(problems), rejects])
    return FolderDetections(detections, rows, rejects, found[0].picker, names)


def write_detections(found: FolderDetections, rejects: pa.Table, out: Path) -> None:
    """Write what was found to a folder, with what was put aside of the stations."""
    folder = open_folder(out)
    about = {"quakeloom": __version__, "picker": found.picker}
    write_table(folder / "detections.parquet", "detections", found.detections, about)
    write_table(folder / "detection_days.parquet", "detection_days", found.detection_days, about)
    both = pa.concat_tables([rejects, found.rejects])
    write_table(folder / "rejects.parquet", "rejects", both, about)
