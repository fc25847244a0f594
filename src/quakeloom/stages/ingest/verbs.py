"""Stage ``ingest``: foreign files become registered tables, once, and rows find partitions.

It runs while planning, since only the events tell which partitions there are. Every source
is read once and kept under the digest of its content; planning again reads nothing that
has not changed. The rows of a partition are written only if they differ, with a digest, so
that a partition whose rows are the same is not computed again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.cluster import open_executor
from quakeloom.config import Settings, Source
from quakeloom.core import InputError, digest_bytes, digest_json
from quakeloom.formats import misdated_readings
from quakeloom.schema import empty_table, make_table
from quakeloom.stages.frame.calendar import (
    CALENDARS,
    UNDATED,
    assign_partitions,
    choose_calendar,
)
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.frame.partition_states import refuse_changed
from quakeloom.stages.frame.planned_rows import Ingested, PlannedRows
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.ingest.doubled_readings import choose_sources, count_disagreements
from quakeloom.stages.ingest.events_of_picks import events_of_picks, fill_times
from quakeloom.stages.ingest.reject_rows import reject_rows
from quakeloom.stages.ingest.station_places import put_aside_misplaced
from quakeloom.store import (
    InputDigests,
    Item,
    RunLayout,
    atomic_folder,
    find_input,
    input_place,
    is_input,
    is_sealed,
    list_inputs,
    near_names,
    read_json,
    read_json_or,
    read_seal,
    read_table,
    remove_others,
    write_json_if_changed,
    write_seal,
    write_table,
)

log = logging.getLogger(__name__)

SOURCE_TABLES = (
    "events",
    "stations",
    "polarities",
    "picks",
    "amplitudes",
    "reversals",
    "sp_corrections",
    "rejects",
    "truth",
)
"""Tables that a source can hold."""

ROW_TABLES = ("events", "polarities", "picks", "amplitudes", "rejects", "truth")
"""Tables that are split into partitions."""
SHARED_TABLES = ("stations", "reversals", "sp_corrections")
"""Tables that every partition may need."""


def plan(run: PlannedRun) -> None:
    """Read what is new, and split the rows into partitions."""
    ingested = ingest_sources(run.settings, run.layout, run.cache, run.progress)
    run.rows = ingested.partitions
    run.inputs = ingested.inputs


def ingest_sources(
    settings: Settings,
    layout: RunLayout,
    cache: Item,
    progress: Callable[[str], None] = lambda _: None,
) -> Ingested:
    """Read what is new, split everything into partitions, and return them in order.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    cache : Item
        Folder of the sources as read; cases of one configuration share it.
    progress : callable
        Called with a sentence now and then.

    Raises
    ------
    InputError
        If a file is missing or no source holds an event.
    FormatError
        If a file is not in its format.
    """
    folders = (
        [simulate_source(settings, cache, progress)]
        if settings.simulation is not None
        else _read_sources(settings, cache, progress)
    )
    # whether picks without events are enough depends on whether events are located
    known = digest_json(
        [
            [f.name for f in folders],
            settings.partition.model_dump(),
            code_digest(__name__),
            settings.locate is not None,
        ]
    )
    inputs = digest_json([f.name for f in folders])
    if settings.simulation is not None:
        write_json_if_changed(layout.ingest / "simulation.json", {"folder": str(folders[0])})
    index = layout.ingest / "index.json"
    old = read_json_or(index, {})
    if old.get("key") == known and _is_whole(layout, old):
        return Ingested([PlannedRows(**row) for row in old["partitions"]], inputs)
    progress("sorting rows into partitions")
    tables = {name: _gather(folders, name) for name in SOURCE_TABLES}
    if not tables["events"].num_rows and settings.locate is not None:
        tables["events"] = events_of_picks(tables["picks"], tables["rejects"])
    if not tables["events"].num_rows:
        raise InputError(
            f"The sources of '{settings.name}' hold no event that can be used "
            f"({tables['rejects'].num_rows} records were put aside). Nothing was planned; "
            "check the files and their formats."
        )
    rows = _split(settings, layout, tables, progress)
    shared = {n: (layout.ingest / f"{n}.parquet").digest() for n in SHARED_TABLES}
    content = {
        "key": known,
        "partitions": [vars(r) for r in rows],
        "shared": shared,
        "sources": [f.name for f in folders],
    }
    write_json_if_changed(index, {**content, "digest": digest_json(content)})
    return Ingested(rows, inputs)


def _is_whole(layout: RunLayout, index: dict[str, Any]) -> bool:
    """Say whether the rows that an index speaks of are as they were written.

    What was removed by hand or damaged is sorted again, so that no command fails for good.
    """
    content = {k: v for k, v in index.items() if k != "digest"}
    if index.get("digest") != digest_json(content):
        return False
    damaged = [
        str(layout.rows(p["partition"]))
        for p in index["partitions"]
        if not is_sealed(layout.rows(p["partition"]))
    ]
    for name, digest in index["shared"].items():
        table = layout.ingest / f"{name}.parquet"
        if not table.exists() or table.digest() != digest:
            damaged.append(str(table))
    if damaged:
        log.warning("missing or changed since planned, and made again: %s", ", ".join(damaged))
    return not damaged


def _is_kept(folder: Item) -> bool:
    """Say whether a source was read and is as it was; one that is damaged is removed."""
    if not folder.exists():
        return False
    if is_sealed(folder):
        return True
    log.warning("%s is damaged, and is made again", folder)
    folder.remove()
    return False


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read sources as read, and the rows of all partitions, and compare them with their digests.

    Raises
    ------
    VerificationError
        With every file that is missing or changed.
    """
    index = read_json(layout.ingest / "index.json")
    folders = [_cached(settings, layout, name) for name in index["sources"]]
    folders += [layout.rows(p["partition"]) for p in index["partitions"]]
    recorded = [(layout.ingest / f"{n}.parquet", d) for n, d in index["shared"].items()]
    problems = []
    for folder in folders:
        digests = read_seal(folder)
        if not digests:
            problems.append(f"{folder} has no digests.json that can be read")
        recorded += [(folder / name, digest) for name, digest in digests.items()]
    files = refuse_changed(f"The sources of run {layout.root}", recorded, problems)
    return {"files": files, "partitions": len(index["partitions"])}


