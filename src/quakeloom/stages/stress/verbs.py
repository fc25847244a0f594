"""Stage ``stress``: mechanisms become a map of the stress in the crust.

A partition is reduced to exact sums on the nodes that it loads; the map is made of the sums,
so that a new month of mechanisms is added without reading the old ones.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.cluster import find_workers, open_executor, peak_memory_mb, spread_memory_mb
from quakeloom.config import Settings, Stress
from quakeloom.core import PlanError, middle_longitude
from quakeloom.schema import make_table
from quakeloom.simulate import stress_tensor_at
from quakeloom.stages.catalogs.reading import catalog_part
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part, refuse_incomplete
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.used_of import UsedOf
from quakeloom.stages.frame.verbs import gather_parts
from quakeloom.stages.magnitude.reading import known_magnitudes
from quakeloom.stages.simulate.reading import simulation_options
from quakeloom.stages.stress import STRESS, takes_magnitudes
from quakeloom.stages.stress.files import describe_map, write_facts, write_map
from quakeloom.stages.stress.inputs import SET_BLOCK, select_events, takes_sets
from quakeloom.stages.stress.map import make_map
from quakeloom.stages.stress.sums import (
    count_midway,
    describe_midway,
    gather_events,
    mean_place,
    needs_events,
    read_acceptance,
    sum_events,
    sum_places,
)
from quakeloom.store import (
    RunLayout,
    digest_input,
    find_resource,
    read_arrays,
    read_json,
    read_table,
    write_arrays,
    write_table,
)
from quakeloom.stress import (
    REGIMES,
    SET_SIZE,
    describe_stress,
    plan_sampling,
    stress_components,
)

log = logging.getLogger(__name__)

BASE_MB = 500.0
"""Memory of the program with its libraries and kernels loaded."""

_MIDDLE = "middle_longitude"
"""Entry of the plan files: the longitude around which those of the map are."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return where the map may be cut, and the digest of the coastline, where it ends at it."""
    stress = _stress(run.settings)
    common = {} if stress.area else {_MIDDLE: _find_middle(stress, run)}
    if stress.mask != "land":
        return StageInputs(common=common)
    file = find_resource("coastline") / "coastline-10m.npz"
    return StageInputs(common=common, finalise={"coastline": digest_input(file)})


def _find_middle(stress: Stress, run: PlannedRun) -> float:
    """Return the middle of the longitudes of events, else of the stations; see the plan files."""
    if stress.catalogs:
        files = [(catalog_part(run.layout, r.partition), "mechanisms") for r in run.rows]
    else:
        files = [(run.layout.rows(r.partition) / "events.parquet", "events") for r in run.rows]
    found = [read_table(file, name, ["longitude"]).column(0).to_numpy() for file, name in files]
    longitude = np.concatenate([np.zeros(0), *found])
    stations = run.layout.ingest / "stations.parquet"
    if not np.isfinite(longitude).any() and stations.exists():
        longitude = read_table(stations, "stations", ["longitude"]).column(0).to_numpy()
    return middle_longitude(longitude)


def promise(run: PlannedRun) -> Promise:
    """Return what the sums of each partition and the map need."""
    cluster, task = run.settings.cluster, _sets_mb(run.settings)
    # statistics, members of the sets and the table of every event
    each = (44 * 8 + SET_SIZE * 20 * 8 + 3000) / 1e6
    return Promise(
        {
            r.partition: spread_memory_mb(cluster, BASE_MB, task, 300 + each * r.events)
            for r in run.rows
        },
        threads=promise_threads(run.settings),
        finalise_mb=promise_memory(run.settings, run.events or 100_000),
        finalise_minutes=60,
    )


