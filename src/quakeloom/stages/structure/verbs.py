"""Stage ``structure``: the arrivals of a catalog become velocities in three dimensions.

Its own verbs: :func:`init`, :func:`part`, :func:`finalise`. A partition sums what its events say in
the starting model; gathering adds these sums, whatever the partitions, and goes on in rounds.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.cluster import Executor, find_workers, open_executor
from quakeloom.config import Settings
from quakeloom.inference import ExactSums, no_sums
from quakeloom.schema import time_values
from quakeloom.stages.ensemble.member_tables import table_folder
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part, read_parts, refuse_incomplete
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_minutes, promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.used_of import UsedOf, count_reasons
from quakeloom.stages.frame.verbs import gather_parts, open_marker
from quakeloom.stages.structure import STRUCTURE
from quakeloom.stages.structure.inputs import (
    GridStations,
    model_file,
    read_grid_stations,
    read_structure_prior,
    structure_grid,
    structure_plane,
    structure_settings,
)
from quakeloom.stages.structure.members import MemberTask, make_member
from quakeloom.stages.structure.picks import CatalogArrivals, read_arrivals
from quakeloom.stages.structure.products import (
    first_tables,
    last_tables,
    terms_table,
    write_volumes,
)
from quakeloom.stages.structure.reading import structure_cache, structure_group
from quakeloom.stages.structure.rounds import BLOCK_EVENTS, Inversion, invert, run_block
from quakeloom.store import (
    Item,
    RunLayout,
    atomic_folder,
    digest_input,
    open_array,
    read_attributes,
    read_json,
    read_table,
    remove_others,
    write_array,
    write_attributes,
    write_json_if_changed,
    write_table,
)
from quakeloom.structure import (
    EventChecks,
    RoundOfEvents,
    first_round,
)

Floats = NDArray[np.float64]
log = logging.getLogger(__name__)

BASE_MB = 450.0
"""Memory of the program with its kernels compiled, measured."""

SECONDS_PER_EVENT = 0.2
"""Seconds of a core for the sums of an event and its share of all rounds, measured: 34 picks, 2,000
modes."""

FACTS = "structure.json"
"""File with what the rounds chose and how well the models fit."""

_COUNTED = "counted.json"
"""File of a partition with the numbers of its sums that are no arrays."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the starting model and of the stations in the grid."""
    stations = read_grid_stations(run.settings, run.layout)
    return StageInputs(
        common={
            "model": digest_input(model_file(run.settings)),
            "stations": [list(stations.names), np.round(stations.place_km, 6).tolist()],
        },
        each={r.partition: {"events": r.events} for r in run.rows},
    )


def promise(run: PlannedRun) -> Promise:
    """Return what sums of partitions, and the rounds over all events, need."""
    mb, minutes = (
        _task_mb(run.settings, run.layout),
        promise_minutes(SECONDS_PER_EVENT * run.events),
    )
    workers = promise_threads(run.settings)
    spread = math.ceil(BASE_MB + mb + (workers * (BASE_MB + mb) if workers > 1 else 0.0))
    return Promise(
        math.ceil(BASE_MB + mb),
        {r.partition: promise_minutes(SECONDS_PER_EVENT * r.events) for r in run.rows},
        workers,
        init_mb=1000,
        finalise_mb=spread + math.ceil(_matrices_mb(run.settings, run.layout)),
        finalise_minutes=60 + 4 * minutes,
    )


