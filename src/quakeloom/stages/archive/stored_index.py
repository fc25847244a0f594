"""The archive of a run: its files, their headers kept from one plan to the next.

A file is opened when it is new or has changed (:mod:`quakeloom.stages.archive.file_states`).
Files of an SDS tree are known by their names and not opened at all. A partition has the part of the
index that touches its time in a folder of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import numpy as np

from quakeloom.config import Settings
from quakeloom.core import InputError
from quakeloom.signal import band_of
from quakeloom.stages.archive.file_states import SDS, compare_files
from quakeloom.stages.archive.index import (
    ArchiveIndex,
    IndexBuilder,
    index_provenance,
    read_index,
    settle_index,
)
from quakeloom.stages.archive.record_sets import (
    IndexRow,
    Instrument,
    leave_out_companions,
    list_files,
    read_headers,
)
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.frame.rows_before import keep_before
from quakeloom.store import (
    Item,
    RunLayout,
    input_place,
    is_input,
    is_sealed,
    list_archive,
    list_inputs,
    open_item,
    read_json,
    read_json_or,
    walk_inputs,
    write_json_if_changed,
    write_seal,
)

_NANO = 1_000_000_000
"""Nanoseconds of a second."""


def archive_files(settings: Settings, ingest: Item) -> list[Path]:
    """Return the waveform files of a run in order; those of a simulation lie with its tables.

    Raises
    ------
    InputError
        If a path does not exist or a pattern matches nothing.
    """
    assert settings.waveforms is not None
    if settings.simulation is not None:
        folder = open_item(read_json(ingest / "simulation.json")["folder"])
        return list_files((folder / "archive").waveforms)
    files: dict[Path, None] = {}
    for written in settings.waveforms.archives:
        stored = list_archive(settings.data, written)
        if stored is not None:
            files.update(dict.fromkeys(leave_out_companions(stored.files, stored.below)))
            continue
        place = input_place(settings.data, written)
        if next(walk_inputs(place), None) is not None:  # a file or a folder with folders in it
            found = list_files(place)
        else:
            matching = (f for f in list_inputs(settings.data, written) if is_input(f))
            fixed = takewhile(lambda part: not any(c in part for c in "*?["), place.parts)
            found = leave_out_companions(matching, Path(*fixed))
        if not found:
            raise InputError(
                f"The archive '{written}' of '{settings.name}' holds no file (looked for "
                f"{input_place(settings.data, written)}). Nothing was planned; correct "
                "waveforms.archives, `data`, or the variable they use."
            )
        files.update(dict.fromkeys(found))
    return list(files)


def index_archive(
    settings: Settings, ingest: Item, progress: Callable[[str], None] = lambda _: None
) -> ArchiveIndex:
    """Return the traces of the archive, and keep them for the next plan.

    Parameters
    ----------
    settings : Settings
    ingest : Item
        Folder of what was read; the index lies in its folder ``archive``, what was put aside in
        ``archive_problems.json``.
    progress : callable
    """
    folder, put_aside = ingest / "archive", ingest / "archive_problems.json"
    code = code_digest("quakeloom.stages.archive.record_sets") + code_digest(
        "quakeloom.stages.archive.index"
    )
    aside = read_json_or(put_aside, None)
    whole = is_sealed(folder) and aside is not None
    known = read_index(folder) if whole and index_provenance(folder).get("code") == code else None
    paths = archive_files(settings, ingest)
    files = [str(p) for p in paths]
    states = compare_files(paths, known)
    same = states.before >= 0
    renumbered = np.full(len(known.files) if known is not None else 0, -1)
    renumbered[states.before[same]] = np.flatnonzero(same)
    new = np.flatnonzero(~same).tolist()
    if new:
        progress(f"reading the headers of {len(new)} waveform files")
    unchanged = {files[i] for i in np.flatnonzero(same)}
    problems = [p for p in (aside if unchanged else []) if p[0] in unchanged]
    builder = IndexBuilder()
    for number in new:
        named = _by_name(paths[number])
        rows, trouble = ([named], []) if named is not None else read_headers(paths[number])
        builder.add(number, rows)
        problems += [list(vars(p).values()) for p in trouble]
    kept = (known, renumbered) if known is not None else None
    index = builder.finish(files, states.stamps, kept, states.contents)
    if new or known is None or files != known.files or states.differ_from(known):
        index.write(folder, {"code": code})
        write_seal(folder, files_only=True)
    write_json_if_changed(put_aside, sorted(problems))
    return settle_index(index)


def write_span(
    index: ArchiveIndex,
    ingest: Item,
    partition: str,
    span: tuple[int, int],
    events: tuple[int, int],
) -> str:
    """Keep what a partition needs of the archive; return its digest.

    Parameters
    ----------
    index : ArchiveIndex
    ingest : Item
    partition : str
    span, events : (int, int)
        Time that its windows can touch, and that of its first and last event, nanoseconds.
    """
    folder = ingest / "archive" / partition
    part = index.between(*span, events)
    digest = part.digest()
    if not is_sealed(folder) or index_provenance(folder).get("digest") != digest:
        keep_before(RunLayout(ingest.parent), folder, partition)
        part.write(folder, {"digest": digest})
        write_seal(folder)
    return digest


def read_span(ingest: Item, partition: str) -> ArchiveIndex:
    """Read what a partition needs of the archive."""
    return read_index(ingest / "archive" / partition)


def _by_name(file: Path) -> IndexRow | None:
    match = SDS.fullmatch(file.name)
    if not match:
        return None
    first = datetime(int(match["year"]), 1, 1, tzinfo=UTC)
    start = int((first + timedelta(days=int(match["day"]) - 1)).timestamp()) * _NANO
    cha = match["cha"]
    instrument = Instrument(match["net"], match["sta"], match["loc"], band_of(cha))
    # a day file may reach a little into its neighbors
    return IndexRow(instrument, cha, start - 60 * _NANO, start + 86_460 * _NANO, 0.0, file)