def promise_memory(settings: Settings, events: int) -> int:
    """Return the memory in MB that the map needs at most.

    The sums and the factor of a map of as many nodes as the events can load, and what the
    bootstrap keeps of every event.
    """
    stress = _stress(settings)
    nodes = min(4 * events + 100, 100_000)
    # 210 + 75 + 11 integers a node; a factor of some 1,000 numbers per unknown; draws
    map_mb = nodes * (300 * 8 + 5 * 1000 * 8) / 1e6
    each = events * (44 * 8) / 1e6
    # all replicates, and the sums and vectors of a batch of 64
    replicates = stress.bootstrap * nodes * 5 * 4 / 1e6
    batch = min(stress.bootstrap, 64) * nodes * (5 * 15 + 6 * 5) * 8 / 1e6
    fields = 3 * stress.fields * nodes * 5 * 8 / 1e6
    if stress.planes in ("auto", "probable"):
        # the sets, and what every chain supposes of every event; all draws twice
        plan = plan_sampling(events)
        each += events * (SET_SIZE * 20 + plan.chains * 30) * 8 / 1e6
        fields += 2 * plan.chains * plan.kept * nodes * 5 * 8 / 1e6
    return int(np.ceil(BASE_MB + map_mb + each + 2 * replicates + batch + fields))


def _sets_mb(settings: Settings) -> float:
    """Return the memory in MB of a block of stored sets: read, spread out, summed."""
    if _stress(settings).catalogs or not takes_sets(_stress(settings)):
        return 50.0
    mechanisms = 2 * 180**3 / settings.mechanism.grid_step_deg**3 / 3.0
    return mechanisms * (4 * SET_BLOCK + 400) / 1e6 + 50.0


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Reduce the mechanisms of one partition to sums on the nodes that they load."""
    stress = _stress(settings, layout, partition)
    empty: tuple[np.ndarray, ...] = ()
    with open_part(layout, STRESS.name, partition) as job:
        if stress.catalogs:
            mechanisms = read_table(catalog_part(layout, partition), "mechanisms")
            acceptance, grid = None, empty
        else:
            mechanisms = read_table(
                layout.part("mechanism", partition) / "mechanisms.parquet", "mechanisms"
            )
            mechanisms = _with_magnitudes(settings, layout, mechanisms)
            acceptance, grid = read_acceptance(layout, partition)
        blocks = 0
        if acceptance is not None and takes_sets(stress):
            blocks = -(-mechanisms.num_rows // SET_BLOCK)
        workers = find_workers(settings.cluster, blocks, BASE_MB, _sets_mb(settings))
        cluster = settings.cluster if blocks else None  # nothing else is spread
        with open_executor(cluster, workers) as executor:
            events = select_events(
                stress, mechanisms, acceptance, grid, settings.seed, SET_BLOCK, executor
            )
        keyed = sum_events(stress, events)
        write_arrays(job.folder / "sums.npz", **keyed)
        if needs_events(stress):
            write_arrays(
                job.folder / "events.npz",
                points=events.points,
                statistics=events.statistics,
                weights=events.weights,
                places=events.places,
                angles=events.angles,
                from_sets=np.array(events.from_sets),
                **{f"sets_{n}": v for n, v in vars(events.sets).items() if v is not None},
            )
        job.counts = {
            "mechanisms": mechanisms.num_rows,
            "used": int((events.weights > 0).sum()),
            "weight": round(float(events.weights.sum()), 3),
            "left_out": events.left_out,
            "qualities": events.qualities,
        }
        job.extra = {
            "place_sum": sum_places(events),
            "midway": count_midway(stress, events),
        }
        job.said = {"workers": workers}
    return job.summary


def _with_magnitudes(settings: Settings, layout: RunLayout, mechanisms: pa.Table) -> pa.Table:
    """Return mechanisms with the magnitudes that the run measured, where they decide."""
    if not takes_magnitudes(settings):
        return mechanisms
    magnitude, _ = known_magnitudes(settings, layout, mechanisms)
    at = mechanisms.schema.get_field_index("magnitude")
    field = mechanisms.schema.field(at)
    return mechanisms.set_column(at, field, pa.array(magnitude, field.type))


def finalise(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Make the map of the sums of all partitions and write its files.

    Raises
    ------
    IncompleteError
        If partitions are missing or were summed under another plan; the message names them.
    """
    started = time.perf_counter()
    _stress(settings)
    names = refuse_incomplete(layout, STRESS.name)
    stress = _stress(settings, layout, names[0])
    markers = [read_json(layout.done(STRESS.name, n)) for n in names]
    parts = [read_arrays(layout.part(STRESS.name, n) / "sums.npz") for n in names]
    events = gather_events(layout, names) if needs_events(stress) else None
    center = mean_place([m["place_sum"] for m in markers], [m["counts"]["used"] for m in markers])
    made = make_map(stress, parts, center, events, settings.seed)
    provenance = read_kept_provenance(layout, STRESS.name)
    write_map(layout.root, made, provenance)
    if settings.simulation is not None:
        write_table(
            layout.table("stress_truth"), "stress_truth", _truth(settings, made.table), provenance
        )
    left, qualities = (
        _add_counts(m["counts"][name] for m in markers) for name in ("left_out", "qualities")
    )
    description = describe_map(made)
    used = sum(m["counts"]["used"] for m in markers)
    beyond = used - description["mechanisms"]
    if beyond > 0:
        left["no node of the map is near"] = beyond
    description = {
        **description,
        **describe_midway([m["midway"] for m in markers], used),
        "qualities": qualities,
        "left_out": left,
        "settings": stress.model_dump(mode="json"),
    }
    write_facts(layout.root, description)
    gather_parts(STRESS, layout)
    summary = {
        k: description[k]
        for k in ("status", "alpha2", "abic", "nodes_with_data", "mechanisms", "weight")
    }
    log.info(
        "stress: %s, %.2f s, %.0f MB", summary, time.perf_counter() - started, peak_memory_mb()
    )
    return description


