"""Catalogs of mechanisms, split into calendar bins for the stress map."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from numpy.typing import NDArray

from quakeloom.config import Settings, expand_variables
from quakeloom.core import InputError, digest_file
from quakeloom.formats import read_mechanisms
from quakeloom.stages.frame.calendar import assign_partitions, choose_calendar
from quakeloom.store import RunLayout, read_table, write_table

log = logging.getLogger(__name__)


def count_catalog(layout: RunLayout) -> int:
    """Return how many mechanisms the catalogs of a planned run hold."""
    return sum(
        read_table(f, "mechanisms", ["event_id"]).num_rows
        for f in sorted((layout.ingest / "catalog").glob("*.parquet"))
    )


def catalog_part(layout: RunLayout, partition: str) -> Path:
    """Return where the mechanisms of a partition are kept."""
    return layout.ingest / "catalog" / f"{partition}.parquet"


def catalog_tables(layout: RunLayout, names: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the mechanisms of partitions, one table each."""
    for name in names:
        yield read_table(catalog_part(layout, name), "mechanisms")


def split_catalogs(settings: Settings, layout: RunLayout) -> dict[str, str]:
    """Read the catalogs and split them into calendar bins; digests of their rows by name."""
    base = Path(expand_variables(settings.data))
    assert settings.stress is not None
    tables = [read_mechanisms(base / expand_variables(c)) for c in settings.stress.catalogs]
    table = pa.concat_tables(tables).combine_chunks()
    if not table.num_rows:
        raise InputError(
            f"The catalogs of run '{settings.name}' ({', '.join(settings.stress.catalogs)}) hold "
            "no mechanism, so there is no stress to map. Give catalogs with mechanisms."
        )
    ids = table.column("event_id").to_pylist()
    if len(set(ids)) != len(ids):
        first = np.unique(ids, return_index=True)[1]
        log.warning("%d mechanisms of doubled events are left out", len(ids) - first.size)
        table = table.take(pa.array(np.sort(first)))
    times = table.column("origin_time").to_numpy().astype("datetime64[ns]")
    calendar = settings.partition.calendar
    if calendar == "auto":
        calendar = _kept_calendar(layout, times)
    names = assign_partitions(times, calendar, settings.partition.maximum_events)
    digests = {}
    for name in np.unique(names):
        rows = table.filter(pa.array(names == name))
        rows = rows.take(pc.sort_indices(rows, [("origin_time", "ascending"),
                                                ("event_id", "ascending")]))  # fmt: skip
        path = catalog_part(layout, str(name))
        write_table(path, "mechanisms", rows, validate=False)
        digests[str(name)] = digest_file(path)
    folder = layout.ingest / "catalog"
    for old in folder.glob("*.parquet"):
        if old.stem not in digests:
            old.unlink()
    return digests


def _kept_calendar(layout: RunLayout, times: NDArray[np.datetime64]) -> str:
    path = layout.ingest / "catalog" / "calendar.yaml"
    if path.exists():
        return str(yaml.safe_load(path.read_text())["calendar"])
    calendar = choose_calendar(times)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"calendar: {calendar}\n")
    return calendar