def _cached(settings: Settings, layout: RunLayout, name: str) -> Item:
    """Return a source as read: kept with the run, or with its configuration."""
    own = layout.ingest / "sources" / name
    configuration = layout.results(settings.name) / settings.name.split("/")[0]
    return own if own.exists() else configuration / "ingest" / "sources" / name


def source_files(settings: Settings) -> list[tuple[Source, Path, str]]:
    """Return every source file with its settings and the name it goes by in tables.

    A source is a file, a folder (its files, not those of folders in it) or a pattern. A file
    that is called as the source says is taken even if its name looks like a pattern. Hidden
    files (``._NAME`` of macOS) are passed over, unless the source names them.
    """
    base = input_place(settings.data, "")
    found: list[tuple[Source, Path, str]] = []
    for source in settings.sources:
        files = list_inputs(settings.data, source.path)
        if not files:
            raise InputError(
                f"Source '{source.path}' of '{settings.name}' does not exist, or is a folder "
                f"without files (looked for {input_place(settings.data, source.path)}). Nothing "
                "was planned; correct `path`, `data`, or the variable they use."
                f"{near_names(settings.data, source.path)}"
            )
        for file in files:
            name = str(file.relative_to(base)) if file.is_relative_to(base) else file.name
            found.append((source, file, name))
    return found