def _add_counts(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Sum counts by name, in the order in which the names come."""
    total: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    return total


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how much of the map rests on data, and how strongly it is smoothed."""
    facts = read_json(layout.root / "stress.json")
    if facts["status"] == "no_data":
        return [("stress", "no map: no mechanism is inside it and usable")]
    alpha2 = ", ".join(f"{a:.4g}" for a in facts["alpha2"]) or "none"
    held = facts["nodes_held_by_prior"]
    return [
        (
            "stress",
            f"{facts['nodes_with_data']} nodes with data, {facts['mechanisms']} mechanisms "
            f"(weight {facts['weight']:.1f}), alpha2 {alpha2}"
            + (f", {held} nodes held by a wide prior" if held else ""),
        )
    ]


def _stress(settings: Settings, layout: RunLayout | None = None, partition: str = "") -> Stress:
    """Return the settings of the map, with the middle of its longitudes as planned."""
    if settings.stress is None:
        raise PlanError(
            f"Run '{settings.name}' has no `stress` group in its settings, so there is no map to "
            "make. Add `stress: {}`."
        )
    if layout is None or settings.stress.area:
        return settings.stress
    return settings.stress.around(read_json(layout.plan(STRESS.name, partition))[_MIDDLE])


def _truth(settings: Settings, table: pa.Table) -> pa.Table:
    """The stress of the synthetic Earth at the nodes of the map."""
    longitude, latitude = (table.column(n).to_numpy() for n in ("longitude", "latitude"))
    tensors = stress_tensor_at(longitude, latitude, simulation_options(settings))
    stress = describe_stress(stress_components(tensors))
    return make_table(
        "stress_truth",
        {
            "longitude": longitude,
            "latitude": latitude,
            "shmax_deg": stress.shmax_deg,
            "shape_ratio": stress.shape_ratio,
            "a_phi": stress.a_phi,
            "regime": np.array(REGIMES, dtype=object)[stress.regime],
        },
    )


def used_of(settings: Settings, layout: RunLayout) -> UsedOf:
    """Return how many mechanisms made the map, and why others did not."""
    facts = read_json(layout.root / "stress.json")
    left = tuple(sorted(facts["left_out"].items(), key=lambda r: (-r[1], r[0])))
    used = int(facts["mechanisms"])
    return UsedOf(
        "mechanisms in the stress map",
        used,
        used + sum(n for _, n in left),
        left,
        "Look at `stress.area`, `stress.maximum_depth_km` and `stress.quality_weights`.",
    )
