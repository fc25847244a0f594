"""The archive of a run: its files, their headers kept from one plan to the next.

A file is opened when it is new or its size or time has changed. Files of an SDS tree are
known by their names and not opened at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from quakeloom.config import Settings, expand_variables
from quakeloom.core import InputError, digest_json, digest_source
from quakeloom.stages._waveform_index import (
    IndexRow,
    Instrument,
    Problem,
    index_files,
    list_files,
    settle_channels,
)
from quakeloom.store import read_json, write_json_if_changed

_SDS = re.compile(
    r"(?P<net>\w*)\.(?P<sta>\w+)\.(?P<loc>\w*)\.(?P<cha>\w{3})\.D\.(?P<year>\d{4})\.(?P<day>\d{3})"
)
_NANO = 1_000_000_000


def archive_files(settings: Settings, ingest: Path) -> list[Path]:
    """Return the waveform files of a run in order; those of a simulation lie with its tables.

    Raises
    ------
    InputError
        If a path does not exist or a pattern matches nothing.
    """
    assert settings.waveforms is not None
    if settings.simulation is not None:
        return list_files(Path(read_json(ingest / "simulation.json")["folder"]) / "archive")
    base = Path(expand_variables(settings.data))
    files: dict[Path, None] = {}
    for written in settings.waveforms.archives:
        pattern = expand_variables(written)
        path = Path(pattern) if Path(pattern).is_absolute() else base / pattern
        if any(c in pattern for c in "*?["):
            root = Path(path.anchor) if path.is_absolute() else Path()
            found = sorted(p for p in root.glob(str(path.relative_to(root))) if p.is_file())
        else:
            found = list_files(path) if path.exists() else []
        if not found:
            raise InputError(
                f"The archive '{written}' of '{settings.name}' holds no file (looked for {path}). "
                "Nothing was planned; correct waveforms.archives, `data`, or the variable they use."
            )
        files.update(dict.fromkeys(found))
    return list(files)


def index_archive(
    settings: Settings, cache: Path, progress: Callable[[str], None] = lambda _: None
) -> tuple[list[IndexRow], list[Problem], dict[Path, list[int]]]:
    """Return the traces of the archive, what was put aside, and the stamp of every file.

    Parameters
    ----------
    settings : Settings
    cache : Path
        JSON file that keeps headers from one plan to the next.
    progress : callable
    """
    code = digest_source(["quakeloom.formats", "quakeloom.stages._waveform_index"])
    kept = read_json(cache) if cache.exists() else {}
    known = kept.get("files", {}) if kept.get("code") == code else {}
    stamps: dict[Path, list[int]] = {}
    rows: list[IndexRow] = []
    problems: list[Problem] = []
    fresh: dict[str, Any] = {}
    new = []
    for file in archive_files(settings, cache.parent):
        stat = file.stat()
        stamps[file] = [stat.st_size, stat.st_mtime_ns]
        named = _by_name(file)
        entry = known.get(str(file))
        if named is not None:
            rows.append(named)
        elif entry and entry["stamp"] == stamps[file]:
            fresh[str(file)] = entry
        else:
            new.append(file)
    if new:
        progress(f"reading the headers of {len(new)} waveform files")
    for file in new:
        found, trouble = index_files([file])
        fresh[str(file)] = {
            "stamp": stamps[file],
            "rows": [[*vars(r.instrument).values(), r.channel, r.start, r.end,
                      r.sampling_rate_hz] for r in found],
            "problems": [[p.record, p.station, p.reason] for p in trouble],
        }  # fmt: skip
    for name, entry in fresh.items():
        file = Path(name)
        rows += [IndexRow(Instrument(*r[:4]), r[4], r[5], r[6], r[7], file) for r in entry["rows"]]
        problems += [Problem(name, *p) for p in entry["problems"]]
    if fresh:
        write_json_if_changed(cache, {"code": code, "files": fresh})
    return settle_channels(rows), problems, stamps


def listing_digest(
    rows: list[IndexRow], stamps: dict[Path, list[int]], start: int, end: int
) -> str:
    """Return the digest of the files that hold something between two times."""
    files = sorted({r.file for r in rows if r.start < end and r.end > start})
    return digest_json([[str(f), *stamps[f]] for f in files])


def _by_name(file: Path) -> IndexRow | None:
    match = _SDS.fullmatch(file.name)
    if not match:
        return None
    first = datetime(int(match["year"]), 1, 1, tzinfo=UTC)
    start = int((first + timedelta(days=int(match["day"]) - 1)).timestamp()) * _NANO
    cha = match["cha"]
    instrument = Instrument(match["net"], match["sta"], match["loc"], cha[:-1])
    # a day file may reach a little into its neighbors
    return IndexRow(instrument, cha, start - 60 * _NANO, start + 86_460 * _NANO, 0.0, file)