def _read_sources(settings: Settings, cache: Item, progress: Callable[[str], None]) -> list[Item]:
    code = code_digest("quakeloom.formats")
    stats_file = cache / "digests.json"
    kept = read_json_or(stats_file, {})
    files = kept.get("files", {})
    digests = InputDigests(files if kept.get("digest") == digest_json(files) else {})
    jobs: list[dict[str, Any]] = []
    folders: list[Item] = []
    for source, file, name in source_files(settings):
        digest = digests.of(file)
        options = source_options(settings, source)
        extra = [digests.of(f) for f in _option_files(file, options)]
        key = digest_json([digest, name, source.format, source.options, extra, code])
        folder = cache / key
        folders.append(folder)
        if not _is_kept(folder):
            jobs.append(
                {
                    "file": str(file),
                    "name": name,
                    "format": source.format,
                    "options": options,
                    "folder": folder,
                }
            )
    if jobs:
        progress(f"reading {len(jobs)} of {len(folders)} source files")
        cluster = settings.cluster
        kind = cluster.kind if len(jobs) > 1 else "synchronous"
        with open_executor(kind, cluster.workers, cluster.scheduler_file) as executor:
            for job, counts in zip(jobs, executor.map(_read_one, jobs), strict=True):
                log.info("ingest %s: %s", job["name"], counts)
    known = {"files": digests.known, "digest": digest_json(digests.known)}
    write_json_if_changed(stats_file, known)
    return folders


def source_options(settings: Settings, source: Source) -> dict[str, Any]:
    """Return the options of a source; those that name a file below the data folder are its path."""
    return {k: _option(settings, v) for k, v in source.options.items()}


def _option(settings: Settings, value: Any) -> Any:
    """Turn an option that names a file below the data folder into its path."""
    file = find_input(settings.data, value) if isinstance(value, str) else None
    return value if file is None else str(file)


def _option_files(file: Path, options: dict[str, Any]) -> list[Path]:
    """Return the files that options name, whole or as a suffix to the name of the source."""
    found = []
    for value in options.values():
        if _is_file(value):
            found.append(Path(value))
        elif isinstance(value, str) and value.startswith(".") and _is_file(f"{file}{value}"):
            found.append(Path(f"{file}{value}"))
    return found


def _is_file(value: Any) -> bool:
    return isinstance(value, str) and len(value) < 4096 and is_input(Path(value))


def _read_one(job: dict[str, Any]) -> dict[str, int]:
    from quakeloom.formats import read_source

    tables = read_source(Path(job["file"]), job["format"], **job["options"])
    counts = {}
    with atomic_folder(job["folder"]) as folder:
        for name in SOURCE_TABLES:
            table = getattr(tables, name, None)
            if table is None or not table.num_rows:
                continue
            column = table.schema.get_field_index("source_file")
            if column >= 0:
                names = pa.array([job["name"]], pa.string()).take(
                    pa.array(np.zeros(table.num_rows, dtype=np.int64))
                )
                table = table.set_column(column, table.schema.field(column), names)
            write_table(folder / f"{name}.parquet", name, table, validate=False)
            counts[name] = table.num_rows
        write_seal(folder)
    return counts


def simulate_source(
    settings: Settings, cache: Item, progress: Callable[[str], None] = lambda _: None
) -> Item:
    """Simulate the source of a run, if it is not in the cache; return its folder."""
    from quakeloom.stages.simulate.verbs import write_simulation

    assert settings.simulation is not None
    key = digest_json(
        [
            settings.simulation.model_dump(),
            settings.waveforms is not None,
            settings.seed,
            code_digest("quakeloom.stages.simulate.verbs"),
        ]
    )
    folder = cache / key
    if not _is_kept(folder):
        progress(f"simulating {settings.simulation.events} events")
        with atomic_folder(folder) as temporary:
            write_simulation(settings, temporary)
            write_seal(temporary)
    return folder


def _gather(folders: list[Item], name: str) -> pa.Table:
    pieces = [
        read_table(f / f"{name}.parquet", name) for f in folders if (f / f"{name}.parquet").exists()
    ]
    return pa.concat_tables(pieces) if pieces else empty_table(name)