def init(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Say how many stations and unknowns there are."""
    stations = read_grid_stations(settings, layout)
    prior = read_structure_prior(settings)
    summary = {
        "stations": len(stations.names),
        "stations_outside": len(stations.places.names) - len(stations.names),
        "modes": prior.size,
        "nodes": int(np.prod(prior.grid.shape)),
    }
    if summary["stations_outside"]:
        log.warning(
            "structure: %d of %d stations lie outside the grid and are not used",
            summary["stations_outside"], len(stations.places.names),
        )  # fmt: skip
    open_marker(layout, STRUCTURE.name, summary)
    log.info("structure init: %s", summary)
    return summary


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Fit the events of a partition in the starting model and sum what they say of structure."""
    asked = structure_settings(settings)
    stations, prior = read_grid_stations(settings, layout), read_structure_prior(settings)
    with open_part(layout, STRUCTURE.name, partition) as job:
        catalog = read_arrivals(settings, layout, [partition], stations)
        fit = np.flatnonzero(catalog.is_used)
        source = np.full((len(catalog.status), 4), np.nan)
        status, reason = list(catalog.status), list(catalog.reason)
        residual, share = np.zeros(0), np.zeros(0)
        sums = no_sums(prior.size + 2 * len(stations.names))
        if fit.size:
            few = RoundOfEvents(
                catalog.arrivals, np.zeros((len(status), 4)), catalog.place_km,
                np.ones(catalog.rows.size), np.ones(catalog.rows.size),
            ).events(fit)  # fmt: skip
            found = first_round(
                prior, few.arrivals, few.place_km,
                EventChecks(asked.minimum_picks, asked.maximum_gap_deg),
                asked.largest_residual_s, asked.source_error_km, asked.order,
            )  # fmt: skip
            sums, residual, share = found.sums, found.fitted.residual_s, found.share
            source[fit] = found.fitted.source
            for i, k in enumerate(fit.tolist()):
                status[k], reason[k] = found.status[i], found.reason[i]
        tables = first_tables(catalog, settings, source, residual, share, status, reason)
        for name, table in tables.items():
            write_table(job.folder / f"{name}.parquet", name, table, {"partition": partition})
        write_sums(job.folder, sums)
        job.counts = {"events": len(status), "used": status.count("used"), "rows": sums.rows}
    return job.summary


def write_sums(folder: Item, sums: ExactSums) -> None:
    """Write the sums of a partition."""
    write_array(folder / "sums.zarr", "sum_matrix", sums.matrix)
    write_array(folder / "sums.zarr", "sum_vector", sums.vector)
    write_json_if_changed(
        folder / _COUNTED, {"square": sums.square, "rows": sums.rows, "count": sums.count}
    )


def read_sums(folder: Item) -> ExactSums:
    """Read the sums of a partition."""
    matrix, vector = (
        np.asarray(open_array(folder / "sums.zarr", n)[...]) for n in ("sum_matrix", "sum_vector")
    )
    return ExactSums(matrix, vector, **read_json(folder / _COUNTED))


def finalise(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Add the sums, go through the rounds, and write posterior, members and tables."""
    names = refuse_incomplete(layout, STRUCTURE.name)
    stations, prior = read_grid_stations(settings, layout), read_structure_prior(settings)
    total = no_sums(prior.size + 2 * len(stations.names))
    for name in names:
        total = total + read_sums(layout.part(STRUCTURE.name, name))
    catalog = read_arrivals(settings, layout, names, stations)
    first = _first_of_all(layout, names)
    status = np.array(first["structure_events"].column("structure_status").to_pylist())
    start = _first_sources(settings, first["structure_events"], catalog)
    used = np.flatnonzero(status == "used")
    share = first["structure_arrivals"].column("pick_share").to_numpy()[catalog.rows]
    everything = RoundOfEvents(
        catalog.arrivals, start, catalog.place_km, share,
        np.nan_to_num(share) / catalog.arrivals.sigma_s**2,
    )  # fmt: skip
    events = everything.events(used)
    is_used = np.isin(catalog.arrivals.event, used)
    before = first["structure_arrivals"].column("residual_before_s").to_numpy()
    before = before[catalog.rows[is_used]]
    mb = _task_mb(settings, layout)
    tasks = max(math.ceil(len(used) / BLOCK_EVENTS), structure_settings(settings).members)
    workers = find_workers(settings.cluster, tasks, BASE_MB, BASE_MB + mb)
    with open_executor(settings.cluster, workers) as executor:
        found = invert(settings, prior, total, events, before, lambda t: executor.map(run_block, t))
        keys = _write_members(settings, layout, stations, found, executor)
    facts = _write_tables(settings, layout, stations, catalog, first, (found, used, start))
    gather_parts(STRUCTURE, layout, {"tables": keys})
    log.info("structure: %s", facts)
    return facts


def _first_of_all(layout: RunLayout, names: list[str]) -> dict[str, pa.Table]:
    """Return the tables of all partitions by event id, as events and picks are sorted."""
    parts = {t: read_parts(layout, STRUCTURE.name, names, t) for t in STRUCTURE.part_tables}
    keys = ("event_id", "network", "station", "phase", "time")
    order = {"structure_events": keys[:1], "structure_arrivals": keys}
    return {
        t: pa.concat_tables(tables).sort_by([(k, "ascending") for k in order[t]]).combine_chunks()
        for t, tables in parts.items()
    }


def _first_sources(settings: Settings, events: pa.Table, catalog: CatalogArrivals) -> Floats:
    """Return the sources in the starting model as depth, north, east and origin time."""
    plane = structure_plane(structure_settings(settings))
    longitude, latitude, depth = (
        np.asarray(events.column(c).to_numpy(), float)
        for c in ("longitude", "latitude", "depth_km")
    )
    time = time_values(events.column("origin_time")).astype("datetime64[ns]")
    late = np.where(np.isnat(time), np.nan, (time - catalog.reference).astype(np.int64) * 1e-9)
    place = plane.forward(longitude, latitude).reshape(-1, 2)
    return np.column_stack([depth, place, late])


def _write_members(
    settings: Settings,
    layout: RunLayout,
    stations: GridStations,
    found: Inversion,
    executor: Executor,
) -> dict[str, list[dict[str, str]]]:
    """Draw the members, write velocities and tables; return the keys of the tables."""
    asked, posterior = structure_settings(settings), found.posterior
    tasks = [
        MemberTask(settings, posterior.prior, posterior.draw(settings.seed, m), stations.names,
                   stations.place_km, structure_cache(layout))
        for m in range(asked.members)
    ]  # fmt: skip
    made = list(executor.map(make_member, tasks))
    keys = {str(m): k for m, (_, _, k) in enumerate(made)}
    kept = {key for by_phase in keys.values() for tables in by_phase for key in tables.values()}
    for folder in structure_cache(layout).children():
        remove_others(folder, {k for k in kept if k[:2] == folder.name})
    with atomic_folder(structure_group(layout)) as group:
        for name, k in (("structure_p_velocity", 0), ("structure_s_velocity", 1)):
            write_array(group, name, np.stack([m[k] for m in made]), 1)
        facts = write_volumes(group, posterior)
        write_attributes(
            group,
            {
                "description": f"Velocities from the arrivals of '{settings.name}'",
                "coordinates": "depth_km north_km east_km",
                "origin_longitude_deg": asked.origin_longitude_deg,
                "origin_latitude_deg": asked.origin_latitude_deg,
                "azimuth_deg": asked.azimuth_deg,
                **facts,
            },
        )
    return keys


def _write_tables(
    settings: Settings,
    layout: RunLayout,
    stations: GridStations,
    catalog: CatalogArrivals,
    tables: dict[str, pa.Table],
    fitted: tuple[Inversion, NDArray[np.int64], Floats],
) -> dict[str, Any]:
    """Write the tables and the facts of the run; return the facts."""
    found, used, _ = fitted
    last = last_tables(catalog, settings, tables, *fitted)
    last["structure_terms"] = terms_table(stations.names, found)
    provenance = read_kept_provenance(layout, STRUCTURE.name)
    for name, table in last.items():
        write_table(layout.table(name), name, table, provenance)
    picks = last["structure_arrivals"]
    good = np.array(picks.column("structure_use").to_pylist()) == "used"
    before, after = (
        float(np.sqrt(np.mean(picks.column(c).to_numpy()[good] ** 2)))
        for c in ("residual_before_s", "residual_after_s")
    )
    facts = {
        "name": settings.name,
        "events": len(catalog.status),
        "events_used": int(used.size),
        "picks_used": int(good.sum()),
        "stations": len(stations.names),
        "members": structure_settings(settings).members,
        "modes": found.posterior.prior.size,
        "rms_before_s": before,
        "rms_after_s": after,
        "rounds": found.history,
        **{k: v for k, v in read_attributes(structure_group(layout)).items() if "narrow" in k},
    }
    write_json_if_changed(layout.root / FACTS, facts)
    return facts


def check(settings: Settings, layout: RunLayout) -> list[str]:
    """Return which tables of members are gone."""
    keys = read_json(layout.done_step(STRUCTURE.name, "finalise"))["tables"]
    cache = structure_cache(layout)
    return [
        f"the table of member {member} and station {station} is gone"
        for member, by_phase in keys.items()
        for tables in by_phase
        for station, key in tables.items()
        if not table_folder(cache, key).exists()
    ][:10]


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how many events were used and how much better the model fits."""
    facts = read_json(layout.root / FACTS)
    last = facts["rounds"][-1]
    return [
        ("structure", f"{facts['events_used']} of {facts['events']} events, {facts['picks_used']} "
         f"picks, {facts['members']} members"),
        ("structure: residuals (rms, s)", f"{facts['rms_before_s']:.3f} in the starting model, "
         f"{facts['rms_after_s']:.3f} in the mean model"),
        ("structure: chi-square", f"{last['chi_square']:.2f} (errors of P times "
         f"{last['noise_p']:.2f}, of S {last['noise_s']:.2f}, wrong picks "
         f"{100 * last['contamination']:.1f} %)"),
    ]  # fmt: skip


def used_of(settings: Settings, layout: RunLayout) -> UsedOf:
    """Return how many events structure was read from, and why not from the others."""
    table = read_table(layout.table("structure_events"), "structure_events", ["structure_status"])
    status = table.column("structure_status")
    return UsedOf(
        "events used for structure",
        pc.sum(pc.equal(status, "used")).as_py() or 0,
        len(status),
        count_reasons(status, ("used",)),
        "Look at the column `reason` of structure_events.parquet.",
    )


def _unknowns(settings: Settings, layout: RunLayout) -> int:
    asked = structure_settings(settings)
    return asked.modes + asked.vp_vs_modes + 2 * len(read_grid_stations(settings, layout).names)


def _matrices_mb(settings: Settings, layout: RunLayout) -> float:
    """Memory of the matrices of all unknowns: sums, their copies, factor and roots."""
    return 12 * 8 * _unknowns(settings, layout) ** 2 / 1e6


def _task_mb(settings: Settings, layout: RunLayout) -> float:
    """Memory of a block of events: solutions of all stations, derivatives, sums."""
    grid = structure_grid(structure_settings(settings))
    nodes = float(np.prod(grid.solver_shape))
    groups = 2 * len(read_grid_stations(settings, layout).names)
    sums = 4 * 8 * _unknowns(settings, layout) ** 2 / 1e6
    # 40 bytes a node are kept of a solution; 800 MB of derivatives are made at once at most
    return sums + 800.0 + 40.0 * nodes * groups / 1e6
