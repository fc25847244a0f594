"""Blocks of events of a partition: what a worker gets, solves and gives back.

The stage ``locate`` is imported where a run needs it: a job of this stage is short, and its
libraries take half a second.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings, case_run
from quakeloom.core import MACHINE_TROUBLE, QuakeloomError
from quakeloom.mechanism import (
    MAXIMUM_READINGS,
    MechanismOptions,
    find_mechanisms,
    leave_one_out,
    mechanism_grid,
)
from quakeloom.schema import STATUSES, TABLES, empty_table, make_table
from quakeloom.stages.mechanism.event_choice import left_out_events
from quakeloom.stages.readings.block_readings import HypocenterDraws, Shared, Unusable
from quakeloom.stages.readings.observations import prepare_block
from quakeloom.stages.takeoff.reading import read_tables
from quakeloom.store import Item, RunLayout, read_table, write_region

log = logging.getLogger(__name__)

_REASONS = {
    "too_few_polarities": "{count} polarities; {least} are needed",
    "azimuthal_gap": "azimuthal gap of {azimuth:.0f} degrees; at most {azimuth_most:g} is allowed",
    "takeoff_gap": "gap of {takeoff:.0f} degrees in take-off angle; at most {takeoff_most:g} is "
    "allowed",
    "no_solution": "no mechanism fits the readings",
    "invalid_event": "the event cannot be used",
    "error": "more than {most} polarities and amplitude ratios, the most that the search can count",
}
"""Why an event has no mechanism, by its status."""


@dataclass(frozen=True)
class EventBlock:
    """Events with their readings, sorted by event, and how they are searched."""

    settings: Settings
    events: pa.Table
    polarities: pa.Table
    amplitudes: pa.Table
    draws: HypocenterDraws | None = None
    left_out: dict[str, Unusable] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BlockTask(EventBlock):
    """One block of events of a run: what a worker needs to know."""

    layout: RunLayout
    partition: str
    group: Item | None
    start: int


_SHARED: dict[tuple[str, str], Shared] = {}
"""What the blocks of the last partition shared, kept for the next block of this process."""


def read_shared(settings: Settings, layout: RunLayout, partition: str) -> Shared:
    """Read what all blocks of a run share, once per process."""
    key = (str(layout.root), layout.plan("mechanism", partition).digest())
    if key not in _SHARED:
        tables = {
            name: read_table(layout.ingest / f"{name}.parquet", name)
            for name in ("stations", "reversals", "sp_corrections")
        }
        screening = [
            read_table(
                _case_layout(settings, layout, case).table("station_report"), "station_report"
            )
            for case in settings.selection.screening
        ]
        stack = read_tables(layout) if settings.takeoff.angles == "layered" else None
        _SHARED.clear()
        rays = None
        if settings.takeoff.angles == "ensemble":
            from quakeloom.stages.locate.reading import read_rays

            rays = read_rays(layout)
        _SHARED[key] = Shared(**tables, screening=tuple(screening), tables=stack, rays=rays)
    return _SHARED[key]


def _case_layout(settings: Settings, layout: RunLayout, case: str) -> RunLayout:
    """Return the layout of another case of the same configuration."""
    configuration = settings.name.split("/")[0]
    return RunLayout(layout.results(settings.name) / case_run(configuration, case))


def solve_block(task: BlockTask) -> dict[str, pa.Table]:
    """Solve one block of events and write its accepted sets; runs on a worker."""
    shared = read_shared(task.settings, task.layout, task.partition)
    tables, acceptance = solve_events(task, shared)
    if task.group is not None:
        write_region(task.group, "acceptance", task.start, acceptance)
    return tables


def solve_events(
    block: EventBlock, shared: Shared
) -> tuple[dict[str, pa.Table], NDArray[np.uint8]]:
    """Solve events; if that fails, halve them until the one that fails stands alone.

    A defect must cost one event and not its neighbors: that event gets the status
    ``error`` with the message, and the log the traceback.

    Returns
    -------
    tables : dict of str to pyarrow.Table
        Registered ``events``, ``polarities``, ``mechanisms``, ``solutions``, ``rejects``.
    acceptance : ndarray of uint8, shape (events, mechanisms)
    """
    try:
        return _search_events(block, shared)
    except (QuakeloomError, *MACHINE_TROUBLE):
        raise
    except Exception as error:
        count = block.events.num_rows
        if count == 1:
            log.exception("event %s failed", block.events.column("event_id")[0].as_py())
            return _failed_event(block, error)
        halves = [
            solve_events(_part_of(block, a, b), shared)
            for a, b in ((0, count // 2), (count // 2, count))
        ]
        tables = {name: pa.concat_tables([h[0][name] for h in halves]) for name in halves[0][0]}
        return tables, np.concatenate([h[1] for h in halves])


def _part_of(block: EventBlock, start: int, stop: int) -> EventBlock:
    """Return some of the events of a block."""
    events = block.events.slice(start, stop - start)
    ids = events.column("event_id").combine_chunks()
    rows = {
        name: table.filter(pc.is_in(table.column("event_id"), ids))
        for name, table in (("polarities", block.polarities), ("amplitudes", block.amplitudes))
    }
    draws = block.draws
    if draws is not None:
        draws = HypocenterDraws(*(v[start:stop] for v in vars(draws).values()))
    return replace(block, events=events, draws=draws, **rows)


def _failed_event(block: EventBlock, error: Exception) -> tuple[dict[str, pa.Table], np.ndarray]:
    """Rows of an event whose search failed."""
    reason = f"the search failed: {type(error).__name__}: {error}"
    same = ("event_id", "origin_time", "longitude", "latitude", "depth_km", "magnitude")
    mechanisms = make_table(
        "mechanisms",
        {
            **{name: block.events.column(name) for name in same},
            "status": ["error"],
            "reason": [reason],
            "quality": ["F"],
        },
    )
    size = mechanism_grid(block.settings.mechanism.grid_step_deg).strike_deg.size
    return {
        "events": block.events,
        "polarities": block.polarities,
        "mechanisms": mechanisms,
        "solutions": empty_table("solutions"),
        "rejects": empty_table("rejects"),
    }, np.zeros((1, size), dtype=np.uint8)


def _search_events(
    block: EventBlock, shared: Shared
) -> tuple[dict[str, pa.Table], NDArray[np.uint8]]:
    settings = block.settings
    prepared = prepare_block(
        settings, block.events, block.polarities, block.amplitudes, shared, block.draws,
        block.left_out,
    )  # fmt: skip
    grid = mechanism_grid(settings.mechanism.grid_step_deg)
    options = mechanism_options(settings)
    found = find_mechanisms(prepared.observations, grid, options)
    rows = prepared.reading_rows
    is_reading = rows >= 0
    predicted = np.full(block.polarities.num_rows, np.nan)
    alone = leave_one_out(prepared.observations, grid, options)
    predicted[rows[is_reading]] = alone[is_reading]
    polarities = block.polarities
    for name, values in {**prepared.readings, "predicted_up": predicted}.items():
        index = polarities.schema.get_field_index(name)
        field = polarities.schema.field(index)
        polarities = polarities.set_column(index, field, pa.array(values, field.type))
    mechanisms, solutions = _mechanism_tables(block, found, prepared.unusable)
    tables = {
        "events": block.events,
        "polarities": polarities,
        "mechanisms": mechanisms,
        "solutions": solutions,
        "rejects": _unusable_rejects(block, prepared.unusable),
    }
    return tables, found.acceptance


def _mechanism_tables(
    block: EventBlock, found: Any, unusable: dict[int, Unusable]
) -> tuple[pa.Table, pa.Table]:
    """Rows of tables ``mechanisms`` and ``solutions`` of one block."""
    events = block.events
    status = np.array(STATUSES, dtype=object)[found.status]
    reasons = [""] * events.num_rows
    for i, name in enumerate(status.tolist()):
        if name != "solved":
            reasons[i] = _REASONS[name].format(
                count=found.polarity_count[i],
                azimuth=found.azimuthal_gap_deg[i],
                takeoff=found.takeoff_gap_deg[i],
                most=MAXIMUM_READINGS,
                least=block.settings.mechanism.minimum_polarities,
                azimuth_most=block.settings.mechanism.maximum_azimuthal_gap_deg,
                takeoff_most=block.settings.mechanism.maximum_takeoff_gap_deg,
            )
    for i, why in unusable.items():
        status[i], reasons[i] = why.status, why.reason
    same = {
        name: events.column(name)
        for name in ("event_id", "origin_time", "longitude", "latitude", "depth_km", "magnitude")
    }
    columns = [c for c in TABLES["mechanisms"].columns if c not in (*same, "status", "reason")]
    mechanisms = make_table(
        "mechanisms",
        {**same, "status": status, "reason": reasons}
        | {name: getattr(found, name) for name in columns},
    )
    rows = found.solutions
    solutions = make_table(
        "solutions",
        {"event_id": events.column("event_id").take(pa.array(rows["event"]))}
        | {n: v for n, v in rows.items() if n != "event"},
    )
    return mechanisms, solutions


def _unusable_rejects(block: EventBlock, unusable: dict[int, Unusable]) -> pa.Table:
    rows = sorted(unusable)
    part = block.events.take(pa.array(rows, pa.int64()))
    return make_table(
        "rejects",
        {
            "source_file": part.column("source_file"),
            "source_line": part.column("source_line"),
            "record": ["event"] * len(rows),
            "event_id": part.column("event_id"),
            "reason": [unusable[i].reason for i in rows],
        },
    )


def mechanism_options(settings: Settings) -> MechanismOptions:
    """Return the options of the mechanism room that the settings ask for."""
    fields = MechanismOptions.__dataclass_fields__
    values = settings.mechanism.model_dump()
    return MechanismOptions(**{k: v for k, v in values.items() if k in fields})


def block_tasks(
    settings: Settings, layout: RunLayout, partition: str, group: Item | None
) -> Iterator[BlockTask]:
    folder = layout.rows(partition)
    tables = {
        n: read_table(folder / f"{n}.parquet", n) for n in ("events", "polarities", "amplitudes")
    }
    if settings.cuts_windows:
        # read from waveforms, and merged with those of the sources as the settings say
        read = layout.part("polarity", partition) / "polarities.parquet"
        tables["polarities"] = read_table(read, "polarities")
    located = None
    if settings.takeoff.angles == "ensemble":
        from quakeloom.stages.locate.reading import take_hypocenters

        tables["events"], located = take_hypocenters(layout, partition, tables["events"])
    left_out = left_out_events(settings, layout, partition, tables["events"])
    ids = tables["events"].column("event_id").combine_chunks()
    starts = {}
    for name in ("polarities", "amplitudes"):
        event = pc.index_in(tables[name].column("event_id"), ids).to_numpy()
        starts[name] = np.searchsorted(event, np.arange(ids.__len__() + 1))
    size = settings.cluster.block_events
    for start in range(0, len(ids), size):
        stop = min(start + size, len(ids))
        rows = {
            name: tables[name].slice(s[start], s[stop] - s[start]) for name, s in starts.items()
        }
        yield BlockTask(
            settings, tables["events"].slice(start, stop - start), rows["polarities"],
            rows["amplitudes"],
            None if located is None else HypocenterDraws(*(d[start:stop] for d in located)),
            left_out,
            layout=layout, partition=partition, group=group, start=start,
        )  # fmt: skip