def _partitions_of_rejects(
    rejects: pa.Table, event_ids: pa.Array, pieces: dict[str, tuple[pa.Table, np.ndarray]]
) -> NDArray[np.int64]:
    """Number of the partition of every reject: of its event, or the first of its file.

    So what a new file says changes no other partition. What is of no file with rows of events is
    kept with the first one.
    """
    of_event = pieces["events"][1]
    where = pc.index_in(rejects.column("event_id"), event_ids).fill_null(-1).to_numpy()
    found = np.where(where >= 0, of_event[where], -1)
    for table, partition in pieces.values():
        if "source_file" in table.column_names and table.num_rows:
            files = table.column("source_file").combine_chunks()
            first = pc.index_in(rejects.column("source_file"), files).fill_null(-1).to_numpy()
            found = np.where((found < 0) & (first >= 0), partition[first], found)
    return np.maximum(found, 0)


def _split(
    settings: Settings,
    layout: RunLayout,
    tables: dict[str, pa.Table],
    say: Callable[[str], None] = lambda _: None,
) -> list[PlannedRows]:
    events, doubled = unique_events(tables["events"])
    rejects = pa.concat_tables([tables["rejects"], doubled])
    times = fill_times(events, tables["picks"])
    calendar = _sticky_calendar(settings, layout, times)
    partition = assign_partitions(times, calendar, settings.partition.maximum_events)
    # numpy sorts NaT last, which puts undated events into the last partition
    ids = events.column("event_id").to_numpy(zero_copy_only=False).astype(str)
    order = np.lexsort((ids, times, partition == UNDATED))
    events = events.take(order)
    partition = partition[order]
    names, first = np.unique(partition, return_index=True)
    names = names[np.argsort(first)]
    number = {n: i for i, n in enumerate(names)}
    of_event = np.array([number[p] for p in partition])

    pieces: dict[str, tuple[pa.Table, np.ndarray]] = {"events": (events, of_event)}
    event_ids = events.column("event_id").combine_chunks()
    for name in ("polarities", "picks", "amplitudes", "truth"):
        (found, event), orphans = rows_of_events(name, tables[name], event_ids)
        if orphans.num_rows:
            rejects = pa.concat_tables([rejects, orphans])
        if name in ("polarities", "picks"):
            late, reasons = misdated_readings(events, found, name)
            if reasons:
                aside = reject_rows(name, found.filter(pa.array(late)), reasons)
                rejects = pa.concat_tables([rejects, aside])
                found, event = found.filter(pa.array(~late)), event[~late]
                say(f"{len(reasons)} {name} are put aside: {reasons[0]}")
        pieces[name] = found, of_event[event] if found.num_rows else event
    disagreeing = count_disagreements(rejects)
    if disagreeing:
        say(
            f"{disagreeing} first motions are up in one source and down in another; the first "
            "source counts, and the others are among the rejects"
        )
    tables["stations"], aside = put_aside_misplaced(
        tables["stations"], events, [pieces[n][0] for n in ("polarities", "picks")], say
    )
    rejects = pa.concat_tables([rejects, aside])
    pieces["rejects"] = rejects, _partitions_of_rejects(rejects, event_ids, pieces)

    for name in SHARED_TABLES:
        write_table(layout.ingest / f"{name}.parquet", name, tables[name], validate=False)
    bounds = {
        name: (np.argsort(index, kind="stable"), np.bincount(index, minlength=names.size))
        for name, (_, index) in pieces.items()
    }
    offsets = {name: np.concatenate([[0], np.cumsum(c)]) for name, (_, c) in bounds.items()}
    planned = []
    for i, name in enumerate(names):
        here = {
            t: pieces[t][0].take(bounds[t][0][offsets[t][i] : offsets[t][i + 1]])
            for t in ROW_TABLES
        }
        planned.append(_write_rows(layout, str(name), here, tables))
    remove_others(layout.ingest / "partitions", {str(n) for n in names})
    return planned


