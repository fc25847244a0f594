"""Source files as read: each once, kept under the digest of its content."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.cluster import open_executor
from quakeloom.config import Settings, Source
from quakeloom.core import InputError, digest_json
from quakeloom.schema import empty_table
from quakeloom.stages.frame.code_digests import code_digest
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
    read_json_or,
    read_table,
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


def read_sources(settings: Settings, cache: Item, progress: Callable[[str], None]) -> list[Item]:
    """Read the source files that are not in the cache; return the folder of every file."""
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
        cluster = settings.cluster if len(jobs) > 1 else None
        with open_executor(cluster, settings.cluster.workers) as executor:
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


def read_folders(
    settings: Settings, layout: RunLayout, cache: Item, progress: Callable[[str], None]
) -> list[Item]:
    """Read or simulate the sources that are not in the cache; return the folder of each."""
    if settings.simulation is None:
        return read_sources(settings, cache, progress)
    if settings.simulation.continuous is None:
        folder = simulate_source(settings, cache, progress)
    else:
        from quakeloom.stages.simulate.continuous import continuous_source

        folder = continuous_source(settings, cache, progress).folder
    write_json_if_changed(layout.ingest / "simulation.json", {"folder": str(folder)})
    return [folder]


def gather_sources(folders: list[Item], name: str) -> pa.Table:
    """Return a table of all sources as read, empty if none has it."""
    pieces = [
        read_table(f / f"{name}.parquet", name) for f in folders if (f / f"{name}.parquet").exists()
    ]
    return pa.concat_tables(pieces) if pieces else empty_table(name)


def _is_kept(folder: Item) -> bool:
    """Say whether a source was read and is as it was; one that is damaged is removed."""
    if not folder.exists():
        return False
    if is_sealed(folder):
        return True
    log.warning("%s is damaged, and is made again", folder)
    folder.remove()
    return False