def _write_rows(
    layout: RunLayout, partition: str, rows: dict[str, pa.Table], tables: dict[str, pa.Table]
) -> PlannedRows:
    codes = pc.unique(
        pa.chunked_array(
            rows["polarities"].column("station").chunks + rows["picks"].column("station").chunks,
            pa.string(),
        )
    )
    needed = {
        name: tables[name].filter(pc.is_in(tables[name].column("station"), codes))
        for name in SHARED_TABLES
    }
    counts = rows["polarities"].group_by("event_id").aggregate([([], "count_all")])
    largest = int(pc.max(counts.column("count_all")).as_py() or 0)
    digest = digest_bytes(*(_table_bytes(t) for t in (*rows.values(), *needed.values())))
    planned = PlannedRows(
        partition, rows["events"].num_rows, rows["polarities"].num_rows, largest, digest,
        rows["picks"].num_rows,
    )  # fmt: skip
    folder = layout.rows(partition)
    if read_json_or(folder / "rows.json", None) != vars(planned) or not is_sealed(folder):
        with atomic_folder(folder) as temporary:
            for name, table in rows.items():
                write_table(temporary / f"{name}.parquet", name, table, validate=False)
            write_json_if_changed(temporary / "rows.json", vars(planned))
            write_seal(temporary)
    return planned


def _table_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue().to_pybytes())


def _sticky_calendar(settings: Settings, layout: RunLayout, times: np.ndarray) -> str:
    """Return the kind of bins; what ``auto`` once chose is kept, so that nothing moves."""
    calendar: str = settings.partition.calendar
    if calendar != "auto":
        return calendar
    kept = layout.ingest / "calendar.json"
    chosen = read_json_or(kept, {}).get("calendar")
    if chosen in CALENDARS:
        return str(chosen)
    calendar = choose_calendar(times)
    write_json_if_changed(kept, {"calendar": calendar})
    return calendar


def unique_events(events: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the first row of every event, and the others as ``rejects``."""
    ids = events.column("event_id").combine_chunks().dictionary_encode()
    codes = ids.indices.to_numpy()
    _, first = np.unique(codes, return_index=True)
    if first.size == events.num_rows:
        return events, empty_table("rejects")
    keep = np.zeros(events.num_rows, dtype=bool)
    keep[first] = True
    doubled = events.filter(pa.array(~keep))
    rejects = make_table(
        "rejects",
        {
            "source_file": doubled.column("source_file"),
            "source_line": doubled.column("source_line"),
            "record": ["event"] * doubled.num_rows,
            "event_id": doubled.column("event_id"),
            "reason": ["doubled event: the first one with this event_id is used"]
            * doubled.num_rows,
        },
    )
    return events.filter(pa.array(keep)), rejects


def rows_of_events(
    name: str, table: pa.Table, event_ids: pa.Array
) -> tuple[tuple[pa.Table, np.ndarray], pa.Table]:
    """Sort rows by their event; rows of unknown events and doubled readings are rejected.

    Returns
    -------
    (pyarrow.Table, ndarray of int64), pyarrow.Table
        The rows and the event of each, and ``rejects``.
    """
    index = pc.index_in(table.column("event_id"), event_ids)
    event = index.fill_null(-1).to_numpy().astype(np.int64)
    order = np.argsort(event, kind="stable")
    unknown = int(np.searchsorted(event[order], 0))
    rejects = [reject_rows(name, table.take(order[:unknown]), "there is no event with this id")]
    order = order[unknown:]
    rows = table.take(order)
    event = event[order]
    if name in ("polarities", "amplitudes") and rows.num_rows:
        kept, aside = choose_sources(name, rows, event)
        rejects += aside
        if aside:
            rows, event = rows.filter(pa.array(kept)), event[kept]
    return (rows, event), pa.concat_tables(rejects)
